"""Guessed interests: systems add them where the person allows it; the person has the last word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from consent import selectors
from consent.choices import FROM_THE_PERSON, INTERESTS_PURPOSE, InterestStanding
from consent.decision.vocabulary import Outcome
from consent.identity import ledger_commitment
from consent.models import Interest, InterestReset
from consent.services.access import require
from consent.services.subjects import LockedPerson, lock_person
from governance.core.actors import Actor, SystemActor
from governance.core.errors import Conflict, Invalid, NotFound
from governance.ledger.services import record_entry


@dataclass(frozen=True)
class Guess:
    """One interest as a system tells it."""

    label: str
    because: str = ""
    inferred_at: datetime | None = None


@dataclass(frozen=True)
class NotedInterests:
    """How many guesses stand now, and the labels that the person does not want."""

    kept: int
    unwanted: tuple[str, ...]


@transaction.atomic
def note_interests(
    *, subject: str, system: str, guesses: Sequence[Guess], actor: Actor
) -> NotedInterests:
    """Keep what a system guessed about a person, unless the person said no to it."""
    require(actor, "consent.write")
    if actor.system_keys is not None and system not in actor.system_keys:
        raise NotFound(f"There is no system {system!r} that you may see.")
    (decision,) = selectors.check_many(
        subjects=[subject],
        purpose=INTERESTS_PURPOSE,
        system=None,
        actor=SystemActor("interests"),
    ).decisions
    if decision.outcome is not Outcome.PERSONALISE:
        raise Conflict(f"Nothing may be guessed about this person ({decision.reason}).")
    locked = lock_person(subject)
    person, now = locked.subject, locked.now
    reset = InterestReset.objects.filter(subject=person).values_list("at", flat=True).first()
    removed = set(
        person.interests.filter(standing=InterestStanding.REMOVED).values_list("label", flat=True)
    )
    fresh, unwanted = [], []
    for guess in guesses:
        label, at = guess.label.strip(), guess.inferred_at or now
        if not label or len(label) > 120 or len(guess.because) > 200:
            raise Invalid("An interest is 1 to 120 signs, its reason 200 at most.")
        if label in removed or (reset is not None and at <= reset):
            unwanted.append(label)
            continue
        fresh.append(
            Interest(
                subject=person,
                system_key=system,
                label=label,
                because=guess.because,
                inferred_at=min(at, now),
            )
        )
    Interest.objects.bulk_create(
        {each.label: each for each in fresh}.values(),
        update_conflicts=True,
        unique_fields=["subject", "system_key", "label"],
        update_fields=["because", "inferred_at"],
    )
    return NotedInterests(len(fresh), tuple(unwanted))


def _own(person: LockedPerson, interest_id: UUID) -> Interest:
    found = (
        Interest.objects.select_for_update()
        .filter(pk=interest_id, subject=person.subject)
        .exclude(standing=InterestStanding.REMOVED)
        .first()
    )
    if found is None:
        raise NotFound("This interest is not on your list.")
    return found


def _take_off(person: LockedPerson, label: str) -> int:
    """Remove a guess for every system that made it, without keeping what it was made from."""
    same = Interest.objects.filter(subject=person.subject, label=label)
    return same.update(standing=InterestStanding.REMOVED, because="")


def _record(verb: str, person: LockedPerson, actor: Actor, rows: int) -> None:
    record_entry(
        verb=f"consent.{verb}",
        object_type="interests",
        object_id=str(person.subject.pk),
        actor=actor,
        facts={
            "subject": ledger_commitment(person.salt, person.subject.pseudonym or ""),
            "rows": rows,
        },
    )


@transaction.atomic
def remove_interest(*, subject: str, interest_id: UUID, actor: Actor) -> None:
    """Take one guess off a person's list, for every system that made it, for good."""
    require(actor, "consent.write")
    person = lock_person(subject)
    rows = _take_off(person, _own(person, interest_id).label)
    _record("interest_removed", person, actor, rows)


@transaction.atomic
def correct_interest(*, subject: str, interest_id: UUID, label: str, actor: Actor) -> Interest:
    """Replace a guess by what the person says; the old one is removed, not guessed again."""
    require(actor, "consent.write")
    said = label.strip()
    if not said or len(said) > 120:
        raise Invalid("An interest is 1 to 120 signs.")
    person = lock_person(subject)
    wrong = _own(person, interest_id)
    if said != wrong.label:
        _take_off(person, wrong.label)
    right, _ = Interest.objects.update_or_create(
        subject=person.subject,
        system_key=FROM_THE_PERSON,
        label=said,
        defaults={
            "standing": InterestStanding.CONFIRMED,
            "because": "",
            "inferred_at": person.now,
        },
    )
    _record("interest_corrected", person, actor, 1)
    return right


@transaction.atomic
def start_over(*, subject: str, actor: Actor) -> int:
    """Forget every guess about a person; nothing older than now may be guessed again."""
    require(actor, "consent.write")
    person = lock_person(subject)
    held = Interest.objects.filter(subject=person.subject)
    rows, _ = held.exclude(standing=InterestStanding.REMOVED).delete()
    InterestReset.objects.update_or_create(subject=person.subject, defaults={"at": person.now})
    _record("interests_forgotten", person, actor, rows)
    return rows
