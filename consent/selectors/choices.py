"""Reading the person's side: decisions for many, one person's choices, rates. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, Q

from consent.decision.facts import Circumstances
from consent.decision.precedence import Decision, decide_purpose, decide_system
from consent.decision.vocabulary import VALID_STATUSES
from consent.identity import pseudonym_of, pseudonyms_of
from consent.models import ConsentEvent, ConsentState, DataSubject
from consent.slowpath import reading
from consent.slowpath.freshness import decode_as_of, encode_as_of
from governance.core.actors import Actor
from governance.core.errors import Invalid, NotFound, NotPermitted
from governance.registry.models import Purpose

MOST_SUBJECTS = 10_000


@dataclass(frozen=True)
class CheckedMany:
    """The answers of one batch, in the order asked."""

    decisions: tuple[Decision, ...]
    as_of: str


def check_many(
    *,
    subjects: Sequence[str],
    purpose: str | None,
    system: str | None,
    region: str = "",
    gpc: bool = False,
    as_of: str = "",
    actor: Actor,
) -> CheckedMany:
    """Decide one purpose or system for up to 10,000 people, in four statements."""
    if not actor.may("consent.check"):
        raise NotPermitted(f"{actor.display} is not allowed to check consent.")
    if (purpose is None) == (system is None):
        raise Invalid("Name either a purpose or a system.")
    if len(subjects) > MOST_SUBJECTS:
        raise Invalid(f"Ask about {MOST_SUBJECTS} subjects at most.")
    if system is not None and actor.system_keys is not None and system not in actor.system_keys:
        raise NotFound(f"There is no system {system!r} that you may see.")
    with connection.cursor() as cursor:
        seen = reading.read_as_of(cursor)
        if as_of:
            transaction = decode_as_of(as_of)
            if transaction is None or not reading.has_seen(cursor, transaction):
                raise Invalid("as_of is not a token of a write that this server has seen.")
        catalogue, now = reading.read_catalogue(
            cursor,
            systems=[system] if system is not None else [],
            purposes=[purpose] if purpose is not None else [],
        )
        if purpose is not None and purpose not in catalogue.purposes:
            raise NotFound(f"There is no purpose {purpose!r}.")
        if system is not None and system not in catalogue.systems:
            raise NotFound(f"There is no system {system!r} that you may see.")
        people = reading.read_people(
            cursor,
            [pseudonym_of(settings.KEYS.subject_pepper, each) for each in subjects],
            fingerprint_key=settings.KEYS.fingerprint_key,
            purposes=list(catalogue.purposes),
            former=[
                [pseudonym_of(pepper, each) for each in subjects]
                for pepper in settings.KEYS.subject_peppers[1:]
            ],
        )
    moment = Circumstances(now=now, region=region, gpc=gpc)
    if purpose is not None:
        decisions = tuple(decide_purpose(catalogue, purpose, each, moment) for each in people)
    else:
        decisions = tuple(decide_system(catalogue, str(system), each, moment) for each in people)
    return CheckedMany(decisions, encode_as_of(seen))


def find_subject(external_id: str) -> DataSubject:
    """Return a person's row; an unknown one is a 404, which tells nothing but that."""
    names = pseudonyms_of(settings.KEYS, external_id)
    person = DataSubject.objects.filter(pseudonym__in=names).first()
    if person is None:
        raise NotFound("Nothing is recorded about this person.")
    return person


def choices_of(person: DataSubject) -> list[ConsentState]:
    states = ConsentState.objects.filter(subject=person, revision__gt=0)
    return list(states.select_related("purpose").order_by("purpose__key"))


def history_of(person: DataSubject) -> list[ConsentEvent]:
    return list(
        ConsentEvent.objects.filter(subject=person).select_related("purpose").order_by("-at")[:200]
    )


@dataclass(frozen=True)
class ConsentRate:
    """How many of those who chose about a purpose consent now."""

    purpose: Purpose
    chose: int
    consent: int
    withdrawn: int

    @property
    def share(self) -> float | None:
        return self.consent / self.chose if self.chose else None


def consent_rates(actor: Actor, *, purpose: str | None = None) -> list[ConsentRate]:
    """Rates by purpose, in one query. People who never chose are not counted as a no."""
    if not actor.may("consent.view"):
        return []
    valid = Q(consent_states__status__in=list(VALID_STATUSES))
    chosen = Q(consent_states__revision__gt=0)
    found = Purpose.objects.all() if purpose is None else Purpose.objects.filter(key=purpose)
    rows: Any = found.annotate(
        chose=Count("consent_states", filter=chosen),
        consent=Count("consent_states", filter=valid),
        withdrawn=Count("consent_states", filter=Q(consent_states__status="withdrawn")),
    ).order_by("key")
    return [ConsentRate(row, row.chose, row.consent, row.withdrawn) for row in rows]
