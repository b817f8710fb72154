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


def _tell(event_type: str, event: DomainEvent) -> None:
    queue_for_all(event_type=event_type, data=event.payload())


@subscribes(HoldPlaced)
def on_hold_placed(event: HoldPlaced, *, actor: Actor) -> None:
    _tell("tactful.hold.placed", event)


@subscribes(HoldReleased)
def on_hold_released(event: HoldReleased, *, actor: Actor) -> None:
    _tell("tactful.hold.released", event)


@subscribes(ServingVersionChanged)
def on_serving_version_changed(event: ServingVersionChanged, *, actor: Actor) -> None:
    _tell("tactful.serving_version.changed", event)


@subscribes(IncidentOpened)
def on_incident_opened(event: IncidentOpened, *, actor: Actor) -> None:
    _tell("tactful.incident.opened", event)
