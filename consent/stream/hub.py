"""Who listens, what they are told and what is remembered for those who come back. No I/O."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

#: Streams one address may have open at once: a browser's tabs, not a flood.
MOST_PER_ADDRESS = 8
#: How long a change is remembered for a listener that was away.
MEMORY_SECONDS = 600.0
#: A change of the catalogue concerns everyone: they are told over this many seconds a listener.
JITTER_PER_LISTENER = 0.002
LONGEST_JITTER = 5.0
#: The web host's clock and this one may differ, and a listener comes after it asked.
MARGIN_SECONDS = 2.0


@dataclass(eq=False)
class Listener:
    """One open stream. `wake` is set when there is something to say."""

    lookup: int
    address: str
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    refetch: bool = False
    ended: bool = False

    def tell(self) -> None:
        self.refetch = True
        self.wake.set()

    def end(self) -> None:
        self.ended = True
        self.wake.set()


class Hub:
    """All open streams of one process; every method runs on its event loop."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.closed = False
        self.emptied = asyncio.Event()  # set once closed and nobody listens any more
        self._by_lookup: dict[int, set[Listener]] = defaultdict(set)
        self._by_address: Counter[str] = Counter()
        self._count = 0
        self._told: dict[int, float] = {}  # lookup -> when it last changed
        self._told_all = 0.0
        self._remembers_from = time.time()

    def __len__(self) -> int:
        return self._count

    def takes(self, address: str) -> bool:
        """Whether one more stream may be opened by this address."""
        return (
            not self.closed
            and self._count < self.most
            and self._by_address[address] < MOST_PER_ADDRESS
        )

    def join(self, lookup: int, address: str, *, since: float) -> Listener:
        """Open a stream; one whose person changed `since` is told at once."""
        listener = Listener(lookup, address)
        self._by_lookup[lookup].add(listener)
        self._by_address[address] += 1
        self._count += 1
        if self._changed(lookup, since - MARGIN_SECONDS):
            listener.tell()
        return listener

    def leave(self, listener: Listener) -> None:
        group = self._by_lookup.get(listener.lookup)
        if group is None or listener not in group:
            return
        group.discard(listener)
        self._count -= 1
        self._by_address[listener.address] -= 1
        if not self._by_address[listener.address]:
            del self._by_address[listener.address]
        if not group:
            del self._by_lookup[listener.lookup]
        if self.closed and not self._count:
            self.emptied.set()

    def _changed(self, lookup: int, since: float) -> bool:
        newest = max(self._told.get(lookup, 0.0), self._told_all)
        return newest >= since or since < self._remembers_from - MARGIN_SECONDS

    def tell(self, lookups: Iterable[int], *, everyone: bool) -> None:
        """Tell the listeners of these people, or all of them, spread over a little time."""
        now = time.time()
        for lookup in lookups:
            self._told[lookup] = now
            for listener in self._by_lookup.get(lookup, ()):
                listener.tell()
        if everyone:
            self._told_all = now
            self._tell_everyone()
        self._forget(now)

    def _tell_everyone(self) -> None:
        loop = asyncio.get_running_loop()
        spread = min(self._count * JITTER_PER_LISTENER, LONGEST_JITTER)
        for group in self._by_lookup.values():
            for listener in group:
                loop.call_later(random.uniform(0, spread), listener.tell)  # noqa: S311  (no secret)

    def _forget(self, now: float) -> None:
        """Drop what is too old to be asked for; the memory then begins later."""
        horizon = now - MEMORY_SECONDS
        if horizon > self._remembers_from + MEMORY_SECONDS:
            self._told = {key: at for key, at in self._told.items() if at >= horizon}
            self._remembers_from = horizon

    def close(self) -> None:
        """End every stream and take no more."""
        self.closed = True
        if not self._count:
            self.emptied.set()
        for group in list(self._by_lookup.values()):
            for listener in list(group):
                listener.end()
