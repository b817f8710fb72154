"""News that endpoints of other companies may hear, turned into webhook messages."""

from __future__ import annotations

from governance.core.actors import Actor
from governance.core.events import (
    DomainEvent,
    HoldPlaced,
    HoldReleased,
    IncidentOpened,
    ServingVersionChanged,
)
from governance.outbox.subscriptions import subscribes
from governance.outbox.webhooks.services import queue_for_all


def _tell(event_type: str, event: DomainEvent, subject: str, *, urgent: bool = True) -> None:
    queue_for_all(event_type=event_type, data=event.payload(), subject=subject, urgent=urgent)


@subscribes(HoldPlaced)
def on_hold_placed(event: HoldPlaced, *, actor: Actor) -> None:
    _tell("tactful.hold.placed", event, f"{event.target_kind}/{event.target_key}")


@subscribes(HoldReleased)
def on_hold_released(event: HoldReleased, *, actor: Actor) -> None:
    _tell("tactful.hold.released", event, f"{event.target_kind}/{event.target_key}")


@subscribes(ServingVersionChanged)
def on_serving_version_changed(event: ServingVersionChanged, *, actor: Actor) -> None:
    _tell("tactful.serving_version.changed", event, f"system/{event.system_key}")


@subscribes(IncidentOpened)
def on_incident_opened(event: IncidentOpened, *, actor: Actor) -> None:
    _tell("tactful.incident.opened", event, f"incident/{event.reference}", urgent=False)
