"""Who hears which event: the register of subscribers, filled by each room's `receivers.py`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from governance.core.actors import SystemActor
from governance.core.events import DomainEvent

Receiver = TypeVar("Receiver", bound=Callable[..., None])

_subscribers: dict[str, dict[str, Callable[..., None]]] = {}
_preparations: list[Callable[[], None]] = []
_companions: list[Callable[[threading.Event], None]] = []


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


def accompanies(function: Callable[[threading.Event], None]) -> Callable[[threading.Event], None]:
    """Have a relay run this in a thread of its own until the event it is given is set.

    For what must leave the database at once and may hang: it delays no event and no ledger, and
    waits for no queue.
    """
    _companions.append(function)
    return function


def begin_companions(stop: threading.Event) -> list[threading.Thread]:
    """Start every companion of a relay; each ends soon after `stop` is set."""
    threads = [
        threading.Thread(target=each, args=[stop], name=each.__name__, daemon=True)
        for each in _companions
    ]
    for thread in threads:
        thread.start()
    return threads


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
