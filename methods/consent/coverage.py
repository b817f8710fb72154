"""`consent.coverage`: was what was served allowed by a check that had been made, with verdicts.

Identity, parameters, shares, intervals and the report; counting is in `servings`.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field, field_validator

from methods.consent.servings import AMONG, COUNTS, ServingCube, Servings, collect
from methods.judging import forest, judged, not_applicable
from methods.kinds import CubeMethod, Findings, KnownAnswer, MethodParameters, Role, Roles
from methods.report import Limit, Measurement, Table
from methods.statistics.clusters import Estimate, ratio_estimate, t_interval
from methods.statistics.proportions import Interval, wilson
from methods.statistics.simultaneous import bonferroni_level

if TYPE_CHECKING:
    import ibis

# Each share: the counts in its numerator, and which servings it is among.
SHARES: dict[str, tuple[tuple[int, ...], str]] = {
    "unchecked_share": ((0, 0, 1, 0, 0, 1), "all"),
    "violation_rate": ((0, 1, 1, 0, 0, 0), "personalised"),
}
VIOLATIONS = "violations"
NONE_SERVED = "nothing was personalised here"


class CoverageParameters(MethodParameters):
    """What may be chosen about an audit of consent checks."""

    allowing: tuple[str, ...] = Field(
        ("personalise", "true", "1", "granted"),
        min_length=1,
        description="Answers of the check that allow personalising; any other refuses.",
    )
    max_age: float | None = Field(
        None, ge=0, description="Seconds after which a check no longer counts for a serving."
    )
    level: float = Field(0.95, gt=0.5, lt=1, description="Confidence level.")
    looks: int = Field(
        1, ge=1, le=10_000, description="Planned looks at the data; the level is divided by it."
    )
    min_subjects: int = Field(30, ge=1, description="With fewer units than this nothing is judged.")

    @field_validator("allowing", mode="before")
    @classmethod
    def split_answers(cls, given: Any) -> Any:
        """Accept answers separated by commas."""
        return tuple(p.strip() for p in given.split(",")) if isinstance(given, str) else given


class Coverage(CubeMethod[ServingCube, CoverageParameters]):
    """How much was served without a valid check, and personalised against its answer."""

    key = "consent.coverage"
    version = "1"
    title = "Servings without a valid consent check"
    source = (
        "Regulation (EU) 2016/679, Art. 5(2) and 7(1): who processes must be able to show the "
        "consent; consent-violation rate: decisions without valid consent over decisions checked"
    )
    roles = Roles(
        (
            Role("y_pred", required=True, meaning="whether a personalised answer was served"),
            Role(
                "text",
                required=True,
                meaning="what the consent check answered, as logged; empty where none was made",
            ),
            Role("subject", meaning="the person; servings of one person are not independent"),
            Role("model_version", meaning="the version that served"),
            Role("scenario", meaning="the surface it was served on"),
            Role("group", many=True, meaning="columns to look at one by one"),
            Role("occurred_at", meaning="when it was served, for max_age"),
            Role("observed_at", meaning="when the check was made, for max_age"),
        )
    )
    Parameters = CoverageParameters
    Cube = ServingCube
    collected_with = frozenset({"allowing", "max_age"})

    def metrics(self) -> tuple[str, ...]:
        """Return the metrics a limit may be put on."""
        return (*SHARES, VIOLATIONS)

    def collect(
        self,
        table: "ibis.Table",
        columns: Mapping[str, list[str]],
        parameters: CoverageParameters,
    ) -> ServingCube:
        """Count servings by what the check had answered."""
        return collect(table, columns, allowing=parameters.allowing, max_age=parameters.max_age)

    def measure(
        self,
        cube: ServingCube,
        parameters: CoverageParameters,
        limits: Sequence[Limit],
        seed: int,
    ) -> Findings:
        """Return the shares of every slice with intervals and verdicts."""
        level = 1 - (1 - parameters.level) / parameters.looks
        slices = sum(len(part.keys) for part in cube.margins.values())
        family = slices * len({limit.metric for limit in limits} & set(SHARES))
        rows: list[Measurement] = []
        for part in cube.margins.values():
            for index in range(len(part.keys)):
                for name in SHARES:
                    held = any(limit.metric == name for limit in limits) and family > 1
                    own = bonferroni_level(level, family) if held else level
                    note = f"simultaneous over {family} comparisons" if held else ""
                    row = _share(cube, part, index, name, (own, level), note)
                    rows += _judged(row, limits, parameters)
                counted = _violations(cube, part, index)
                rows += judged(counted, limits, 0, counted.n)
        wanted = list(dict.fromkeys(limit.metric for limit in limits)) or ["violation_rate"]
        charts = [chart for name in wanted for chart in forest(name, rows, limits)]
        return Findings(tuple(rows), _tables(cube), tuple(charts), _limits(cube, parameters))

    def known_answers(self) -> Sequence[KnownAnswer]:
        """Return closed-form cases."""
        from methods.consent.known import known_answers

        return known_answers()


def estimate(part: Servings, index: int, name: str) -> tuple[Estimate, float, int]:
    """Return a share with its variance, its denominator, and the units in it."""
    above, among = SHARES[name]
    place = list(AMONG).index(among)
    below = np.array(AMONG[among], dtype=np.float64)
    found = ratio_estimate(
        np.array(above, dtype=np.float64),
        below,
        part.counts[index],
        part.moments[index],
        part.powers[index, place],
    )
    return found, float(below @ part.counts[index]), round(float(part.units[index, place]))


def interval(found: Estimate, units: int, level: float) -> tuple[Interval, str]:
    """Return a share's interval: on the logit scale, or Wilson's of the units at 0 and 1."""
    value = found.value
    if not 0 < value < 1 or not 0 < found.variance < math.inf:
        return wilson(round(value) * units if units else 0, units, level), "wilson_effective"
    scaled = Estimate(
        math.log(value / (1 - value)), found.variance / (value * (1 - value)) ** 2, found.df
    )
    low, high = (1 / (1 + math.exp(-max(end, -700.0))) for end in t_interval(scaled, level))
    return Interval(low, high), "delta_clustered"


def _share(
    cube: ServingCube,
    part: Servings,
    index: int,
    name: str,
    levels: tuple[float, float],
    note: str,
) -> Measurement:
    found, below, units = estimate(part, index, name)
    known = below > 0
    ends, method = Interval(math.nan, math.nan), ""
    if known and cube.unit == "rows":
        ends, method = wilson(found.value * below, below, levels[0]), "wilson"
    elif known:
        ends, method = interval(found, units, levels[0])
    return Measurement(
        name,
        f"consent.{name}/1",
        part.by,
        dict(zip(part.by, part.keys[index], strict=True)),
        None,
        found.value if known else None,
        ends.low,
        ends.high,
        levels[1],
        method or None,
        units,
        cube.unit,
        note=note,
    )


def _judged(
    row: Measurement, limits: Sequence[Limit], parameters: CoverageParameters
) -> list[Measurement]:
    if row.value is None:
        return not_applicable(row, limits, NONE_SERVED)
    return judged(row, limits, parameters.min_subjects, row.n)


def _violations(cube: ServingCube, part: Servings, index: int) -> Measurement:
    """Return how many servings of the log broke a refusal, or had no check: each is a case."""
    above, _ = SHARES["violation_rate"]
    count = float(np.array(above) @ part.counts[index])
    return Measurement(
        VIOLATIONS,
        f"consent.{VIOLATIONS}/1",
        part.by,
        dict(zip(part.by, part.keys[index], strict=True)),
        None,
        count,
        count,
        count,
        None,
        "count",
        round(float(part.units[index, 0])),
        cube.unit,
        note="servings in this log, not an estimate; each is a case",
    )


def _tables(cube: ServingCube) -> tuple[Table, ...]:
    return tuple(
        {
            "title": f"Servings by {part.by[0]}" if part.by else "Servings",
            "columns": [*part.by, cube.unit, *(name.replace("_", ", ") for name in COUNTS)],
            "rows": [
                [*key, round(float(units[0])), *(int(n) for n in counts)]
                for key, units, counts in zip(part.keys, part.units, part.counts, strict=True)
            ],
        }
        for part in cube.margins.values()
    )


def _limits(cube: ServingCube, parameters: CoverageParameters) -> tuple[str, ...]:
    found = []
    if cube.unit == "rows":
        found.append(
            "No subject column was given: servings are taken as independent. If people appear "
            "more than once the intervals are too narrow."
        )
    if parameters.max_age is None:
        found.append("How old a check was is not looked at: give max_age, and both times.")
    if parameters.looks > 1:
        found.append(f"The level is corrected for {parameters.looks} planned looks.")
    found += [
        (
            "The check's answer is what the serving system logged; a log that is wrong, or leaves "
            "servings out, is not seen here."
        ),
        (
            "A check answered by a default counts as a check; whether the default is lawful is "
            "not measured."
        ),
    ]
    return tuple(found)
