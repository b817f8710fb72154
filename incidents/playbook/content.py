"""The built-in playbook for harms of personalisation, as data.

Incidents copy these steps when they open; a changed list here becomes a new version.
"""

from __future__ import annotations

from dataclasses import dataclass

from governance.people.choices import Role
from incidents.choices import StepType

PLAYBOOK_KEY = "personalisation-harm"
PLAYBOOK_TITLE = "Harm of personalisation"


@dataclass(frozen=True)
class StepContent:
    """One step as written in the playbook."""

    type: str
    title: str
    instruction: str
    role: str
    automatic: bool


STEPS = (
    StepContent(
        type=StepType.FREEZE_EVIDENCE,
        title="Freeze the evidence",
        instruction="Keep the measurement, the limits, the version and the state of the system "
        "as they were found, before anything changes.",
        role=Role.ML_ENGINEER,
        automatic=True,
    ),
    StepContent(
        type=StepType.PLACE_HOLD,
        title="Hold the system",
        instruction="Stop personalising. People get the non-profiled variant until two people "
        "lift the hold.",
        role=Role.INCIDENT_COMMANDER,
        automatic=True,
    ),
    StepContent(
        type=StepType.ROLLBACK_MODEL,
        title="Serve the fallback version",
        instruction="Make the approved fallback the serving version, so that lifting the hold "
        "does not bring the harmful version back.",
        role=Role.ML_ENGINEER,
        automatic=True,
    ),
    StepContent(
        type=StepType.NOTIFY,
        title="Tell those who are responsible",
        instruction="The owner, the ethics reviewer, the privacy lead and the commander hear "
        "what happened and what was done.",
        role=Role.INCIDENT_COMMANDER,
        automatic=True,
    ),
    StepContent(
        type=StepType.RUN_AUDIT,
        title="Audit what is served now",
        instruction="Run the plan that found the breach on the outputs of the fallback. The hold "
        "stays until it passes.",
        role=Role.ML_ENGINEER,
        automatic=True,
    ),
    StepContent(
        type=StepType.LIFT_HOLD,
        title="Lift the hold",
        instruction="One person proposes, another confirms. The gate refuses while the serving "
        "version has no passing audit.",
        role=Role.INCIDENT_COMMANDER,
        automatic=False,
    ),
    StepContent(
        type=StepType.INVESTIGATE,
        title="Write down the cause",
        instruction="What made this possible, and which safeguard should have caught it? Ask how "
        "and what, not who.",
        role=Role.ML_ENGINEER,
        automatic=False,
    ),
)
