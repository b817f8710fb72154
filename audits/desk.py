"""What waits for people in this room, and what of it the search finds: two ports of core."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from django.db.models import Q
from django.urls import reverse

from audits import selectors
from audits.choices import UNDONE_STATES, FindingState, PlanState
from audits.models import Finding, PlanChange
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.ports import AgendaItem, SearchHit


class AuditAgenda:
    """Findings to decide or remedy, changes of plans to decide on, and plans that are overdue."""

    label = "Audits"

    def items(self, actor: Actor) -> Sequence[AgendaItem]:
        mine = Q(owner_id=actor.reference.removeprefix("user:")) if _is_user(actor) else Q()
        if actor.may("audits.decide"):
            mine |= Q(state__in=(FindingState.OPEN, FindingState.FIXED))
        elif not _is_user(actor):
            return []
        findings = selectors.findings_for(actor).filter(mine, state__in=UNDONE_STATES)
        findings = findings.order_by("plan_id", "-created_at")[:200]
        now = database_now()
        by_plan = groupby(findings, lambda one: one.plan_id)
        items = [_item(list(group), now) for _plan, group in by_plan]
        if actor.may("audits.decide"):
            items += [_proposal(one) for one in selectors.changes_to_decide(actor)]
        if not actor.may("audits.run"):
            return items
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


def _item(findings: list[Finding], now: datetime) -> AgendaItem:
    """The findings of one plan as one item; the newest speaks for them."""
    newest, count = findings[0], len(findings)
    due = [finding.due_at for finding in findings if finding.due_at]
    late = sum(moment < now for moment in due)
    if count > 1:
        reason = f"{count} findings to decide" + (f", {late} of them overdue" if late else "")
    else:
        reason = f"Overdue: {newest.sentence}" if late else newest.sentence
    return AgendaItem(
        title=newest.plan.title,
        url=_url(newest) if count == 1 else f"{reverse('audit_findings')}?q={newest.plan.key}",
        reason=reason,
        due=min(due, default=None),
        system_key=newest.plan.system.key,
    )


def _proposal(change: PlanChange) -> AgendaItem:
    return AgendaItem(
        title=f"A change would weaken {change.plan.title}",
        url=reverse("audit_plan", args=[change.plan.key]),
        reason=change.reasons[0],
        system_key=change.plan.system.key,
    )


def _url(finding: Finding) -> str:
    return reverse("audit_finding", args=[finding.pk])


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
