"""What of alerts waits for people: those that fire and nobody has acknowledged."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from django.urls import reverse

from audits import selectors
from audits.choices import AlertState
from audits.models import Alert
from governance.core.actors import Actor
from governance.core.ports import AgendaItem

MOST = 200


class AlertAgenda:
    """Alerts nobody has answered, one item a plan."""

    label = "Alerts"

    def items(self, actor: Actor) -> Sequence[AgendaItem]:
        if not actor.may("audits.run"):
            return []
        firing = selectors.alerts_for(actor).filter(state=AlertState.FIRING)
        firing = firing.order_by("stream__rule__plan_id", "-created_at")[:MOST]
        by_plan = groupby(firing, lambda one: one.stream.rule.plan_id)
        return [_item(list(group)) for _plan, group in by_plan]


def _item(alerts: list[Alert]) -> AgendaItem:
    newest, plan = alerts[0], alerts[0].stream.rule.plan
    one = len(alerts) == 1
    return AgendaItem(
        title=f"Alert of {plan.title}",
        url=reverse("audit_alert", args=[newest.pk])
        if one
        else f"{reverse('audit_alerts')}?system={plan.system.key}",
        reason=newest.sentence if one else f"{len(alerts)} alerts wait for an answer",
        due=min((alert.escalate_at for alert in alerts if alert.escalate_at), default=None),
        system_key=plan.system.key,
    )
