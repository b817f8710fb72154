"""The price cube by group and stratum, and the price gap of two groups within equal strata.

Counts, sums and sums of squares; with people also by bucket of people. Verdicts and the report
are not here.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from methods.columns import number, require_columns, value_text
from methods.errors import BadInput
from methods.pushing import pull, pull_one
from methods.soundness import counted, distinct, require, shaped

if TYPE_CHECKING:
    import ibis

Array = NDArray[np.float64]
Key = tuple[str, ...]

BUCKETS, MAX_CELLS, MAX_GROUPS = 200, 2_000_000, 50
# Both groups need so many rows in a stratum before it is compared.
LEAST_ROWS = 2
MEASURES = (
    "price_difference",
    "price_ratio",
    "conditional_price_difference",
    "conditional_price_ratio",
    "standardised_price_gap",
)


@dataclass(frozen=True)
class PriceCube:
    """Prices of every group in every stratum."""

    group: str
    groups: Key
    strata: tuple[Key, ...]
    cells: Array  # (groups, strata, [rows, sum, squares])
    buckets: Array | None  # (buckets, groups, strata, [rows, sum, squares])
    units: Array  # (groups,) people, or rows
    unit: Literal["subjects", "rows"]
    rows: int
    bucket_function: str

    @property
    def cell_count(self) -> int:
        """Return the cells of groups and strata."""
        return len(self.groups) * len(self.strata)

    @property
    def subject_count(self) -> int:
        """Return the people, or rows; somebody in two groups counts in both."""
        return round(float(self.units.sum()))

    def check(self) -> None:
        """Refuse a cube that was not collected: wrong shapes, odd numbers."""
        shape = len(self.groups), len(self.strata), 3
        distinct(self.groups, "groups")
        distinct(self.strata, "strata")
        shaped(self.cells, shape, "cells")
        counted(self.cells[..., ::2], (*shape[:2], 2), "rows and squares")
        counted(self.units, shape[:1], "units")
        require((self.buckets is None) == (self.unit == "rows"), "buckets are missing")
        if self.buckets is not None:
            shaped(self.buckets, (len(self.buckets), *shape), "buckets")
            counted(self.buckets[..., 0], self.buckets.shape[:-1], "rows")
        require(self.rows > 0, "it has no rows")


def collect(table: "ibis.Table", columns: Mapping[str, list[str]]) -> PriceCube:
    """Run one GROUP BY over group and strata, and bucket of people when subjects are given."""
    require_columns(table, columns)
    group, price = columns["group"][0], columns["price"][0]
    strata, subject = columns.get("stratum", []), columns.get("subject", [None])[0]
    if group in strata:
        raise BadInput(f"{group!r} is both group and stratum.")
    dims: dict[str, Any] = {f"k{i}": value_text(table[n]) for i, n in enumerate([group, *strata])}
    dims["p"] = number(table[price], price, "price")
    if subject is not None:
        dims["subject"] = table[subject]
    rows = table.select(**dims)
    keys = [name for name in dims if name.startswith("k")]
    if subject is not None:
        bucket = ((rows.subject.cast("string").hash() % BUCKETS) + BUCKETS) % BUCKETS
        rows = rows.mutate(bucket=bucket)
    missing = rows.p.isnull() | rows.p.isnan() | rows.p.isinf()
    cells = rows.group_by([*keys, *(["bucket"] if subject else [])]).agg(
        n=rows.count(), s1=rows.p.sum(), s2=(rows.p * rows.p).sum(), empty=missing.sum()
    )
    too_many = f"Groups and strata make more than {MAX_CELLS:,} cells: use fewer strata."
    result = pull(cells, most=MAX_CELLS, too_many=too_many).to_pydict()
    _check(result, group, price)
    groups = tuple(sorted(set(result["k0"])))
    spots = list(zip(*(result[k] for k in keys[1:]), strict=True)) or [()] * len(result["n"])
    places = tuple(sorted(set(spots)))
    numbers = {name: i for i, name in enumerate(sorted(set(result.get("bucket", [0]))))}
    spread = np.zeros((len(numbers), len(groups), len(places), 3))
    where = {spot: i for i, spot in enumerate(places)}
    for i, spot in enumerate(spots):
        at = numbers[result["bucket"][i]] if subject else 0
        cell = at, groups.index(result["k0"][i]), where[spot]
        spread[cell] += (result["n"][i], result["s1"][i], result["s2"][i])
    total = spread.sum(axis=0)
    units = total[..., 0].sum(axis=1)
    if subject is not None:
        empty = int(pull_one(rows.aggregate(empty=rows.subject.isnull().sum()))["empty"])
        if empty:
            raise BadInput(f"The column {subject!r} (subject) is empty in {empty:,} rows.")
        counted = pull(rows.group_by("k0").agg(u=rows.subject.nunique())).to_pydict()
        of_group = dict(zip(counted["k0"], counted["u"], strict=True))
        units = np.array([of_group[name] for name in groups], dtype=np.float64)
    return PriceCube(
        group,
        groups,
        places,
        total,
        spread if subject else None,
        units,
        "subjects" if subject else "rows",
        int(total[..., 0].sum()),
        f"{rows.get_backend().name} hash mod {BUCKETS}" if subject else "",
    )


def _check(result: Mapping[str, list[Any]], group: str, price: str) -> None:
    if not result["n"]:
        raise BadInput("The data have no rows.")
    if any(result["empty"]):
        raise BadInput(f"The column {price!r} (price) is empty in {sum(result['empty']):,} rows.")
    if len(set(result["k0"])) > MAX_GROUPS:
        raise BadInput(f"The column {group!r} has more than {MAX_GROUPS} values.")


def comparable(cells: Array) -> NDArray[np.bool_]:
    """Return (..., strata) whether both groups of (..., 2, strata, 3) are there to compare."""
    return np.asarray((cells[..., 0] >= LEAST_ROWS).all(axis=-2))


def measure_pair(cells: Array) -> dict[str, Array]:
    """Return MEASURES of (..., 2, strata, 3) cells: the first group against the second.

    Conditional: sum over strata of w (mean of the first - mean of the second), w the stratum's
    share of both groups' rows among the strata where both are (direct standardisation). NaN
    when nothing can be compared.

    Source: N. Kallus, A. Zhou, FAccT 2021, arXiv:2012.11066 (conditional price disparities).
    """
    n, s1, s2 = np.moveaxis(cells, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        raw = s1.sum(axis=-1) / n.sum(axis=-1)
        means = s1 / n
        both = comparable(cells)
        weight = np.where(both, n.sum(axis=-2), 0.0)
        weight = weight / weight.sum(axis=-1, keepdims=True)
        level = (weight[..., None, :] * np.where(both[..., None, :], means, 0.0)).sum(axis=-1)
        inside = np.where(both[..., None, :], s2 - s1 * means, 0.0).sum(axis=(-1, -2))
        rows = np.where(both[..., None, :], n, 0.0).sum(axis=(-1, -2))
        spread = np.sqrt(np.maximum(inside, 0.0) / (rows - 2 * both.sum(axis=-1)))
        gap = level[..., 0] - level[..., 1]
        return {
            "price_difference": raw[..., 0] - raw[..., 1],
            "price_ratio": raw[..., 0] / raw[..., 1],
            "conditional_price_difference": gap,
            "conditional_price_ratio": level[..., 0] / level[..., 1],
            "standardised_price_gap": np.where(spread > 0, gap / spread, np.nan),
        }


def jackknife(buckets: Array) -> dict[str, tuple[float, float]]:
    """Return variance (of the logarithm for ratios) and degrees of freedom of MEASURES.

    One bucket of people is left out at a time: (B - 1) / B sum (t_b - mean t)^2. What varies is
    who is sampled, not a price given the customer: a price rule may be deterministic, and then
    the residual variance of a regression says nothing.

    Source: B. Efron, C. Stein, Annals of Statistics 9 (1981) 586-596.
    """
    left = buckets.sum(axis=0) - buckets
    found = {}
    for name, values in measure_pair(left).items():
        scaled = np.log(values) if name.endswith("ratio") else values
        size = len(scaled)
        variance = (size - 1) / size * float(((scaled - scaled.mean()) ** 2).sum())
        found[name] = variance, max(size - 1.0, 1.0)
    return found


def sandwich(cells: Array) -> dict[str, tuple[float, float]]:
    """Return the same for independent rows: the sum of squared influences, in closed form.

    A row counts through its own stratum's mean and through the stratum's weight.
    """
    n, s1, s2 = np.moveaxis(cells, -1, 0)
    both = comparable(cells)
    values = {name: float(value) for name, value in measure_pair(cells).items()}
    with np.errstate(divide="ignore", invalid="ignore"):
        total = n.sum(axis=1)
        raw = s1.sum(axis=1) / total
        own = (s2.sum(axis=1) / total - raw**2) / np.maximum(total - 1, 1)
        rows = float(n[:, both].sum())
        means, weight = s1[:, both] / n[:, both], n[:, both].sum(axis=0) / rows
        centred = np.maximum(s2[:, both] - s1[:, both] * means, 0.0)
        degrees = np.maximum(n[:, both] - 1, 1)
        inner = weight**2 * centred / (n[:, both] * degrees)
    found = {
        "price_difference": float(own.sum()),
        "price_ratio": float((own / raw**2).sum()) if raw.all() else math.nan,
    }
    if not both.any():
        found |= {name: math.inf for name in MEASURES if name not in found}
        return {name: (variance, math.inf) for name, variance in found.items()}
    level = (weight * means).sum(axis=1)

    def conditional(first: float, second: float) -> float:
        """Variance of first x the one group's level less second x the other's."""
        scale = np.array([first, second])
        across = first * means[0] - second * means[1]
        across = across - (first * level[0] - second * level[1])
        return float((scale[:, None] ** 2 * inner).sum() + (weight * across**2).sum() / rows)

    gap = values["conditional_price_difference"]
    scaled = values["standardised_price_gap"]
    spread = gap / scaled if scaled else math.inf
    plain = conditional(1.0, 1.0)
    found |= {
        "conditional_price_difference": plain,
        "conditional_price_ratio": (
            conditional(1 / level[0], 1 / level[1]) if level.all() else math.nan
        ),
        # The spread's own error adds d^2 / 2n for near normal prices (L. V. Hedges, 1981).
        "standardised_price_gap": plain / spread**2 + scaled**2 / (2 * rows),
    }
    return {name: (variance, math.inf) for name, variance in found.items()}
