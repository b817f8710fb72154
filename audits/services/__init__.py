"""Every change of state in this room. Callers import from here."""

from audits.services.alert_answers import (
    acknowledge_alert,
    assign_alert,
    lift_mute,
    link_incident,
    mute_alerts,
    resolve_alert,
    resolve_alerts_of_incident,
)
from audits.services.alert_messages import escalate_alerts, tell_after_mutes
from audits.services.alert_rules import (
    derive_rules,
    derived_settings,
    draft_rule,
    learn_expectations,
    prospect_of,
    save_rule,
)
from audits.services.alerting import observe_plan, observe_waiting_plans
from audits.services.backfills import cancel_backfill, request_backfill
from audits.services.changes import (
    decide_plan_change,
    propose_plan_change,
    withdraw_plan_change,
)
from audits.services.erasing import erase_subject
from audits.services.findings import assign_finding, move_finding
from audits.services.leases import Claim, claim_run, reap_expired, report_progress
from audits.services.plan_files import Applied, apply_plan_file
from audits.services.plans import create_plan, pause_plan, resume_plan
from audits.services.publishing import publish_failure, publish_result
from audits.services.pushing import SEGMENTS_KEPT, push_outcomes, push_outputs
from audits.services.remediations import (
    measure_remediation,
    move_remediation,
    plan_remediation,
)
from audits.services.runs import cancel_run, retry_run
from audits.services.scheduling import request_verification_run, schedule_due_runs, schedule_run
from audits.services.source_states import delete_source, pause_source, resume_source
from audits.services.sources import change_source, check_source, create_source
from audits.services.staging import (
    discard_staged,
    map_columns,
    stage_upload,
    take_in,
    take_in_staged,
)
from audits.services.watching import watch_plans

__all__ = [
    "SEGMENTS_KEPT",
    "Applied",
    "Claim",
    "acknowledge_alert",
    "apply_plan_file",
    "assign_alert",
    "assign_finding",
    "cancel_backfill",
    "cancel_run",
    "change_source",
    "check_source",
    "claim_run",
    "create_plan",
    "create_source",
    "decide_plan_change",
    "delete_source",
    "derive_rules",
    "derived_settings",
    "discard_staged",
    "draft_rule",
    "erase_subject",
    "escalate_alerts",
    "learn_expectations",
    "lift_mute",
    "link_incident",
    "map_columns",
    "measure_remediation",
    "move_finding",
    "move_remediation",
    "mute_alerts",
    "observe_plan",
    "observe_waiting_plans",
    "pause_plan",
    "pause_source",
    "plan_remediation",
    "propose_plan_change",
    "prospect_of",
    "publish_failure",
    "publish_result",
    "push_outcomes",
    "push_outputs",
    "reap_expired",
    "report_progress",
    "request_backfill",
    "request_verification_run",
    "resolve_alert",
    "resolve_alerts_of_incident",
    "resume_plan",
    "resume_source",
    "retry_run",
    "save_rule",
    "schedule_due_runs",
    "schedule_run",
    "stage_upload",
    "take_in",
    "take_in_staged",
    "tell_after_mutes",
    "watch_plans",
    "withdraw_plan_change",
]
