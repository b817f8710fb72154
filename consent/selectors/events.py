"""Reading events with their positions: one person's history, and the feed of all for programs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery

from consent.models import ConsentEvent, DataSubject
from governance.core.actors import Actor
from governance.core.errors import Invalid, NotPermitted
from governance.ledger.models import LedgerLeaf

LARGEST_PAGE = 1_000


def history_of_person(person: DataSubject, *, limit: int = 200) -> QuerySet[ConsentEvent]:
    """A person's events, newest first, each with the `position` the ledger gave it."""
    position = LedgerLeaf.objects.filter(entry=OuterRef("ledger_entry")).values("position")
    return (
        ConsentEvent.objects.filter(subject=person)
        .select_related("purpose")
        .annotate(position=Subquery(position))
        .order_by("-at", "-revision")[:limit]
    )


@dataclass(frozen=True)
class FeedEvent:
    """One event as a program follows it; `subject` is our name of the person, not theirs."""

    position: int
    id: UUID
    at: datetime
    occurred_at: datetime
    subject: UUID
    purpose: str
    status: str
    previous_status: str
    revision: int
    method: str
    region: str
    notice_version: str


@dataclass(frozen=True)
class FeedPage:
    """Events in the ledger's order; `next` is the cursor to ask with, also when it is empty."""

    events: tuple[FeedEvent, ...]
    next: str


# Events of one chunk of an import share a position; the id breaks the tie inside a page.
_FEED = """
SELECT l.position, e.id, e.at, e.occurred_at, e.subject_id, p.key, e.status, e.previous_status,
       e.revision, e.method, e.region, e.notice_version
FROM ledger_ledgerleaf l
JOIN consent_consentevent e ON e.ledger_entry = l.entry_id
JOIN registry_purpose p ON p.id = e.purpose_id
WHERE l.position > %(after)s OR (l.position = %(after)s AND e.id > %(last)s)
ORDER BY l.position, e.id LIMIT %(limit)s
"""
_LAST = UUID(int=2**128 - 1)


def _cursor(after: str) -> tuple[int, UUID]:
    """`<position>` means everything behind it; `<position>.<id>` goes on inside one position."""
    position, _, last = after.partition(".")
    try:
        place, within = int(position), UUID(last) if last else _LAST
    except ValueError:
        place, within = -2, _LAST
    if not -1 <= place < 2**63:
        raise Invalid("after is a position, or the `next` of the page before.")
    return place, within


def events_after(after: str, limit: int, *, actor: Actor) -> FeedPage:
    """The events whose position lies behind `after`: dense, in order, never skipped."""
    if not actor.may("consent.read_events"):
        raise NotPermitted(f"{actor.display} is not allowed to read consent events.")
    position, last = _cursor(after) if after else (-1, _LAST)
    limit = max(1, min(limit, LARGEST_PAGE))
    values: dict[str, Any] = {"after": position, "last": last, "limit": limit}
    with connection.cursor() as cursor:
        cursor.execute(_FEED, values)
        events = tuple(FeedEvent(*row) for row in cursor.fetchall())
    if not events:
        return FeedPage((), after or "-1")
    return FeedPage(events, f"{events[-1].position}.{events[-1].id}")
