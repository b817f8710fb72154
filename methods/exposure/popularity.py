"""`exposure.popularity`: how concentrated impressions are on few items, with verdicts.

Measures are in `concentration`, their intervals in `intervals`, the counting in `cube`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from methods.columns import MISSING
from methods.errors import BadInput
from methods.exposure import concentration as measure_of
from methods.exposure import intervals
from methods.exposure.concentration import Array, top_count
from methods.exposure.cube import ItemCube, collect
from methods.kinds import CubeMethod, Findings, KnownAnswer, MethodParameters, Role, Roles
from methods.report import Limit, Measurement, Missing, Threshold, limits_for
from methods.statistics.proportions import Interval
from methods.statistics.simultaneous import bonferroni_level
from methods.statistics.verdicts import Verdict, judge, units_to_decide

if TYPE_CHECKING:
    import ibis

METRICS = ("top_share", "gini", "coverage", "entropy", "average_popularity")
UNIFORM = "top_share_uniform"


class PopularityParameters(MethodParameters):
    """What may be chosen about an audit of concentration."""

    top_fraction: float = Field(
        0.1, gt=0, le=1, description="The top items' share of the catalogue."
    )
    catalogue_size: int | None = Field(
        None, ge=1, description="Items that could be shown; items seen when left out."
    )
    level: float = Field(0.95, gt=0.5, lt=1, description="Confidence level.")
    looks: int = Field(
        1,
        ge=1,
        le=10_000,
        description="Planned looks at the data; the level is divided by it.",
    )
    min_subjects: int = Field(30, ge=1, description="With fewer units than this nothing is judged.")
    n_boot: int = Field(2_000, ge=200, le=100_000, description="Bootstrap replicates.")


class Popularity(CubeMethod[ItemCube, PopularityParameters]):
    """Top share, Gini, coverage, entropy and average popularity of what was shown."""

    key = "exposure.popularity"
    version = "1"
    title = "Concentration of exposure on popular items"
    source = (
        "H. Abdollahpouri et al., RecSys 2019/UMAP 2021 (popularity bias); Gini over the whole "
        "catalogue as in LensKit and RecBole"
    )
    roles = Roles(
        (
            Role("item", required=True, meaning="what was shown, one row an impression"),
            Role("subject", meaning="to whom; rows of one person are not independent"),
            Role("weight", meaning="how much an impression counts"),
            Role("provider", meaning="whose item it is"),
        )
    )
    Parameters = PopularityParameters
    Cube = ItemCube

    def metrics(self) -> tuple[str, ...]:
        """Return the metrics a limit may be put on."""
        return METRICS

    def collect(
        self,
        table: "ibis.Table",
        columns: Mapping[str, list[str]],
        parameters: PopularityParameters,
    ) -> ItemCube:
        """Count impressions by item."""
        return collect(table, columns)

    def check(self, cube: ItemCube, parameters: PopularityParameters) -> None:
        """Refuse a catalogue smaller than what was shown."""
        size = parameters.catalogue_size
        if size is not None and size < len(cube.items):
            raise BadInput(
                f"catalogue_size={size:,} is less than the {len(cube.items):,} items shown."
            )

    def measure(
        self,
        cube: ItemCube,
        parameters: PopularityParameters,
        limits: Sequence[Limit],
        seed: int,
    ) -> Findings:
        """Return the measures with intervals and verdicts."""
        catalogue = parameters.catalogue_size or len(cube.items)
        top = top_count(parameters.top_fraction, catalogue)
        level = 1 - (1 - parameters.level) / parameters.looks
        limited = list(dict.fromkeys(limit.metric for limit in limits))
        uniform = uniform_top_share(cube, catalogue, top, level, seed)
        rows: list[Measurement] = []
        for metric in METRICS:
            # Several limited metrics are judged at once, so that all their intervals hold.
            own = bonferroni_level(level, len(limited)) if metric in limited else level
            value, interval, name = _measured(cube, metric, catalogue, top, own, parameters, seed)
            row = Measurement(
                metric,
                f"exposure.{metric}/1",
                (),
                {},
                None,
                value,
                interval.low,
                interval.high,
                level,
                name,
                cube.units,
                cube.unit,
                note=_note(metric, top, catalogue, uniform),
            )
            chosen = limits_for(metric, limits)
            rows += [_judged(row, limit, parameters.min_subjects) for limit in chosen] or [row]
        rows.append(uniform)
        return Findings(
            tuple(rows),
            _tables(cube, top, uniform),
            _charts(cube, catalogue, rows, limits),
            _limitations(cube, parameters, level, len(limited)),
        )

    def known_answers(self) -> Sequence[KnownAnswer]:
        """Return closed-form cases."""
        from methods.exposure.known import known_answers

        return known_answers()


def _measured(
    cube: ItemCube,
    metric: str,
    catalogue: int,
    top: int,
    level: float,
    parameters: PopularityParameters,
    seed: int,
) -> tuple[float, Interval, str]:
    source = intervals.replicates(cube, parameters.n_boot, seed)
    shown = cube.shown
    if metric == "top_share":
        value = float(measure_of.top_share(shown, top))
        scores = np.zeros(len(shown))
        scores[-top:] = 1.0
        return (
            value,
            intervals.of_supremum(source, cube, scores, value, level),
            "supremum_bootstrap",
        )
    if metric == "gini":
        value = float(measure_of.gini(shown, catalogue))
        ranks = np.arange(catalogue - len(shown) + 1, catalogue + 1)
        scores = (2.0 * ranks - catalogue - 1) / catalogue
        return (
            value,
            intervals.of_supremum(source, cube, scores, value, level),
            "supremum_bootstrap",
        )
    if metric == "coverage":
        value = float(measure_of.coverage(shown, catalogue))
        return value, intervals.of_coverage(cube, catalogue, level), "chao"
    statistic = measure_of.entropy if metric == "entropy" else measure_of.average_popularity
    value = float(statistic(shown))
    bounds = (0.0, math.log(catalogue)) if metric == "entropy" else (1 / catalogue, 1.0)
    interval = intervals.of_statistic(source, statistic, value, level, bounds)
    return value, interval, "basic_bootstrap"


def uniform_top_share(
    cube: ItemCube, catalogue: int, top: int, level: float, seed: int
) -> Measurement:
    """Return the top share as many impressions would show if every item were equally likely.

    Even uniform showing puts some items on top by chance; this is the honest zero to compare with.
    """
    impressions = max(1, _effective_impressions(cube))
    generator = np.random.default_rng(seed)
    draws = max(50, min(1_000, intervals.CHUNK // catalogue))
    even: Array = np.full(catalogue, 1 / catalogue)
    values = measure_of.top_share(
        generator.multinomial(impressions, even, size=draws).astype(np.float64), top
    )
    tail = (1 - level) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return Measurement(
        UNIFORM,
        f"exposure.{UNIFORM}/1",
        (),
        {},
        None,
        float(values.mean()),
        float(low),
        float(high),
        level,
        "simulation",
        cube.units,
        cube.unit,
        note="expected under uniform showing; the range is of chance alone",
    )


def _effective_impressions(cube: ItemCube) -> int:
    total = float(cube.shown.sum())
    return round(total * total / float(cube.squares.sum())) if cube.weighted else cube.rows


def _judged(row: Measurement, limit: Limit, least: int) -> Measurement:
    few = row.n < least
    verdict: Verdict = "inconclusive" if few else judge(row.low, row.high, limit.op, limit.value)
    missing, note = None, row.note
    if verdict == "inconclusive":
        units = None
        if row.value is not None and row.low is not None and row.high is not None:
            units = units_to_decide(row.value, row.low, row.high, limit.value, row.n)
        if few:
            note = f"fewer than {least} {row.unit}; {note}"
            units = max(units or 0, least - row.n)
        missing = Missing(units)
    return replace(row, threshold=Threshold.of(limit), verdict=verdict, missing=missing, note=note)


def _note(metric: str, top: int, catalogue: int, uniform: Measurement) -> str:
    if metric == "top_share":
        return (
            f"the {top} most shown of {catalogue:,} items; uniform showing would give "
            f"{uniform.value:.2f}"
        )
    return {
        "gini": "0 equal, 1 all on one item; items never shown count as 0",
        "coverage": f"share of {catalogue:,} items shown at least once",
        "entropy": f"in nats; at most {math.log(catalogue):.2f}",
        "average_popularity": "mean, over impressions, of the shown item's share of impressions",
    }[metric]


def _tables(cube: ItemCube, top: int, uniform: Measurement) -> tuple[dict[str, Any], ...]:
    total = float(cube.shown.sum())
    found: list[dict[str, Any]] = [
        {
            "title": f"The {min(top, 50)} most shown items",
            "columns": ["item", "impressions", "share"],
            "rows": [
                [cube.items[i], float(cube.shown[i]), float(cube.shown[i]) / total]
                for i in range(min(top, 50, len(cube.items)))
            ],
        },
        {
            "title": "Under uniform showing",
            "columns": ["metric", "expected", "low", "high"],
            "rows": [["top_share", uniform.value, uniform.low, uniform.high]],
        },
    ]
    if cube.providers is not None:
        sums: dict[str, tuple[int, float]] = {}
        for name, shown in zip(cube.providers, cube.shown, strict=True):
            items, so_far = sums.get(name, (0, 0.0))
            sums[name] = items + 1, so_far + float(shown)
        ranked = sorted(sums.items(), key=lambda part: -part[1][1])[:100]
        found.append(
            {
                "title": "Providers by impressions",
                "columns": ["provider", "items", "impressions", "share"],
                "rows": [[name, n, shown, shown / total] for name, (n, shown) in ranked],
            }
        )
    return tuple(found)


def _charts(
    cube: ItemCube, catalogue: int, rows: Sequence[Measurement], limits: Sequence[Limit]
) -> tuple[dict[str, Any], ...]:
    cumulative = np.cumsum(cube.shown) / cube.shown.sum()
    places = np.unique(np.linspace(0, len(cumulative) - 1, 50).astype(int))
    shares = [row for row in rows if row.metric in ("top_share", UNIFORM)]
    return (
        {
            "kind": "forest",
            "title": "Top share",
            "metric": "top_share",
            "limits": [limit.to_dict() for limit in limits if limit.metric == "top_share"],
            "rows": [
                {
                    "label": "uniform showing" if row.metric == UNIFORM else "shown",
                    "value": row.value,
                    "low": row.low,
                    "high": row.high,
                    "n": row.n,
                    "unit": row.unit,
                    "verdict": row.verdict,
                }
                for row in shares
            ],
        },
        {
            "kind": "concentration",
            "title": "Share of impressions held by the most shown items",
            "x": [float(place + 1) / catalogue for place in places],
            "y": [float(cumulative[place]) for place in places],
        },
    )


def _limitations(
    cube: ItemCube, parameters: PopularityParameters, level: float, limited: int
) -> tuple[str, ...]:
    found = []
    if cube.unit == "rows":
        found.append(
            "No subject column was given: rows are taken as independent. If people appear more "
            "than once the intervals are too narrow."
        )
    else:
        found.append(f"People are resampled in buckets ({cube.bucket_function}).")
    if parameters.catalogue_size is None:
        found.append(
            "The catalogue is taken to be the items seen; items never shown are not counted. "
            "Give catalogue_size to count them."
        )
    if MISSING in cube.items:
        found.append(f"Rows without an item form the item {MISSING}.")
    if parameters.looks > 1:
        found.append(
            f"The level is corrected for {parameters.looks} planned looks: {level:.4%} each."
        )
    if limited > 1:
        found.append(f"The intervals of the {limited} limited metrics hold together.")
    found.append(
        "The items on top are picked by the same data; the interval of top_share allows for it."
    )
    found.append("Concentration says nothing of whether the items shown were good.")
    return tuple(found)
