"""A plan's dates as a schedule: the bridge from the row to the pure functions of `windows`."""

from __future__ import annotations

from datetime import datetime, timedelta

from audits.models import Plan
from audits.windows import Schedule

INSTANT = timedelta(microseconds=1)


def schedule_of(plan: Plan) -> Schedule:
    """Return the dates of a plan."""
    return Schedule(
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        length=plan.length,
        every=plan.every,
        zone=plan.zone,
        lateness=plan.lateness,
        label_maturity=plan.label_maturity,
        cron=plan.cron,
    )


def first_unscheduled(plan: Plan) -> datetime:
    """Return the moment from which on the plan's windows still have to be looked at.

    Without `backfill` a plan begins with the windows that had not ended when it was made.
    """
    begin = plan.scheduled_until or plan.starts_at
    if plan.backfill or begin > plan.created_at:
        return begin
    for window in schedule_of(plan).backwards(plan.created_at):
        if window.end <= plan.created_at:
            return max(begin, window.start + INSTANT)
    return begin
