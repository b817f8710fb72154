"""Whom an alert reaches: messages to roles, mutes that stand, escalation of what nobody answers.

Messages leave through the outbox. A mute silences them and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from audits.choices import AlertState
from audits.models import Alert, AlertMute, AlertStream
from governance.core.clock import database_now
from governance.outbox.services import notify


def standing_mutes(stream: AlertStream) -> list[AlertMute]:
    """Return the mutes of a stream or its rule that stand now."""
    of = Q(stream=stream) | Q(rule=stream.rule_id)
    return list(AlertMute.objects.filter(of, lifted_at=None, until__gt=database_now()))


def tell(
    alerts: Sequence[Alert], *, subject: str, body: str, roles: Sequence[str] | None = None
) -> None:
    """Tell the destinations of alerts that belong together, in one message."""
    if not alerts:
        return
    system = alerts[0].stream.rule.plan.system.key
    chosen = {role for alert in alerts for role in (roles or alert.destinations)}
    link = (
        reverse("audit_alert", args=[alerts[0].pk])
        if len(alerts) == 1
        else f"{reverse('audit_alerts')}?system={system}"
    )
    notify(
        recipients=[f"role:{role}@{system}" for role in sorted(chosen)],
        subject=subject,
        body=body,
        link=link,
    )


@transaction.atomic
def escalate_alerts() -> int:
    """Tell the next roles of alerts nobody answered in time; return how many escalated.

    Each escalates once, however many look at the same time. While a mute stands it waits.
    """
    now = database_now()
    due = (
        Alert.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(state=AlertState.FIRING, escalated_at=None, escalate_at__lte=now)
        .select_related("stream__rule__plan__system")
    )
    escalated = 0
    for alert in due:
        if standing_mutes(alert.stream) or not alert.escalate_to:
            continue
        alert.escalated_at = now
        alert.save(update_fields=["escalated_at", "updated_at"])
        tell(
            [alert],
            subject=f"Nobody has answered: {alert.stream.rule.plan.system.title}",
            body=alert.sentence,
            roles=alert.escalate_to,
        )
        escalated += 1
    return escalated


@transaction.atomic
def tell_after_mutes() -> int:
    """Tell what fired during a mute that has ended and still fires; return how many."""
    silent = (
        Alert.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(muted=True, state=AlertState.FIRING)
        .select_related("stream__rule__plan__system")
    )
    told = 0
    for alert in silent:
        if standing_mutes(alert.stream):
            continue
        alert.muted = False
        alert.save(update_fields=["muted", "updated_at"])
        tell(
            [alert],
            subject=f"The mute has ended: {alert.stream.rule.plan.system.title}",
            body=alert.sentence,
        )
        told += 1
    return told
