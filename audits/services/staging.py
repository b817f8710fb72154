"""Uploads on their way in: looked at, mapped to roles, taken in under them, or forgotten.

A file waits below STORAGE_URL with what was seen of it; both go when it is taken in or too old.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from django.db import transaction

from audits import storage
from audits.choices import SourceOrigin
from audits.models import OutputBatch, Source, StagedUpload
from audits.services.pushing import LARGEST_BODY, push_outputs
from audits.services.source_states import require_open
from audits.sources.decoding import decode_in_child
from audits.sources.ingest import kind_of
from audits.sources.intake.checks import check_mapping
from audits.sources.intake.profile import FileProfile
from audits.sources.intake.roles import BY_KEY
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.core.ids import uuid7
from governance.ledger.services import record_entry
from governance.registry.access import require
from governance.registry.models import ModelVersion

KEPT = timedelta(days=1)
LONGEST_NAME = 63


def look_at_file(data: Path, media_type: str) -> FileProfile:
    """Return what the first rows of a file hold; decoded in the limited child."""
    order = {"task": "intake.look", "data": str(data), "media_type": kind_of(media_type)}
    return FileProfile.from_plain(decode_in_child("The file", order))


def stage_upload(
    *, source: Source, data: Path, name: str, media_type: str, actor: Actor
) -> StagedUpload:
    """Keep a file until its columns are named, for a day at most."""
    require(actor, "audits.push", [source.system])
    require_open(source)
    if data.stat().st_size > LARGEST_BODY:
        raise Invalid("The file is larger than 1 GB: send smaller parts.")
    profile = look_at_file(data, media_type)
    if not profile.rows:
        raise Invalid("The file holds no row.")
    staged_id = uuid7()
    place = f"staged/{source.system.key}/{staged_id}"
    with storage.writing(place) as draft, data.open("rb") as sent:
        digest = hashlib.sha256()
        with draft.open("wb") as out:
            while chunk := sent.read(1024 * 1024):
                digest.update(chunk)
                out.write(chunk)
    with storage.writing(f"{place}.json") as draft:
        draft.write_text(json.dumps(profile.as_plain()), "utf-8")
    try:
        with transaction.atomic():
            staged = StagedUpload.objects.create(
                id=staged_id,
                source=source,
                name=Path(name).name[:200] or "upload",
                media_type=kind_of(media_type),
                path=place,
                size=data.stat().st_size,
                digest=digest.hexdigest(),
                rows=profile.rows,
                whole=profile.whole,
                uploaded_by=actor.reference,
                expires_at=database_now() + KEPT,
            )
            _record("audits.upload_staged", source, actor, sha256=staged.digest)
    except BaseException:
        discard_files(place)
        raise
    return staged


def profile_of_staged(staged: StagedUpload) -> FileProfile:
    """What was seen of a waiting file."""
    try:
        told = json.loads(storage.locate(f"{staged.path}.json").read_text("utf-8"))
    except FileNotFoundError:
        raise Conflict(f"The file {staged.name} is gone; send it again.") from None
    return FileProfile.from_plain(told)


@transaction.atomic
def map_columns(
    *, source: Source, roles: Mapping[str, str], profile: FileProfile | None = None, actor: Actor
) -> Source:
    """Say what the columns of a source's files mean; columns without a role are left out.

    `roles` is name in the file to role. Raises `Invalid` with the first problem a check finds in
    the profile of a file, where there is one.
    """
    require(actor, "audits.plan", [source.system])
    chosen = {name: role for name, role in roles.items() if role}
    for name, role in chosen.items():
        if role not in BY_KEY:
            raise Invalid(f"{role!r} is no role of a column.")
        if not BY_KEY[role].many and list(chosen.values()).count(role) > 1:
            raise Invalid(f"{BY_KEY[role].title} is given to several; one column can have it.")
        if profile is not None and profile.column(name) is None:
            raise Invalid(f"The file has no column {name!r}.")
    if source.origin != SourceOrigin.PUSHED:
        raise Invalid("The rows of this source are read where they are: give `columns` by role.")
    if not chosen:
        raise Invalid("Give at least one column a role.")
    for check in check_mapping(profile, chosen) if profile is not None else ():
        if check.state == "problem":
            raise Invalid(check.sentence)
    columns, incoming = _stored_names(chosen)
    source = Source.objects.select_for_update(of=("self",)).get(pk=source.pk)
    source.columns, source.incoming = columns, incoming
    source.problem = ""
    source.checked_at = database_now()
    source.save()
    _record("audits.source_mapped", source, actor, columns=columns, incoming=incoming)
    return source


def _stored_names(chosen: Mapping[str, str]) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Single roles give their column its stored name; groups and controls keep their own."""
    columns: dict[str, list[str]] = {}
    incoming: dict[str, str] = {}
    for name, role in chosen.items():
        stored = name if BY_KEY[role].many else role
        if stored in incoming or (BY_KEY[role].many and stored in BY_KEY):
            raise Invalid(
                f"The column {name!r} would be stored as {stored!r}, the name of another role: "
                "rename it in the file, or give it that role."
            )
        if len(stored) > LONGEST_NAME:
            raise Invalid(f"The name {stored[:30]!r}… is longer than {LONGEST_NAME} signs.")
        incoming[stored] = name
        columns.setdefault(role, []).append(stored)
    return columns, incoming


