"""`fairness.groups`: rates of every group and the contrasts between groups, with verdicts.

The identity, roles and parameters of the method; the work is in `cube`, `oracle` and `findings`.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from methods.errors import BadInput
from methods.fairness.composites import COMPOSITE_CONTRASTS, FORMS
from methods.fairness.cube import GroupCube, collect
from methods.fairness.design import EXTREMES
from methods.fairness.rates import CONTRASTS, SCALARS
from methods.kinds import CubeMethod, Findings, KnownAnswer, MethodParameters, Role, Roles
from methods.report import Limit

if TYPE_CHECKING:
    import ibis

ComparisonMethod = Literal["between_groups", "to_overall", "to_reference", "to_highest"]


class Primary(BaseModel):
    """The one comparison declared before the run: its interval needs no adjustment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    metric: str
    of: dict[str, str]
    to: dict[str, str]

    @model_validator(mode="before")
    @classmethod
    def read_text(cls, given: Any) -> Any:
        """Accept `selection_rate_ratio: race=Black to race=white`."""
        if not isinstance(given, str):
            return given
        metric, colon, sides = given.partition(":")
        of, to_word, to = sides.partition(" to ")
        if not colon or not to_word:
            raise ValueError("it reads 'selection_rate_ratio: race=Black to race=white'")
        return {"metric": metric.strip(), "of": read_slice(of), "to": read_slice(to)}

    @field_validator("metric")
    @classmethod
    def check_metric(cls, metric: str) -> str:
        """Only a contrast of a base rate can be the primary comparison."""
        if metric not in CONTRASTS:
            raise ValueError("the metric must be a contrast such as selection_rate_ratio")
        return metric

    @model_validator(mode="after")
    def check_sides(self) -> "Primary":
        """Both sides name the same columns."""
        if set(self.of) != set(self.to) or self.of == self.to:
            raise ValueError("both sides must name the same columns and differ")
        return self


def read_slice(text: str) -> dict[str, str]:
    """Read `race=Black,sex=female`."""
    parts = [part.partition("=") for part in text.split(",")]
    if any(not sign for _, sign, _ in parts):
        raise ValueError(f"{text.strip()!r} does not read column=value")
    return {name.strip(): value.strip() for name, _, value in parts}


class GroupParameters(MethodParameters):
    """What may be chosen about an audit of groups."""

    method: ComparisonMethod = Field(
        "between_groups", description="What each group is compared with."
    )
    reference: dict[str, str] | str | None = Field(
        None, description="The reference group: a value, or column=value pairs."
    )
    positive: str | None = Field(None, description="The label value that counts as positive.")
    threshold: float | None = Field(
        None,
        description="Scores at or above it count as selected, when there is no y_pred.",
    )
    above_median: bool = Field(
        False,
        description="Scores above the median of all count as selected, as Local Law 144 has it.",
    )
    metrics: tuple[str, ...] | None = Field(
        None,
        description="Rates and measures to report; the usual ones that apply when left out.",
    )
    primary: Primary | None = Field(
        None,
        description="The one comparison declared beforehand, judged without adjustment.",
    )
    level: float = Field(0.95, gt=0.5, lt=1, description="Confidence level.")
    looks: int = Field(
        1,
        ge=1,
        le=10_000,
        description="Planned looks at the data; the level is divided by it.",
    )
    min_subjects: int = Field(
        30, ge=1, description="Fewer units than this on a side are never judged."
    )
    listed_pairs: int = Field(
        50,
        ge=1,
        le=5_000,
        description="Contrasts listed per metric and grouping; all are judged.",
    )

    @field_validator("positive", mode="before")
    @classmethod
    def positive_as_text(cls, given: Any) -> Any:
        """Accept a number or a truth value."""
        return str(given) if isinstance(given, (bool, int, float)) else given

    @field_validator("metrics", mode="before")
    @classmethod
    def split_metrics(cls, given: Any) -> Any:
        """Accept names separated by commas."""
        return tuple(p.strip() for p in given.split(",")) if isinstance(given, str) else given

    @field_validator("metrics")
    @classmethod
    def check_metrics(cls, metrics: tuple[str, ...] | None) -> tuple[str, ...] | None:
        """Only base rates can be asked for."""
        unknown = sorted(set(metrics or ()) - set(FORMS))
        if unknown:
            raise ValueError(f"{unknown[0]!r} is not one of {', '.join(FORMS)}")
        return metrics

    @field_validator("reference")
    @classmethod
    def read_reference(cls, given: dict[str, str] | str | None) -> dict[str, str] | str | None:
        """Accept `race=white,sex=male`; a bare value stands for the only group column's."""
        return read_slice(given) if isinstance(given, str) and "=" in given else given

    @model_validator(mode="after")
    def check_reference(self) -> "GroupParameters":
        """A reference is given exactly when the method needs it; one rule selects scores."""
        if self.above_median and self.threshold is not None:
            raise ValueError("give threshold or above_median, not both")
        if self.method == "to_reference" and self.reference is None:
            raise ValueError("method=to_reference needs --set reference=VALUE")
        return self


