"""The watchdog: every open incident has a person who owns it, or a moment at which it wakes.

It repairs a lost wake-up once in an episode and then tells people. Its heartbeat is written only
when nothing is lost, so that its silence is an alarm.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.ledger.services import record_entry
from governance.outbox.services import notify
from governance.people.choices import Role
from incidents.choices import (
    CONTAINMENT,
    ENDED,
    FINAL_STATES,
    StepType,
    TimelineKind,
)
from incidents.models import (
    Escalation,
    Incident,
    IncidentStep,
    LostWakeUp,
    WatchdogBeat,
)
from incidents.selectors import present_steps
from incidents.services.timeline import add_timeline_entry

LATE = timedelta(seconds=60)  # so long a wake-up may be overdue before it counts as lost


@transaction.atomic
def watch(*, actor: Actor, now: datetime | None = None) -> int:
    """Look at every open incident; repair, escalate, and beat. Returns how many are lost."""
    now = now or database_now()
    WatchdogBeat.objects.get_or_create(pk=1, defaults={"looked_at": now, "well_at": now})
    WatchdogBeat.objects.select_for_update().get(pk=1)  # two looks at once would repair twice
    lost = 0
    incidents = Incident.objects.exclude(state__in=FINAL_STATES).select_related(
        "system", "commander"
    )
    for incident in incidents:
        why = why_lost(incident, now)
        if why and not _repair_once(incident, why, now, actor):
            lost += 1
    WatchdogBeat.objects.filter(pk=1).update(
        looked_at=now,
        incidents_open=len(incidents),
        incidents_unowned=lost,
        **({} if lost else {"well_at": now}),
    )
    return lost


def why_lost(incident: Incident, now: datetime) -> str:
    """Say why nothing would ever move this incident on; empty: somebody or something will."""
    stuck = _stuck_steps(incident, now).first()
    if stuck is not None:
        return f"The step {stuck.title!r} waits and nothing wakes it."
    if incident.commander is not None and incident.commander.is_active:
        return ""
    coming = Escalation.objects.filter(
        incident=incident,
        episode=incident.episode,
        told_at=None,
        dropped_at=None,
        due_at__gt=now - LATE,
    )
    if coming.exists() or _escalating(incident, now).exists():
        return ""
    if incident.commander is not None:
        return f"{incident.commander} commands it and can no longer sign in."
    return "Nobody commands it, and nobody else will be told."


def _stuck_steps(incident: Incident, now: datetime) -> QuerySet[IncidentStep]:
    """Automatic steps whose turn came more than a minute ago and which nobody was given."""
    waiting = present_steps(incident).filter(automatic=True, handed_over_at=None)
    waiting = waiting.exclude(state__in=ENDED)
    timer = waiting.filter(type=StepType.WAIT_UNTIL).order_by("position").first()
    if timer is not None:  # it keeps back what stands behind it
        waiting = waiting.filter(Q(position__lte=timer.position) | Q(type__in=CONTAINMENT))
    overdue = Q(next_attempt_at__lte=now - LATE)
    never = Q(next_attempt_at=None, updated_at__lte=now - LATE)
    return waiting.filter(overdue | never).order_by("position")


def _escalating(incident: Incident, now: datetime) -> QuerySet[IncidentStep]:
    steps = present_steps(incident).filter(
        type=StepType.ESCALATE, automatic=True, handed_over_at=None
    )
    return steps.exclude(state__in=ENDED).filter(next_attempt_at__gt=now - LATE)


def _repair_once(incident: Incident, why: str, now: datetime, actor: Actor) -> bool:
    """Repair and return True the first time in an episode; after that tell people, once."""
    found, created = LostWakeUp.objects.select_for_update().get_or_create(
        incident=incident, episode=incident.episode, defaults={"why": why}
    )
    if created:
        _wake_again(incident, now)
        found.repaired_at = now
        found.save(update_fields=["repaired_at", "updated_at"])
        _say(incident, f"The watchdog woke it again: {why}", "incidents.wake_up_repaired", actor)
        return not why_lost(incident, now)
    if found.escalated_at is None:
        found.why, found.escalated_at = why, now
        found.save(update_fields=["why", "escalated_at", "updated_at"])
        _say(incident, f"The watchdog tells people: {why}", "incidents.wake_up_lost", actor)
        notify(
            recipients=[f"role:{role}" for role in (Role.ADMIN, Role.INCIDENT_COMMANDER, Role.DPO)],
            subject=f"{incident.called} has been lost sight of",
            body=f"{why} It was woken once already. Take command of it, or run the step.",
            link=reverse("incident", args=[incident.reference]),
        )
    return False


def _wake_again(incident: Incident, now: datetime) -> None:
    """Make what is stuck due now, and add a last rung where nobody would be told any more."""
    stuck = _stuck_steps(incident, now).values_list("pk", flat=True)
    IncidentStep.objects.filter(pk__in=list(stuck)).update(next_attempt_at=now, updated_at=now)
    if incident.commander is not None and incident.commander.is_active:
        return
    rungs = Escalation.objects.filter(incident=incident, episode=incident.episode)
    rungs.filter(told_at=None, dropped_at=None, due_at__lte=now - LATE).update(due_at=now)
    if rungs.filter(told_at=None, dropped_at=None).exists():
        return
    last = rungs.order_by("-level").first()
    Escalation.objects.create(
        incident=incident,
        episode=incident.episode,
        level=last.level + 1 if last else 0,
        roles=[str(Role.INCIDENT_COMMANDER), str(Role.ADMIN)],
        due_at=now,
    )


def _say(incident: Incident, sentence: str, verb: str, actor: Actor) -> None:
    add_timeline_entry(
        incident=incident, kind=TimelineKind.ESCALATION, sentence=sentence, actor=actor
    )
    record_entry(
        verb=verb,
        object_type="incident",
        object_id=str(incident.pk),
        actor=actor,
        facts={"reference": incident.reference},
        personal={"sentence": sentence},
    )
