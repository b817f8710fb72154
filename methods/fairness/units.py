"""The experiment cube: per variant and stratum, sums over randomised people of a ratio metric.

Five sums a cell (W, Y, W^2, W Y, Y^2 over people with Y the outcome and W the rows) are all a
delta-method effect needs. Gates, verdicts and the report are not here.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from methods.columns import binary_labels, number, require_columns, value_text
from methods.errors import BadInput
from methods.pushing import pull, pull_one
from methods.soundness import distinct, require
from methods.statistics.clusters import Estimate

if TYPE_CHECKING:
    import ibis

MAX_CELLS, MAX_VARIANTS = 10_000, 20


@dataclass(frozen=True)
class Cell:
    """People of one variant, perhaps in one stratum, and their sums."""

    people: int
    rows: float
    outcome: float
    rows2: float
    cross: float
    outcome2: float

    @property
    def value(self) -> float:
        """The metric: outcome per row."""
        return self.outcome / self.rows if self.rows > 0 else math.nan

    @property
    def variance(self) -> float:
        """Variance of the metric, people being the units (delta method).

        Source: A. Deng, U. Knoblich, J. Lu, KDD 2018, arXiv:1803.06336.
        """
        if self.people < 2 or self.rows <= 0:
            return math.inf
        value = self.value
        total = self.outcome2 - 2 * value * self.cross + value * value * self.rows2
        return max(total, 0.0) / self.rows**2 * self.people / (self.people - 1)


Stratum = tuple[str, str]


@dataclass(frozen=True)
class ExperimentCube:
    """Every variant as a whole and in every stratum (column, value)."""

    variants: tuple[str, ...]
    whole: Mapping[str, Cell]
    strata: Mapping[Stratum, Mapping[str, Cell]]
    columns: Mapping[str, list[str]]
    crossed: int
    rows: int

    @property
    def cell_count(self) -> int:
        """Return the cells of variants, as a whole and by stratum."""
        return len(self.whole) + sum(map(len, self.strata.values()))

    @property
    def subject_count(self) -> int:
        """Return the people of one variant each."""
        return sum(cell.people for cell in self.whole.values())

    def check(self) -> None:
        """Refuse a cube that was not collected: unknown variants, odd numbers."""
        distinct(self.variants, "variants")
        require(set(self.whole) == set(self.variants), "a variant has no sums")
        for cells in (self.whole, *self.strata.values()):
            require(set(cells) <= set(self.variants), "a stratum has an unknown variant")
            for cell in cells.values():
                numbers = (cell.rows, cell.outcome, cell.rows2, cell.cross, cell.outcome2)
                require(all(map(math.isfinite, numbers)), "a sum is not finite")
                require(min(cell.people, cell.rows, cell.rows2) > 0, "a cell has nobody")
        require(self.rows > 0 and self.crossed >= 0, "it has no rows")


def collect(table: "ibis.Table", columns: Mapping[str, list[str]], primary: str) -> ExperimentCube:
    """Aggregate to people, leave out those seen in several variants, then sum over people."""
    require_columns(table, columns)
    if primary not in columns:
        raise BadInput(f"The primary metric is {primary!r}: name its column with that role.")
    strata, outcome = columns.get("stratum", []), columns[primary][0]
    variant, subject = columns["variant"][0], columns["subject"][0]
    dims: dict[str, Any] = {f"k{i}": value_text(table[name]) for i, name in enumerate(strata)}
    dims |= {"variant": value_text(table[variant]), "subject": table[subject]}
    dims["y"] = _outcome(table, outcome, primary)
    rows = table.select(**dims)
    unusable = rows.y.isnull() | rows.y.isnan() | rows.y.isinf()
    found = pull_one(
        rows.aggregate(n=rows.count(), empty=unusable.sum(), unknown=rows.subject.isnull().sum())
    )
    if not found["n"]:
        raise BadInput("The data have no rows.")
    for name, role, count in (
        (outcome, primary, found["empty"]),
        (subject, "subject", found["unknown"]),
    ):
        if count:
            raise BadInput(f"The column {name!r} ({role}) is empty in {count:,} rows.")
    arms = rows.group_by("subject").agg(arms=rows.variant.nunique())
    crossed = int(pull_one(arms.aggregate(crossed=(arms.arms > 1).sum()))["crossed"])
    kept = rows.anti_join(arms.filter(arms.arms > 1), "subject") if crossed else rows
    whole = {key[0]: cell for key, cell in _cells(kept, []).items()}
    if len(whole) > MAX_VARIANTS:
        raise BadInput(f"The column {variant!r} (variant) has more than {MAX_VARIANTS} values.")
    parts: dict[Stratum, dict[str, Cell]] = {}
    for i, name in enumerate(strata):
        for (arm, value), cell in sorted(_cells(kept, [f"k{i}"]).items()):
            parts.setdefault((name, value), {})[arm] = cell
    plain = {role: list(names) for role, names in columns.items()}
    return ExperimentCube(tuple(sorted(whole)), whole, parts, plain, crossed, int(found["n"]))


def _outcome(table: "ibis.Table", name: str, role: str) -> Any:
    column = table[name]
    if role not in ("clicked", "y_pred") or column.type().is_numeric():
        return number(column, name, role)
    text = value_text(column)
    values = pull(text.name("v").as_table().distinct().limit(10)).to_pydict()["v"]
    labels = binary_labels(values, name, role, None)
    return text.isin([value for value, yes in labels.items() if yes]).cast("float64")


def _cells(rows: "ibis.Table", strata: list[str]) -> dict[tuple[str, ...], Cell]:
    keys = ["variant", *strata]
    people = rows.group_by(["subject", *keys]).agg(w=rows.count().cast("float64"), y=rows.y.sum())
    cells = people.group_by(keys).agg(
        people=people.count(),
        rows=people.w.sum(),
        outcome=people.y.sum(),
        rows2=(people.w * people.w).sum(),
        cross=(people.w * people.y).sum(),
        outcome2=(people.y * people.y).sum(),
    )
    too_many = f"Variants and strata make more than {MAX_CELLS:,} cells."
    result = pull(cells, most=MAX_CELLS, too_many=too_many).to_pylist()
    return {tuple(row.pop(key) for key in keys): Cell(**row) for row in result}


def effect(treated: Cell, control: Cell, *, ratio: bool) -> Estimate:
    """Return the difference of the metric, or the logarithm of its ratio, with its variance."""
    first, second = treated.value, control.value
    df = max(treated.people + control.people - 2, 1)
    if not ratio:
        return Estimate(first - second, treated.variance + control.variance, df)
    if not (first > 0 and second > 0):
        return Estimate(math.nan, math.inf, df)
    variance = treated.variance / first**2 + control.variance / second**2
    return Estimate(math.log(first / second), variance, df)


def sample_ratio(people: Mapping[str, int], shares: Mapping[str, float]) -> float:
    """Return the p-value of the chi-square test that people were split as planned.

    Source: A. Fabijan et al., KDD 2019 (sample ratio mismatch).
    """
    from scipy.special import chdtrc

    total, scale = sum(people.values()), sum(shares.values())
    if len(shares) < 2 or not total:
        return 1.0
    statistic = sum(
        (people.get(name, 0) - total * share / scale) ** 2 / (total * share / scale)
        for name, share in shares.items()
    )
    return float(chdtrc(len(shares) - 1, statistic))


def p_value(found: Estimate) -> float:
    """Return the two-sided p-value of no effect."""
    if not math.isfinite(found.variance) or math.isnan(found.value):
        return 1.0
    if found.variance <= 0:
        return 1.0 if found.value == 0 else 0.0
    return math.erfc(abs(found.value) / math.sqrt(2 * found.variance))
