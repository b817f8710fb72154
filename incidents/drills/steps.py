"""Which steps of a playbook a drill runs: all that stays within the rehearsal system. Pure.

What would reach people outside, another system, an authority or the register is left out, with
the reason; everything else is done for real.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from incidents.choices import OUTSIDE, StepType

_NEVER: dict[str, str] = {
    StepType.DECIDE_DUTIES: "A drill starts no duty to report.",
    StepType.START_CLOCK: "A drill starts no duty to report.",
    StepType.DRAFT_REPORT: "A drill is reported to no authority.",
    StepType.OPEN_CHECKLIST: "A drill opens no review of a version.",
    StepType.WEBHOOK: "A drill calls nobody outside.",
    StepType.DISABLE_FEATURE: "A feature is used by other systems as well.",
    StepType.POST_MORTEM: "The report of the drill takes its place.",
}


def left_out_because(step_type: str, params: Mapping[str, Any]) -> str:
    """Return why a drill leaves out this step, in a sentence; empty: the step is run for real."""
    if step_type in _NEVER:
        return _NEVER[StepType(step_type)]
    if step_type == StepType.PLACE_HOLD and params.get("on") in ("surface", "purpose"):
        return "A hold on a surface or a purpose would reach other systems."
    if step_type == StepType.REDUCE_SCOPE or (
        step_type == StepType.FALLBACK_NON_PROFILED and params.get("surfaces")
    ):
        return "A hold on surfaces or purposes would reach other systems."
    if step_type == StepType.STATUS_UPDATE and params.get("audience") in OUTSIDE:
        return "A drill tells nobody outside."
    return ""
