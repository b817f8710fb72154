"""Imports as rows: starting one, carrying it on from where it was, and what it said of each row.

How a chunk is applied stands in `importing.applying`.
"""

from __future__ import annotations

import csv
import shutil
import time
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from consent.choices import ImportState
from consent.importing import applying, files
from consent.importing.presets import FIELDS, PRESETS, Preset
from consent.importing.rows import Broken, Choice, read_row
from consent.models import ImportBatch
from consent.services.access import require
from consent.services.expiry import rules_for_recording
from governance.core.actors import Actor, SystemActor
from governance.core.clock import database_now
from governance.core.errors import Conflict, DomainError, Invalid, NotFound
from governance.ledger.services import record_entry
from governance.outbox import services as outbox
from governance.registry.models import Purpose

#: A chunk's transaction is held to this; the next chunk grows or shrinks towards it.
TARGET_SECONDS = 0.08
SMALLEST, LARGEST = 50, 4_000


def folder_of(batch: ImportBatch) -> Path:
    """Where a batch keeps its file and its errors, readable by this account alone."""
    return Path(settings.DATA_DIR) / "imports" / str(batch.pk)


def errors_of(batch: ImportBatch) -> Path:
    return folder_of(batch) / "errors.csv"


def _preset(key: str) -> Preset:
    found = PRESETS.get(key)
    if found is None:
        raise Invalid(f"There is no preset {key!r}; use one of {', '.join(PRESETS)}.")
    return found


@transaction.atomic
def start_import(
    *,
    source: Path,
    file_name: str,
    preset: str = "tactful",
    mapping: Mapping[str, str] | None = None,
    dry_run: bool = False,
    copy: bool = True,
    enqueue: bool = False,
    actor: Actor,
) -> ImportBatch:
    """Note a file to be imported; the same file once more is the same batch."""
    require(actor, "consent.import")
    chosen = _preset(preset)
    columns = {**chosen.columns, **{k: v for k, v in (mapping or {}).items() if v}}
    unknown = set(columns) - set(FIELDS)
    if unknown:
        raise Invalid(f"{min(unknown)!r} is not something a row may say.")
    form = files.form_of(file_name)
    present = files.columns_of(source, form)
    for needed in ("subject", "purpose", "status"):
        if columns.get(needed) not in present:
            raise Invalid(
                f"The file has no column {columns.get(needed)!r} for {needed}; "
                f"it has {', '.join(present[:20])}."
            )
    digest = files.digest_of(source)
    earlier = ImportBatch.objects.filter(file_sha256=digest, preset=preset, dry_run=False)
    known = None if dry_run else earlier.exclude(state=ImportState.FAILED).first()
    if known is not None:
        return known
    batch = ImportBatch(
        file_name=file_name[:200],
        file_sha256=digest,
        form=form,
        preset=preset,
        mapping=columns,
        path=str(source),
        keep_file=not copy,
        dry_run=dry_run,
        started_by=actor.reference,
    )
    folder = folder_of(batch)
    folder.mkdir(parents=True, mode=0o700)
    if copy:
        batch.path = str(folder / f"source.{form}")
        shutil.copyfile(source, batch.path)
        Path(batch.path).chmod(0o600)
    batch.save(force_insert=True)
    if not dry_run:
        record_entry(
            verb="consent.import_started",
            object_type="import",
            object_id=str(batch.pk),
            actor=actor,
            facts={"sha256": digest, "preset": preset},
        )
    if enqueue:
        outbox.enqueue("consent.import", str(batch.pk))
    return batch


def run_import(
    *, batch_id: UUID, actor: Actor, tell: Callable[[ImportBatch], None] | None = None
) -> ImportBatch:
    """Carry an import on from its cursor to its end; may be killed and called again anywhere."""
    batch = ImportBatch.objects.filter(pk=batch_id).first()
    if batch is None:
        raise NotFound("There is no such import.")
    if batch.state in (ImportState.DONE, ImportState.FAILED):
        return batch
    size = 500
    try:
        while True:
            seconds = _next_chunk(batch, size, actor)
            if tell is not None:
                tell(batch)
            if seconds is None:
                break
            took = max(seconds, 0.001)
            size = int(min(LARGEST, max(SMALLEST, size * min(1.5, TARGET_SECONDS / took))))
    except DomainError as problem:
        _finish(batch, ImportState.FAILED, problem.sentence)
        raise
    _finish(batch, ImportState.DONE, "")
    return batch


