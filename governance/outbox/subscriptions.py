"""Who hears which event: the register of subscribers, filled by each room's `receivers.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from governance.core.actors import SystemActor
from governance.core.events import DomainEvent

Receiver = TypeVar("Receiver", bound=Callable[..., None])

_subscribers: dict[str, dict[str, Callable[..., None]]] = {}
_preparations: list[Callable[[], None]] = []


def subscribes(event_type: type[DomainEvent]) -> Callable[[Receiver], Receiver]:
    """Deliver every event of this type to the function, once, in the transaction of its effect.

    The function is called as `function(event, actor=SystemActor)`; its dotted name is the
    subscriber's name for ever.
    """

    def register(function: Receiver) -> Receiver:
        name = f"{function.__module__}.{function.__qualname__}"
        _subscribers.setdefault(event_type.__name__, {})[name] = function
        return function

    return register


def prepares(function: Callable[[], None]) -> Callable[[], None]:
    """Have a relay call this once when it starts: what a receiver needs is then at hand."""
    _preparations.append(function)
    return function


def prepare_receivers() -> None:
    for function in _preparations:
        function()


def subscribers_of(event_name: str) -> list[str]:
    return sorted(_subscribers.get(event_name, {}))


def subscriber_function(event_name: str, subscriber: str) -> Callable[..., None]:
    """The function of a subscriber, or LookupError when the code no longer has it."""
    try:
        return _subscribers[event_name][subscriber]
    except KeyError:
        raise LookupError(f"No code subscribes to {event_name} as {subscriber}.") from None


def subscriber_actor(subscriber: str) -> SystemActor:
    """Receivers act as the system, named by their room: `incidents.receivers.on_x` -> incidents."""
    module, _, _ = subscriber.rpartition(".receivers.")
    return SystemActor((module or subscriber).rpartition(".")[2])
