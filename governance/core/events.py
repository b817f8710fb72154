"""Domain events: the news that lower rooms announce to upper ones, as plain frozen data.

Written and delivered by `governance.outbox`; fields are text, numbers, booleans, None, tuples
or flat dictionaries, so that an event survives as JSON.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

EVENT_TYPES: dict[str, type[DomainEvent]] = {}


@dataclass(frozen=True, kw_only=True)
class DomainEvent:
    """Base of all events; every subclass is known by its name."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        EVENT_TYPES[cls.__name__] = cls

    def payload(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def load_event(name: str, payload: dict[str, Any]) -> DomainEvent:
    """Rebuild an event from its stored name and payload."""
    return EVENT_TYPES[name](**payload)


@dataclass(frozen=True, kw_only=True)
class BreachFound(DomainEvent):
    """A run of a plan found a measurement wholly beyond its declared limit."""

    plan_key: str
    system_key: str
    version_key: str
    run_id: str
    finding_id: str
    metric: str
    definition: str
    slice: dict[str, str]
    value: float | None
    low: float | None
    high: float | None
    threshold_op: str
    threshold_value: float
    n: int
    unit: str
    window_start: str
    window_end: str
    on_breach: str  # finding | open_incident
    sentence: str


@dataclass(frozen=True, kw_only=True)
class AlertRaised(DomainEvent):
    """The windows of a plan, taken together, say that a limit is left.

    Of all results of audits this alone may place a hold, where `action` is `contain`.
    """

    alert_id: str
    plan_key: str
    system_key: str
    version_key: str
    run_id: str
    metric: str
    slice: dict[str, str]
    sentence: str
    action: str  # notify | open_incident | contain
    window_start: str  # of the window in which the evidence began
    estimate: float | None
    limit: float


@dataclass(frozen=True, kw_only=True)
class AlertRecovered(DomainEvent):
    """What an alert said is over: the level lies well inside the limit again."""

    alert_id: str
    plan_key: str
    system_key: str
    version_key: str
    metric: str
    slice: dict[str, str]
    sentence: str


@dataclass(frozen=True, kw_only=True)
class RunFinished(DomainEvent):
    """A run published its result; `incident_id` when an incident asked for it."""

    run_id: str
    plan_key: str
    system_key: str
    version_key: str
    verdict: str | None
    incident_id: str | None


@dataclass(frozen=True, kw_only=True)
class SignalChanged(DomainEvent):
    key: str
    scope_key: str
    value: str | None
    state: str


@dataclass(frozen=True, kw_only=True)
class MaterialChange(DomainEvent):
    """Something an approval covers was edited."""

    system_key: str
    what: str
    sentence: str


@dataclass(frozen=True, kw_only=True)
class ApprovalStale(DomainEvent):
    system_key: str
    version_key: str
    approval_id: str
    changed: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class HoldPlaced(DomainEvent):
    hold_id: str
    target_kind: str
    target_key: str
    effect: str
    cause: str


@dataclass(frozen=True, kw_only=True)
class HoldReleased(DomainEvent):
    hold_id: str
    target_kind: str
    target_key: str


@dataclass(frozen=True, kw_only=True)
class ServingVersionChanged(DomainEvent):
    system_key: str
    version_key: str


@dataclass(frozen=True, kw_only=True)
class ConsentChanged(DomainEvent):
    subject_pseudonym: str
    purpose_key: str
    status: str
    revision: int


@dataclass(frozen=True, kw_only=True)
class IncidentOpened(DomainEvent):
    incident_id: str
    reference: str
    system_key: str
    severity: str


@dataclass(frozen=True, kw_only=True)
class WebhookDelivered(DomainEvent):
    """A webhook message whose outcome somebody waits for was taken by its receiver (2xx)."""

    message_id: str
    endpoint_id: str
    idempotency_key: str
    event_type: str
    subject: str
    attempts: int
    status: int


@dataclass(frozen=True, kw_only=True)
class WebhookGivenUp(DomainEvent):
    """A webhook message whose outcome somebody waits for will not be tried again by itself."""

    message_id: str
    endpoint_id: str
    idempotency_key: str
    event_type: str
    subject: str
    attempts: int
    status: int | None
    sentence: str


# Events that nothing in the house follows from, and why. Each is kept for a month all the same, for
# whoever looks for a fault. A reason for an event that somebody hears is refused by a test.
UNHEARD: dict[type[DomainEvent], str] = {}
