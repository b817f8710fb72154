"""Running automatic steps: whose turn it is, one try under the row's lock, and what follows it.

A step locks its row, has its effect and ends in one transaction, so that a worker that dies leaves
the step as it was. A failed step says why and never keeps the next one from running.
"""

from __future__ import annotations

import logging
import random
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, DomainError, NotPermitted
from governance.ledger.services import record_entry
from governance.outbox.services import notify
from governance.people.choices import Role
from incidents.choices import (
    CONTAINMENT,
    ENDED,
    FINAL_STATES,
    StepState,
    StepType,
    TimelineKind,
)
from incidents.models import Incident, IncidentStep
from incidents.selectors import present_steps
from incidents.services.moving import mitigate_when_contained
from incidents.services.steps.backoff import next_try
from incidents.services.steps.effects import EFFECTS
from incidents.services.steps.results import StepResult
from incidents.services.timeline import add_timeline_entry

logger = logging.getLogger(__name__)


def run_automatic_steps(*, incident: Incident, actor: Actor, due_only: bool = False) -> None:
    """Run, in order, every automatic step that is not over and whose turn it is.

    News may be the fact that a waiting step looks for, so they ask at once; a tick asks what is
    due. A timer that still runs keeps the steps behind it back, except those that contain.
    """
    now, held_back = database_now(), False
    open_steps = present_steps(incident).filter(automatic=True, handed_over_at=None)
    for step in open_steps.exclude(state__in=ENDED).order_by("position"):
        if held_back and step.type not in CONTAINMENT:
            continue
        due = _is_due(step, now, due_only=due_only)
        tried = perform_step(step=step, actor=actor, seen_attempt=step.attempt) if due else step
        held_back |= step.type == StepType.WAIT_UNTIL and tried.state not in ENDED


def _is_due(step: IncidentStep, now: datetime, *, due_only: bool) -> bool:
    if step.next_attempt_at is None or step.next_attempt_at <= now:
        return True
    return step.state == StepState.WAITING and not due_only


def run_due_steps(*, actor: Actor, woken_only: bool = False) -> int:
    """Run what is due in every open incident; return how many incidents had something.

    `woken_only` looks for wake-ups alone, which an index answers; else also for steps that were
    never tried and for those that look for their fact at every tick.
    """
    awake = Q(steps__next_attempt_at__lte=database_now())
    if not woken_only:
        awake |= Q(steps__next_attempt_at=None)
    incidents = list(
        Incident.objects.exclude(state__in=FINAL_STATES)
        .filter(
            awake,
            steps__automatic=True,
            steps__handed_over_at=None,
            steps__state__in=[StepState.PENDING, StepState.WAITING, StepState.FAILED],
        )
        .distinct()
    )
    for incident in incidents:
        run_automatic_steps(incident=incident, actor=actor, due_only=True)
    return len(incidents)


@transaction.atomic
def perform_step(
    *, step: IncidentStep, actor: Actor, seen_attempt: int | None = None
) -> IncidentStep:
    """Have the effect of one step and record how it ended; a step that is done stays done.

    With `seen_attempt` it is left alone where somebody else has tried it since.
    """
    if not actor.may("incidents.command"):
        raise NotPermitted("Only the incident commander runs steps.")
    step = (
        IncidentStep.objects.select_for_update(of=("self",))
        .select_related("incident__system")
        .get(pk=step.pk)
    )
    if step.state in ENDED or (seen_attempt is not None and step.attempt != seen_attempt):
        return step
    if step.incident.state in FINAL_STATES or step.episode != step.incident.episode:
        raise Conflict(f"{step.incident.reference} is over; its steps have no effect any more.")
    result = carry_out(step, actor)
    end_try(step, result, actor)
    if step.type in CONTAINMENT and step.state == StepState.DONE:
        mitigate_when_contained(incident=step.incident, actor=actor)
    return step


def carry_out(step: IncidentStep, actor: Actor) -> StepResult:
    """Have the effect, or none of it; what went wrong comes back as a sentence."""
    effect = EFFECTS.get(StepType(step.type))
    if effect is None:
        raise Conflict(f"The step {step.title!r} is done by people; see its instruction.")
    try:
        with transaction.atomic():
            return effect(step, actor)
    except DomainError as refusal:
        return StepResult(StepState.FAILED, refusal.sentence)
    except Exception as problem:
        # One broken step must not keep the next containment channel from being used.
        logger.exception("The step %s of %s broke", step.key, step.incident.reference)
        name = type(problem).__name__
        return StepResult(StepState.FAILED, f"A fault kept this step from its effect ({name}).")


def end_try(step: IncidentStep, result: StepResult, actor: Actor) -> None:
    """Write down how a try ended, when the next one is due, or who takes over."""
    now, before = database_now(), (step.state, step.outcome, step.attempt)
    result = _with_the_next_try(step, result, now)
    handed_over = result.state == StepState.FAILED and result.look_again_at is None
    changes: dict[str, object] = {
        "state": result.state,
        "outcome": result.sentence,
        "attempt": step.attempt + 1,
        "effect": {**step.effect, **result.effect},
        "next_attempt_at": result.look_again_at,
        "failures": step.failures,
        "failing_since": step.failing_since,
        "handed_over_at": now if handed_over else None,
        "updated_at": now,
    }
    if result.state in ENDED:
        changes |= {"finished_at": now, "done_by": actor.display}
    fenced = IncidentStep.objects.filter(pk=step.pk, attempt=step.attempt)
    if fenced.update(**changes) != 1:
        raise Conflict(f"The step {step.title!r} was tried by somebody else meanwhile.")
    step.refresh_from_db()
    if before[:2] != (step.state, step.outcome):
        _tell(step, actor)
    if handed_over:
        _hand_over(step)


def _with_the_next_try(step: IncidentStep, result: StepResult, now: datetime) -> StepResult:
    if result.state != StepState.FAILED:
        step.failures, step.failing_since = 0, None
        return result
    step.failures += 1
    step.failing_since = step.failing_since or now
    if result.for_people or result.look_again_at is not None:
        return result  # it failed by a fact: people take over, or it looks for a better one
    again = next_try(
        failures=step.failures,
        failing_since=step.failing_since,
        now=now,
        chance=random.random(),  # noqa: S311  (a spread, no secret)
    )
    return replace(result, look_again_at=again)


def _tell(step: IncidentStep, actor: Actor) -> None:
    add_timeline_entry(
        incident=step.incident, kind=TimelineKind.STEP, sentence=step.outcome, actor=actor
    )
    record_entry(
        verb="incidents.step_ended",
        object_type="incident",
        object_id=str(step.incident_id),
        actor=actor,
        facts={
            "reference": step.incident.reference,
            "step": step.type,
            "state": step.state,
            "attempt": step.attempt,
            "idempotency_key": step.idempotency_key,
        },
    )


def _hand_over(step: IncidentStep) -> None:
    """Tell the person who commands, and else everybody of the step's role, that it is theirs."""
    incident = step.incident
    scope = f"@{incident.system.key}" if incident.system else ""
    recipients = [f"role:{step.role or Role.INCIDENT_COMMANDER}{scope}"]
    if incident.commander_id is not None:
        recipients.append(f"user:{incident.commander_id}")
    else:
        recipients.append(f"role:{Role.INCIDENT_COMMANDER}")
    tried = f"It was tried {step.failures} times. " if step.failures > 1 else ""
    notify(
        recipients=recipients,
        subject=f"{incident.called}: {step.title} needs a person",
        body=f"{tried}{step.outcome}",
        link=f"{reverse('incident', args=[incident.reference])}#step-{step.position}",
    )
