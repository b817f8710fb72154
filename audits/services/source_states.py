"""Whether a source takes rows in: paused with a reason, resumed, removed when nothing needs it."""

from __future__ import annotations

from django.db import transaction

from audits import storage
from audits.models import Source
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.ledger.services import record_entry
from governance.registry.access import require


@transaction.atomic
def pause_source(*, source: Source, reason: str, actor: Actor) -> Source:
    """Take nothing more in until it is resumed; what is there stays and is audited on."""
    require(actor, "audits.plan", [source.system])
    if not reason.strip():
        raise Invalid("Say why the source is paused.")
    source.paused_at, source.paused_reason = database_now(), reason.strip()
    source.save(update_fields=["paused_at", "paused_reason", "updated_at"])
    _record("audits.source_paused", source, actor, reason=reason.strip())
    return source


@transaction.atomic
def resume_source(*, source: Source, actor: Actor) -> Source:
    """Take rows in again."""
    require(actor, "audits.plan", [source.system])
    source.paused_at, source.paused_reason = None, ""
    source.save(update_fields=["paused_at", "paused_reason", "updated_at"])
    _record("audits.source_resumed", source, actor)
    return source


@transaction.atomic
def delete_source(*, source: Source, actor: Actor) -> None:
    """Remove a source that nothing refers to; else say what does."""
    require(actor, "audits.plan", [source.system])
    if plans := source.plans.count():
        raise Conflict(f"{plans} plans read this source: end or change them first, or pause it.")
    if batches := source.batches.count():
        raise Conflict(
            f"{batches} batches came through this source and stay until their retention ends: "
            "pause it instead."
        )
    _record("audits.source_deleted", source, actor)
    places = list(source.staged.values_list("path", flat=True))
    source.delete()

    def discard() -> None:
        for place in places:
            storage.discard(place)
            storage.discard(f"{place}.json")

    transaction.on_commit(discard)


def require_open(source: Source) -> None:
    """Refuse a paused source."""
    if source.paused_at is not None:
        raise Conflict(f"The source {source.key} is paused: {source.paused_reason}")


def _record(verb: str, source: Source, actor: Actor, **facts: object) -> None:
    record_entry(
        verb=verb,
        object_type="source",
        object_id=str(source.pk),
        actor=actor,
        facts={"system": source.system.key, "key": source.key, **facts},
    )
