"""News that moves incidents: an alert contains, a run verifies it, a lifted hold resolves it."""

from __future__ import annotations

from datetime import datetime
from threading import Event

from audits.models import Run
from audits.services import link_incident, resolve_alerts_of_incident
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.events import (
    AlertRaised,
    AlertRecovered,
    BreachFound,
    HoldPlaced,
    HoldReleased,
    RunFinished,
    ServingVersionChanged,
    SignalChanged,
    WebhookDelivered,
    WebhookGivenUp,
)
from governance.outbox.subscriptions import accompanies, subscribes
from governance.registry.models import Hold, System
from incidents.choices import (
    CONTAINMENT,
    FINAL_STATES,
    Kind,
    Severity,
    State,
    StepState,
    StepType,
    TimelineKind,
)
from incidents.machine import missing_for
from incidents.models import Incident, IncidentStep
from incidents.selectors import present_steps
from incidents.services.moving import gather_facts, move_incident
from incidents.services.opening import open_incident
from incidents.services.orders import is_of_an_order, note_delivered, note_undeliverable
from incidents.services.red_lines import watch_red_lines
from incidents.services.steps import perform_step, run_automatic_steps, settle_undone
from incidents.services.targets import renew_desired
from incidents.services.timeline import add_timeline_entry


@subscribes(BreachFound)
def open_on_breach(event: BreachFound, *, actor: Actor) -> None:
    """Open an incident where the plan says so. A verdict never contains: people decide on it."""
    if event.on_breach == "finding":
        return
    numbers = f"limit {event.threshold_value:.2f}"
    if event.value is not None:
        numbers = f"{event.value:.2f}, {numbers}"
    incident, created = _open(event, numbers, unattended=False, actor=actor)
    if created:
        run_automatic_steps(incident=incident, actor=actor)
        return
    _also_found(incident, event, "Also found", actor)


@subscribes(AlertRaised)
def contain_on_alert(event: AlertRaised, *, actor: Actor) -> None:
    """Open one incident per (plan, version, metric), and contain it where the rule says so."""
    if event.action == "notify":
        return
    numbers = f"alert, limit {event.limit:.2f}"
    if event.estimate is not None:
        numbers = f"{event.estimate:.2f}, limit {event.limit:.2f}"
    contains = event.action == "contain"
    incident, created = _open(event, numbers, unattended=contains, actor=actor)
    link_incident(
        alert_id=event.alert_id,
        incident_id=str(incident.pk),
        reference=incident.reference,
        actor=actor,
    )
    if created:
        run_automatic_steps(incident=incident, actor=actor)
        return
    _also_found(incident, event, "Alert", actor)
    if not contains:
        return
    if incident.state in (State.RESOLVED, State.REVIEW):
        note = f"The limit was left again: {event.sentence}"
        incident = move_incident(incident=incident, to=State.ACTIVE, note=note, actor=actor)
    if incident.contained_at is None:
        # A verdict opened it and left containment to people; an alert may decide by itself.
        for step in present_steps(incident).filter(type__in=CONTAINMENT).order_by("position"):
            perform_step(step=step, actor=actor)


@subscribes(AlertRecovered)
def note_recovery(event: AlertRecovered, *, actor: Actor) -> None:
    """What an incident's alert said is over: its timeline says so; lifting stays with people."""
    cause = f"breach:{event.plan_key}:{event.version_key}:{event.metric}"
    incident = Incident.objects.filter(cause_key=cause).exclude(state__in=FINAL_STATES).first()
    if incident is not None:
        add_timeline_entry(
            incident=incident,
            kind=TimelineKind.EVIDENCE,
            sentence=f"Recovered: {event.sentence}",
            actor=actor,
        )


def _open(
    event: BreachFound | AlertRaised, numbers: str, *, unattended: bool, actor: Actor
) -> tuple[Incident, bool]:
    run = Run.objects.select_related("plan__system", "version").get(pk=event.run_id)
    return open_incident(
        title=f"{run.plan.system.title}: {event.metric.replace('_', ' ')} {numbers}",
        summary=event.sentence,
        kind=Kind.BIAS,
        severity=Severity.S2,
        cause_key=f"breach:{event.plan_key}:{event.version_key}:{event.metric}",
        system=run.plan.system,
        version=run.version,
        plan=run.plan,
        run=run,
        started_at=datetime.fromisoformat(event.window_start),
        unattended=unattended,
        actor=actor,
    )


