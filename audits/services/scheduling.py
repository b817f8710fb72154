"""From a plan to its runs: due windows, runs asked for, runs that verify a remedy."""

from __future__ import annotations

import logging
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, Q

from audits.choices import OPEN_RUN_STATES, PlanState, RunPurpose, RunState
from audits.models import Backfill, OutputBatch, Plan, Run
from audits.queues import enqueue_run
from audits.schedules import INSTANT, first_unscheduled, schedule_of
from audits.windows import Window
from governance.core.actors import Actor, SystemActor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.ledger.services import record_entry
from governance.registry.access import require
from governance.registry.models import ModelVersion

logger = logging.getLogger(__name__)
WINDOWS_A_TICK = 400
AT_MOST_ONCE = (RunPurpose.SCHEDULED, RunPurpose.BACKFILL)


def schedule_due_runs(*, now: datetime | None = None) -> list[Run]:
    """Make a run of every due window of every active plan; return the new ones."""
    moment = now or database_now()
    scheduled: list[Run] = []
    for key in Plan.objects.filter(state=PlanState.ACTIVE).values_list("pk", flat=True):
        try:
            scheduled += _schedule_plan(key, moment)
        except Exception:
            # The others go on; the watchdog tells that this one is overdue.
            logger.exception("The windows of the plan %s cannot be scheduled.", key)
    return scheduled


@transaction.atomic
def _schedule_plan(plan_id: Any, now: datetime) -> list[Run]:
    """Schedule one plan's due windows; a plan another scheduler works on is left to it."""
    plan = (
        Plan.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("system__serving_version", "version")
        .filter(pk=plan_id, state=PlanState.ACTIVE)
        .first()
    )
    if plan is None:
        return []
    runs: list[Run] = []
    schedule = schedule_of(plan)
    cursor = first_unscheduled(plan)
    for window in islice(schedule.due(now, cursor), WINDOWS_A_TICK):
        cursor = window.start + INSTANT
        run, created = make_run(
            plan=plan,
            window=window,
            version=plan.version or plan.system.serving_version,
            purpose=RunPurpose.SCHEDULED,
            actor=SystemActor("audits"),
        )
        if created:
            runs.append(run)
    following = next(schedule.windows(cursor), None)
    state = plan.state if following and schedule.holds(following) else PlanState.ENDED
    begins = following.start if following else cursor
    if (begins, state) != (plan.scheduled_until, plan.state):
        Plan.objects.filter(pk=plan.pk).update(scheduled_until=begins, state=state)
    return runs


@transaction.atomic
def schedule_run(
    *,
    plan: Plan,
    window_start: datetime | None = None,
    window_end: datetime | None = None,
    version: ModelVersion | None = None,
    incident_id: str | None = None,
    actor: Actor,
) -> Run:
    """Audit one window now, by default the latest complete one of the plan.

    While such a run is open, the same one is returned. A run asked for is no planned look: it
    makes findings, but never contains by itself.
    """
    require(actor, "audits.run", [plan.system])
    _check_version(plan, version)
    if window_start is None or window_end is None:
        window = schedule_of(plan).latest_complete(database_now())
        if window is None:
            raise Conflict(f"No window of the plan {plan.key} is complete yet.")
    else:
        if window_start >= window_end:
            raise Invalid("A window ends after it starts.")
        window = Window(window_start, window_end)
    run, _ = make_run(
        plan=plan,
        window=window,
        version=version or plan.version or plan.system.serving_version,
        purpose=RunPurpose.VERIFICATION if incident_id else RunPurpose.ON_DEMAND,
        incident_id=incident_id,
        actor=actor,
    )
    return run


@transaction.atomic
def request_verification_run(
    *, plan: Plan, version: ModelVersion, incident_id: str, actor: Actor
) -> Run:
    """Audit what an incident put in place: the newest complete window with outputs of `version`.

    Asking again for the same incident returns the same run until newer outputs of the version
    came. Raises `Conflict` while no complete window holds outputs of the version.
    """
    require(actor, "audits.run", [plan.system])
    _check_version(plan, version)
    window = _window_with_outputs(plan, version)
    run, _ = make_run(
        plan=plan,
        window=window,
        version=version,
        purpose=RunPurpose.VERIFICATION,
        incident_id=incident_id,
        actor=actor,
    )
    return run


def _window_with_outputs(plan: Plan, version: ModelVersion) -> Window:
    schedule = schedule_of(plan)
    now = database_now()
    theirs = Q(version=version) | Q(version=None, columns__contains=["model_version"])
    batches = OutputBatch.objects.filter(theirs, system=plan.system)
    for latest, earliest in batches.order_by("-occurred_to").values_list(
        "occurred_to", "occurred_from"
    )[:50]:
        for window in schedule.backwards(latest):
            if window.end <= earliest:
                break
            if schedule.due_at(window) <= now:
                return window
    raise Conflict(
        f"There are no outputs of {version} in a complete window of the plan {plan.key} yet: "
        "send them, then ask again."
    )


def _check_version(plan: Plan, version: ModelVersion | None) -> None:
    if version is not None and version.system_id != plan.system_id:
        raise Invalid(f"The version {version.key!r} is not one of {plan.system.key}.")


def make_run(
    *,
    plan: Plan,
    window: Window,
    version: ModelVersion | None,
    purpose: str,
    actor: Actor,
    incident_id: str | None = None,
    backfill: Backfill | None = None,
) -> tuple[Run, bool]:
    """Insert the run and ask for it; where the database says it is there, return that one."""
    same = Run.objects.filter(plan=plan, window_start=window.start, window_end=window.end)
    if purpose in AT_MOST_ONCE:
        same = same.filter(purpose__in=AT_MOST_ONCE)
    else:
        same = same.filter(purpose=purpose, version=version, incident_id=incident_id)
        same = same.filter(_open_or_still_true(plan, version, purpose))
    run = Run(
        plan=plan,
        version=version,
        window_start=window.start,
        window_end=window.end,
        purpose=purpose,
        incident_id=incident_id,
        requested_by=actor.reference,
        plan_revision=plan.revision,
        backfill=backfill,
        enqueued_at=database_now(),
    )
    try:
        with transaction.atomic():
            known = same.first()
            if known is not None:
                return known, False
            run.save(force_insert=True)
    except IntegrityError:
        known = same.first()
        if known is None:
            raise
        return known, False
    record_entry(
        verb="audits.run_requested",
        object_type="run",
        object_id=str(run.pk),
        actor=actor,
        facts={
            "plan": plan.key,
            "version": version.key if version else None,
            "purpose": purpose,
            "window_start": window.start.isoformat(),
            "window_end": window.end.isoformat(),
        },
    )
    enqueue_run(run)
    return run, True


def _open_or_still_true(plan: Plan, version: ModelVersion | None, purpose: str) -> Q:
    """Runs that answer the same question: open ones, and verifications no newer output outdates."""
    answers = Q(state__in=OPEN_RUN_STATES)
    if purpose == RunPurpose.VERIFICATION:
        batches = OutputBatch.objects.filter(system=plan.system, version=version)
        newest = batches.aggregate(at=Max("created_at"))["at"]
        if newest is not None:
            answers |= Q(state=RunState.SUCCEEDED, created_at__gt=newest)
    return answers
