"""How many people the rules, as they stand or as they might be, personalise for.

People are not decided one by one: those of whom the same is known get the same answer, so each
distinct state is decided once, by the rule that every door uses. Above `MOST_READ` people a random
part is read and the numbers are estimates.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from consent.decision.facts import (
    ANONYMOUS,
    Catalogue,
    ChoiceFacts,
    Circumstances,
    PersonFacts,
)
from consent.decision.precedence import decide_system
from consent.decision.vocabulary import MINOR_BANDS, Outcome, Status
from consent.models import DataSubject
from consent.slowpath import reading
from methods.statistics.proportions import wilson

MOST_READ = 300_000
_MOMENT = timedelta(seconds=1)

_STATES = """
WITH wanted AS (
    SELECT p.id, w.key, w.since FROM unnest(%(keys)s::text[], %(since)s::timestamptz[])
        AS w(key, since) JOIN registry_purpose p ON p.key = w.key
),
asked AS (
    SELECT id, region, age_band, gpc, restricted_at IS NOT NULL AS restricted
    FROM consent_datasubject {sample} WHERE erased_at IS NULL
),
said AS (
    SELECT c.subject_id, jsonb_agg(jsonb_build_array(
        w.key, c.status, c.notice_version, c.gpc_at_choice,
        c.expires_at <= %(now)s, c.decided_at < w.since) ORDER BY w.key) AS choices
    FROM consent_consentstate c JOIN wanted w ON w.id = c.purpose_id
    JOIN asked a ON a.id = c.subject_id WHERE c.revision > 0 GROUP BY 1
)
SELECT a.region, a.age_band, a.gpc, a.restricted, s.choices, count(*)
FROM asked a LEFT JOIN said s ON s.subject_id = a.id GROUP BY 1, 2, 3, 4, 5
"""


@dataclass(frozen=True, slots=True)
class Known:
    """How many people share one state."""

    person: PersonFacts
    people: int


@dataclass(frozen=True, slots=True)
class Population:
    """Everybody known, by state; `read` of them stand in `states`."""

    states: tuple[Known, ...]
    read: int
    known: int

    @property
    def is_sample(self) -> bool:
        return self.read != self.known


@dataclass(frozen=True, slots=True)
class Number:
    """A number of people: exact, or estimated from a part with its 95 % interval."""

    value: int
    low: int | None = None
    high: int | None = None

    @property
    def is_estimate(self) -> bool:
        return self.low is not None


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of people when one set of rules takes the place of another.

    `personalised` are those the first set personalises for; `to_non_profiled` and `to_deny` are
    those of them who no longer are; `gained` those who newly are; `denied_more` those whom the
    first set gave the non-profiled variant and the second gives nothing.
    """

    known: Number
    personalised: Number
    to_non_profiled: Number
    to_deny: Number
    gained: Number
    denied_more: Number
    minors: Number
    strangers_before: str
    strangers_after: str

    @property
    def touches_nobody(self) -> bool:
        numbers = (self.to_non_profiled, self.to_deny, self.gained, self.denied_more)
        return not any(number.value for number in numbers) and (
            self.strangers_before == self.strangers_after
        )


def read_rules(system_key: str) -> tuple[Catalogue, datetime]:
    """The rules around one system as they stand, and the database's time."""
    with connection.cursor() as cursor:
        return reading.read_catalogue(cursor, systems=[system_key], purposes=[])


def people_by_state(catalogue: Catalogue, now: datetime) -> Population:
    """Everybody who is known, by what the decision would look at for these purposes."""
    keys = sorted(catalogue.purposes)
    since = [catalogue.purposes[key].notice.material_since for key in keys]
    with connection.cursor() as cursor:
        known = _roughly_known(cursor)
        sample = ""
        if known > MOST_READ:
            sample = f"TABLESAMPLE BERNOULLI ({100 * MOST_READ / known:.4f})"
        cursor.execute(_STATES.format(sample=sample), {"keys": keys, "since": since, "now": now})
        rows = cursor.fetchall()
    states = tuple(_state(row, catalogue, now) for row in rows)
    read = sum(one.people for one in states)
    return Population(states, read, known if sample else read)


def _roughly_known(cursor: Any) -> int:
    cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'consent_datasubject'::regclass")
    return int(cursor.fetchone()[0])


def _state(row: tuple[Any, ...], catalogue: Catalogue, now: datetime) -> Known:
    import json

    region, age_band, gpc, restricted, choices, people = row
    said = json.loads(choices) if isinstance(choices, str) else choices or []
    made: dict[str, ChoiceFacts] = {}
    for key, status, notice, gpc_at_choice, ended, before in said:
        material = catalogue.purposes[key].notice.material_since
        decided = now if material is None else material - _MOMENT if before else material
        made[key] = ChoiceFacts(
            status=Status(status),
            revision=1,
            decided_at=decided,
            notice_version=notice,
            gpc_at_choice=gpc_at_choice,
            expires_at=now - _MOMENT if ended else None,
        )
    person = PersonFacts(
        restricted=restricted, age_band=age_band, gpc=gpc, region=region, choices=made
    )
    return Known(person, people)


def compare_rules(
    population: Population,
    before: Catalogue,
    after: Catalogue,
    *,
    system: str,
    now: datetime,
    surface: str = "",
) -> Change:
    """Decide each state of the population by both sets of rules and count the differences."""
    moment = Circumstances(now=now, surface=surface)

    def outcome(rules: Catalogue, person: PersonFacts) -> Outcome:
        return decide_system(rules, system, person, moment).outcome

    counts = dict.fromkeys(("personalised", "variant", "deny", "gained", "denied", "minors"), 0)
    for one in population.states:
        was, will = outcome(before, one.person), outcome(after, one.person)
        if was is Outcome.PERSONALISE:
            counts["personalised"] += one.people
            if will is not Outcome.PERSONALISE:
                counts["deny" if will is Outcome.DENY else "variant"] += one.people
        elif will is Outcome.PERSONALISE:
            counts["gained"] += one.people
        elif was is Outcome.NON_PROFILED and will is Outcome.DENY:
            counts["denied"] += one.people
        if will is not was and one.person.minor:
            counts["minors"] += one.people
    scaled = {name: _scaled(count, population) for name, count in counts.items()}
    return Change(
        known=Number(population.known),
        personalised=scaled["personalised"],
        to_non_profiled=scaled["variant"],
        to_deny=scaled["deny"],
        gained=scaled["gained"],
        denied_more=scaled["denied"],
        minors=scaled["minors"],
        strangers_before=str(outcome(before, ANONYMOUS)),
        strangers_after=str(outcome(after, ANONYMOUS)),
    )


def _scaled(count: int, population: Population) -> Number:
    if not population.is_sample or not population.read:
        return Number(count)
    low, high = wilson(count, population.read)
    whole = population.known
    return Number(round(count / population.read * whole), round(low * whole), round(high * whole))


def minors_among(pseudonyms: Iterable[list[str]]) -> tuple[int, int]:
    """Of people by pseudonym, given in portions: how many are minors, and of how many we know."""
    minors = known = 0
    for portion in pseudonyms:
        people = DataSubject.objects.filter(pseudonym__in=portion).exclude(age_band="unknown")
        known += people.count()
        minors += people.filter(age_band__in=[str(band) for band in MINOR_BANDS]).count()
    return minors, known
