"""What people want, in figures: shares with their intervals, by purpose, region, notice and week.

Every figure is of people by pseudonym; the number of statements does not grow with anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection

from consent.decision.facts import ANONYMOUS, Circumstances
from consent.decision.precedence import decide_purpose
from consent.decision.vocabulary import VALID_STATUSES, Outcome
from consent.slowpath import reading
from governance.core.actors import Actor
from governance.core.errors import Invalid
from methods.statistics.proportions import wilson

_VALID = [str(each) for each in VALID_STATUSES]
#: What the shares may be split by, and the column that says it.
SPLITS = {"region": "s.region", "notice": "c.notice_version"}
WEEKS = 26


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many, with the 95 % Wilson interval."""

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        return self.part / self.whole if self.whole else None

    @property
    def low(self) -> float | None:
        return wilson(self.part, self.whole).low if self.whole else None

    @property
    def high(self) -> float | None:
        return wilson(self.part, self.whole).high if self.whole else None


@dataclass(frozen=True, slots=True)
class Row:
    """One purpose (and one region or notice version): who consents, withdrew, and in how many
    steps people said yes and no."""

    purpose: str
    title: str
    split: str
    consent: Share
    withdrawn: Share
    steps_in: float | None = None
    steps_out: float | None = None


@dataclass(frozen=True, slots=True)
class Week:
    """What was said in one week: the share of yes among the choices, with its interval."""

    label: str
    said_yes: Share

    @property
    def value(self) -> float | None:
        return self.said_yes.value

    @property
    def low(self) -> float | None:
        return self.said_yes.low

    @property
    def high(self) -> float | None:
        return self.said_yes.high


@dataclass(frozen=True, slots=True)
class Rates:
    """Everything the page says."""

    rows: tuple[Row, ...]
    weeks: tuple[Week, ...]
    people: int
    gpc: Share
    never_chose: Share  # of the personalised (person, purpose) pairs, those without a choice
    default_on_surfaces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """What to look at; empty means everything."""

    purpose: str = ""
    region: str = ""
    notice: str = ""
    split: str = ""

    @property
    def values(self) -> dict[str, Any]:
        return {
            "purpose": self.purpose or None,
            "region": self.region or None,
            "notice": self.notice or None,
            "valid": _VALID,
        }


# Without a region nobody needs to be looked up in the table of people.
_SHARES = """
SELECT p.key, p.title, {split}, count(c.id) FILTER (WHERE c.revision > 0),
       count(c.id) FILTER (WHERE c.status = ANY(%(valid)s)),
       count(c.id) FILTER (WHERE c.status = 'withdrawn')
FROM registry_purpose p
LEFT JOIN {states} ON c.purpose_id = p.id {where}
WHERE (%(purpose)s::text IS NULL OR p.key = %(purpose)s)
GROUP BY 1, 2, 3 ORDER BY 1, 4 DESC
"""

_WEEKS = """
SELECT date_trunc('week', e.at, 'UTC')::date, count(*) FILTER (WHERE e.status = ANY(%(valid)s)),
       count(*)
FROM consent_consentevent e JOIN registry_purpose p ON p.id = e.purpose_id
WHERE e.at >= %(since)s AND e.method NOT IN ('import', 'expiry', 'merge')
  AND (%(purpose)s::text IS NULL OR p.key = %(purpose)s)
  AND (%(region)s::text IS NULL OR e.region = %(region)s)
  AND (%(notice)s::text IS NULL OR e.notice_version = %(notice)s)
GROUP BY 1 ORDER BY 1
"""

_STEPS = """
SELECT p.key,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY e.clicks)
           FILTER (WHERE e.status = ANY(%(valid)s)),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY e.clicks)
           FILTER (WHERE e.status IN ('refused', 'withdrawn', 'objected'))
FROM consent_consentevent e JOIN registry_purpose p ON p.id = e.purpose_id
WHERE e.clicks IS NOT NULL AND e.at >= %(since)s GROUP BY 1
"""

