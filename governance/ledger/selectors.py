"""Reading the ledger: the search behind the Evidence page, one entry with what is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from governance.core.errors import NotFound
from governance.ledger.models import LedgerEntry, PersonalDetail, UnsequencedEntry


@dataclass(frozen=True)
class EntryFilter:
    """What the search may be narrowed to; an empty field does not narrow."""

    verb: str = ""
    object_type: str = ""
    object_id: str = ""
    actor: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None


def find_entries(wanted: EntryFilter) -> QuerySet[LedgerEntry]:
    """Entries that fit, newest first by id."""
    entries = LedgerEntry.objects.select_related("leaf").order_by("-id")
    if wanted.verb:
        entries = entries.filter(verb__startswith=wanted.verb)
    if wanted.object_type:
        entries = entries.filter(object_type=wanted.object_type)
    if wanted.object_id:
        entries = entries.filter(object_id=wanted.object_id)
    if wanted.actor:
        entries = entries.filter(actor_reference=wanted.actor)
    if wanted.since:
        entries = entries.filter(at__gte=wanted.since)
    if wanted.until:
        entries = entries.filter(at__lt=wanted.until)
    if wanted.text:
        named = Q(verb__icontains=wanted.text) | Q(object_id__icontains=wanted.text)
        entries = entries.filter(named | Q(actor_reference__icontains=wanted.text))
    return entries


def entry_with_leaf(entry_id: str) -> LedgerEntry:
    entry = LedgerEntry.objects.select_related("leaf").filter(pk=entry_id).first()
    if entry is None:
        raise NotFound("The ledger has no such entry.")
    return entry


def known_verbs() -> Sequence[str]:
    return list(LedgerEntry.objects.order_by("verb").values_list("verb", flat=True).distinct())


def known_object_types() -> Sequence[str]:
    types = LedgerEntry.objects.order_by("object_type")
    return list(types.values_list("object_type", flat=True).distinct())


def personal_state(entry: LedgerEntry) -> str:
    """`none`, `kept` or `erased`: what became of the values behind an entry's commitment."""
    if not entry.personal_commitment:
        return "none"
    kept = PersonalDetail.objects.filter(pk=entry.pk).exists()
    return "kept" if kept else "erased"


def sequencing_lag(now: datetime) -> timedelta:
    """How old the oldest entry without a position is; zero when there is none."""
    oldest = UnsequencedEntry.objects.order_by("entry__at").values_list("entry__at", flat=True)
    first = oldest.first()
    return max(timedelta(), now - first) if first else timedelta()