class GroupFairness(CubeMethod[GroupCube, GroupParameters]):
    """Selection, error and precision rates by group, and how far groups lie apart."""

    key = "fairness.groups"
    version = "1"
    title = "Fairness between groups"
    source = (
        "M. Hardt, E. Price, N. Srebro, NeurIPS 2016 (equalized odds, equal opportunity); "
        "H. Weerts et al., Fairlearn, JMLR 24 (2023); four-fifths rule: 29 CFR 1607.4(D)"
    )
    roles = Roles(
        (
            Role(
                "group",
                required=True,
                many=True,
                meaning="the attribute that forms the groups",
            ),
            Role("y_pred", meaning="the decision, 0/1 or false/true"),
            Role(
                "y_true",
                meaning="what was right in the end; without it only selection rates",
            ),
            Role(
                "score",
                meaning="a score that becomes a decision with the parameter threshold",
            ),
            Role("control", many=True, meaning="strata within which groups are compared"),
            Role("weight", meaning="how much a row counts"),
            Role("subject", meaning="the person; rows of one person are not independent"),
        )
    )
    Parameters = GroupParameters
    Cube = GroupCube
    collected_with = frozenset({"positive", "threshold", "above_median"})

    def metrics(self) -> tuple[str, ...]:
        """Return base rates, their contrasts and fairlearn's scalars."""
        return (*FORMS, *CONTRASTS, *COMPOSITE_CONTRASTS, *SCALARS, *EXTREMES)

    def collect(
        self,
        table: "ibis.Table",
        columns: Mapping[str, list[str]],
        parameters: GroupParameters,
    ) -> GroupCube:
        """Collect counts by group, control and labels; per person too when there is a subject."""
        cut: float | Literal["median"] | None
        cut = "median" if parameters.above_median else parameters.threshold
        return collect(table, columns, positive=parameters.positive, threshold=cut)

    def check(self, cube: GroupCube, parameters: GroupParameters) -> None:
        """Refuse a reference or primary comparison that names what the data do not have."""
        _check_named_groups(cube, parameters)

    def measure(
        self,
        cube: GroupCube,
        parameters: GroupParameters,
        limits: Sequence[Limit],
        seed: int,
    ) -> Findings:
        """Return rates, contrasts and scalars with intervals and verdicts."""
        from methods.fairness.findings import measure

        return measure(cube, parameters, limits, seed)

    def known_answers(self) -> Sequence[KnownAnswer]:
        """Return published cases."""
        from methods.fairness.known import known_answers

        return known_answers()


def _check_named_groups(cube: GroupCube, parameters: GroupParameters) -> None:
    named: list[dict[str, str]] = []
    if parameters.primary is not None:
        named += [parameters.primary.of, parameters.primary.to]
        if tuple(n for n in cube.groups if n in parameters.primary.of) not in cube.attributes:
            raise BadInput("The primary comparison must name one group column, or all of them.")
        if cube.controls:
            raise BadInput("A primary comparison and control columns cannot be combined.")
    if isinstance(parameters.reference, dict):
        named.append(parameters.reference)
    elif parameters.reference is not None:
        if len(cube.groups) > 1:
            raise BadInput("With several group columns the reference reads column=value,...")
        named.append({cube.groups[0]: parameters.reference})
    for slice_ in named:
        for column, value in slice_.items():
            if column not in cube.groups:
                raise BadInput(
                    f"{column!r} is not a group column: they are {', '.join(cube.groups)}."
                )
            seen = {key[len(cube.controls)] for key in cube.margins[(column,)].keys}
            if value not in seen:
                raise BadInput(
                    f"The group column {column!r} has no value {value!r}: "
                    f"it has {', '.join(sorted(seen)[:10])}."
                )
