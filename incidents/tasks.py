"""The tick of the incident room: what is late escalates, what waits is tried again."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from governance.core.actors import SystemActor
from governance.registry.models import System
from governance.registry.services import escalate_overdue_holds
from incidents.choices import FINAL_STATES, StepState
from incidents.models import Incident
from incidents.services.clocks import remind_of_clocks
from incidents.services.escalating import escalate_due
from incidents.services.steps import run_automatic_steps
from incidents.services.targets import settle_containment


@shared_task(  # type: ignore[untyped-decorator]  # Celery has no types
    name="incidents.tick", time_limit=120, soft_time_limit=100
)
def tick(payload: dict[str, Any] | None = None) -> int:
    """Escalate what nobody took on, remind of clocks, run automatic steps that are still open.

    Returns how many incidents had some.
    """
    machine = SystemActor("incidents")
    escalate_overdue_holds(actor=machine)
    escalate_due(actor=machine)
    remind_of_clocks(actor=machine)
    for system in System.objects.filter(
        incidents__containment_requested_at__isnull=False,
        incidents__contained_at__isnull=True,
        serving_targets__active=True,
    ).distinct():
        settle_containment(system)
    incidents = list(
        Incident.objects.exclude(state__in=FINAL_STATES)
        .filter(
            steps__automatic=True,
            steps__state__in=[StepState.PENDING, StepState.WAITING, StepState.FAILED],
        )
        .distinct()
    )
    for incident in incidents:
        run_automatic_steps(incident=incident, actor=machine)
    return len(incidents)
