"""The tick of the incident room: automatic steps that wait are tried again."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from governance.core.actors import SystemActor
from incidents.choices import FINAL_STATES, StepState
from incidents.models import Incident
from incidents.services.steps import run_automatic_steps


@shared_task(name="incidents.tick", time_limit=120, soft_time_limit=100)
def tick(payload: dict[str, Any] | None = None) -> int:
    """Run the automatic steps that are still open; returns how many incidents had some."""
    incidents = list(
        Incident.objects.exclude(state__in=FINAL_STATES)
        .filter(
            steps__automatic=True,
            steps__state__in=[StepState.PENDING, StepState.WAITING, StepState.FAILED],
        )
        .distinct()
    )
    for incident in incidents:
        run_automatic_steps(incident=incident, actor=SystemActor("incidents"))
    return len(incidents)
