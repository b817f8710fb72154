"""Reading this room, a module a noun. Callers import from here."""

from audits.selectors.findings import (
    find_finding,
    findings_for,
)
from audits.selectors.outputs import (
    ClickDifference,
    ClickRate,
    ClickRates,
    click_rates,
    delivered_since,
    outcome_batches_for,
    output_batches_for,
    rows_delivered,
    sources_for,
)
from audits.selectors.plans import (
    find_plan,
    is_overdue,
    overdue_plans,
    plan_as_declared,
    plan_summaries,
    plans_for,
)
from audits.selectors.runs import (
    VerdictRow,
    deciding_measurements,
    find_run,
    last_verdict,
    latest_verdicts,
    runs_for,
    runs_of_incident,
    system_verdicts,
    verdict_rows,
)

__all__ = [
    "ClickDifference",
    "ClickRate",
    "ClickRates",
    "VerdictRow",
    "click_rates",
    "deciding_measurements",
    "delivered_since",
    "find_finding",
    "find_plan",
    "find_run",
    "findings_for",
    "is_overdue",
    "last_verdict",
    "latest_verdicts",
    "outcome_batches_for",
    "output_batches_for",
    "overdue_plans",
    "plan_as_declared",
    "plan_summaries",
    "plans_for",
    "rows_delivered",
    "runs_for",
    "runs_of_incident",
    "sources_for",
    "system_verdicts",
    "verdict_rows",
]
