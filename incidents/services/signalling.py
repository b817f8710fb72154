"""Publishing how many incidents a system has open, in the transaction that changed the number."""

from __future__ import annotations

from governance.core.actors import Actor
from governance.registry.models import System
from governance.signals.services import publish_signal
from incidents.choices import FINAL_STATES
from incidents.models import Incident


def publish_open_incidents(*, system: System | None, actor: Actor) -> None:
    """Publish `incident.open` for a system; an incident without a system has nobody to tell."""
    if system is None:
        return
    incidents = Incident.objects.filter(system=system, drill=False)
    count = incidents.exclude(state__in=FINAL_STATES).count()
    publish_signal(
        key="incident.open",
        scope_key=system.key,
        value=float(count),
        state="warn" if count else "ok",
        sentence=f"{count} open" if count else "No open incident",
        source="incidents",
        actor=actor,
    )
