"""Outputs and outcomes come in, once per digest; how a person's rows leave is in `erasing`."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.db import IntegrityError, transaction

from audits import storage
from audits.choices import SourceOrigin
from audits.models import OutcomeBatch, OutputBatch, Source
from audits.models.outputs import Segment
from audits.sources.decoding import decode_segment
from audits.sources.ingest import OUTCOME_ROLES, OUTPUT_ROLES, Written
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.core.ids import uuid7
from governance.ledger.services import record_entry
from governance.registry.access import require
from governance.registry.models import ModelVersion, System

SEGMENTS_KEPT = timedelta(days=730)
LARGEST_BODY = 1024 * 1024 * 1024


class TooLarge(Invalid):
    """More came at once than one push may hold."""

    status = 413
    title = "Too large"

    def __init__(self) -> None:
        most = LARGEST_BODY // 1024**2
        super().__init__(f"The data is larger than {most:,} MB: send smaller parts.")


Batch = TypeVar("Batch", bound=Segment)


def push_outputs(
    *,
    system: System,
    version: ModelVersion | None = None,
    data: bytes | Path,
    media_type: str,
    actor: Actor,
    source: Source | None = None,
) -> tuple[OutputBatch, bool]:
    """Store outputs of a system; return the batch and whether it is new.

    The same bytes sent again are the same batch. Raises `Invalid` with one sentence when the data
    cannot be read, `Conflict` when the same bytes were sent for another version.
    """
    require(actor, "audits.push", [system])
    if version is not None and version.system_id != system.pk:
        raise Invalid(f"The version {version.key!r} is not one of {system.key}.")
    if source is not None and source.system_id != system.pk:
        raise Invalid(f"The source {source.key!r} is not one of {system.key}.")
    if source is not None and source.origin != SourceOrigin.PUSHED:
        raise Invalid(f"The source {source.key!r} is read where it lies; nothing is sent to it.")
    with _as_file(data) as path:
        digest = _digest(path)
        known = OutputBatch.objects.filter(system=system, digest=digest).first()
        if known is not None:
            return _same_version(known, version), False
        batch = OutputBatch(system=system, version=version, source=source)
        written = _store(batch, path, media_type, digest, OUTPUT_ROLES, "occurred_at", actor)
    batch.occurred_from, batch.occurred_to = written.earliest, written.latest
    batch.shown, batch.clicked = written.shown, written.clicked
    kept, created = _record(batch, "audits.outputs_pushed", actor)
    return (kept, True) if created else (_same_version(kept, version), False)


def push_outcomes(
    *, system: System, data: bytes | Path, media_type: str, actor: Actor
) -> tuple[OutcomeBatch, bool]:
    """Store what became of outputs; return the batch and whether it is new."""
    require(actor, "audits.push", [system])
    with _as_file(data) as path:
        digest = _digest(path)
        known = OutcomeBatch.objects.filter(system=system, digest=digest).first()
        if known is not None:
            return known, False
        batch = OutcomeBatch(system=system)
        written = _store(batch, path, media_type, digest, OUTCOME_ROLES, "observed_at", actor)
    batch.observed_from, batch.observed_to = written.earliest, written.latest
    return _record(batch, "audits.outcomes_pushed", actor)


def _store(
    batch: Segment,
    path: Path,
    media_type: str,
    digest: str,
    required: tuple[str, ...],
    time_role: str,
    actor: Actor,
) -> Written:
    batch.id = uuid7()
    batch.digest = digest
    batch.media_type = media_type.split(";", maxsplit=1)[0].strip().lower()
    kind = "outputs" if isinstance(batch, OutputBatch) else "outcomes"
    batch.path = f"{kind}/{batch.system.key}/{batch.id}.parquet"  # type: ignore[attr-defined]
    batch.pushed_by = actor.reference
    batch.retention_until = database_now() + SEGMENTS_KEPT
    with storage.writing(batch.path) as draft:
        written = decode_segment(
            path,
            media_type,
            draft,
            required=required,
            time_role=time_role,
            pepper=settings.KEYS.subject_pepper,
        )
    batch.rows, batch.columns = written.rows, written.columns
    batch.size = storage.locate(batch.path).stat().st_size
    return written


def _record(batch: Batch, verb: str, actor: Actor) -> tuple[Batch, bool]:
    """Enter the segment into the manifest; of two who send the same bytes, one wins."""
    model: Any = type(batch)
    system: System = batch.system  # type: ignore[attr-defined]
    try:
        with transaction.atomic():
            batch.save(force_insert=True)
            record_entry(
                verb=verb,
                object_type=model._meta.model_name,
                object_id=str(batch.pk),
                actor=actor,
                facts={"system": system.key, "sha256": batch.digest, "rows": batch.rows},
            )
    except IntegrityError:
        storage.discard(batch.path)
        known = model.objects.filter(system=system, digest=batch.digest).first()
        if known is None:
            raise
        return known, False
    except BaseException:
        storage.discard(batch.path)
        raise
    return batch, True


def _same_version(known: OutputBatch, version: ModelVersion | None) -> OutputBatch:
    if known.version_id != (version.pk if version else None):
        named = known.version.key if known.version else "none"
        raise Conflict(
            f"These bytes are known as outputs of version {named}; they cannot be another's too."
        )
    return known


@contextmanager
def _as_file(data: bytes | Path) -> Iterator[Path]:
    if isinstance(data, Path):
        if data.stat().st_size > LARGEST_BODY:
            raise TooLarge
        yield data
        return
    with tempfile.NamedTemporaryFile(prefix="tactful-push-") as file:
        file.write(data)
        file.flush()
        yield Path(file.name)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
