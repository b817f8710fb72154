"""Reading signals. A missing or stale signal is no signal; an inconclusive one only if asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.signals.choices import SignalState
from governance.signals.definitions import UnknownSignal, find_definition
from governance.signals.models import CurrentSignal, SignalRevision


@dataclass(frozen=True)
class SignalReading:
    """What a signal says now; its age counts from publication."""

    key: str
    scope_key: str
    value: float | str | None
    state: str
    sentence: str
    source: str
    published_at: datetime
    stale: bool


def read(row: CurrentSignal, now: datetime) -> SignalReading:
    try:
        max_age = find_definition(row.key).max_age
        stale = max_age is not None and now - row.published_at > max_age
    except UnknownSignal:
        stale = True  # its room no longer declares it, so nobody renews it
    return SignalReading(
        key=row.key,
        scope_key=row.scope_key,
        value=row.number if row.number is not None else (row.text or None),
        state=row.state,
        sentence=row.sentence,
        source=row.source,
        published_at=row.published_at,
        stale=stale,
    )


def current_signal(
    key: str, scope_key: str, *, inconclusive_is_missing: bool = False
) -> SignalReading | None:
    """The present reading; None when it is missing or stale (or inconclusive, where asked)."""
    find_definition(key)
    row = CurrentSignal.objects.filter(key=key, scope_key=scope_key).first()
    if row is None:
        return None
    reading = read(row, database_now())
    if reading.stale or reading.state == SignalState.UNKNOWN:
        return None
    if inconclusive_is_missing and reading.state == SignalState.INCONCLUSIVE:
        return None
    return reading


def signals_for(scope_key: str, prefix: str = "") -> list[SignalReading]:
    """Every current signal of a scope whose key starts with `prefix`, the stale ones marked."""
    now = database_now()
    rows = CurrentSignal.objects.filter(scope_key=scope_key, key__startswith=prefix)
    return [read(row, now) for row in rows.order_by("key")]


def signals_for_actor(actor: Actor) -> QuerySet[CurrentSignal]:
    """Signals of visible systems and their versions, of purposes and of the organisation."""
    if not actor.may("signals.view"):
        return CurrentSignal.objects.none()
    if actor.system_keys is None:
        return CurrentSignal.objects.all()
    seen = Q(scope__in=["purpose", "organisation"])
    for key in sorted(actor.system_keys):
        # A key published of versions may also be told of their system as a whole.
        of_system = Q(scope_key=key) | Q(scope_key__startswith=f"{key}:")
        seen |= Q(scope__in=["system", "version"]) & of_system
    return CurrentSignal.objects.filter(seen)


def history(key: str, scope_key: str, limit: int = 200) -> list[SignalRevision]:
    """The latest revisions of one signal, newest first."""
    revisions = SignalRevision.objects.filter(key=key, scope_key=scope_key)
    return list(revisions.order_by("-at", "-id")[:limit])
