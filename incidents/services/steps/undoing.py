"""Taking back what a step did, where its playbook declares how: proposed by people, never alone."""

from __future__ import annotations

from django.db import transaction

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotPermitted
from governance.ledger.services import record_entry
from governance.people.choices import Role
from governance.registry.access import require_person
from governance.registry.models import Hold, ModelVersion, System
from governance.registry.services import propose_release, set_serving_version
from incidents.choices import StepState, TimelineKind, Undo
from incidents.models import Communication, IncidentStep
from incidents.services.communications import correct_communication
from incidents.services.steps.results import system_of
from incidents.services.steps.rolling_back import why_unsafe
from incidents.services.steps.telling import tell_roles
from incidents.services.timeline import add_timeline_entry

SHORTEST_REASON = 10


@transaction.atomic
def undo_step(*, step: IncidentStep, reason: str, actor: Actor) -> IncidentStep:
    """Begin or confirm taking back a step that is done.

    What it held is proposed for lifting, and a second person lifts it; the former version serves
    again when a second person confirms and its audit passes; an update is corrected at once.
    """
    if not actor.may("incidents.command"):
        raise NotPermitted("Only the incident commander takes steps back.")
    require_person(actor, "taking back a step")
    if len(reason.strip()) < SHORTEST_REASON:
        raise Invalid("Say in a sentence why the step is taken back.")
    step = (
        IncidentStep.objects.select_for_update(of=("self",))
        .select_related("incident__system")
        .get(pk=step.pk)
    )
    if not step.undo:
        raise Conflict(f"The playbook declares no way to take back {step.title!r}.")
    if step.state != StepState.DONE:
        raise Conflict(f"The step {step.title!r} is {step.get_state_display().lower()}.")
    if step.undo == Undo.PROPOSE_LIFT:
        _propose_lift(step, reason.strip(), actor)
    elif step.undo == Undo.ROLL_FORWARD:
        _roll_forward(step, reason.strip(), actor)
    else:
        _correct(step, reason.strip(), actor)
    return step


@transaction.atomic
def settle_undone(*, hold: Hold, actor: Actor) -> int:
    """End the steps that were being taken back and whose last hold two people lifted just now."""
    waiting = IncidentStep.objects.select_for_update(of=("self",)).filter(
        state=StepState.DONE,
        undo=Undo.PROPOSE_LIFT,
        effect__holds__contains=[str(hold.pk)],
    )
    ended = 0
    for step in waiting.exclude(undo_proposed_by="").select_related("incident"):
        if not Hold.objects.active().filter(pk__in=step.effect["holds"]).exists():
            _end(step, f"Taken back: {step.title}. Two people lifted what it held.", actor)
            ended += 1
    return ended


def _propose_lift(step: IncidentStep, reason: str, actor: Actor) -> None:
    held = list(Hold.objects.active().filter(pk__in=step.effect.get("holds", [])))
    if not held:
        raise Conflict("Nothing that this step held is held any more.")
    open_ones = [hold for hold in held if not hold.release_proposed_by]
    if not open_ones:
        raise Conflict("Lifting is proposed already; another person confirms it.")
    for hold in open_ones:
        propose_release(hold=hold, actor=actor, reason=reason)
    _propose(step, f"Proposed to lift what this held: {reason}", actor)


def _roll_forward(step: IncidentStep, reason: str, actor: Actor) -> None:
    incident = step.incident
    system = System.objects.select_for_update().get(pk=system_of(incident).pk)
    former = ModelVersion.objects.filter(pk=step.effect.get("version_from")).first()
    if former is None:
        raise Conflict("No version served before this step: there is nothing to go back to.")
    if str(system.serving_version_id) != step.effect.get("version_to"):
        raise Conflict("Another version serves by now: choose what serves on the system's page.")
    unproven = why_unsafe(incident, system, former)
    if unproven:
        raise Conflict(f"{unproven} What serves now stays.")
    if not step.undo_proposed_by:
        _propose(step, f"Proposed to serve {former.key} again: {reason}", actor)
        return
    if step.undo_proposed_by == actor.reference:
        raise Conflict("You proposed this; another person confirms it.")
    set_serving_version(system=system, version=former, actor=actor, reason=incident.reference)
    _end(step, f"Taken back by two: {former.key} serves again. {reason}", actor)


def _correct(step: IncidentStep, reason: str, actor: Actor) -> None:
    sent = Communication.objects.filter(pk=step.effect.get("communication")).first()
    if sent is None:
        raise Conflict("No update was sent by this step: there is nothing to correct.")
    made = correct_communication(communication=sent, actor=actor)
    step.effect = {**step.effect, "correction": str(made.pk)}
    _end(step, f"A correction is begun; it leaves as every message does. {reason}", actor)


def _propose(step: IncidentStep, sentence: str, actor: Actor) -> None:
    step.undo_proposed_by = actor.reference
    step.save(update_fields=["undo_proposed_by", "updated_at"])
    _note(step, "incidents.step_undo_proposed", sentence, actor)
    tell_roles(
        step.incident,
        (Role.INCIDENT_COMMANDER, Role.PRIVACY_LEAD, Role.ETHICS_REVIEWER),
        subject=f"taking back {step.title!r} waits for a second person",
        body=sentence,
    )


def _end(step: IncidentStep, sentence: str, actor: Actor) -> None:
    step.state, step.outcome = StepState.UNDONE, sentence
    step.done_by, step.finished_at = actor.display, database_now()
    step.save(update_fields=["state", "outcome", "done_by", "finished_at", "effect", "updated_at"])
    _note(step, "incidents.step_undone", sentence, actor)


def _note(step: IncidentStep, verb: str, sentence: str, actor: Actor) -> None:
    add_timeline_entry(
        incident=step.incident, kind=TimelineKind.STEP, sentence=sentence, actor=actor
    )
    record_entry(
        verb=verb,
        object_type="incident",
        object_id=str(step.incident_id),
        actor=actor,
        facts={
            "reference": step.incident.reference,
            "step": step.type,
            "idempotency_key": step.idempotency_key,
        },
        personal={"sentence": sentence},
    )
