"""How a step ended, and its parameters read for the type it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from governance.core.errors import Invalid
from governance.registry.models import System
from incidents.choices import StepState
from incidents.models import Incident, IncidentStep
from incidents.playbook.params import Params, read_params

ParamsT = TypeVar("ParamsT", bound=Params)


@dataclass(frozen=True)
class StepResult:
    """How a step ended, in words; what it made; when to look again where it is not over.

    `for_people`: it failed and trying again by itself would not help.
    """

    state: str
    sentence: str
    effect: Mapping[str, Any] = field(default_factory=dict)
    look_again_at: datetime | None = None
    for_people: bool = False


def done(sentence: str, **effect: Any) -> StepResult:
    return StepResult(StepState.DONE, sentence, effect)


def waits(sentence: str, *, until: datetime | None = None, **effect: Any) -> StepResult:
    """It goes on when a fact is there: looked for at `until`, or at every tick."""
    return StepResult(StepState.WAITING, sentence, effect, until)


def params_of(step: IncidentStep, kind: type[ParamsT]) -> ParamsT:
    """Read what the step was told; the copy is whole, so this refuses only what was tampered."""
    try:
        read = read_params(step.type, step.params)
    except ValueError as problem:
        raise Invalid(f"This step cannot be read: {problem}.") from None
    assert isinstance(read, kind)
    return read


def system_of(incident: Incident) -> System:
    """Return the affected system, or say that nobody has named it."""
    if incident.system is None:
        raise Invalid("No system is named yet; name the affected system first.")
    return incident.system
