"""Steps that people end: done with a note that says how, or left out with the reason."""

from __future__ import annotations

from django.db import transaction

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotPermitted
from governance.registry.models import Hold
from incidents.choices import ENDED, StepState, StepType
from incidents.confirmation import Standing
from incidents.models import Incident, IncidentStep
from incidents.playbook.params import ByHand
from incidents.selectors import target_standings
from incidents.services.moving import mitigate_when_contained
from incidents.services.steps.results import StepResult, done, params_of
from incidents.services.steps.running import end_try

SHORTEST_NOTE = 10


@transaction.atomic
def complete_by_hand(*, step: IncidentStep, note: str, actor: Actor) -> IncidentStep:
    """Mark a step that people do as done, with a note that says how.

    So ends also a step that was handed over to people because it could not end by itself.
    """
    if not actor.may("incidents.command"):
        raise NotPermitted("Only the incident commander completes steps.")
    if len(note.strip()) < SHORTEST_NOTE:
        raise Invalid("Say in a sentence how the step was done.")
    step = _open(step)
    incident = step.incident
    if step.type == StepType.RUN_AUDIT and incident.plan_id is None:
        Incident.objects.filter(pk=step.incident_id).update(verified_at=database_now())
    elif step.type != StepType.BY_HAND and step.handed_over_at is None:
        raise Conflict(f"The step {step.title!r} ends by its effect, not by hand.")
    end_try(step, done(f"{step.title}: {note.strip()}"), actor)
    if step.type == StepType.BY_HAND and params_of(step, ByHand).confirms == "containment":
        _confirm_containment(incident, actor)
    return step


@transaction.atomic
def skip_step(*, step: IncidentStep, reason: str, actor: Actor) -> IncidentStep:
    """Leave out a step that need not be done, with the reason."""
    if not actor.may("incidents.command"):
        raise NotPermitted("Only the incident commander leaves out steps.")
    if len(reason.strip()) < SHORTEST_NOTE:
        raise Invalid("Say in a sentence why the step is left out.")
    step = _open(step)
    if step.mandatory:
        raise Conflict(f"The step {step.title!r} is part of every incident.")
    end_try(step, StepResult(StepState.SKIPPED, f"Left out: {reason.strip()}"), actor)
    return step


def _open(step: IncidentStep) -> IncidentStep:
    step = (
        IncidentStep.objects.select_for_update(of=("self",))
        .select_related("incident__system")
        .get(pk=step.pk)
    )
    if step.state in ENDED:
        raise Conflict(f"The step {step.title!r} is {step.get_state_display().lower()}.")
    return step


def _confirm_containment(incident: Incident, actor: Actor) -> None:
    """A person saw that it stopped: that counts where no target can say so itself."""
    incident.refresh_from_db()
    if incident.contained_at is not None or incident.system is None:
        return
    held = Hold.objects.active().filter(incident_reference=incident.reference)
    pending = (Standing.WAITING, Standing.UNCONFIRMED)
    whole = held.filter(system__isnull=False) | held.filter(version__isnull=False)
    if whole.exists() and any(one.standing in pending for one in target_standings(incident.system)):
        return  # the targets have the word
    if not held.exists():
        return
    Incident.objects.filter(pk=incident.pk).update(contained_at=database_now())
    mitigate_when_contained(incident=incident, actor=actor)
