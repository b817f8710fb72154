"""The tick of the incident room: what is late escalates, what waits is tried again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery import shared_task

from governance.core.actors import SystemActor
from governance.registry.models import System
from governance.registry.services import escalate_overdue_holds
from incidents.models import Incident
from incidents.services.actions import publish_overdue_actions
from incidents.services.clocks import remind_of_clocks
from incidents.services.drills import remind_of_drills
from incidents.services.escalating import escalate_due
from incidents.services.impact import TASK, ask_for_due_impacts, count_impact
from incidents.services.orders import give_up_tired
from incidents.services.sending import send_due_communications
from incidents.services.steps import run_due_steps
from incidents.services.targets import settle_containment
from incidents.services.updates import remind_of_updates
from incidents.services.watchdog import watch

OVERDUE = timedelta(seconds=5)


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
    remind_of_updates(actor=machine)
    remind_of_drills(actor=machine)
    publish_overdue_actions(actor=machine)
    ask_for_due_impacts()
    for system in System.objects.filter(
        incidents__containment_requested_at__isnull=False,
        incidents__contained_at__isnull=True,
        serving_targets__active=True,
    ).distinct():
        settle_containment(system)
    return run_due_steps(actor=machine)


@shared_task(  # type: ignore[untyped-decorator]  # Celery has no types
    name="incidents.levers", time_limit=120, soft_time_limit=100
)
def look_after_levers(payload: dict[str, Any] | None = None) -> int:
    """Hand to people the orders that nobody confirmed, and look again at aliases of held systems.

    Orders that lie overdue are carried out here: the threads beside the relay are gone then.
    """
    from incidents.levers.runner import carry_out_due, reread_aliases

    return give_up_tired() + reread_aliases() + carry_out_due(5, overdue=OVERDUE)


@shared_task(  # type: ignore[untyped-decorator]  # Celery has no types
    name=TASK, time_limit=900, soft_time_limit=840
)
def count_impacts(payload: dict[str, Any]) -> None:
    """Count whom the incidents named in the payload touched."""
    for incident in Incident.objects.filter(pk__in=payload["ids"]):
        count_impact(incident=incident)


@shared_task(  # type: ignore[untyped-decorator]  # Celery has no types
    name="incidents.send_communications", time_limit=150, soft_time_limit=140
)
def send_communications(payload: dict[str, Any] | None = None) -> int:
    """Bring messages to their recipients; asked for at each sending, and looked after all along."""
    return send_due_communications()


@shared_task(  # type: ignore[untyped-decorator]  # Celery has no types
    name="incidents.watch", time_limit=60, soft_time_limit=50
)
def watch_incidents(payload: dict[str, Any] | None = None) -> int:
    """See that no open incident is lost sight of; returns how many are."""
    return watch(actor=SystemActor("incidents"))


@shared_task(  # type: ignore[untyped-decorator]  # Celery has no types
    name="incidents.wake", time_limit=60, soft_time_limit=50
)
def wake_steps(payload: dict[str, Any] | None = None) -> int:
    """Run the steps whose moment has come; returns how many incidents had some."""
    return run_due_steps(actor=SystemActor("incidents"), woken_only=True)