def take_in(
    *,
    source: Source,
    data: Path,
    media_type: str,
    version: ModelVersion | None = None,
    moment: datetime | None = None,
    actor: Actor,
) -> tuple[OutputBatch, bool]:
    """Store a file of a mapped source under its roles; return the batch and whether it is new.

    Rows without an id of their own are numbered under the file's digest, so that the same file
    sent twice stays one batch. A mapping without a time needs `moment`, with a zone.
    """
    require(actor, "audits.push", [source.system])
    require_open(source)
    if not source.incoming:
        return push_outputs(
            system=source.system,
            version=version,
            data=data,
            media_type=media_type,
            source=source,
            actor=actor,
        )
    if "occurred_at" not in source.incoming:
        if moment is None:
            raise Invalid("The file's rows have no time: say when all of them occurred.")
        if moment.tzinfo is None:
            raise Invalid("The time needs a zone, such as 2026-01-31T09:00:00Z.")
    with data.open("rb") as sent:
        digest = hashlib.file_digest(sent, "sha256").hexdigest()
    with tempfile.NamedTemporaryFile(prefix="tactful-rename-") as renamed:
        order = {
            "task": "intake.rename",
            "data": str(data),
            "media_type": kind_of(media_type),
            "target": renamed.name,
            "incoming": json.dumps(source.incoming, sort_keys=True),
            "prefix": digest[:16],
            "moment": moment.isoformat() if moment else "",
        }
        told = decode_in_child("The file", order)
        return push_outputs(
            system=source.system,
            version=version,
            data=Path(renamed.name),
            media_type=told["media_type"],
            source=source,
            actor=actor,
        )


def take_in_staged(
    *,
    staged: StagedUpload,
    version: ModelVersion | None = None,
    moment: datetime | None = None,
    actor: Actor,
) -> tuple[OutputBatch, bool]:
    """Take a waiting file in and forget the copy."""
    path = storage.locate(staged.path)
    if not path.exists():
        raise Conflict(f"The file {staged.name} is gone; send it again.")
    done = take_in(
        source=staged.source,
        data=path,
        media_type=staged.media_type,
        version=version,
        moment=moment,
        actor=actor,
    )
    discard_staged(staged=staged, actor=actor)
    return done


@transaction.atomic
def discard_staged(*, staged: StagedUpload, actor: Actor) -> None:
    """Forget a waiting file."""
    require(actor, "audits.push", [staged.source.system])
    place = staged.path
    staged.delete()
    transaction.on_commit(lambda: discard_files(place))


def discard_expired(now: datetime) -> int:
    """Forget the files that have waited too long."""
    removed = 0
    for staged in StagedUpload.objects.filter(expires_at__lt=now):
        with transaction.atomic():
            place = staged.path
            staged.delete()
            transaction.on_commit(lambda place=place: discard_files(place))  # type: ignore[misc]
        removed += 1
    return removed


def discard_files(place: str) -> None:
    """Remove a waiting file and what was seen of it."""
    storage.discard(place)
    storage.discard(f"{place}.json")


def _record(verb: str, source: Source, actor: Actor, **facts: object) -> None:
    record_entry(
        verb=verb,
        object_type="source",
        object_id=str(source.pk),
        actor=actor,
        facts={"system": source.system.key, "key": source.key, **facts},
    )
