"""The slice cube: per scenario, task, version and bucket of people, sums of ranking quality.

The AUC of a list (a person, or a person's query) is made on the engine by average ranks; lists
with one class have none and are counted. Intervals and verdicts are not here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from methods.columns import binary_labels, number, require_columns, value_text
from methods.errors import BadInput
from methods.pushing import pull, pull_one
from methods.soundness import counted, distinct, require

if TYPE_CHECKING:
    import ibis

Array = NDArray[np.float64]
Cell = tuple[str, str]

BUCKETS, MAX_CELLS = 200, 500
# Sums kept: lists with both classes, their AUC, rows, log loss, scores, positives, lists.
SUMS = ("usable", "auc", "rows", "loss", "score", "yes", "lists")
# Each metric is one sum over another.
METRICS: dict[str, tuple[str, str]] = {
    "qauc": ("auc", "usable"),
    "log_loss": ("loss", "rows"),
    "pcoc": ("score", "yes"),
}


@dataclass(frozen=True)
class SliceCube:
    """(cells, versions, buckets, SUMS); the baseline version comes first when there are two."""

    cells: tuple[Cell, ...]
    versions: tuple[str, ...]
    sums: Array
    rows: int
    bucket_function: str

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks."""
        return tuple(dict.fromkeys(task for _, task in self.cells))

    def of_task(self, task: str) -> Array:
        """Return (versions, buckets, SUMS) of a task over all scenarios."""
        own = [i for i, (_, name) in enumerate(self.cells) if name == task]
        return np.asarray(self.sums[own].sum(axis=0))

    @property
    def cell_count(self) -> int:
        """Return the cells of scenarios, tasks and versions."""
        return len(self.cells) * len(self.versions)

    @property
    def subject_count(self) -> int:
        """Return the lists: a person's, or a person's and query's."""
        return round(float(self.sums[:, -1, :, SUMS.index("lists")].sum()))

    def check(self) -> None:
        """Refuse a cube that was not collected: wrong shapes, odd numbers."""
        distinct(self.cells, "cells")
        require(len(self.versions) in (1, 2), "it has neither one version nor two")
        buckets = self.sums.shape[2] if self.sums.ndim == 4 else 0
        shape = len(self.cells), len(self.versions), buckets, len(SUMS)
        counted(self.sums, shape, "sums")
        require(self.rows > 0, "it has no rows")


def ratio(sums: Array, metric: str) -> float:
    """Return a metric of (buckets, SUMS); NaN without a denominator."""
    above, below = (float(sums[:, SUMS.index(name)].sum()) for name in METRICS[metric])
    return above / below if below > 0 else float("nan")


def influence(sums: Array, metric: str) -> Array:
    """Return the first-order effect of each bucket of people on a metric."""
    above, below = (sums[:, SUMS.index(name)] for name in METRICS[metric])
    total = float(below.sum())
    if total <= 0:
        return np.zeros(len(sums))
    size = max(int((sums[:, SUMS.index("lists")] > 0).sum()), 2)
    effect = (above - above.sum() / total * below) / total
    return np.asarray(effect * np.sqrt(size / (size - 1)))


