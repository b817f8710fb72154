"""`fairness.experiment`: a randomised comparison whose plan is frozen, judged in every stratum.

Identity, the plan, gates, verdicts and the report; sums over people are in `units`.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from methods.errors import BadInput
from methods.fairness.units import Cell, ExperimentCube, collect, effect, p_value, sample_ratio
from methods.judging import forest, joined, judged, not_applicable
from methods.kinds import CubeMethod, Findings, KnownAnswer, MethodParameters, Role, Roles
from methods.report import Comparison, Limit, Measurement, Missing, Threshold
from methods.statistics.clusters import t_interval
from methods.statistics.simultaneous import bonferroni_level, holm

if TYPE_CHECKING:
    import ibis

DIFFERENCE, RATIO, HARM, SPLIT = "effect_difference", "effect_ratio", "harm", "sample_ratio_p"
GUARD = "harm_in_a_stratum_p"
METRICS = (DIFFERENCE, RATIO, HARM)
# Below this p-value people were not split as planned, and no effect can be trusted.
SPLIT_ALPHA = 0.001


class ExperimentParameters(MethodParameters):
    """The plan of an experiment: all of it is hashed, so that it can be frozen beforehand."""

    hypothesis: str = Field(min_length=8, max_length=2_000, description="What is expected, why.")
    control: str = Field(description="The variant others are compared with.")
    planned_subjects: int = Field(
        ge=2, description="The stop rule: nothing is judged with fewer people than this."
    )
    unit: Literal["subject"] = Field("subject", description="What was randomised.")
    primary: Literal["clicked", "watch_time", "price", "y_pred"] = Field(
        "clicked", description="The role that holds the primary metric, counted per row."
    )
    better: Literal["more", "less"] = Field("more", description="Which direction is good.")
    shares: dict[str, float] | None = Field(
        None, description="Planned share of people by variant; equal when left out."
    )
    level: float = Field(0.95, gt=0.5, lt=1, description="Confidence level.")
    min_subjects: int = Field(
        30, ge=2, description="Fewer people than this on a side are never judged."
    )
    frozen: str | None = Field(
        None, description="The plan's SHA-256 from before the start; another plan is refused."
    )

    @field_validator("control", mode="before")
    @classmethod
    def control_as_text(cls, given: Any) -> Any:
        """Accept a number or a truth value."""
        return str(given) if isinstance(given, (bool, int, float)) else given

    @field_validator("shares")
    @classmethod
    def check_shares(cls, shares: dict[str, float] | None) -> dict[str, float] | None:
        """Every share is above 0, and there are two or more."""
        if shares is not None and (len(shares) < 2 or min(shares.values()) <= 0):
            raise ValueError("it names two or more variants, each with a share above 0")
        return shares


def plan_digest(
    parameters: ExperimentParameters, columns: Mapping[str, Sequence[str]], limits: Sequence[Limit]
) -> str:
    """Return the SHA-256 of everything decided before the start: parameters, columns, limits."""
    plan = {
        "parameters": parameters.model_dump(mode="json", exclude={"frozen"}),
        "columns": {role: list(names) for role, names in sorted(columns.items())},
        "limits": sorted((limit.to_dict() for limit in limits), key=str),
    }
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()


class Experiment(CubeMethod[ExperimentCube, ExperimentParameters]):
    """Effects of variants as a whole and in every stratum, once the plan's gates are passed."""

    key = "fairness.experiment"
    version = "1"
    title = "Experiment, effects by stratum"
    source = (
        "R. Kohavi, D. Tang, Y. Xu, Trustworthy Online Controlled Experiments, 2020; A. Deng et "
        "al., KDD 2018 (delta method); A. Fabijan et al., KDD 2019 (sample ratio); S. Holm 1979"
    )
    roles = Roles(
        (
            Role("variant", required=True, meaning="which variant was shown"),
            Role("subject", required=True, meaning="the person, who was randomised"),
            Role("clicked", meaning="the primary metric: whether it was clicked"),
            Role("watch_time", meaning="the primary metric: time spent"),
            Role("price", meaning="the primary metric: what was paid"),
            Role("y_pred", meaning="the primary metric: the decision"),
            Role("stratum", many=True, meaning="columns whose every value is a stratum"),
        )
    )
    Parameters = ExperimentParameters
    Cube = ExperimentCube
    collected_with = frozenset({"primary"})

    def metrics(self) -> tuple[str, ...]:
        """Return the metrics a limit may be put on."""
        return METRICS

    def collect(
        self,
        table: "ibis.Table",
        columns: Mapping[str, list[str]],
        parameters: ExperimentParameters,
    ) -> ExperimentCube:
        """Sum the primary metric over people by variant and stratum."""
        return collect(table, columns, parameters.primary)

    def check(self, cube: ExperimentCube, parameters: ExperimentParameters) -> None:
        """Refuse variants that were not seen, or that nobody planned."""
        named = [parameters.control, *(parameters.shares or {})]
        for variant in named[:1] if parameters.shares else named:
            if variant not in cube.variants:
                raise BadInput(
                    f"There is no variant {variant!r}: the data have {', '.join(cube.variants)}."
                )
        if parameters.shares is not None:
            unplanned = sorted(set(cube.variants) - set(parameters.shares))
            if unplanned:
                raise BadInput(f"The variant {unplanned[0]!r} has no planned share.")

    def measure(
        self,
        cube: ExperimentCube,
        parameters: ExperimentParameters,
        limits: Sequence[Limit],
        seed: int,
    ) -> Findings:
        """Return effects with intervals; judged only when every gate is passed."""
        return Analysis(cube, parameters, limits).findings()

    def known_answers(self) -> Sequence[KnownAnswer]:
        """Return published and closed-form cases."""
        from methods.fairness.known_experiments import known_answers

        return known_answers()