def _also_found(
    incident: Incident, event: BreachFound | AlertRaised, word: str, actor: Actor
) -> None:
    started = datetime.fromisoformat(event.window_start)
    if incident.started_at is None or started < incident.started_at:
        Incident.objects.filter(pk=incident.pk).update(started_at=started)
    add_timeline_entry(
        incident=incident,
        kind=TimelineKind.EVIDENCE,
        sentence=f"{word} from {event.window_start[:10]}: {event.sentence}",
        actor=actor,
    )


@subscribes(RunFinished)
def record_verification(event: RunFinished, *, actor: Actor) -> None:
    """A run that an incident asked for has ended: the verification step follows its verdict."""
    if event.incident_id is None:
        return
    step = (
        IncidentStep.objects.select_for_update(of=("self",))
        .filter(incident_id=event.incident_id, type=StepType.RUN_AUDIT)
        .order_by("-episode")
        .first()
    )
    if step is None or step.state == StepState.DONE:
        return
    verdict = event.verdict or "no verdict"
    passed = verdict == "pass"
    step.outcome = f"The audit of {event.version_key} ended: {verdict}."
    if not passed:
        step.outcome += " New outputs start it again."
    step.state = StepState.DONE if passed else StepState.FAILED
    step.finished_at = database_now() if passed else None
    step.done_by = actor.display
    step.attempt += 1
    step.next_attempt_at = step.handed_over_at = None
    step.save()
    if passed:
        Incident.objects.filter(pk=event.incident_id).update(verified_at=database_now())
    add_timeline_entry(
        incident=step.incident, kind=TimelineKind.STEP, sentence=step.outcome, actor=actor
    )


@subscribes(HoldReleased)
def resolve_when_lifted(event: HoldReleased, *, actor: Actor) -> None:
    """Two people lifted a hold: its incident's step is done, and the incident is resolved."""
    hold = Hold.objects.get(pk=event.hold_id)
    settle_undone(hold=hold, actor=actor)
    number = hold.incident_reference.removeprefix("INC-")
    if not number.isdecimal():
        return
    incident = Incident.objects.exclude(state__in=FINAL_STATES).filter(number=int(number)).first()
    if incident is None:
        return
    incident.steps.filter(type=StepType.LIFT_HOLD).exclude(state=StepState.DONE).update(
        state=StepState.DONE,
        finished_at=database_now(),
        done_by=actor.display,
        outcome="Two people lifted the hold.",
    )
    add_timeline_entry(
        incident=incident,
        kind=TimelineKind.STEP,
        sentence="Two people lifted the hold.",
        actor=actor,
    )
    if not missing_for(gather_facts(incident), State.RESOLVED):
        move_incident(incident=incident, to=State.RESOLVED, actor=actor)
        resolve_alerts_of_incident(
            incident_id=str(incident.pk),
            reason=f"{incident.reference} is resolved: its replacement passed.",
            actor=actor,
        )


@subscribes(HoldPlaced)
@subscribes(HoldReleased)
@subscribes(ServingVersionChanged)
def renew_targets(
    event: HoldPlaced | HoldReleased | ServingVersionChanged, *, actor: Actor
) -> None:
    """What systems should serve has changed: their targets are judged by that from now on."""
    renew_desired(System.objects.filter(serving_targets__isnull=False).distinct())


@subscribes(SignalChanged)
def watch_lines(event: SignalChanged, *, actor: Actor) -> None:
    """A fact has moved: the red lines drawn over it may be crossed by now."""
    watch_red_lines(signal_key=event.key, scope_key=event.scope_key, actor=actor)


@subscribes(WebhookDelivered)
def note_order_delivered(event: WebhookDelivered, *, actor: Actor) -> None:
    """An order to a serving target arrived; only the target's own report confirms it."""
    if is_of_an_order(event.idempotency_key):
        note_delivered(idempotency_key=event.idempotency_key)


@subscribes(WebhookGivenUp)
def note_order_undeliverable(event: WebhookGivenUp, *, actor: Actor) -> None:
    """An order to a serving target did not arrive: people see to that target."""
    if is_of_an_order(event.idempotency_key):
        note_undeliverable(idempotency_key=event.idempotency_key, sentence=event.sentence)


@accompanies
def move_aliases(stop: Event) -> None:
    """Beside the relay, orders to aliases are carried out until it stops."""
    from incidents.levers.runner import follow  # (httpx is for the process that calls)

    follow(stop)
