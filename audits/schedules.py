"""A plan's dates as a schedule: the bridge from the row to the pure functions of `windows`."""

from __future__ import annotations

from audits.models import Plan
from audits.windows import Schedule


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
    )
