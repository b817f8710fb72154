"""The thread beside a running audit: renews its claim, and stops the work when it has to end.

It has to end when the run was cancelled or taken over, or when the plan's time limit has passed;
then the engine's query is interrupted and the working thread is told to stop.
"""

from __future__ import annotations

import ctypes
import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from django.db import DatabaseError, close_old_connections, connection

from audits.schedule_words import duration_in_words
from audits.services.leases import Claim, lease_length, renew_lease, still_stands
from governance.core.actors import SystemActor

logger = logging.getLogger(__name__)
LOOK_SECONDS = 1.0  # so long a cancelled run may still work before it notices


class RunStopped(BaseException):
    """Raised inside the working thread, at whatever it is doing; only `keep_alive` catches it."""


def keep_alive(claim: Claim, work: Callable[[Heartbeat], bool]) -> bool:
    """Do the work beside a heartbeat; False when the work was stopped on the way.

    The heartbeat's `on_lost`, if the work sets it, interrupts what Python cannot: an engine.
    """
    heartbeat = Heartbeat(claim)
    try:
        heartbeat.start()
        try:
            return work(heartbeat)
        finally:
            heartbeat.end()
    except RunStopped:  # also where it came while the heartbeat was ending
        heartbeat.end()
        return False


class Heartbeat:
    """Renews a claim from a thread of its own, and stops the work when it has to end."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.on_lost: Callable[[], None] | None = None
        self.lost = threading.Event()
        self._stop = threading.Event()
        self._over = False
        self._raising = threading.Lock()
        self._working = threading.get_ident()
        self._thread = threading.Thread(target=self._beat, daemon=True, name="audit-heartbeat")

    def start(self) -> None:
        """Begin, from the thread that does the work."""
        self._thread.start()

    def end(self) -> None:
        """End; ending twice is ending once."""
        with self._raising:
            self._over = True
            _raise_in(self._working, None)  # what was sent and has not come is taken back
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        began = renewed = time.monotonic()
        renewal = lease_length().total_seconds() / 3
        try:
            while not self._stop.wait(min(LOOK_SECONDS, renewal)):
                now = time.monotonic()
                try:
                    renewed = self._look(now, began, renewed, renewal)
                except DatabaseError as problem:
                    # Without the database nobody takes over either; the lease decides later.
                    logger.warning("A heartbeat did not reach the database: %s", problem)
                    connection.close()
                if self.lost.is_set():
                    self._interrupt()
        finally:
            connection.close()

    def _look(self, now: float, began: float, renewed: float, renewal: float) -> float:
        """Renew when it is time and notice what ends the work; return when it was renewed last."""
        close_old_connections()
        if self._is_late(now - began):
            self._end_late()
        elif not still_stands(self.claim):
            self.lost.set()
        elif now - renewed >= renewal:
            renew_lease(self.claim)  # where it fails, the next look tells why
            return now
        return renewed

    def _is_late(self, seconds: float) -> bool:
        limit = self.claim.time_limit
        return limit is not None and not self.lost.is_set() and timedelta(seconds=seconds) > limit

    def _end_late(self) -> None:
        """End the run first: whatever the worker still says is then fenced off."""
        from audits.services.publishing import publish_failure

        assert self.claim.time_limit is not None
        limit = duration_in_words(self.claim.time_limit)
        publish_failure(
            claim=self.claim,
            sentence=(
                f"The audit was stopped after {limit}, the plan's time limit: give it more time, "
                "shorter windows or fewer columns, then try again."
            ),
            actor=SystemActor("audits"),
        )
        self.lost.set()

    def _interrupt(self) -> None:
        """Interrupt the engine; at the next look the thread, which may still be computing."""
        engine, self.on_lost = self.on_lost, None
        if engine is not None:
            with suppress(Exception):  # an engine that is closed already has nothing to stop
                engine()
            return
        with self._raising:
            if not self._over:
                _raise_in(self._working, RunStopped)


def _raise_in(thread: int, kind: type[BaseException] | None) -> None:
    """Have an exception raised in another thread at its next instruction; None takes it back."""
    sent = ctypes.py_object(kind) if kind is not None else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), sent)
