"""The shape of a plan file (`tactful: plan/1`): what may stand in it, and its JSON Schema.

Needs no database. A file without system and start can be checked and run on local data.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from audits.schedule_words import duration_in_words, read_duration
from audits.windows import check_cron

KEY = r"^[a-z0-9][a-z0-9_-]{0,62}$"
LONGEST_RUN = timedelta(minutes=55)


def _duration(given: Any) -> Any:
    return read_duration(given) if isinstance(given, str) else given


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    PlainSerializer(duration_in_words, return_type=str, when_used="json"),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\s*\d+\s*(week|day|hour|minute|second)s?",
            "examples": ["1 day", "6 hours", "1 hour 30 minutes"],
        }
    ),
]
Key = Annotated[str, Field(pattern=KEY)]
Role = Annotated[str, Field(min_length=1, max_length=40)]
Column = Annotated[str, Field(min_length=1, max_length=200)]


class LimitEntry(BaseModel):
    """One limit; `severity: warn` never decides."""

    model_config = ConfigDict(extra="forbid")

    limit: str = Field(
        examples=["demographic_parity_ratio>=0.8"],
        json_schema_extra={"pattern": r"^\s*\w+\s*(>=|<=)\s*[-+.0-9eE]+\s*$"},
    )
    severity: Literal["fail", "warn"] = "fail"

    @model_validator(mode="before")
    @classmethod
    def read_text(cls, given: Any) -> Any:
        """Accept the limit alone."""
        return {"limit": given} if isinstance(given, str) else given

    @field_validator("limit")
    @classmethod
    def readable(cls, given: str) -> str:
        from methods.report import Limit

        Limit.parse(given)
        return given

    def row(self) -> dict[str, Any]:
        """The limit as a plan keeps it."""
        from methods.report import Limit

        return Limit.parse(self.limit, self.severity).to_dict()


class PlanFile(BaseModel):
    """One audit plan: what is watched, against which limits, in which windows."""

    model_config = ConfigDict(extra="forbid", title="Tactful audit plan")

    tactful: Literal["plan/1"] = Field("plan/1", description="The format of this file.")
    key: Key = Field(description="The short name of the plan.")
    title: str = Field("", max_length=200, description="The question the plan answers.")
    system: Key | None = Field(None, description="The system; needed to apply the plan.")
    source: Key | None = Field(None, description="Where the rows come from; none: all outputs.")
    version: str | None = Field(
        None, description="None: the version that serves when a window is scheduled."
    )
    method: str = Field(description="The key of an audit method, such as fairness.groups.")
    columns: dict[Role, list[Column]] = Field(description="Role -> names of columns.")
    parameters: dict[str, Any] = Field(default_factory=dict, description="Of the method.")
    limits: list[LimitEntry] = Field(
        default_factory=list, description="Declared before any result."
    )
    limits_note: str = Field("", description="How the limits were chosen.")
    seed: int = Field(0, ge=0, description="Of every random draw.")
    zone: str = Field("UTC", description="An IANA time zone, such as Europe/Berlin.")
    starts_at: datetime | None = Field(
        None, description="The first window; a time without offset is one of the zone."
    )
    ends_at: datetime | None = Field(None, description="No window reaches beyond it.")
    cron: str = Field("", description="Five fields; a window lasts from one tick to the next.")
    every: Duration | None = Field(None, description="One window every so often, without cron.")
    length: Duration = Field(timedelta(days=1), description="Of a window, without cron.")
    lateness: Duration = Field(timedelta(0), description="How long late rows are waited for.")
    label_maturity: Duration = Field(timedelta(0), description="How long labels are waited for.")
    backfill: bool = Field(False, description="Also audit windows that ended before the plan.")
    planned_looks: int | None = Field(None, ge=1, description="Intervals are widened for these.")
    time_limit: Duration = Field(timedelta(minutes=30), description="A longer run is stopped.")
    weight: Literal["light", "heavy"] = Field("light", description="Heavy runs wait apart.")
    suppress_below: int = Field(10, ge=0, description="Cells of fewer subjects are not shown.")
    vault_attributes: list[Key] = Field(
        default_factory=list, description="Protected attributes joined while a run computes."
    )
    on_breach: Literal["finding", "open_incident", "auto_contain"] = Field(
        "finding", description="What a breach, or with auto_contain an alert, sets off."
    )
    preset: str = Field("", max_length=60, description="The preset it was started from.")
    metric_choice: dict[str, Any] = Field(
        default_factory=dict, description="What the metric chooser was told, and why it chose."
    )

    @field_validator("columns", mode="before")
    @classmethod
    def one_or_many(cls, given: Any) -> Any:
        """Accept `y_pred: approved` for `y_pred: [approved]`."""
        if not isinstance(given, dict):
            return given
        return {role: [one] if isinstance(one, str) else one for role, one in given.items()}

    @field_validator("zone")
    @classmethod
    def known_zone(cls, given: str) -> str:
        try:
            ZoneInfo(given)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{given!r} is not a time zone such as Europe/Berlin.") from None
        return given

    @field_validator("cron")
    @classmethod
    def usable_cron(cls, given: str) -> str:
        if given and (problem := check_cron(given)):
            raise ValueError(problem)
        return given

    @model_validator(mode="after")
    def whole(self) -> Self:
        """Dates get the plan's zone, and what contradicts itself is refused."""
        for name in ("starts_at", "ends_at"):
            moment: datetime | None = getattr(self, name)
            if moment is not None and moment.tzinfo is None:
                setattr(self, name, moment.replace(tzinfo=ZoneInfo(self.zone)))
        if self.starts_at and self.ends_at and self.starts_at >= self.ends_at:
            raise ValueError("The end of a plan lies after its start.")
        if self.cron and self.every is not None:
            raise ValueError("A plan has cron or every, not both.")
        if not timedelta(0) < self.time_limit <= LONGEST_RUN:
            longest = duration_in_words(LONGEST_RUN)
            raise ValueError(f"The time limit lies above 0 and is at most {longest}.")
        if self.length <= timedelta(0) or (self.every is not None and not self.every):
            raise ValueError("Windows have a length, and some time passes between them.")
        return self

    def limit_rows(self) -> list[dict[str, Any]]:
        """The limits as a plan keeps them."""
        return [one.row() for one in self.limits]


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a plan file."""
    schema = PlanFile.model_json_schema(mode="validation")
    schema["properties"]["columns"]["additionalProperties"] = {
        "anyOf": [
            {"type": "string", "minLength": 1},
            {"type": "array", "items": {"type": "string", "minLength": 1}},
        ]
    }
    entry = schema["$defs"]["LimitEntry"]
    text = {"type": "string", "pattern": entry["properties"]["limit"]["pattern"]}
    schema["properties"]["limits"]["items"] = {"anyOf": [text, {"$ref": "#/$defs/LimitEntry"}]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
