"""`fairness.calibration`: does a score rank and mean the same for every group, with verdicts.

Identity, parameters, contrasts and the report; the histogram and its statistics are in `scores`.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field, field_validator, model_validator

from methods.columns import MISSING
from methods.fairness.scores import Array, Key, ScoreCube, Scores, collect
from methods.judging import forest, joined, judged, not_applicable
from methods.kinds import CubeMethod, Findings, KnownAnswer, MethodParameters, Role, Roles
from methods.report import Chart, Comparison, Limit, Measurement, Table
from methods.statistics.proportions import WHOLE_LINE, Interval
from methods.statistics.simultaneous import bonferroni_level

if TYPE_CHECKING:
    import ibis

BASE = ("auc", "ece", "calibration_gap")
CONTRASTS = tuple(f"{name}_difference" for name in BASE)
DRAWS = 4_000
ONE_CLASS = "one class only: an AUC needs positives and negatives"


class CalibrationParameters(MethodParameters):
    """What may be chosen about an audit of scores."""

    bins: int = Field(
        1_000, ge=10, le=100_000, description="Score bins of equal width from 0 to 1."
    )
    ece_bins: int = Field(10, ge=2, le=100, description="Bins of the calibration error.")
    positive: str | None = Field(None, description="The label value that counts as positive.")
    level: float = Field(0.95, gt=0.5, lt=1, description="Confidence level.")
    looks: int = Field(
        1, ge=1, le=10_000, description="Planned looks at the data; the level is divided by it."
    )
    min_subjects: int = Field(
        30, ge=1, description="Fewer units than this on a side are never judged."
    )

    @field_validator("positive", mode="before")
    @classmethod
    def positive_as_text(cls, given: Any) -> Any:
        """Accept a number or a truth value."""
        return str(given) if isinstance(given, (bool, int, float)) else given

    @model_validator(mode="after")
    def check_bins(self) -> "CalibrationParameters":
        """Bins of the calibration error are made of whole bins of the histogram."""
        if any(bins % self.ece_bins for bins in (self.bins, min(self.bins, 100))):
            raise ValueError("ece_bins must divide bins, and 100")
        return self


class Calibration(CubeMethod[ScoreCube, CalibrationParameters]):
    """AUC, calibration error and mean score against outcome, by group and between groups."""

    key = "fairness.calibration"
    version = "1"
    title = "Calibration and ranking between groups"
    source = (
        "J. Kleinberg, S. Mullainathan, M. Raghavan, ITCS 2017 (calibration within groups); "
        "E. R. DeLong et al., Biometrics 44 (1988) 837-845; N. A. Obuchowski, Biometrics 53 "
        "(1997) 567-578; M. P. Naeini et al., AAAI 2015 (ECE)"
    )
    roles = Roles(
        (
            Role("score", required=True, meaning="the predicted probability, 0 to 1"),
            Role("y_true", required=True, meaning="what was right in the end"),
            Role("group", many=True, meaning="the attribute that forms the groups"),
            Role("subject", meaning="the person; rows of one person are not independent"),
        )
    )
    Parameters = CalibrationParameters
    Cube = ScoreCube
    collected_with = frozenset({"bins", "positive"})

    def metrics(self) -> tuple[str, ...]:
        """Return the metrics a limit may be put on."""
        return (*BASE, *CONTRASTS)

    def collect(
        self,
        table: "ibis.Table",
        columns: Mapping[str, list[str]],
        parameters: CalibrationParameters,
    ) -> ScoreCube:
        """Count scores by group, truth and bin."""
        return collect(table, columns, bins=parameters.bins, positive=parameters.positive)

    def measure(
        self,
        cube: ScoreCube,
        parameters: CalibrationParameters,
        limits: Sequence[Limit],
        seed: int,
    ) -> Findings:
        """Return the measures with intervals and verdicts."""
        return Audit(cube, parameters, limits, seed).findings()

    def known_answers(self) -> Sequence[KnownAnswer]:
        """Return published and closed-form cases."""
        from methods.fairness.known_scores import known_answers

        return known_answers()


class Audit:
    """One audit: the levels of its families and the rows they give."""

    def __init__(
        self,
        cube: ScoreCube,
        parameters: CalibrationParameters,
        limits: Sequence[Limit],
        seed: int,
    ) -> None:
        self.cube, self.parameters, self.limits = cube, parameters, limits
        self.level = 1 - (1 - parameters.level) / parameters.looks
        limited = {limit.metric for limit in limits}
        groups = [len(cube.margins[by]) for by in cube.attributes]
        self.size = sum(groups) * len(limited & set(BASE))
        self.size += sum(n * (n - 1) // 2 for n in groups) * len(limited & set(CONTRASTS))
        self.limited = limited
        width = max(
            (
                len(s.clusters)
                for m in cube.margins.values()
                for s in m.values()
                if s.clusters is not None
            ),
            default=parameters.ece_bins,
        )
        self.normals = np.random.default_rng(seed).standard_normal((2, DRAWS, width))

    def findings(self) -> Findings:
        """Return all rows, tables, charts and limits."""
        everyone = self.cube.margins[()][()]
        rows = [row for name in BASE for row in self._single(name, (), (), everyone)]
        for by in self.cube.attributes:
            margin = self.cube.margins[by]
            for key, part in margin.items():
                rows += [row for name in BASE for row in self._single(name, by, key, part)]
            for name in BASE:
                for of, to in combinations(margin, 2):
                    rows += self._pair(name, by, of, to)
        wanted = list(dict.fromkeys(limit.metric for limit in self.limits)) or ["auc"]
        charts = [chart for name in wanted for chart in forest(name, rows, self.limits)]
        return Findings(tuple(rows), self._tables(), (*charts, self._reliability()), self._limits())

    def _level(self, metric: str) -> float:
        return bonferroni_level(self.level, self.size) if metric in self.limited else self.level

    def _single(self, name: str, by: Key, key: Key, part: Scores) -> list[Measurement]:
        value, note = self._value(name, part), ""
        interval, method = self._interval(name, part, None, self._level(name))
        if name == "auc":
            note = f"binning moves it by at most {part.auc_bound:.2g}"
        elif name == "ece":
            note = f"over {self.parameters.ece_bins} bins; above 0 by chance even when calibrated"
        row = Measurement(
            name,
            f"fairness.{name}/1",
            by,
            dict(zip(by, key, strict=True)),
            None,
            value,
            interval.low,
            interval.high,
            self.level,
            method,
            part.units,
            self.cube.unit,
            note=joined(note, self._held(name)) if value == value else ONE_CLASS,
        )
        if not by and self.cube.groups:
            return [row]  # everyone is shown beside the groups; limits are on groups
        if value != value:
            return not_applicable(row, self.limits, "")
        return judged(row, self.limits, self.parameters.min_subjects, part.units)

    def _pair(self, name: str, by: Key, of: Key, to: Key) -> list[Measurement]:
        metric = f"{name}_difference"
        margin = self.cube.margins[by]
        values = {key: self._value(name, margin[key]) for key in (of, to)}
        if values[of] < values[to]:
            of, to = to, of
        interval, method = self._interval(name, margin[of], margin[to], self._level(metric))
        value = values[of] - values[to]
        row = Measurement(
            metric,
            f"fairness.{metric}/1",
            by,
            {},
            Comparison(
                "difference",
                "between_groups",
                dict(zip(by, of, strict=True)),
                dict(zip(by, to, strict=True)),
            ),
            value,
            interval.low,
            interval.high,
            self.level,
            method,
            margin[of].units + margin[to].units,
            self.cube.unit,
            note=self._held(metric) if value == value else ONE_CLASS,
        )
        if value != value:
            return not_applicable(row, self.limits, "")
        few = min(margin[of].units, margin[to].units)
        return judged(row, self.limits, self.parameters.min_subjects, few)

    def _held(self, metric: str) -> str:
        held = metric in self.limited and self.size > 1
        return f"simultaneous over {self.size} comparisons" if held else ""

    def _value(self, name: str, part: Scores) -> float:
        if name == "auc":
            return part.auc
        return part.gap if name == "calibration_gap" else part.ece(self.parameters.ece_bins)

    def _interval(
        self, name: str, of: Scores, to: Scores | None, level: float
    ) -> tuple[Interval, str]:
        value = self._value(name, of) - (0.0 if to is None else self._value(name, to))
        if value != value:
            return WHOLE_LINE, "none"
        clustered = of.clusters is not None
        if name == "ece":
            bins = self.parameters.ece_bins
            errors = of.ece_errors(bins, self.normals[0])
            if to is not None:
                # The same normals for the same clusters; rows of two groups are independent.
                errors = errors + to.ece_errors(bins, self.normals[0 if clustered else 1])
            half = float(np.quantile(errors, level))
            least = -1.0 if to is not None else 0.0
            ends = Interval(max(value - half, least), min(value + half, 1.0))
            return ends, "supremum_clustered" if clustered else "supremum"
        variance, df = _variance(name, of, to)
        half = _student(df, level) * math.sqrt(variance)
        if name == "auc":
            half += of.auc_bound + (0.0 if to is None else to.auc_bound)
        least = 0.0 if name == "auc" and to is None else -1.0
        method = {"auc": "delong", "calibration_gap": "mean"}[name]
        ends = Interval(max(value - half, least), min(value + half, 1.0))
        return ends, f"{method}_clustered" if clustered else method

    def _tables(self) -> tuple[Table, ...]:
        bins, found = self.parameters.ece_bins, []
        for by in self.cube.attributes or ((),):
            rows: list[list[Any]] = []
            for key, part in self.cube.margins[by].items():
                for place, (n, scores, yes) in enumerate(part.reliability(bins)):
                    if n:
                        ends = [place / bins, (place + 1) / bins]
                        rows.append([*key, *ends, int(n), scores / n, yes / n])
            title = "Reliability by " + " and ".join(by) if by else "Reliability"
            columns = [*by, "from", "to", "rows", "mean score", "share positive"]
            found.append({"title": title, "columns": columns, "rows": rows})
        return tuple(found)

    def _reliability(self) -> Chart:
        bins = self.parameters.ece_bins
        by = self.cube.attributes[0] if self.cube.attributes else ()
        series = []
        for key, part in self.cube.margins[by].items():
            table = part.reliability(bins)
            table = table[table[:, 0] > 0]
            series.append(
                {
                    "label": ", ".join(f"{n} {v}" for n, v in zip(by, key, strict=True)) or "all",
                    "x": [float(s / n) for n, s, _ in table],
                    "y": [float(yes / n) for n, _, yes in table],
                    "n": [int(n) for n, _, _ in table],
                }
            )
        return {"kind": "reliability", "title": "Score against outcome", "series": series}

    def _limits(self) -> tuple[str, ...]:
        found = []
        if self.cube.unit == "rows":
            found.append(
                "No subject column was given: rows are taken as independent. If people appear "
                "more than once the intervals are too narrow."
            )
        else:
            found.append(f"People are counted in buckets ({self.cube.bucket_function}).")
        if any(MISSING in key for margin in self.cube.margins.values() for key in margin):
            found.append(f"Rows without a group value form the group {MISSING}.")
        found += [
            (
                "Scores are counted in bins: the raw AUC lies within the bound stated beside it, "
                "and the interval is widened by it."
            ),
            "The calibration error depends on its bins; small groups show more of it by chance.",
            (
                "Groups with different shares of positives cannot have equal calibration and equal "
                "error rates at once, unless the score is perfect."
            ),
            "Outcomes are taken as they were recorded; a bias in them is not seen here.",
        ]
        return tuple(found)


def _variance(name: str, of: Scores, to: Scores | None) -> tuple[float, float]:
    """Return the variance of a measure or difference, and its degrees of freedom."""
    parts = [of] if to is None else [of, to]
    if of.clusters is None:
        if name == "calibration_gap":
            total = sum(part.gap_variance for part in parts)
        else:
            total = sum(float(p.auc_influence[0] ** 2 @ p.auc_influence[1]) for p in parts)
        return total, math.inf
    kind = "auc_influence" if name == "auc" else "gap_influence"
    effects: list[Array] = [getattr(part, kind) for part in parts]
    effect = effects[0] if to is None else effects[0] - effects[1]
    live = [
        int((part.clusters.sum(axis=(1, 2, 3)) > 0).sum())
        for part in parts
        if part.clusters is not None
    ]
    used = min(live)
    return float(effect @ effect) * used / max(used - 1, 1), max(used - 1.0, 1.0)


def _student(df: float, level: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(min(df, 1e9), 0.5 + level / 2))
