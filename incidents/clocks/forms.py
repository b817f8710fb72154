"""What a report to an authority says, filled in from the incident as far as it is known.

A field nobody has answered says so: an initial report may be incomplete. How it is printed is
not known here.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from incidents.choices import StepState

if TYPE_CHECKING:
    from incidents.models import RegulatorClock

UNKNOWN = "Not known yet."


def filled_form(clock: RegulatorClock, *, delay: str = "") -> dict[str, Any]:
    """Return the report of a clock as plain data: who, what, when, and what was done."""
    incident, regime = clock.incident, clock.regime
    system = incident.system
    done = incident.steps.filter(state=StepState.DONE)
    measures = [f"{step.title}: {step.outcome}" for step in done]
    return {
        "duty": {"article": regime.article, "title": regime.title, "source": regime.source},
        "incident": incident.reference,
        "title": incident.title,
        "what_happened": incident.summary or UNKNOWN,
        "kind": incident.get_kind_display(),
        "severity": incident.get_severity_display(),
        "system": f"{system.title} ({system.key})" if system else UNKNOWN,
        "version": incident.version.key if incident.version else UNKNOWN,
        "started_at": _moment(incident.started_at),
        "detected_at": _moment(incident.detected_at),
        "aware_at": _moment(clock.aware_at),
        "contained_at": _moment(incident.contained_at),
        "cause": incident.cause or UNKNOWN,
        "measures": measures or [UNKNOWN],
        "grounds": clock.statement,
        "due_at": _moment(clock.due_at),
        "reasons_for_delay": delay or None,
        "asked_for": list(regime.content),
    }


def _moment(moment: datetime | None) -> str:
    return moment.isoformat(timespec="minutes") if moment else UNKNOWN
