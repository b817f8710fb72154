"""The playbook in force for a kind of harm, its import, and its copy on an incident.

Later versions never reach an incident that has its copy.
"""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from governance.core.actors import Actor
from governance.core.errors import Conflict, Invalid
from governance.ledger.services import record_entry
from governance.registry.access import require
from incidents.choices import CONTAINMENT
from incidents.models import Incident, IncidentStep, Playbook
from incidents.playbook.files import (
    GENERIC,
    NotAPlaybook,
    PlaybookFile,
    builtin,
    differences,
    plain_steps,
    read_playbook,
)

_VERSION_LOCK = 0x91A7B004


def current_playbook(kind: str = "") -> Playbook:
    """Return the playbook in force for a kind of harm; the generic one where none is for it."""
    keys = {str(wanted): file.key for file in builtin().values() for wanted in file.kinds}
    keys |= {
        wanted: book.key
        for book in Playbook.objects.exclude(imported_by="").order_by("created_at")
        for wanted in book.kinds
    }
    return newest_playbook(keys.get(kind, GENERIC))


def newest_playbook(key: str) -> Playbook:
    """Return the newest version of a playbook; what was imported counts over what is built in."""
    newest = Playbook.objects.filter(key=key).order_by("-version").first()
    file = builtin().get(key)
    if newest is not None and (newest.imported_by or file is None or _same(newest, file)):
        return newest
    if file is None:
        raise Invalid(f"There is no playbook {key!r}.")
    return _write(file, plain_steps(file), imported_by="")


def preview_import(text: str | bytes) -> tuple[PlaybookFile, list[dict[str, Any]]]:
    """Return a playbook that may be imported, and what it would change, step by step."""
    try:
        file = read_playbook(text)
        steps = plain_steps(file)
    except NotAPlaybook as problem:
        raise Invalid(str(problem)) from None
    known = Playbook.objects.filter(key=file.key).exists() or file.key in builtin()
    before = newest_playbook(file.key).steps if known else []
    return file, differences(before, steps)


@transaction.atomic
def import_playbook(*, text: str | bytes, actor: Actor) -> Playbook:
    """Make a YAML file the next version of its playbook; incidents that run keep their copy."""
    require(actor, "incidents.edit_playbooks")
    file, changes = preview_import(text)
    if not changes:
        raise Conflict(f"The playbook {file.key!r} already reads like this.")
    made = _write(file, plain_steps(file), imported_by=actor.reference)
    record_entry(
        verb="incidents.playbook_imported",
        object_type="playbook",
        object_id=str(made.pk),
        actor=actor,
        facts={
            "key": made.key,
            "version": made.version,
            "changes": [f"{one['change']}: {one['key'] or 'order'}" for one in changes],
        },
    )
    return made


def copy_playbook(incident: Incident, *, unattended: bool) -> None:
    """Copy the playbook in force onto the present episode of an incident.

    Its containment steps run by themselves only where the cause was allowed to contain.
    """
    playbook = current_playbook(incident.kind)
    IncidentStep.objects.bulk_create(
        IncidentStep(
            incident=incident,
            episode=incident.episode,
            playbook=playbook,
            position=position,
            key=step["key"],
            part=step["part"],
            type=step["type"],
            title=step["title"],
            instruction=step["instruction"],
            role=step["role"],
            automatic=step["automatic"] and (unattended or step["type"] not in CONTAINMENT),
            mandatory=step["mandatory"],
            params=step.get("params", {}),
            undo=step.get("undo") or "",
            idempotency_key=idempotency_key(incident, step),
            due_at=(
                None
                if step["minutes"] is None
                else incident.detected_at + timedelta(minutes=step["minutes"])
            ),
        )
        for position, step in enumerate(playbook.steps, start=1)
    )


def idempotency_key(incident: Incident, step: dict[str, Any]) -> str:
    """Name one effect of one episode, so that whoever carries it out knows it again."""
    told = json.dumps(step.get("params", {}), sort_keys=True, separators=(",", ":"))
    whole = f"{incident.pk}|{incident.episode}|{step['key']}|{told}"
    return hashlib.sha256(whole.encode()).hexdigest()


def _same(book: Playbook, file: PlaybookFile) -> bool:
    return (book.title, book.summary, book.steps) == (file.title, file.summary, plain_steps(file))


@transaction.atomic
def _write(file: PlaybookFile, steps: list[dict[str, Any]], *, imported_by: str) -> Playbook:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_VERSION_LOCK])
    newest = Playbook.objects.filter(key=file.key).order_by("-version").first()
    if newest is not None and not imported_by and _same(newest, file):
        return newest
    return Playbook.objects.create(
        key=file.key,
        version=newest.version + 1 if newest else 1,
        title=file.title,
        summary=file.summary,
        kinds=[str(kind) for kind in file.kinds],
        steps=steps,
        imported_by=imported_by,
    )