class Analysis:
    """One analysis of an experiment: gates first, then effects, then strata."""

    def __init__(
        self, cube: ExperimentCube, parameters: ExperimentParameters, limits: Sequence[Limit]
    ) -> None:
        self.cube, self.parameters, self.limits = cube, parameters, limits
        self.digest = plan_digest(parameters, cube.columns, limits)
        if parameters.frozen is not None and parameters.frozen != self.digest:
            raise BadInput(
                f"The plan is not the frozen one: its digest is {self.digest[:12]}, the frozen "
                f"one's {parameters.frozen[:12]}. Parameters, columns and limits must be the same."
            )
        self.people = {name: cell.people for name, cell in cube.whole.items()}
        planned = parameters.shares or dict.fromkeys(cube.variants, 1.0)
        self.split = sample_ratio(self.people, planned)
        self.treated = [name for name in cube.variants if name != parameters.control]
        self.family = max(len(self.treated) * (1 + len(cube.strata)), 1)

    def findings(self) -> Findings:
        """Return all rows, tables, charts and limits."""
        rows = [self._split_row()]
        stratified: list[tuple[Any, ...]] = []
        for name in self.treated:
            rows += self._effects(name, {}, self.cube.whole, len(self.treated))
            for (column, value), cells in self.cube.strata.items():
                if name in cells and self.parameters.control in cells:
                    rows += self._effects(name, {column: value}, cells, self.family)
                    found = effect(cells[name], cells[self.parameters.control], ratio=False)
                    stratified.append((name, column, value, cells, found))
        table, harmed = self._table(stratified)
        rows += self._guard_rail(stratified)
        wanted = list(dict.fromkeys(limit.metric for limit in self.limits)) or [RATIO]
        charts = [chart for metric in wanted for chart in forest(metric, rows, self.limits)]
        plan = {
            "title": "Plan",
            "columns": ["item", "value"],
            "rows": [
                ["hypothesis", self.parameters.hypothesis],
                ["plan SHA-256", self.digest],
                ["frozen before the start", "yes" if self.parameters.frozen else "not shown"],
                *([f"people in {name}", count] for name, count in self.people.items()),
                ["people in several variants, left out", self.cube.crossed],
            ],
        }
        return Findings(tuple(rows), (plan, table), tuple(charts), self._limits(harmed))

    def _split_row(self) -> Measurement:
        bad = self.split < SPLIT_ALPHA
        return Measurement(
            SPLIT,
            f"fairness.{SPLIT}/1",
            (),
            {},
            None,
            self.split,
            None,
            None,
            None,
            "chi_square",
            sum(self.people.values()),
            "subjects",
            Threshold(">=", SPLIT_ALPHA) if bad else None,
            "fail" if bad else None,
            note="people are not split as planned: no effect is judged" if bad else "as planned",
        )

    def _effects(
        self, name: str, slice_: dict[str, str], cells: Mapping[str, Cell], family: int
    ) -> list[Measurement]:
        treated, control = cells[name], cells[self.parameters.control]
        level, found = bonferroni_level(self.parameters.level, family), []
        for metric in METRICS:
            ratio = metric != DIFFERENCE
            estimate = effect(treated, control, ratio=ratio)
            low, high = math.nan, math.nan
            if math.isfinite(estimate.variance) and not math.isnan(estimate.value):
                low, high = t_interval(estimate, level)
            value = estimate.value
            if ratio:
                value, low, high = (math.exp(end) for end in (value, low, high))
            if metric == HARM:
                value, low, high = self._loss(value, low, high)
            row = Measurement(
                metric,
                f"fairness.{metric}/1",
                (self.cube.columns["variant"][0],),
                slice_,
                Comparison(
                    "ratio" if metric == RATIO else "difference",
                    "to_reference",
                    {self.cube.columns["variant"][0]: name},
                    {self.cube.columns["variant"][0]: self.parameters.control},
                ),
                value,
                low,
                high,
                self.parameters.level,
                "delta_clustered",
                treated.people + control.people,
                "subjects",
                note=f"simultaneous over {family} comparisons" if family > 1 else "",
            )
            found += self._gated(row, min(treated.people, control.people))
        return found

    def _loss(self, value: float, low: float, high: float) -> tuple[float, float, float]:
        """Turn a ratio into the relative loss: 0.02 is two per cent worse than control."""
        if self.parameters.better == "less":
            return value - 1, low - 1, high - 1
        return 1 - value, 1 - high, 1 - low

    def _gated(self, row: Measurement, few: int) -> list[Measurement]:
        if self.split < SPLIT_ALPHA:
            return not_applicable(row, self.limits, "people are not split as planned")
        if row.value is None:
            return not_applicable(row, self.limits, "the metric is 0 or unknown on a side")
        short = self.parameters.planned_subjects - sum(self.people.values())
        if short <= 0:
            return judged(row, self.limits, self.parameters.min_subjects, few)
        early = joined("the stop rule is not reached: looking early is no result", row.note)
        rows = judged(row, self.limits, self.parameters.min_subjects, few)
        return [
            replace(one, note=early, verdict="inconclusive", missing=Missing(short))
            if one.threshold is not None
            else replace(one, note=early)
            for one in rows
        ]

    def _guard_rail(self, stratified: Sequence[tuple[Any, ...]]) -> list[Measurement]:
        """Return the surest harm in a stratum: beyond chance it fails, whatever the whole gains."""
        if not stratified or self.split < SPLIT_ALPHA:
            return []
        adjusted = holm([p_value(found) for *_, found in stratified])
        sign = 1 if self.parameters.better == "more" else -1
        worse = [
            (p, name, column, value, cells)
            for p, (name, column, value, cells, found) in zip(adjusted, stratified, strict=True)
            if found.value * sign < 0
        ]
        if not worse:
            return []
        p, name, column, value, cells = min(worse, key=lambda one: one[0])
        alpha, control = 1 - self.parameters.level, cells[self.parameters.control]
        decided = sum(self.people.values()) >= self.parameters.planned_subjects
        harmed = p < alpha and decided
        variant = self.cube.columns["variant"][0]
        return [
            Measurement(
                GUARD,
                f"fairness.{GUARD}/1",
                (variant,),
                {column: value},
                Comparison(
                    "difference",
                    "to_reference",
                    {variant: name},
                    {variant: self.parameters.control},
                ),
                p,
                None,
                None,
                None,
                "holm",
                cells[name].people + control.people,
                "subjects",
                Threshold(">=", alpha) if harmed else None,
                "fail" if harmed else None,
                note=(
                    "harm beyond chance in this stratum, after Holm's correction"
                    if harmed
                    else "the surest loss in a stratum; within chance, or looked at early"
                ),
            )
        ]

    def _table(self, stratified: Sequence[tuple[Any, ...]]) -> tuple[dict[str, Any], list[str]]:
        adjusted = holm([p_value(found) for *_, found in stratified])
        rows: list[list[Any]] = []
        harmed: list[str] = []
        sign = 1 if self.parameters.better == "more" else -1
        for (name, column, value, cells, found), corrected in zip(
            stratified, adjusted, strict=True
        ):
            harm = corrected < 1 - self.parameters.level and found.value * sign < 0
            if harm:
                harmed.append(f"{column} {value} ({name})")
            control = cells[self.parameters.control]
            rows.append(
                [
                    name,
                    f"{column} {value}",
                    control.people,
                    cells[name].people,
                    control.value,
                    cells[name].value,
                    found.value,
                    p_value(found),
                    corrected,
                    "harm" if harm else "",
                ]
            )
        columns = ["variant", "stratum", "people in control", "people in variant", "control"]
        columns += ["variant's value", "difference", "p", "p after Holm", "guard-rail"]
        return {"title": "Effects by stratum", "columns": columns, "rows": rows}, harmed

    def _limits(self, harmed: Sequence[str]) -> tuple[str, ...]:
        found = []
        if self.split < SPLIT_ALPHA:
            found.append(
                f"People are not split as planned (p = {self.split:.2g}): find out why before "
                "reading any effect."
            )
        elif harmed and sum(self.people.values()) >= self.parameters.planned_subjects:
            found.append(
                f"Guard-rail: a variant does harm in {', '.join(harmed[:5])}, beyond chance after "
                "Holm's correction, whatever it does on the whole."
            )
        if self.parameters.frozen is None:
            found.append(
                "The report shows the plan's digest, not that it was fixed before the start: "
                "record it then and give it as frozen."
            )
        if self.cube.crossed:
            found.append(
                f"{self.cube.crossed:,} people were seen in several variants and are left out; "
                "many of them mean that the randomisation leaks."
            )
        found += [
            "Strata were named in the plan; an effect found in others later is a new question.",
            "The effect is of these weeks and these people; what lasts is not shown.",
        ]
        return tuple(found)
