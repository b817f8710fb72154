"""Who works on a run: claims with a lease, and the taking over of what was lost.

Every claim raises the attempt number; only the latest attempt may report, renew or publish.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from audits.choices import RunState
from audits.models import Plan, Run
from audits.queues import enqueue_run
from governance.core.actors import SystemActor

LARGEST_ATTEMPT = 5
LOST_MESSAGE = timedelta(seconds=60)


def lease_length() -> timedelta:
    return timedelta(seconds=settings.AUDIT_LEASE_SECONDS)


@dataclass(frozen=True)
class Claim:
    """The right to work on a run, until a later attempt takes it."""

    run_id: UUID
    attempt: int
    time_limit: timedelta | None = None

    def standing(self) -> Q:
        """The condition under which this claim still counts."""
        return Q(pk=self.run_id, attempt=self.attempt, state=RunState.RUNNING)


@transaction.atomic
def claim_run(*, run_id: UUID | str, worker: str) -> Claim | None:
    """Take a queued run, or one whose lease ran out; None when somebody else has it."""
    free = Q(state=RunState.QUEUED) | Q(state=RunState.RUNNING, lease_until__lt=Now())
    # The plan is locked first, as by whoever changes it: a run measures by one revision.
    plans = Plan.objects.select_for_update(no_key=True, of=("self",))
    plan = plans.filter(runs__pk=run_id).first()
    run = Run.objects.select_for_update().filter(free, pk=run_id).first()
    if plan is None or run is None:
        return None
    attempt = run.attempt + 1
    Run.objects.filter(pk=run.pk).update(
        state=RunState.RUNNING,
        attempt=attempt,
        plan_revision=plan.revision,
        claimed_by=worker[:200],
        started_at=Now(),
        heartbeat_at=Now(),
        lease_until=Now() + lease_length(),
        progress=0,
        progress_note="",
    )
    return Claim(run.pk, attempt, plan.time_limit)


def renew_lease(claim: Claim) -> bool:
    """Extend the lease; False when the claim no longer counts."""
    renewed = Run.objects.filter(claim.standing()).update(
        heartbeat_at=Now(), lease_until=Now() + lease_length()
    )
    return renewed == 1


def still_stands(claim: Claim) -> bool:
    """Whether the run is still this claim's: not cancelled, not taken over, not ended."""
    return not Run.objects.filter(~claim.standing(), pk=claim.run_id).exists()


def report_progress(*, claim: Claim, percent: int, note: str) -> bool:
    """Tell how far the run is; False when the claim no longer counts."""
    told = Run.objects.filter(claim.standing()).update(
        progress=max(0, min(percent, 100)), progress_note=note[:200]
    )
    return told == 1


@transaction.atomic
def reap_expired() -> int:
    """Queue again what was lost with its worker or its message; return how many runs moved."""
    from audits.services.publishing import publish_failure

    moved = 0
    open_runs = Run.objects.select_for_update(skip_locked=True, of=("self",))
    open_runs = open_runs.select_related("plan")
    lost = open_runs.filter(state=RunState.RUNNING, lease_until__lt=Now())
    for run in lost:
        moved += 1
        attempts = run.attempt - run.attempts_before
        if attempts >= LARGEST_ATTEMPT:
            publish_failure(
                claim=Claim(run.pk, run.attempt),
                sentence=f"The audit was lost {attempts} times together with its worker.",
                actor=SystemActor("audits"),
            )
            continue
        Run.objects.filter(pk=run.pk, attempt=run.attempt).update(
            state=RunState.QUEUED, lease_until=None, enqueued_at=Now()
        )
        enqueue_run(run)
    orphans = open_runs.filter(state=RunState.QUEUED, enqueued_at__lt=Now() - LOST_MESSAGE)
    for run in orphans:
        moved += 1
        Run.objects.filter(pk=run.pk).update(enqueued_at=Now())
        enqueue_run(run)
    return moved
