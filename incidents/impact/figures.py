"""From counts to figures: which numbers an incident's impact consists of, with intervals. Pure.

A number out of the outputs is exact; one out of the sampled decision log is an estimate and says
so; one by the rules says who could be reached, not who was.
"""

from __future__ import annotations

from dataclasses import dataclass

from audits.selectors.people import PeopleInOutputs
from consent.selectors.decision_log import LogCounts
from consent.selectors.reach import Change, Number
from incidents.choices import ImpactBasis, ImpactMeasure
from methods.statistics.distinct import distinct_total, poisson_lower, poisson_upper


@dataclass(frozen=True)
class Figure:
    """One number; without bounds it is exact."""

    measure: ImpactMeasure
    basis: ImpactBasis
    value: int
    n: int
    low: int | None = None
    high: int | None = None
    note: str = ""


def figures_of_outputs(found: PeopleInOutputs) -> list[Figure]:
    """What the rows that were sent say, exactly."""
    basis = ImpactBasis.OUTPUTS
    made = [Figure(ImpactMeasure.DECISIONS, basis, found.rows, found.rows)]
    if found.people:
        notes = [f"{found.nameless:,} of the rows name nobody."] if found.nameless else []
        if not found.of_known_age:
            notes.append("Of none of them is the age known.")
        people = Figure(ImpactMeasure.PEOPLE, basis, found.people, found.rows, note=" ".join(notes))
        made.insert(0, people)
    if found.of_known_age:
        unknown = found.people - found.of_known_age
        note = f"The age of {unknown:,} people is not known." if unknown else ""
        minors = Figure(ImpactMeasure.MINORS, basis, found.minors, found.of_known_age, note=note)
        made.insert(1, minors)
    return made


def figures_of_log(log: LogCounts) -> list[Figure]:
    """What the sampled answers say of all answers."""
    if not log.every or not log.samples:
        return []
    basis, rate = ImpactBasis.DECISION_LOG, 1 / log.every
    kept = f"One answer in {log.every:,} is kept." if log.every > 1 else "Every answer is kept."
    batches = (
        f" {log.from_batches:,} samples are of answers about many people at once, each of which "
        "leaves one: the true number is larger."
        if log.from_batches
        else ""
    )
    figures = []
    if log.people:
        people = _distinct(log.people, log.once, rate)
        figures.append(Figure(ImpactMeasure.PEOPLE, basis, *people, note=kept + batches))
    if log.of_known_age:
        minors = _distinct(log.minors, log.minors_once, rate, log.of_known_age)
        age = f"The age of {log.of_known_age:,} of {log.people:,} sampled people is known."
        figures.append(Figure(ImpactMeasure.MINORS, basis, *minors, note=age))
    low = high = None
    if log.every > 1:
        low = round(poisson_lower(log.samples) * log.every)
        high = round(poisson_upper(log.samples) * log.every)
    decisions = log.samples * log.every
    figures.append(
        Figure(ImpactMeasure.DECISIONS, basis, decisions, log.samples, low, high, kept + batches)
    )
    return figures


def _distinct(
    seen: int, once: int, rate: float, n: int | None = None
) -> tuple[int, int, int | None, int | None]:
    """Value, n, low and high of a number of different people."""
    if rate == 1:
        return seen, seen if n is None else n, None, None
    found = distinct_total(seen, once, rate)
    return round(found.value), seen if n is None else n, round(found.low), round(found.high)


def figures_of_reach(change: Change) -> list[Figure]:
    """Whom the rules would let the system personalise for without a hold, among those we know."""
    basis = ImpactBasis.CONSENT_STATE
    return [
        _of_number(ImpactMeasure.REACH, basis, change.personalised, change.known.value),
        _of_number(ImpactMeasure.REACH_MINORS, basis, change.minors, change.known.value),
    ]


def _of_number(measure: ImpactMeasure, basis: ImpactBasis, number: Number, n: int) -> Figure:
    return Figure(measure, basis, number.value, n, number.low, number.high)


def worst_known(figures: list[Figure]) -> Figure | None:
    """How many people: counted where they can be, else estimated, else who could be reached."""
    order = (
        (ImpactMeasure.PEOPLE, ImpactBasis.OUTPUTS),
        (ImpactMeasure.PEOPLE, ImpactBasis.DECISION_LOG),
        (ImpactMeasure.REACH, ImpactBasis.CONSENT_STATE),
    )
    known = {(one.measure, one.basis): one for one in figures}
    return next((known[key] for key in order if key in known), None)