def _read(
    batch: ImportBatch, size: int
) -> tuple[list[Choice], list[Broken], int, int, int, dict[str, applying.PurposeRow]]:
    preset, at = _preset(batch.preset), applying.now()
    registered = list(Purpose.objects.all())
    rules = rules_for_recording(registered)
    purposes = {
        each.key: applying.PurposeRow(each.pk, each.lawful_basis, rules[each.pk])
        for each in registered
    }
    ids = {key: each.id for key, each in purposes.items()}
    choices: list[Choice] = []
    broken: list[Broken] = []
    cursor, line, rows = batch.cursor, batch.line, 0
    found = files.records(Path(batch.path), batch.form, cursor=batch.cursor, line=batch.line)
    for record in islice(found, size):
        cursor, line, rows = record.cursor, record.last_line, rows + 1
        row = read_row(
            record.line,
            record.values,
            columns=batch.mapping,
            words=preset.words,
            purposes=ids,
            now=at,
        )
        (choices if isinstance(row, Choice) else broken).append(row)  # type: ignore[arg-type]
    return choices, broken, cursor, line, rows, purposes


def _next_chunk(batch: ImportBatch, size: int, actor: Actor) -> float | None:
    """Read and apply the next chunk; the seconds it held its rows, None at the end of the file."""
    choices, broken, cursor, line, rows, purposes = _read(batch, size)
    if not rows:
        return None
    prepared, digest = applying.prepare(choices, purposes, applying.now())
    begun = time.perf_counter()
    applied = applying.Applied()
    if batch.dry_run and choices:
        with transaction.atomic():
            applied = _apply(batch, choices, prepared, digest, actor)
    with transaction.atomic():
        held = ImportBatch.objects.select_for_update().get(pk=batch.pk)
        if held.cursor != batch.cursor:
            raise Conflict("Another process carries this import on.")
        if choices and not batch.dry_run:
            applied = _apply(batch, choices, prepared, digest, actor)
        erased = [Broken(each, "This person was erased.") for each in applied.erased]
        refused = sorted([*broken, *erased], key=lambda each: each.line)
        batch.state = ImportState.RUNNING
        batch.cursor, batch.line = cursor, line
        batch.chunks += 1
        batch.rows += rows
        batch.applied += applied.count
        batch.unchanged += len(choices) - len(erased) - applied.count
        batch.without_evidence += sum(choice.status == "unknown" for choice in choices)
        batch.refused += len(refused)
        counted = Counter(batch.differences)
        for (key, before, after), times in applied.moves.items():
            counted[f"{key}: {before} -> {after}"] += times
        batch.differences = dict(counted)
        batch.errors_size = _write_errors(batch, refused)
        batch.save()
    return time.perf_counter() - begun


def _apply(
    batch: ImportBatch,
    choices: list[Choice],
    prepared: applying.Prepared,
    digest: str,
    actor: Actor,
) -> applying.Applied:
    return applying.apply_chunk(
        choices,
        prepared,
        digest,
        batch=batch.pk,
        number=batch.chunks,
        actor=actor,
        dry_run=batch.dry_run,
    )


def _write_errors(batch: ImportBatch, refused: list[Broken]) -> int:
    """Append the refused lines; what a killed chunk wrote beyond the last commit is cut off."""
    path = errors_of(batch)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("a+b") as out:
        out.truncate(batch.errors_size)
    with path.open("a", newline="", encoding="utf-8") as text:
        writer = csv.writer(text)
        if not batch.errors_size:
            writer.writerow(["line", "problem"])
        writer.writerows((each.line, each.sentence) for each in refused)
    return path.stat().st_size


@transaction.atomic
def _finish(batch: ImportBatch, state: ImportState, problem: str) -> None:
    batch.state, batch.problem, batch.finished_at = state, problem[:400], database_now()
    batch.save()
    if not batch.dry_run:
        facts: dict[str, Any] = {
            "state": str(state),
            "rows": batch.rows,
            "applied": batch.applied,
            "refused": batch.refused,
        }
        record_entry(
            verb="consent.import_ended",
            object_type="import",
            object_id=str(batch.pk),
            actor=SystemActor("consent"),
            facts=facts,
        )
    if not batch.keep_file and not batch.dry_run:  # a dry run's file may be imported for real
        Path(batch.path).unlink(missing_ok=True)
