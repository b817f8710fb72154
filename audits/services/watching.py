"""The watchdog of plans: each active one has a next window or a reason, and none is overdue.

It says so for every system with a plan, each time it has looked: a signal that grows stale means
that nobody watches.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from datetime import datetime

from django.db import transaction

from audits import selectors
from audits.choices import PlanState
from audits.models import Plan
from audits.signals import OVERDUE
from governance.core.actors import SystemActor
from governance.core.clock import database_now
from governance.signals.services import publish_signal

logger = logging.getLogger(__name__)
ACTOR = SystemActor("audits")


def watch_plans(*, now: datetime | None = None) -> dict[str, list[str]]:
    """Look at every plan and publish per system what is wrong; return it, in sentences."""
    moment = now or database_now()
    plans = list(Plan.objects.exclude(state=PlanState.ENDED).select_related("system"))
    still = {plan.pk: _stands_still(plan) for plan in plans if plan.state == PlanState.ACTIVE}
    going = [plan for plan in plans if not still.get(plan.pk)]
    late = selectors.overdue_plans(going, moment)
    wrong: dict[str, list[str]] = defaultdict(list)
    for plan in plans:
        said = wrong[plan.system.key]
        if reason := still.get(plan.pk):
            said.append(f"{plan.key}: {reason}")
        elif plan.pk in late:
            said.append(f"{plan.key}: the newest complete window has no finished run.")
    for system_key, sentences in sorted(wrong.items()):
        _tell(system_key, sentences)
    return dict(wrong)


def _stands_still(plan: Plan) -> str:
    """Why an active plan has no next window; empty when it has one."""
    try:
        return selectors.prospect(plan).reason
    except Exception as problem:
        logger.exception("The schedule of the plan %s cannot be read.", plan.key)
        return f"its schedule cannot be read ({type(problem).__name__})."


@transaction.atomic
def _tell(system_key: str, sentences: list[str]) -> None:
    publish_signal(
        key=OVERDUE,
        scope_key=system_key,
        value=float(len(sentences)),
        state="fail" if sentences else "ok",
        sentence=" ".join(sentences) or "Every plan has audited its newest complete window.",
        source="audits.watch",
        actor=ACTOR,
    )
