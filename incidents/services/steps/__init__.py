"""Steps of an incident: run by the product, done by people, and taken back where that is declared.

Each file holds the effects of one concern; `running` decides when, `effects` which.
"""

from incidents.services.steps.by_hand import complete_by_hand, skip_step
from incidents.services.steps.results import StepResult
from incidents.services.steps.running import perform_step, run_automatic_steps, run_due_steps
from incidents.services.steps.undoing import settle_undone, undo_step

__all__ = [
    "StepResult",
    "complete_by_hand",
    "perform_step",
    "run_automatic_steps",
    "run_due_steps",
    "settle_undone",
    "skip_step",
    "undo_step",
]