def collect(
    table: "ibis.Table",
    columns: Mapping[str, list[str]],
    *,
    baseline: str | None,
    positive: str | None,
) -> SliceCube:
    """Aggregate to lists, then to buckets of people."""
    import ibis

    require_columns(table, columns)
    truth, score = columns["y_true"][0], columns["score"][0]
    version = columns.get("model_version", [None])[0]
    people = columns["subject"]
    dims: dict[str, Any] = {
        "scenario": value_text(table[columns["scenario"][0]]),
        "task": value_text(table[columns["task"][0]]) if "task" in columns else ibis.literal("all"),
        "version": value_text(table[version]) if version else ibis.literal("all"),
        "truth": value_text(table[truth]),
        "s": number(table[score], score, "score"),
    }
    dims |= {f"u{i}": value_text(table[name]) for i, name in enumerate(people)}
    rows = table.select(**dims)
    labels = pull(rows.truth.as_table().distinct().limit(100)).to_pydict()["truth"]
    if not labels:
        raise BadInput("The data have no rows.")
    yes = [text for text, on in binary_labels(labels, truth, "y_true", positive).items() if on]
    rows = rows.mutate(y=rows.truth.isin(yes).cast("float64"))
    bad = rows.s.isnull() | rows.s.isnan() | (rows.s < 0) | (rows.s > 1)
    unusable = int(pull_one(rows.aggregate(unusable=bad.sum()))["unusable"])
    if unusable:
        raise BadInput(
            f"The column {score!r} (score) is no probability from 0 to 1 in {unusable:,} rows."
        )
    keys = ["scenario", "task", "version", *(f"u{i}" for i in range(len(people)))]
    ranked = rows.mutate(
        low=ibis.rank().over(group_by=keys, order_by=rows.s),
        ties=rows.s.count().over(group_by=[*keys, "s"]),
    )
    # Ibis counts ranks from 0: the average rank of ties from 1 is low + (ties + 1) / 2.
    at = ranked.s.clip(lower=1e-7, upper=1 - 1e-7)
    ranked = ranked.mutate(
        place=(ranked.low + (ranked.ties + 1) / 2.0) * ranked.y,
        loss=-(ranked.y * at.ln() + (1 - ranked.y) * (1 - at).ln()),
    )
    lists = ranked.group_by(keys).agg(
        n=ranked.count().cast("float64"),
        p=ranked.y.sum(),
        places=ranked.place.sum(),
        loss=ranked.loss.sum(),
        score=ranked.s.sum(),
    )
    both = (lists.p > 0) & (lists.p < lists.n)
    pairs = ibis.ifelse(both, lists.p * (lists.n - lists.p), 1.0)
    auc = ibis.ifelse(both, (lists.places - lists.p * (lists.p + 1) / 2) / pairs, 0.0)
    bucket = ((lists.u0.hash() % BUCKETS) + BUCKETS) % BUCKETS
    spread = lists.mutate(bucket=bucket, usable=both.cast("float64"), area=auc)
    cells = spread.group_by(["scenario", "task", "version", "bucket"]).agg(
        usable=spread.usable.sum(),
        auc=spread.area.sum(),
        rows=spread.n.sum(),
        loss=spread.loss.sum(),
        score=spread.score.sum(),
        yes=spread.p.sum(),
        lists=spread.count(),
    )
    too_many = f"Scenarios and tasks make more than {MAX_CELLS} cells."
    result = pull(cells, most=2 * MAX_CELLS * BUCKETS, too_many=too_many).to_pydict()
    return _filled(result, version, baseline, f"{rows.get_backend().name} hash mod {BUCKETS}")


def _filled(
    result: Mapping[str, list[Any]], column: str | None, baseline: str | None, function: str
) -> SliceCube:
    versions = sorted(set(result["version"]))
    if column is not None and len(versions) != 2:
        raise BadInput(
            f"The column {column!r} (model_version) has {len(versions)} values: "
            "two versions are compared, or none."
        )
    if column is not None and baseline not in versions:
        raise BadInput(
            f"Say which version was there before: --set baseline={versions[0]} or {versions[1]}."
        )
    if column is not None and versions[0] != baseline:
        versions.reverse()
    cells = tuple(sorted(set(zip(result["scenario"], result["task"], strict=True))))
    if len(cells) > MAX_CELLS:
        raise BadInput(f"Scenarios and tasks make more than {MAX_CELLS} cells.")
    buckets = {name: i for i, name in enumerate(sorted(set(result["bucket"])))}
    sums = np.zeros((len(cells), len(versions), len(buckets), len(SUMS)))
    places = {cell: i for i, cell in enumerate(cells)}
    for i, name in enumerate(result["version"]):
        cell = places[result["scenario"][i], result["task"][i]]
        at = cell, versions.index(name), buckets[result["bucket"][i]]
        sums[at] = [float(result[part][i]) for part in SUMS]
    return SliceCube(cells, tuple(versions), sums, int(sum(result["rows"])), function)
