"""What waits for people in this room, and what of it the search finds: two ports of core."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from django.db.models import Q
from django.urls import reverse

from audits import selectors
from audits.choices import FindingState, PlanState
from audits.models import Finding
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.ports import AgendaItem, SearchHit

UNDECIDED = (FindingState.OPEN, FindingState.ACCEPTED, FindingState.IN_REMEDIATION)


class AuditAgenda:
    """Findings to decide or remedy, and plans that are overdue."""

    label = "Audits"

    def items(self, actor: Actor) -> Sequence[AgendaItem]:
        mine = Q(owner_id=actor.reference.removeprefix("user:")) if _is_user(actor) else Q()
        if actor.may("audits.decide"):
            mine |= Q(state=FindingState.OPEN)
        elif not _is_user(actor):
            return []
        findings = selectors.findings_for(actor).filter(mine, state__in=UNDECIDED)
        findings = findings.order_by("plan_id", "-created_at")[:200]
        items = [_item(list(group)) for _plan, group in groupby(findings, lambda one: one.plan_id)]
        if not actor.may("audits.run"):
            return items
        now = database_now()
        plans = list(selectors.plans_for(actor).filter(state=PlanState.ACTIVE))
        overdue = selectors.overdue_plans(plans, now)
        late = [plan for plan in plans if plan.pk in overdue]
        return items + [
            AgendaItem(
                title=f"{plan.title} is overdue",
                url=reverse("audit_plan", args=[plan.key]),
                reason="The newest complete window has no finished run",
                system_key=plan.system.key,
            )
            for plan in late
        ]


def _item(findings: list[Finding]) -> AgendaItem:
    """The findings of one plan as one item; the newest speaks for them."""
    newest, count = findings[0], len(findings)
    due = [finding.due_at for finding in findings if finding.due_at]
    return AgendaItem(
        title=newest.plan.title,
        url=reverse("audit_run" if count == 1 else "audit_plan", args=[_target(newest, count)]),
        reason=f"{count} findings to decide" if count > 1 else newest.sentence,
        due=min(due, default=None),
        system_key=newest.plan.system.key,
    )


def _target(finding: Finding, count: int) -> str:
    return str(finding.run_id) if count == 1 else finding.plan.key


def _is_user(actor: Actor) -> bool:
    return actor.kind == "person"


class PlanSearch:
    """Plans by their question, key or method."""

    label = "Audit plans"

    def search(self, actor: Actor, query: str, limit: int) -> Sequence[SearchHit]:
        words = Q(title__icontains=query) | Q(key__icontains=query) | Q(method__icontains=query)
        return [
            SearchHit(
                title=plan.title,
                url=reverse("audit_plan", args=[plan.key]),
                kind="Audit plan",
                excerpt=f"{plan.method} on {plan.system.title}",
            )
            for plan in selectors.plans_for(actor).filter(words)[:limit]
        ]
