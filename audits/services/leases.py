"""Who works on a run: claims with a lease, heartbeats, and the taking over of what was lost.

Every claim raises the attempt number; only the latest attempt may report, renew or publish.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Self
from uuid import UUID

from django.conf import settings
from django.db import close_old_connections, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from audits.choices import RunState
from audits.models import Run
from governance.core.actors import SystemActor
from governance.outbox.services import enqueue

LARGEST_ATTEMPT = 5
LOST_MESSAGE = timedelta(seconds=60)


def lease_length() -> timedelta:
    return timedelta(seconds=settings.AUDIT_LEASE_SECONDS)


@dataclass(frozen=True)
class Claim:
    """The right to work on a run, until a later attempt takes it."""

    run_id: UUID
    attempt: int

    def standing(self) -> Q:
        """The condition under which this claim still counts."""
        return Q(pk=self.run_id, attempt=self.attempt, state=RunState.RUNNING)


@transaction.atomic
def claim_run(*, run_id: UUID | str, worker: str) -> Claim | None:
    """Take a queued run, or one whose lease ran out; None when somebody else has it."""
    free = Q(state=RunState.QUEUED) | Q(state=RunState.RUNNING, lease_until__lt=Now())
    run = Run.objects.select_for_update().filter(free, pk=run_id).first()
    if run is None:
        return None
    attempt = run.attempt + 1
    Run.objects.filter(pk=run.pk).update(
        state=RunState.RUNNING,
        attempt=attempt,
        claimed_by=worker[:200],
        started_at=Now(),
        heartbeat_at=Now(),
        lease_until=Now() + lease_length(),
        progress=0,
        progress_note="",
    )
    return Claim(run.pk, attempt)


def renew_lease(claim: Claim) -> bool:
    """Extend the lease; False when the claim no longer counts."""
    renewed = Run.objects.filter(claim.standing()).update(
        heartbeat_at=Now(), lease_until=Now() + lease_length()
    )
    return renewed == 1


def report_progress(*, claim: Claim, percent: int, note: str) -> bool:
    """Tell how far the run is; False when the claim no longer counts."""
    told = Run.objects.filter(claim.standing()).update(
        progress=max(0, min(percent, 100)), progress_note=note[:200]
    )
    return told == 1


class Heartbeat:
    """Renews a claim from a thread of its own, and calls `on_lost` once when it is lost."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.on_lost: Callable[[], None] | None = None
        self.lost = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True, name="audit-heartbeat")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        pause = lease_length().total_seconds() / 3
        try:
            while not self._stop.wait(pause):
                close_old_connections()
                if not renew_lease(self.claim):
                    self.lost.set()
                    if self.on_lost is not None:
                        self.on_lost()
                    return
        finally:
            connection.close()


@transaction.atomic
def reap_expired() -> int:
    """Queue again what was lost with its worker or its message; return how many runs moved."""
    from audits.services.publishing import publish_failure

    moved = 0
    lost = Run.objects.select_for_update(skip_locked=True).filter(
        state=RunState.RUNNING, lease_until__lt=Now()
    )
    for run in lost:
        moved += 1
        if run.attempt >= LARGEST_ATTEMPT:
            publish_failure(
                claim=Claim(run.pk, run.attempt),
                sentence=f"The audit was lost {run.attempt} times together with its worker.",
                actor=SystemActor("audits"),
            )
            continue
        Run.objects.filter(pk=run.pk, attempt=run.attempt).update(
            state=RunState.QUEUED, lease_until=None, enqueued_at=Now(), attempt=F("attempt")
        )
        enqueue("audits.run", str(run.pk))
    orphans = Run.objects.select_for_update(skip_locked=True).filter(
        state=RunState.QUEUED, enqueued_at__lt=Now() - LOST_MESSAGE
    )
    for run in orphans:
        moved += 1
        Run.objects.filter(pk=run.pk).update(enqueued_at=Now())
        enqueue("audits.run", str(run.pk))
    return moved
