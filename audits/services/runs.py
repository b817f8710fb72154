"""What a person does with a run: cancel it, or try again what stopped by an error."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now

from audits.choices import OPEN_RUN_STATES, RunState
from audits.models import Run
from audits.queues import enqueue_run
from governance.core.actors import Actor
from governance.core.errors import Conflict
from governance.ledger.services import record_entry
from governance.registry.access import require

MAY_BE_RETRIED = (RunState.ERROR, RunState.CANCELLED)


@transaction.atomic
def cancel_run(*, run: Run, reason: str, actor: Actor) -> Run:
    """Stop a queued or running audit: its worker notices within seconds, nothing is published."""
    require(actor, "audits.run", [run.plan.system])
    cancelled = Run.objects.filter(pk=run.pk, state__in=OPEN_RUN_STATES).update(
        state=RunState.CANCELLED, finished_at=Now(), lease_until=None, error=reason
    )
    run.refresh_from_db()
    if cancelled != 1:
        raise Conflict(f"The run is {run.get_state_display().lower()}: nothing to cancel.")
    record_entry(
        verb="audits.run_cancelled",
        object_type="run",
        object_id=str(run.pk),
        actor=actor,
        facts={"plan": run.plan.key},
        personal={"reason": reason} if reason else None,
    )
    return run


@transaction.atomic
def retry_run(*, run: Run, actor: Actor) -> Run:
    """Queue again a run that stopped by an error or was cancelled; it is still the same run."""
    require(actor, "audits.run", [run.plan.system])
    try:
        with transaction.atomic():
            queued = Run.objects.filter(pk=run.pk, state__in=MAY_BE_RETRIED).update(
                state=RunState.QUEUED,
                finished_at=None,
                error="",
                progress=0,
                progress_note="",
                attempts_before=F("attempt"),
                enqueued_at=Now(),
            )
    except IntegrityError:
        raise Conflict(
            "Another run of this window was asked for meanwhile: see that one."
        ) from None
    run.refresh_from_db()
    if queued != 1:
        raise Conflict(f"The run is {run.get_state_display().lower()}: nothing to try again.")
    record_entry(
        verb="audits.run_retried",
        object_type="run",
        object_id=str(run.pk),
        actor=actor,
        facts={"plan": run.plan.key, "attempts": run.attempt},
    )
    enqueue_run(run)
    return run
