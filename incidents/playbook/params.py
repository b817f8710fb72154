"""What each type of step is told: its parameters, checked one type at a time. Pure.

What the parameters name (surfaces, plans, endpoints) is looked up when the step has its effect.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from governance.people.choices import Role
from incidents.choices import Audience, StepType, Undo
from incidents.clocks.regimes import BY_KEY

Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
Effect = Literal["deny", "non_profiled"]
LONGEST_WAIT = 525_600  # minutes of a year


class Params(BaseModel):
    """The parameters of a type that takes none; every other type extends it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ByHand(Params):
    """What the note of a person confirms, if anything: where no target can say so itself."""

    confirms: Literal["containment"] | None = None


class PlaceHold(Params):
    """Where the hold lies, and what it does. Without keys: whatever the incident is about."""

    on: Literal["system", "surface", "purpose", "version"] = "system"
    keys: tuple[Key, ...] = ()
    effect: Effect | None = Field(None, description="Else as the system's registration says.")

    @model_validator(mode="after")
    def a_system_is_the_incidents_own(self) -> PlaceHold:
        """A playbook serves many systems, so it cannot name one."""
        if self.on == "system" and self.keys:
            raise ValueError("a hold on the system lies on the incident's own; leave out keys")
        return self


class FallbackNonProfiled(Params):
    """Everybody gets the non-profiled variant: on the whole system, or on some surfaces."""

    surfaces: tuple[Key, ...] = ()


class DisableFeature(Params):
    """Features that no version may use any more: what uses one is held."""

    features: tuple[Key, ...] = Field(min_length=1)
    effect: Effect | None = None


class RollbackModel(Params):
    """The version to go back to; without one, the system's fallback."""

    to: Key | None = None


class ReduceScope(Params):
    """Stop on some surfaces, stop on all but some, or stop some purposes."""

    surfaces: tuple[Key, ...] = ()
    keep_surfaces: tuple[Key, ...] = ()
    purposes: tuple[Key, ...] = ()
    effect: Effect = "non_profiled"

    @model_validator(mode="after")
    def one_way_to_say_it(self) -> ReduceScope:
        """Two ways at once would contradict each other."""
        if sum(map(bool, (self.surfaces, self.keep_surfaces, self.purposes))) != 1:
            raise ValueError("name one of surfaces, keep_surfaces and purposes")
        return self


class Notify(Params):
    """Who is told, by role; roles of the system where the incident names one."""

    roles: tuple[Role, ...] = Field(
        (Role.PRODUCT_OWNER, Role.ETHICS_REVIEWER, Role.PRIVACY_LEAD, Role.INCIDENT_COMMANDER),
        min_length=1,
    )


class OfRegime(Params):
    """A duty to report, by the key of its regime."""

    regime: str

    @field_validator("regime")
    @classmethod
    def known(cls, value: str) -> str:
        """A clock of a law that we do not know would run to a wrong end."""
        if value not in BY_KEY:
            raise ValueError(f"there is no duty {value!r}; choose {', '.join(BY_KEY)}")
        return value


class OpenChecklist(Params):
    """Whose checklist: of the version that serves, that caused this, or of the fallback."""

    of: Literal["serving", "cause", "fallback"] = "serving"


class RunAudit(Params):
    """The plan to run on what is served now; without one, the plan that found the incident."""

    plan: Key | None = None


class WaitUntil(Params):
    """How long the automatic steps behind it wait, and from when."""

    minutes: int = Field(ge=1, le=LONGEST_WAIT)
    since: Literal["turn", "detected", "contained", "mitigated"] = "turn"


class Escalate(Params):
    """Who is told when nobody has taken command so many minutes after the episode began."""

    roles: tuple[Role, ...] = Field(min_length=1)
    minutes: int = Field(ge=0, le=LONGEST_WAIT)


class Webhook(Params):
    """A registered endpoint, by its name, and what it is told; `wait`: until it has answered."""

    endpoint: str = Field(min_length=1, max_length=100)
    event_type: str = Field("tactful.incident.step", min_length=1, max_length=80)
    urgent: bool = True
    wait: bool = True


class StatusUpdate(Params):
    """Who gets the next update."""

    audience: Audience = Audience.INTERNAL


PARAMS: dict[StepType, type[Params]] = {
    StepType.BY_HAND: ByHand,
    StepType.PLACE_HOLD: PlaceHold,
    StepType.FALLBACK_NON_PROFILED: FallbackNonProfiled,
    StepType.DISABLE_FEATURE: DisableFeature,
    StepType.ROLLBACK_MODEL: RollbackModel,
    StepType.REDUCE_SCOPE: ReduceScope,
    StepType.NOTIFY: Notify,
    StepType.START_CLOCK: OfRegime,
    StepType.DRAFT_REPORT: OfRegime,
    StepType.OPEN_CHECKLIST: OpenChecklist,
    StepType.RUN_AUDIT: RunAudit,
    StepType.WAIT_UNTIL: WaitUntil,
    StepType.ESCALATE: Escalate,
    StepType.WEBHOOK: Webhook,
    StepType.STATUS_UPDATE: StatusUpdate,
}
UNDO: dict[Undo, frozenset[StepType]] = {
    Undo.PROPOSE_LIFT: frozenset(
        {
            StepType.PLACE_HOLD,
            StepType.FALLBACK_NON_PROFILED,
            StepType.DISABLE_FEATURE,
            StepType.REDUCE_SCOPE,
        }
    ),
    Undo.ROLL_FORWARD: frozenset({StepType.ROLLBACK_MODEL}),
    Undo.CORRECTION: frozenset({StepType.STATUS_UPDATE}),
}


def read_params(step_type: str, given: dict[str, Any]) -> Params:
    """Read the parameters of one type of step; ValueError says in a sentence what is wrong."""
    kind = PARAMS.get(StepType(step_type), Params)
    try:
        return kind.model_validate(given)
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(("params", *(str(part) for part in first["loc"])))
        if first["type"] == "extra_forbidden":
            known = ", ".join(kind.model_fields) or "none"
            said = f"a step of type {step_type} has no such parameter; it has: {known}"
        else:
            said = first["msg"].removeprefix("Value error, ").rstrip(".")
        raise ValueError(f"{where}: {said[0].lower()}{said[1:]}") from None


def params_in_words(params: dict[str, Any]) -> str:
    """Say what a step was told, leaving out what it was not: `on: surface; keys: home, search`."""
    told = {name: value for name, value in params.items() if value not in (None, [], ())}
    return "; ".join(f"{name.replace('_', ' ')}: {_words(value)}" for name, value in told.items())


def _words(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
