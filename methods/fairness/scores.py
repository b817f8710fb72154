"""The score histogram cube, and what it says of ranking and calibration in one group.

Scores are counted in bins by group and truth; with people also by bucket of people, for
clustered intervals. Contrasts, verdicts and tables are not here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from methods.columns import binary_labels, number, require_columns, value_text
from methods.errors import BadInput
from methods.pushing import pull, pull_one
from methods.soundness import counted, require

if TYPE_CHECKING:
    import ibis

Array = NDArray[np.float64]
Key = tuple[str, ...]

BUCKETS, COARSE, MAX_CELLS = 200, 100, 2_000_000


@dataclass(frozen=True)
class Scores:
    """One group: (truth, bin) counts, sums of scores and of their squares, and clusters.

    `clusters` is (cluster, truth, coarse bin, [count, sum of scores]), None for independent rows.
    """

    counts: Array
    sums: Array
    squares: Array
    clusters: Array | None
    units: int

    @cached_property
    def rows(self) -> float:
        """How many rows."""
        return float(self.counts.sum())

    @cached_property
    def auc(self) -> float:
        """P(score of a positive > that of a negative), ties one half; NaN with one class only.

        The Mann-Whitney form (J. A. Hanley, B. J. McNeil, Radiology 143 (1982) 29-36).
        """
        return _auc(self.counts)

    @cached_property
    def auc_bound(self) -> float:
        """How far the AUC of the raw scores can lie from that of the bins: half the tied pairs."""
        negative, positive = self.counts.sum(axis=1)
        if not negative * positive:
            return float("nan")
        return float(self.counts[0] @ self.counts[1] / (2 * negative * positive))

    @cached_property
    def gap(self) -> float:
        """Mean score less the share of positives: calibration in the large."""
        return float((self.sums.sum() - self.counts[1].sum()) / self.rows)

    def reliability(self, bins: int) -> Array:
        """Return (bin, [rows, sum of scores, positives]) over `bins` bins of equal width."""
        step = self.counts.shape[1] // bins
        total = np.stack([self.counts.sum(axis=0), self.sums.sum(axis=0), self.counts[1]])
        return np.asarray(total.reshape(3, bins, step).sum(axis=2).T)

    def ece(self, bins: int) -> float:
        """Expected calibration error: mean over rows of their bin's |mean score - positives|.

        Source: M. P. Naeini, G. F. Cooper, M. Hauskrecht, AAAI 2015; exact given the bins.
        """
        table = self.reliability(bins)
        return float(np.abs(table[:, 1] - table[:, 2]).sum() / self.rows)

    @cached_property
    def auc_influence(self) -> Array:
        """Effect on the AUC of each independent unit: DeLong's structural components by cluster.

        Sources: E. R. DeLong, D. M. DeLong, D. L. Clarke-Pearson, Biometrics 44 (1988) 837-845;
        N. A. Obuchowski, Biometrics 53 (1997) 567-578 (clusters).
        """
        if self.clusters is None:
            effect = _placements(self.counts)
            return np.stack([effect.ravel(), self.counts.ravel()])
        cells = self.clusters[..., 0]
        effect = _placements(cells.sum(axis=0))
        return np.asarray((cells * effect).sum(axis=(1, 2)))

    @cached_property
    def gap_influence(self) -> Array:
        """Effect on the calibration gap of each cluster."""
        assert self.clusters is not None
        counts, sums = self.clusters[..., 0], self.clusters[..., 1]
        error = sums.sum(axis=(1, 2)) - counts[:, 1].sum(axis=1)
        return np.asarray((error - self.gap * counts.sum(axis=(1, 2))) / self.rows)

    @cached_property
    def gap_variance(self) -> float:
        """Variance of the calibration gap when rows are independent."""
        square = self.squares.sum() - 2 * self.sums[1].sum() + self.counts[1].sum()
        return float(square / self.rows - self.gap**2) / max(self.rows - 1, 1)

    def ece_errors(self, bins: int, normals: Array) -> Array:
        """Return draws of the sum of the bins' absolute errors, which bounds the ECE's error.

        | ECE^ - ECE | <= sum over bins |D^ - D|, D a bin's mean of score less truth; `normals`
        are (draws, clusters), the same for every group so that people in two groups count.
        """
        if self.clusters is None:
            step = self.counts.shape[1] // bins
            own = (self.squares - 2 * np.stack([0 * self.sums[0], self.sums[1]])).sum(axis=0)
            spread = (own + self.counts[1]).reshape(bins, step).sum(axis=1)
            table = self.reliability(bins)
            centre = np.divide(
                (table[:, 1] - table[:, 2]) ** 2,
                table[:, 0],
                out=np.zeros(bins),
                where=table[:, 0] > 0,
            )
            scale = np.sqrt(np.maximum(spread - centre, 0.0)) / self.rows
            return np.asarray((np.abs(normals[:, :bins]) * scale).sum(axis=1))
        counts = self.clusters[..., 0].sum(axis=1)
        error = self.clusters[..., 1].sum(axis=1) - self.clusters[:, 1, :, 0]
        shape = (len(error), bins, -1)
        counts, error = counts.reshape(shape).sum(axis=2), error.reshape(shape).sum(axis=2)
        total = counts.sum(axis=0)
        mean = np.divide(error.sum(axis=0), total, out=np.zeros(bins), where=total > 0)
        residual = (error - counts * mean) / self.rows
        size = len(residual)
        stretch = np.sqrt(size / max(size - 1, 1))
        return np.asarray(np.abs(normals[:, :size] @ residual).sum(axis=1) * stretch)


def _auc(counts: Array) -> float:
    negative, positive = counts.sum(axis=1)
    if not negative * positive:
        return float("nan")
    below = np.cumsum(counts[0]) - counts[0]
    return float(counts[1] @ (below + counts[0] / 2) / (negative * positive))


def _placements(counts: Array) -> Array:
    """Return (truth, bin) effects of one row on the AUC."""
    negative, positive = counts.sum(axis=1)
    value = _auc(counts)
    if value != value:
        return np.zeros_like(counts)
    below = (np.cumsum(counts[0]) - counts[0] / 2) / negative
    above = 1 - (np.cumsum(counts[1]) - counts[1] / 2) / positive
    return np.stack([(above - value) / negative, (below - value) / positive])


@dataclass(frozen=True)
class ScoreCube:
    """Scores of every group for every way of grouping; `()` is everyone."""

    groups: Key
    margins: Mapping[Key, Mapping[Key, Scores]]
    unit: Literal["subjects", "rows"]
    rows: int
    bucket_function: str

    @property
    def attributes(self) -> tuple[Key, ...]:
        """Return the ways of grouping reported: each column alone, then all crossed."""
        alone = tuple((name,) for name in self.groups)
        return alone if len(self.groups) < 2 else (*alone, self.groups)

    @property
    def cell_count(self) -> int:
        """Return the cells of groups, outcomes and score bins."""
        return sum(part.counts.size for part in self.margins[self.groups].values())

    @property
    def subject_count(self) -> int:
        """Return the people, or rows."""
        return self.margins[()][()].units

    def check(self) -> None:
        """Refuse a cube that was not collected: missing margins, wrong shapes, odd numbers."""
        ways = {(), self.groups, *self.attributes}
        require(set(self.margins) == ways, "its margins are not those of its columns")
        require(set(self.margins[()]) == {()}, "it does not count everyone")
        bins = self.margins[()][()].counts.shape[-1]
        for by, margin in self.margins.items():
            for key, part in margin.items():
                require(len(key) == len(by), "a key has another length")
                for name in ("counts", "sums", "squares"):
                    counted(getattr(part, name), (2, bins), name)
                require(float(part.counts.sum()) > 0, "a group has no rows")
                require((part.clusters is None) == (self.unit == "rows"), "clusters are missing")
                if part.clusters is not None:
                    shape = part.clusters.shape[0], 2, min(COARSE, bins), 2
                    counted(part.clusters, shape, "clusters")


def collect(
    table: "ibis.Table", columns: Mapping[str, list[str]], *, bins: int, positive: str | None
) -> ScoreCube:
    """Count scores by group, truth and bin; by bucket of people too when subjects are given."""
    require_columns(table, columns)
    groups = tuple(columns.get("group", ()))
    score, truth = columns["score"][0], columns["y_true"][0]
    subject = columns.get("subject", [None])[0]
    dims: dict[str, Any] = {f"k{i}": value_text(table[name]) for i, name in enumerate(groups)}
    dims |= {"truth": value_text(table[truth]), "s": number(table[score], score, "score")}
    if subject is not None:
        dims["subject"] = table[subject]
    rows = table.select(**dims)
    checks: dict[str, Any] = {
        "n": rows.count(),
        "empty": (rows.s.isnull() | rows.s.isnan()).sum(),
        "least": rows.s.min(),
        "most": rows.s.max(),
    }
    if subject is not None:
        checks["unknown"] = rows.subject.isnull().sum()
    seen = pull_one(rows.aggregate(**checks))
    _check(seen, score, subject)
    keys = [f"k{i}" for i in range(len(groups))]
    fine = _counted(rows, keys, bins)
    labels = binary_labels(fine["truth"], truth, "y_true", positive)
    cells = _filled(fine, keys, labels, bins, None)
    clusters, function = None, ""
    if subject is not None:
        bucket = ((rows.subject.cast("string").hash() % BUCKETS) + BUCKETS) % BUCKETS
        spread = _counted(rows.mutate(bucket=bucket), [*keys, "bucket"], min(COARSE, bins))
        numbers = {name: i for i, name in enumerate(sorted(set(spread["bucket"])))}
        clusters = _filled(spread, keys, labels, min(COARSE, bins), numbers)
        function = f"{rows.get_backend().name} hash mod {BUCKETS}"
    ways: list[Key] = list(dict.fromkeys([(), *((name,) for name in groups), groups]))
    return ScoreCube(
        groups,
        {by: _margin(rows, groups, by, cells, clusters) for by in ways},
        "rows" if subject is None else "subjects",
        int(seen["n"]),
        function,
    )


def _check(seen: Mapping[str, Any], score: str, subject: str | None) -> None:
    if not seen["n"]:
        raise BadInput("The data have no rows.")
    if seen["empty"]:
        raise BadInput(f"The column {score!r} (score) is empty in {seen['empty']:,} rows.")
    if seen["least"] < 0 or seen["most"] > 1:
        raise BadInput(
            f"The column {score!r} (score) goes from {seen['least']:g} to {seen['most']:g}: "
            "calibration is of probabilities, from 0 to 1."
        )
    if subject is not None and seen["unknown"]:
        raise BadInput(f"The column {subject!r} (subject) is empty in {seen['unknown']:,} rows.")


def _counted(rows: "ibis.Table", keys: list[str], bins: int) -> dict[str, list[Any]]:
    place = (rows.s * bins).floor().cast("int64")
    binned = rows.mutate(bin=place.clip(lower=0, upper=bins - 1))
    cells = binned.group_by([*keys, "truth", "bin"]).agg(
        n=binned.count(), s1=binned.s.sum(), s2=(binned.s * binned.s).sum()
    )
    too_many = f"Groups and score bins make more than {MAX_CELLS:,} cells: use fewer bins."
    result: dict[str, list[Any]] = pull(cells, most=MAX_CELLS, too_many=too_many).to_pydict()
    return result


def _filled(
    result: Mapping[str, list[Any]],
    keys: list[str],
    labels: Mapping[str, bool],
    bins: int,
    buckets: Mapping[int, int] | None,
) -> dict[Key, Array]:
    """Return for every finest key an array ([bucket,] truth, bin, [count, sum, square])."""
    shape = (2, bins, 3) if buckets is None else (len(buckets), 2, bins, 3)
    found: dict[Key, Array] = {}
    for i in range(len(result["n"])):
        key = tuple(result[name][i] for name in keys)
        cell: tuple[int, ...] = (int(labels[result["truth"][i]]), result["bin"][i])
        if buckets is not None:
            cell = (buckets[result["bucket"][i]], *cell)
        array = found.setdefault(key, np.zeros(shape))
        array[cell] += (result["n"][i], result["s1"][i], result["s2"][i])
    return found


def _margin(
    rows: "ibis.Table",
    groups: Key,
    by: Key,
    cells: Mapping[Key, Array],
    clusters: Mapping[Key, Array] | None,
) -> dict[Key, Scores]:
    keep = [groups.index(name) for name in by]
    names = [f"k{i}" for i in keep]
    units: dict[Key, int] = {}
    if clusters is not None:
        counted = rows.group_by(names) if names else rows
        result = pull(counted.aggregate(u=rows.subject.nunique())).to_pydict()
        units = {
            tuple(result[name][i] for name in names): result["u"][i]
            for i in range(len(result["u"]))
        }
    found: dict[Key, Scores] = {}
    for key in sorted({tuple(key[i] for i in keep) for key in cells}):
        same = [finest for finest in cells if tuple(finest[i] for i in keep) == key]
        total = np.sum([cells[finest] for finest in same], axis=0)
        spread = None
        if clusters is not None:
            spread = np.sum([clusters[finest] for finest in same], axis=0)[..., :2]
        count, one, two = np.moveaxis(total, -1, 0)
        found[key] = Scores(count, one, two, spread, units.get(key, int(count.sum())))
    return found
