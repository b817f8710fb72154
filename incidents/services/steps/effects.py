"""Which function has the effect of which type of step. Types that are not here are done by people.

An effect changes rows alone; what leaves the database is a row that somebody carries out later.
"""

from __future__ import annotations

from collections.abc import Callable

from governance.core.actors import Actor
from incidents.choices import StepType
from incidents.models import IncidentStep
from incidents.services.steps.duties import draft_report, have_duty_decided
from incidents.services.steps.evidence import freeze_evidence
from incidents.services.steps.holds import (
    disable_feature,
    fall_back_non_profiled,
    hold_target,
    reduce_scope,
)
from incidents.services.steps.results import StepResult
from incidents.services.steps.reviewing import open_checklist
from incidents.services.steps.rolling_back import roll_back
from incidents.services.steps.telling import escalate_to, send_status_update, tell_responsible
from incidents.services.steps.timers import wait_for_moment
from incidents.services.steps.verification import run_verification
from incidents.services.steps.webhooks import call_webhook

Effect = Callable[[IncidentStep, Actor], StepResult]

EFFECTS: dict[StepType, Effect] = {
    StepType.FREEZE_EVIDENCE: freeze_evidence,
    StepType.PLACE_HOLD: hold_target,
    StepType.FALLBACK_NON_PROFILED: fall_back_non_profiled,
    StepType.DISABLE_FEATURE: disable_feature,
    StepType.REDUCE_SCOPE: reduce_scope,
    StepType.ROLLBACK_MODEL: roll_back,
    StepType.NOTIFY: tell_responsible,
    StepType.STATUS_UPDATE: send_status_update,
    StepType.ESCALATE: escalate_to,
    StepType.START_CLOCK: have_duty_decided,
    StepType.DRAFT_REPORT: draft_report,
    StepType.OPEN_CHECKLIST: open_checklist,
    StepType.RUN_AUDIT: run_verification,
    StepType.WAIT_UNTIL: wait_for_moment,
    StepType.WEBHOOK: call_webhook,
}
