"""A browser's choices join the account its person signed in to: the newest explicit one wins.

Ties and what is unknown refuse. The browser's own choices end, and the person is told.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.db import transaction

from consent import selectors
from consent.choices import EventStatus, Method
from consent.decision.vocabulary import SPOKEN_STATUSES, VALID_STATUSES
from consent.identity import ledger_commitment
from consent.models import ConsentEvent, ConsentState, DataSubject
from consent.services.access import require
from consent.services.appending import EventDraft, append_events
from consent.services.subjects import LockedPerson, lock_person, update_person
from consent.slowpath.freshness import encode_as_of
from governance.core.actors import Actor
from governance.core.errors import Invalid
from governance.ledger.services import record_entry

_EXPLICIT = frozenset({*(str(each) for each in SPOKEN_STATUSES), str(EventStatus.RENEWED)})


@dataclass(frozen=True, slots=True)
class Told:
    """What changed for the account about one purpose, in words a page can show."""

    purpose: str
    before: str
    after: str
    why: str  # newer | tie | unknown


@dataclass(frozen=True)
class Merged:
    """What a merge did; `told` is what the person is shown once."""

    told: tuple[Told, ...]
    events: tuple[ConsentEvent, ...]
    as_of: str


def _denial(head: ConsentState | None) -> EventStatus:
    """The word for a no: a consent that stood is withdrawn, else it is refused."""
    stood = head is not None and head.status in VALID_STATUSES
    return EventStatus.WITHDRAWN if stood else EventStatus.REFUSED


def resolve(browser: ConsentState, account: ConsentState | None) -> tuple[EventStatus, str] | None:
    """What the account's choice becomes, and why; None when it stays as it is. Pure."""
    if account is None or account.revision == 0:
        if browser.status in _EXPLICIT:
            return EventStatus(browser.status), "newer"
        return EventStatus.REFUSED, "unknown"
    if browser.status not in _EXPLICIT or account.status not in _EXPLICIT:
        return (
            (_denial(account), "unknown")
            if account.status in VALID_STATUSES or (account.status not in _EXPLICIT)
            else None
        )
    assert browser.decided_at is not None
    assert account.decided_at is not None
    if browser.decided_at > account.decided_at:
        if browser.status in VALID_STATUSES or browser.status != account.status:
            return EventStatus(browser.status), "newer"
        return None
    both_allow = browser.status in VALID_STATUSES and account.status in VALID_STATUSES
    if browser.decided_at == account.decided_at and not both_allow:
        return (_denial(account), "tie") if account.status in VALID_STATUSES else None
    return None


def _heads(people: tuple[LockedPerson, ...]) -> dict[tuple[object, object], ConsentState]:
    """Every head of both, locked in the order in which every writer locks them."""
    rows = (
        ConsentState.objects.filter(subject__in=[each.subject for each in people], revision__gt=0)
        .select_related("purpose")
        .order_by("subject_id", "purpose__key")
        .select_for_update(of=("self",))
    )
    return {(row.subject_id, row.purpose_id): row for row in rows}


@transaction.atomic
def merge_subjects(*, browser: str, account: str, actor: Actor) -> Merged:
    """Join a browser's choices to an account: explicit events, one transaction, told once."""
    require(actor, "consent.write")
    if browser == account:
        raise Invalid("The browser and the account are the same subject.")
    selectors.find_subject(browser)
    first, second = sorted((browser, account))
    locked = {name: lock_person(name) for name in (first, second)}
    here, there = locked[browser], locked[account]
    heads = _heads((here, there))
    told: list[Told] = []
    drafts: list[EventDraft] = []
    endings: list[EventDraft] = []
    for (owner, purpose), head in heads.items():
        if owner != here.subject.pk:
            continue
        assert head.decided_at is not None
        mine = heads.get((there.subject.pk, purpose))
        found = resolve(head, mine)
        if found is not None:
            status, why = found
            carried = why == "newer"
            drafts.append(
                EventDraft(
                    purpose=head.purpose,
                    status=status,
                    method=Method.MERGE,
                    occurred_at=head.decided_at if carried else there.now,
                    region=there.subject.region or here.subject.region,
                    gpc=head.gpc_at_choice if carried else there.subject.gpc,
                    notice_version=head.notice_version if carried else "",
                    expires_at=head.expires_at if str(status) in VALID_STATUSES else None,
                )
            )
            before = mine.status if mine else str(EventStatus.UNKNOWN)
            told.append(Told(head.purpose.key, before, str(status), why))
        if head.status in VALID_STATUSES:
            endings.append(
                EventDraft(
                    purpose=head.purpose,
                    status=EventStatus.WITHDRAWN,
                    method=Method.MERGE,
                    occurred_at=here.now,
                    region=here.subject.region,
                    gpc=here.subject.gpc,
                )
            )
    # A signal the browser sent is the person's; its absence in the account is no consent.
    kept = [*there.subject.untold, *(asdict(each) for each in told)]
    update_person(there, gpc=there.subject.gpc or here.subject.gpc, untold=kept)
    events: list[ConsentEvent] = []
    for person, planned in sorted(
        ((there, drafts), (here, endings)), key=lambda each: str(each[0].subject.pk)
    ):
        if planned:
            made = append_events(person=person, drafts=planned, actor=actor)
            events += made if person is there else []
    record_entry(
        verb="consent.subjects_merged",
        object_type="subject",
        object_id=str(there.subject.pk),
        actor=actor,
        facts={
            "browser": ledger_commitment(here.salt, here.subject.pseudonym or ""),
            "account": ledger_commitment(there.salt, there.subject.pseudonym or ""),
            "changed": len(drafts),
        },
    )
    return Merged(tuple(told), tuple(events), encode_as_of(there.transaction))


@transaction.atomic
def take_told(*, person: DataSubject) -> list[dict[str, str]]:
    """What a sign-in changed, handed out once to be shown to the person."""
    held = DataSubject.objects.select_for_update().filter(pk=person.pk).first()
    if held is None or not held.untold:
        return []
    told = list(held.untold)
    DataSubject.objects.filter(pk=held.pk).update(untold=[])
    return told
