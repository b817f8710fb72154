"""Who listens, what they are told and what is remembered for those who come back. No I/O."""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

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
        self._by_lookup: dict[int, set[Listener]] = defaultdict(set)
        self._count = 0
        self._told: dict[int, float] = {}  # lookup -> when it last changed
        self._told_all = 0.0
        self._remembers_from = time.time()

    def __len__(self) -> int:
        return self._count

    @property
    def is_full(self) -> bool:
        return self._count >= self.most or self.closed

    def join(self, lookup: int, *, since: float) -> Listener:
        """Open a stream; one whose person changed `since` is told at once."""
        listener = Listener(lookup)
        self._by_lookup[lookup].add(listener)
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
        if not group:
            del self._by_lookup[listener.lookup]

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
        for group in list(self._by_lookup.values()):
            for listener in list(group):
                listener.end()
