"""`fairness.pricing`: do groups pay different prices for what the declared reasons make equal.

Identity, parameters, verdicts and the report; arithmetic is in `prices`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from methods.columns import MISSING
from methods.errors import BadInput
from methods.fairness.prices import (
    MEASURES,
    PriceCube,
    collect,
    comparable,
    jackknife,
    measure_pair,
    sandwich,
)
from methods.judging import forest, judged, not_applicable
from methods.kinds import CubeMethod, Findings, KnownAnswer, MethodParameters, Role, Roles
from methods.report import Comparison, Limit, Measurement, Table
from methods.statistics.clusters import Estimate, t_interval
from methods.statistics.simultaneous import bonferroni_level

if TYPE_CHECKING:
    import ibis

OVERLAP = "overlap_share"
SPARSE = "no stratum holds two rows of both groups: prices cannot be compared at equal reasons"


class PricingParameters(MethodParameters):
    """What may be chosen about an audit of prices."""

    reference: str | None = Field(
        None, description="The group others are compared with; all pairs when left out."
    )
    level: float = Field(0.95, gt=0.5, lt=1, description="Confidence level.")
    looks: int = Field(
        1, ge=1, le=10_000, description="Planned looks at the data; the level is divided by it."
    )
    min_subjects: int = Field(
        30, ge=1, description="Fewer units than this on a side are never judged."
    )
    min_overlap: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Least share of both groups' rows in comparable strata for a verdict.",
    )

    @field_validator("reference", mode="before")
    @classmethod
    def reference_as_text(cls, given: Any) -> Any:
        """Accept a number or a truth value."""
        return str(given) if isinstance(given, (bool, int, float)) else given


class Pricing(CubeMethod[PriceCube, PricingParameters]):
    """Price gaps between groups, as they are and within strata of declared legitimate reasons."""

    key = "fairness.pricing"
    version = "1"
    title = "Prices between groups"
    source = (
        "N. Kallus, A. Zhou, FAccT 2021, arXiv:2012.11066 (conditional price disparity); "
        "B. Efron, C. Stein, Annals of Statistics 9 (1981) 586-596 (jackknife variance)"
    )
    roles = Roles(
        (
            Role("price", required=True, meaning="what was asked or paid"),
            Role("group", required=True, meaning="the attribute that forms the groups"),
            Role("stratum", many=True, meaning="declared legitimate reasons, as categories"),
            Role("subject", meaning="the person; rows of one person are not independent"),
        )
    )
    Parameters = PricingParameters
    Cube = PriceCube

    def metrics(self) -> tuple[str, ...]:
        """Return the metrics a limit may be put on."""
        return MEASURES

    def collect(
        self,
        table: "ibis.Table",
        columns: Mapping[str, list[str]],
        parameters: PricingParameters,
    ) -> PriceCube:
        """Sum prices by group and stratum."""
        return collect(table, columns)

    def check(self, cube: PriceCube, parameters: PricingParameters) -> None:
        """Refuse a reference the data do not have."""
        if parameters.reference is not None and parameters.reference not in cube.groups:
            raise BadInput(
                f"The group column {cube.group!r} has no value {parameters.reference!r}: "
                f"it has {', '.join(cube.groups[:10])}."
            )

    def measure(
        self,
        cube: PriceCube,
        parameters: PricingParameters,
        limits: Sequence[Limit],
        seed: int,
    ) -> Findings:
        """Return gaps and ratios of every pair with intervals and verdicts."""
        names = cube.groups
        pairs = list(combinations(range(len(names)), 2))
        if parameters.reference is not None:
            base = names.index(parameters.reference)
            pairs = [(i, base) for i in range(len(names)) if i != base]
        limited = {limit.metric for limit in limits}
        size = len(pairs) * len(limited)
        level = 1 - (1 - parameters.level) / parameters.looks
        rows: list[Measurement] = []
        for pair in pairs:
            for metric in MEASURES:
                held = metric in limited and size > 1
                own = bonferroni_level(level, size) if held else level
                note = f"simultaneous over {size} comparisons" if held else ""
                row = _row(cube, pair, metric, (own, level), parameters.reference is not None)
                rows += _judge(cube, row, pair, parameters, limits, note)
            rows.append(_overlap(cube, pair))
        if not pairs:
            rows += [r for metric in MEASURES for r in _alone(cube, metric, limits)]
        wanted = list(dict.fromkeys(limit.metric for limit in limits))
        charts = [
            chart
            for metric in wanted or ["conditional_price_difference"]
            for chart in forest(metric, rows, limits)
        ]
        return Findings(tuple(rows), _tables(cube), tuple(charts), _limits(cube, parameters))

    def known_answers(self) -> Sequence[KnownAnswer]:
        """Return closed-form cases."""
        from methods.fairness.known_prices import known_answers

        return known_answers()


def _row(
    cube: PriceCube,
    pair: tuple[int, int],
    metric: str,
    levels: tuple[float, float],
    directed: bool,
) -> Measurement:
    ratio = metric.endswith("ratio")
    value = float(measure_pair(cube.cells[list(pair)])[metric])
    if not directed and value < (1.0 if ratio else 0.0):
        pair = (pair[1], pair[0])
        value = float(measure_pair(cube.cells[list(pair)])[metric])
    if cube.buckets is None:
        variance, df = sandwich(cube.cells[list(pair)])[metric]
        method = "sandwich"
    else:
        variance, df = jackknife(cube.buckets[:, list(pair)])[metric]
        method = "jackknife_buckets"
    low = high = math.nan
    if math.isfinite(variance) and math.isfinite(value) and (value > 0 or not ratio):
        centre = math.log(value) if ratio else value
        low, high = t_interval(Estimate(centre, variance, min(df, 1e9)), levels[0])
        if ratio:
            low, high = math.exp(low), math.exp(high)
    of, to = ({cube.group: cube.groups[place]} for place in pair)
    return Measurement(
        metric,
        f"fairness.{metric}/1",
        (cube.group,),
        {},
        Comparison(
            "ratio" if ratio else "difference",
            "to_reference" if directed else "between_groups",
            of,
            to,
        ),
        value,
        low,
        high,
        levels[1],
        method,
        int(cube.units[list(pair)].sum()),
        cube.unit,
    )


def _judge(
    cube: PriceCube,
    row: Measurement,
    pair: tuple[int, int],
    parameters: PricingParameters,
    limits: Sequence[Limit],
    note: str,
) -> list[Measurement]:
    row = replace(row, note=note)
    conditional = not row.metric.startswith("price_")
    share = _share(cube, pair)
    if row.value is None:
        return not_applicable(row, limits, SPARSE if conditional else "no prices to compare")
    if conditional and share < parameters.min_overlap:
        reason = f"only {share:.0%} of the rows lie in strata that hold both groups"
        return not_applicable(row, limits, reason)
    few = int(cube.units[list(pair)].min())
    return judged(row, limits, parameters.min_subjects, few)


def _share(cube: PriceCube, pair: tuple[int, int]) -> float:
    cells = cube.cells[list(pair)]
    return float(cells[:, comparable(cells), 0].sum() / cells[..., 0].sum())


def _overlap(cube: PriceCube, pair: tuple[int, int]) -> Measurement:
    names = [cube.groups[place] for place in pair]
    return Measurement(
        OVERLAP,
        f"fairness.{OVERLAP}/1",
        (),
        {cube.group: " and ".join(names)},
        None,
        _share(cube, pair),
        None,
        None,
        None,
        None,
        int(cube.units[list(pair)].sum()),
        cube.unit,
        note="share of both groups' rows in strata that hold both",
    )


def _alone(cube: PriceCube, metric: str, limits: Sequence[Limit]) -> list[Measurement]:
    row = Measurement(
        metric,
        f"fairness.{metric}/1",
        (cube.group,),
        {},
        None,
        None,
        None,
        None,
        None,
        None,
        int(cube.units.sum()),
        cube.unit,
    )
    return not_applicable(row, limits, "there is only one group: nothing was compared")


def _tables(cube: PriceCube) -> tuple[Table, ...]:
    rows: list[list[Any]] = []
    for index, name in enumerate(cube.groups):
        n, s1, s2 = (float(part) for part in cube.cells[index].sum(axis=0))
        spread = math.sqrt(max(s2 / n - (s1 / n) ** 2, 0.0))
        rows.append([name, int(cube.units[index]), int(n), s1 / n, spread])
    columns = [cube.group, cube.unit, "prices", "mean price", "standard deviation"]
    return ({"title": f"Prices by {cube.group}", "columns": columns, "rows": rows},)


def _limits(cube: PriceCube, parameters: PricingParameters) -> tuple[str, ...]:
    found = []
    if cube.unit == "rows":
        found.append(
            "No subject column was given: rows are taken as independent. If people appear more "
            "than once the intervals are too narrow."
        )
    else:
        found.append(
            f"One bucket of people is left out at a time ({cube.bucket_function}); the interval "
            "is about who is sampled, so a price rule may be deterministic."
        )
    if cube.strata == ((),):
        found.append("No stratum was declared: conditional and plain gaps are the same here.")
    else:
        found.append(
            "Whether the declared strata are legitimate reasons is a judgement; a stratum that "
            "stands for the group itself hides a disparity."
        )
    if MISSING in cube.groups:
        found.append(f"Rows without a group value form the group {MISSING}.")
    if parameters.looks > 1:
        found.append(f"The level is corrected for {parameters.looks} planned looks.")
    found.append(
        "Prices of people who were never offered one, or who left, are not in the data; what a "
        "price does to those who can afford less is not measured."
    )
    return tuple(found)
