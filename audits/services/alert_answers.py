"""What people answer to alerts: seen, given to somebody, resolved, muted for a while."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from audits.choices import AlertState, AlertStatus
from audits.models import Alert, AlertMute, AlertRule, AlertStream
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.ledger.services import record_entry
from governance.people.models import User
from governance.registry.access import require


def _lock(alert: Alert) -> Alert:
    related = "stream__rule__plan__system"
    rows = Alert.objects.select_for_update(of=("self",)).select_related(related)
    return rows.get(pk=alert.pk)


@transaction.atomic
def acknowledge_alert(*, alert: Alert, actor: Actor) -> Alert:
    """Say that one has seen an alert: it no longer escalates. Seen twice counts once."""
    require(actor, "audits.run", [alert.stream.rule.plan.system])
    alert = _lock(alert)
    if alert.state == AlertState.RESOLVED:
        raise Conflict("The alert is resolved already.")
    if alert.state == AlertState.ACKNOWLEDGED:
        return alert
    alert.state = AlertState.ACKNOWLEDGED
    alert.acknowledged_at, alert.acknowledged_by = database_now(), actor.reference
    alert.save(update_fields=["state", "acknowledged_at", "acknowledged_by", "updated_at"])
    _record("audits.alert_acknowledged", alert, actor)
    return alert


@transaction.atomic
def assign_alert(*, alert: Alert, owner: User | None, actor: Actor) -> Alert:
    """Give an alert to a person."""
    require(actor, "audits.decide", [alert.stream.rule.plan.system])
    alert = _lock(alert)
    alert.owner = owner
    alert.save(update_fields=["owner", "updated_at"])
    _record("audits.alert_assigned", alert, actor, owner=str(owner.pk) if owner else "")
    return alert


@transaction.atomic
def resolve_alert(*, alert: Alert, reason: str, actor: Actor) -> Alert:
    """End an alert by decision, with a reason; its stream gathers evidence anew."""
    require(actor, "audits.decide", [alert.stream.rule.plan.system])
    if not reason.strip():
        raise Invalid("Say why the alert is over.")
    alert = _lock(alert)
    if alert.state == AlertState.RESOLVED:
        raise Conflict("The alert is resolved already.")
    now = database_now()
    alert.state, alert.resolution = AlertState.RESOLVED, reason.strip()
    alert.resolved_at, alert.resolved_by = now, actor.reference
    alert.save(update_fields=["state", "resolution", "resolved_at", "resolved_by", "updated_at"])
    AlertStream.objects.filter(pk=alert.stream_id, status=AlertStatus.ALERT).update(
        state={}, status=AlertStatus.INSUFFICIENT_DATA, moved_at=now
    )
    _record("audits.alert_resolved", alert, actor, reason=reason)
    return alert


@transaction.atomic
def link_incident(*, alert_id: str, incident_id: str, reference: str, actor: Actor) -> None:
    """Note which incident an alert opened or joined."""
    alert = _lock(Alert(pk=alert_id))
    alert.incident_id, alert.incident_reference = incident_id, reference
    alert.save(update_fields=["incident_id", "incident_reference", "updated_at"])
    _record("audits.alert_linked", alert, actor)


@transaction.atomic
def resolve_alerts_of_incident(*, incident_id: str, reason: str, actor: Actor) -> int:
    """End what an incident dealt with; return how many alerts that were."""
    open_alerts = Alert.objects.filter(incident_id=incident_id).exclude(state=AlertState.RESOLVED)
    found = list(open_alerts.select_related("stream__rule__plan__system"))
    for alert in found:
        resolve_alert(alert=alert, reason=reason, actor=actor)
    return len(found)


@transaction.atomic
def mute_alerts(
    *,
    reason: str,
    until: datetime,
    rule: AlertRule | None = None,
    stream: AlertStream | None = None,
    stops_containment: bool = False,
    actor: Actor,
) -> AlertMute:
    """Send no messages of a rule or a stream until a moment; evidence goes on.

    Containment goes on as well, unless the mute says that it stops too.
    """
    owner = rule or (stream.rule if stream else None)
    if owner is None or (rule is not None and stream is not None):
        raise Invalid("A mute is of one rule or of one stream.")
    require(actor, "audits.decide", [owner.plan.system])
    if not reason.strip():
        raise Invalid("Say why nobody is to be told.")
    if until <= database_now():
        raise Invalid("A mute ends later than now; it ends by itself.")
    mute = AlertMute.objects.create(
        rule=rule,
        stream=stream,
        reason=reason.strip(),
        until=until,
        muted_by=actor.reference,
        stops_containment=stops_containment,
    )
    record_entry(
        verb="audits.alerts_muted",
        object_type="alert_mute",
        object_id=str(mute.pk),
        actor=actor,
        facts={
            "plan": owner.plan.key,
            "metric": owner.metric,
            "stream": stream.key if stream else None,
            "until": until.isoformat(),
            "stops_containment": stops_containment,
        },
        personal={"reason": reason},
    )
    return mute


@transaction.atomic
def lift_mute(*, mute: AlertMute, actor: Actor) -> AlertMute:
    """End a mute before its time."""
    owner = mute.rule or (mute.stream.rule if mute.stream else None)
    assert owner is not None  # the database holds that a mute has one of both
    require(actor, "audits.decide", [owner.plan.system])
    AlertMute.objects.filter(pk=mute.pk, lifted_at=None).update(lifted_at=database_now())
    mute.refresh_from_db()
    record_entry(
        verb="audits.alert_mute_lifted",
        object_type="alert_mute",
        object_id=str(mute.pk),
        actor=actor,
        facts={"plan": owner.plan.key, "metric": owner.metric},
    )
    return mute


def _record(verb: str, alert: Alert, actor: Actor, **personal: str) -> None:
    record_entry(
        verb=verb,
        object_type="alert",
        object_id=str(alert.pk),
        actor=actor,
        facts={
            "plan": alert.stream.rule.plan.key,
            "state": alert.state,
            "incident": alert.incident_reference or None,
        },
        personal={name: text for name, text in personal.items() if text} or None,
    )
