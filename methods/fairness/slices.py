"""`fairness.slices`: ranking quality in every scenario and task, and whether any cell regresses.

The governance side of multi-domain models with scenario and task tokens. Sums are in `cells`.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field, field_validator

from methods.fairness.cells import METRICS, SUMS, Array, SliceCube, collect, influence, ratio
from methods.judging import forest, joined, judged, not_applicable
from methods.kinds import CubeMethod, Findings, KnownAnswer, MethodParameters, Role, Roles
from methods.report import Limit, Measurement
from methods.statistics.clusters import Estimate, t_interval
from methods.statistics.simultaneous import Contrasts, max_t_level

if TYPE_CHECKING:
    import ibis

CHANGES = tuple(f"{name}_change" for name in METRICS)
NO_LIST = "no list with both classes"


class SliceParameters(MethodParameters):
    """What may be chosen about an audit of slices."""

    baseline: str | None = Field(None, description="The model version there was before.")
    positive: str | None = Field(None, description="The label value that counts as positive.")
    level: float = Field(0.95, gt=0.5, lt=1, description="Confidence level.")
    looks: int = Field(
        1, ge=1, le=10_000, description="Planned looks at the data; the level is divided by it."
    )
    min_lists: int = Field(
        30, ge=2, description="Cells with fewer lists that hold both classes are never judged."
    )

    @field_validator("baseline", "positive", mode="before")
    @classmethod
    def value_as_text(cls, given: Any) -> Any:
        """Accept a number or a truth value."""
        return str(given) if isinstance(given, (bool, int, float)) else given


class Slices(CubeMethod[SliceCube, SliceParameters]):
    """QAUC, log loss and calibration per scenario and task; changes between two versions."""

    key = "fairness.slices"
    version = "1"
    title = "Scenarios and tasks: does any cell regress"
    source = (
        "MDL, a unified multi-distribution learner with scenario and task tokens (QAUC: mean AUC "
        "per person and query); P. H. Westfall, S. S. Young 1993 (max-T); R. DerSimonian, N. "
        "Laird, Controlled Clinical Trials 7 (1986) 177-188 (shrinkage)"
    )
    roles = Roles(
        (
            Role("scenario", required=True, meaning="where it was served"),
            Role("task", meaning="what was predicted, such as click or like"),
            Role(
                "subject",
                required=True,
                many=True,
                meaning="whose list it is: the person, then the query; people are resampled",
            ),
            Role("y_true", required=True, meaning="what happened"),
            Role("score", required=True, meaning="the predicted probability, 0 to 1"),
            Role("model_version", meaning="two versions, one row for each"),
        )
    )
    Parameters = SliceParameters
    Cube = SliceCube
    collected_with = frozenset({"baseline", "positive"})

    def metrics(self) -> tuple[str, ...]:
        """Return the metrics a limit may be put on."""
        return (*METRICS, *CHANGES)

    def collect(
        self,
        table: "ibis.Table",
        columns: Mapping[str, list[str]],
        parameters: SliceParameters,
    ) -> SliceCube:
        """Sum ranking quality by scenario, task, version and bucket of people."""
        return collect(table, columns, baseline=parameters.baseline, positive=parameters.positive)

    def measure(
        self,
        cube: SliceCube,
        parameters: SliceParameters,
        limits: Sequence[Limit],
        seed: int,
    ) -> Findings:
        """Return the matrix with simultaneous intervals and the gate."""
        level = 1 - (1 - parameters.level) / parameters.looks
        rows: list[Measurement] = []
        for change in (False, True) if len(cube.versions) == 2 else (False,):
            for metric in METRICS:
                rows += _matrix(cube, metric, change, parameters, limits, (level, seed))
        if len(cube.versions) < 2:
            for name in CHANGES:
                if any(limit.metric == name for limit in limits):
                    empty = _row(cube, name, {}, (math.nan, 0.0, 2.0, 0), (level, level), "")
                    rows += not_applicable(empty, limits, "only one model version was given")
        wanted = list(dict.fromkeys(limit.metric for limit in limits))
        default = "qauc_change" if len(cube.versions) == 2 else "qauc"
        charts = [chart for name in wanted or [default] for chart in forest(name, rows, limits)]
        return Findings(
            tuple(rows), (_table(cube, rows),), tuple(charts), _limits(cube, rows, parameters)
        )

    def known_answers(self) -> Sequence[KnownAnswer]:
        """Return closed-form cases and exact invariants."""
        from methods.fairness.known_slices import known_answers

        return known_answers()


def _matrix(
    cube: SliceCube,
    metric: str,
    change: bool,
    parameters: SliceParameters,
    limits: Sequence[Limit],
    level_and_seed: tuple[float, int],
) -> list[Measurement]:
    """Return a metric of every cell, simultaneous over the cells, and of every task as a whole."""
    level, seed = level_and_seed
    name = f"{metric}_change" if change else metric
    effects, values = [], []
    for sums in cube.sums:
        effects.append(_effect(sums, metric, change))
        values.append(_value(sums, metric, change))
    loadings = np.array(effects)
    usable = np.array([_lists(sums, metric) >= parameters.min_lists for sums in cube.sums])
    live = np.flatnonzero(usable)
    ones = np.ones(len(live))
    # Every cell with enough lists is one contrast: with nothing, of its own error.
    own = (
        max_t_level(loadings, Contrasts(live, live, ones, 0 * ones), level, seed=seed)
        if len(live)
        else level
    )
    note = f"simultaneous over {len(live)} cells" if len(live) > 1 else ""
    found: list[Measurement] = []
    for cell, sums, value, effect in zip(cube.cells, cube.sums, values, effects, strict=True):
        slice_ = {"scenario": cell[0], "task": cell[1]}
        lists = _lists(sums, metric)
        numbers = value, float(effect @ effect), _degrees(sums), lists
        row = _row(cube, name, slice_, numbers, (own, level), note)
        found += (
            not_applicable(row, limits, NO_LIST)
            if row.value is None
            else judged(row, limits, parameters.min_lists, lists)
        )
    if len({scenario for scenario, _ in cube.cells}) > 1:
        for task in cube.tasks:
            sums = cube.of_task(task)
            effect = _effect(sums, metric, change)
            numbers = (
                _value(sums, metric, change),
                float(effect @ effect),
                _degrees(sums),
                _lists(sums, metric),
            )
            # A limit is on cells; the whole is shown beside them.
            found.append(_row(cube, name, {"task": task}, numbers, (level, level), "all scenarios"))
    return found


def _value(sums: Array, metric: str, change: bool) -> float:
    newest = ratio(sums[-1], metric)
    return newest - ratio(sums[0], metric) if change else newest


def _effect(sums: Array, metric: str, change: bool) -> Array:
    """Return the effect of each bucket; the same people score in both versions."""
    newest = influence(sums[-1], metric)
    return newest - influence(sums[0], metric) if change else newest


def _lists(sums: Array, metric: str) -> int:
    """Return the lists a metric rests on, in the version that has fewer."""
    name = "usable" if metric == "qauc" else "lists"
    return int(sums[:, :, SUMS.index(name)].sum(axis=1).min())


def _degrees(sums: Array) -> float:
    live = (sums[-1, :, SUMS.index("lists")] > 0).sum()
    return max(float(live) - 1, 1.0)


def _row(
    cube: SliceCube,
    name: str,
    slice_: dict[str, str],
    numbers: tuple[float, float, float, int],
    levels: tuple[float, float],
    note: str,
) -> Measurement:
    value, variance, df, lists = numbers
    low, high = math.nan, math.nan
    if math.isfinite(value):
        low, high = t_interval(Estimate(value, variance, df), levels[0])
    return Measurement(
        name,
        f"fairness.{name}/1",
        tuple(slice_),
        slice_,
        None,
        value,
        low,
        high,
        levels[1],
        "max_t_clustered" if "simultaneous" in note else "clustered",
        lists,
        "subjects",
        note=joined(note, "n is of lists"),
    )


def _table(cube: SliceCube, rows: Sequence[Measurement]) -> dict[str, Any]:
    """Return the matrix; changes are shrunk towards their mean for display, never for a verdict."""
    change = len(cube.versions) == 2
    name = "qauc_change" if change else "qauc"
    cells = {
        (row.slice["scenario"], row.slice["task"]): row
        for row in rows
        if row.metric == name and "scenario" in row.slice
    }
    shrunk = _shrunk(list(cells.values()))
    lines = []
    for (cell, row), display, sums in zip(cells.items(), shrunk, cube.sums, strict=True):
        lists = int(sums[-1, :, SUMS.index("lists")].sum())
        state = ""
        if change and row.high is not None and row.low is not None:
            state = "regresses" if row.high < 0 else "improves" if row.low > 0 else "open"
        ends = [row.value, row.low, row.high, display]
        lines.append([*cell, lists, row.n, *ends, state])
    columns = ["scenario", "task", "lists", "with both classes", name, "low", "high", "shrunk"]
    return {
        "title": "Matrix of scenarios and tasks",
        "columns": [*columns, "state"],
        "rows": lines,
    }


def _shrunk(rows: Sequence[Measurement]) -> list[float | None]:
    """Return empirical-Bayes values: towards the mean by how little each cell is known."""
    known = [
        (i, row.value, ((row.high - row.low) / 4) ** 2)
        for i, row in enumerate(rows)
        if row.value is not None and row.low is not None and row.high is not None
        if row.high > row.low
    ]
    found: list[float | None] = [row.value for row in rows]
    if len(known) < 3:
        return found
    weights = np.array([1 / variance for _, _, variance in known])
    values = np.array([value for _, value, _ in known])
    mean = float(weights @ values / weights.sum())
    spread = float(weights @ (values - mean) ** 2) - (len(known) - 1)
    scale = float(weights.sum() - (weights**2).sum() / weights.sum())
    between = max(spread / scale, 0.0)
    for i, value, variance in known:
        found[i] = mean + between / (between + variance) * (value - mean)
    return found


def _limits(
    cube: SliceCube, rows: Sequence[Measurement], parameters: SliceParameters
) -> tuple[str, ...]:
    changes = [row for row in rows if row.metric == "qauc_change" and row.high is not None]
    better = {
        row.slice["task"] for row in changes if "scenario" not in row.slice and (row.low or 0) > 0
    }
    worse = [
        f"{row.slice['scenario']} / {row.slice['task']}"
        for row in changes
        if "scenario" in row.slice and row.slice["task"] in better and (row.high or 0) < 0
        if row.n >= parameters.min_lists
    ]
    found = []
    if worse:
        found.append(
            f"Negative transfer: the new version is better as a whole and worse in "
            f"{', '.join(worse[:5])}."
        )
    found += [
        (
            "QAUC is the mean over lists that hold both classes; lists without a click, or with "
            "clicks only, are not in it, and their share may differ between cells."
        ),
        "Calibration (pcoc: mean score over share of positives) can break where QAUC improves.",
        f"People are counted in buckets ({cube.bucket_function}); lists of one person go together.",
        "A cell is what was logged there: why it regresses is not shown.",
    ]
    return tuple(found)