_PEOPLE = """
SELECT region, count(*), count(*) FILTER (WHERE gpc) FROM consent_datasubject
WHERE erased_at IS NULL AND (%(region)s::text IS NULL OR region = %(region)s) GROUP BY 1
"""

_CHOSE = """
SELECT s.region, p.key, count(*), count(*) FILTER (WHERE c.status = ANY(%(valid)s))
FROM consent_consentstate c JOIN consent_datasubject s ON s.id = c.subject_id
JOIN registry_purpose p ON p.id = c.purpose_id
WHERE c.revision > 0 AND (%(purpose)s::text IS NULL OR p.key = %(purpose)s)
  AND (%(region)s::text IS NULL OR s.region = %(region)s) GROUP BY 1, 2
"""


def _ask(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _shares(wanted: Filter) -> list[tuple[Any, ...]]:
    if wanted.split and wanted.split not in SPLITS:
        raise Invalid(f"Split by {' or '.join(SPLITS)}.")
    column = SPLITS.get(wanted.split, "''")
    needs_people = bool(wanted.region) or wanted.split == "region"
    states = "consent_consentstate c"
    if needs_people:
        states = f"({states} JOIN consent_datasubject s ON s.id = c.subject_id)"
    conditions = [
        condition
        for value, condition in (
            (wanted.region, "AND s.region = %(region)s"),
            (wanted.notice, "AND c.notice_version = %(notice)s"),
        )
        if value
    ]
    statement = _SHARES.format(split=column, states=states, where=" ".join(conditions))
    return _ask(statement, wanted.values)


def consent_figures(wanted: Filter, *, today: date, actor: Actor) -> Rates:
    """Every figure of the page, in seven statements."""
    if not actor.may("consent.view"):
        return Rates((), (), 0, Share(0, 0), Share(0, 0), ())
    values = {**wanted.values, "since": today - timedelta(weeks=WEEKS)}
    steps = {key: (go_in, out) for key, go_in, out in _ask(_STEPS, values)}
    rows = tuple(
        Row(
            key,
            title,
            split or ("" if not wanted.split else "not named"),
            Share(consent, chose),
            Share(withdrawn, chose),
            *(steps.get(key, (None, None)) if not wanted.split else (None, None)),
        )
        for key, title, split, chose, consent, withdrawn in _shares(wanted)
    )
    weeks = tuple(Week(str(day), Share(yes, said)) for day, yes, said in _ask(_WEEKS, values))
    people = _ask(_PEOPLE, values)
    everyone = sum(row[1] for row in people)
    never, surfaces = _by_default(wanted, people, _ask(_CHOSE, values))
    gpc = Share(sum(row[2] for row in people), everyone)
    return Rates(rows, weeks, everyone, gpc, never, surfaces)


def _by_default(
    wanted: Filter, people: Iterable[Sequence[Any]], chose: Iterable[Sequence[Any]]
) -> tuple[Share, tuple[str, ...]]:
    """Who is personalised without ever having chosen, and which surfaces are on for anybody."""
    with connection.cursor() as cursor:
        catalogue, now = reading.read_catalogue(cursor, systems=None, purposes=None)
    keys = [key for key in catalogue.purposes if wanted.purpose in ("", key)]

    def is_on(key: str, region: str) -> bool:
        moment = Circumstances(now=now, region=region)
        decision = decide_purpose(catalogue, key, ANONYMOUS, moment)
        return decision.outcome is Outcome.PERSONALISE

    known = {(region, key): (number, yes) for region, key, number, yes in chose}
    silent = consenting = 0
    for region, number, _ in people:
        for key in keys:
            chosen, yes = known.get((region, key), (0, 0))
            consenting += yes
            if is_on(key, region):
                silent += number - chosen
    regions = {region for region, *_ in people} | {""}
    surfaces = {
        surface.key
        for system in catalogue.systems.values()
        for surface in system.surfaces.values()
        if surface.purposes
        and any(all(is_on(key, region) for key in surface.purposes) for region in regions)
    }
    return Share(silent, silent + consenting), tuple(sorted(surfaces))
