"""Orders to serving targets: written with the change they tell of, ended by a target's fact.

Only rows are written here. What leaves the database is carried out by the webhook senders and by
`incidents.levers.runner`, both of which live in the relay.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from governance.core.actors import Actor, SystemActor
from governance.core.clock import database_now
from governance.core.errors import Conflict, NotPermitted
from governance.ledger.services import record_entry
from governance.outbox.services import notify
from governance.outbox.webhooks.models import MessageState, WebhookMessage
from governance.outbox.webhooks.queueing import give_up as give_up_message
from governance.outbox.webhooks.queueing import send_to
from governance.people.choices import Role
from governance.registry.access import require
from governance.registry.models import System
from incidents.choices import FINAL_STATES, OrderState, TargetKind, TimelineKind
from incidents.confirmation import Standing
from incidents.models import DesiredState, Incident, ServingTarget, TargetOrder
from incidents.selectors import target_standings
from incidents.services.timeline import add_timeline_entry

MACHINE = SystemActor("incidents")
ORDER_TYPE = "tactful.target.order"
ORDERED_KINDS = (TargetKind.WEBHOOK, TargetKind.MLFLOW)
IN_FORCE = (OrderState.PENDING, OrderState.APPLIED, OrderState.GIVEN_UP)
TRIED_FOR = timedelta(minutes=15)
_KEY = "target-order:"


def write_orders(*, desired: DesiredState, reference: str = "") -> int:
    """Order every target of a system that has to be told to serve what is wanted now."""
    targets = ServingTarget.objects.filter(
        system=desired.system, active=True, kind__in=ORDERED_KINDS
    )
    for target in targets.select_related("endpoint", "system"):
        write_order(target=target, desired=desired, reference=reference)
    return len(targets)


def write_order(
    *, target: ServingTarget, desired: DesiredState, reference: str = ""
) -> TargetOrder:
    """Order one target, in the transaction of the change; an older order no longer counts."""
    end_orders(target)
    order, made = TargetOrder.objects.get_or_create(
        target=target,
        revision=desired.revision,
        defaults={
            "version": desired.version,
            "personalises": desired.personalises,
            "incident_reference": reference,
            "give_up_at": database_now() + TRIED_FOR,
        },
    )
    _begin(order, again=not made)
    return order


def end_orders(target: ServingTarget) -> None:
    """Take back what a target was told before: a newer word holds, or none."""
    mine = TargetOrder.objects.filter(target=target, state__in=IN_FORCE)
    for order in mine.select_related("message"):
        _take_back_message(order)
        TargetOrder.objects.filter(pk=order.pk).update(
            state=OrderState.SUPERSEDED, done_at=database_now()
        )


def _take_back_message(order: TargetOrder) -> None:
    message = order.sent
    if message is not None and message.state == MessageState.PENDING:
        give_up_message(message, "A newer change took its place.")


def _begin(order: TargetOrder, *, again: bool) -> None:
    """Have an order carried out from its first rung; one that was ended before begins anew."""
    now = database_now()
    if again:
        order.state, order.done_at, order.applied_at = OrderState.PENDING, None, None
        order.rung, order.last_error = 0, ""
        order.next_attempt_at, order.give_up_at = now, now + TRIED_FOR
        # Whoever still carries out the earlier attempt is fenced off.
        order.attempts += 1
    if order.target.kind == TargetKind.WEBHOOK:
        order.attempts += 1
        order.message = _message(order)
    order.save()


def _message(order: TargetOrder) -> WebhookMessage:
    target, system = order.target, order.target.system
    if target.endpoint is None:
        raise Conflict(f"{target.title} has no endpoint to be told at.")
    address = reverse("api-target-reports", args=[target.key])
    return send_to(
        endpoint=target.endpoint,
        event_type=ORDER_TYPE,
        subject=f"target/{system.key}/{target.key}",
        data={
            "system": system.key,
            "target": target.key,
            "revision": order.revision,
            "version": order.version,
            "personalises": order.personalises,
            "incident": order.incident_reference,
            "report_to": f"{settings.PUBLIC_URL.rstrip('/')}{address}",
        },
        urgent=True,
        idempotency_key=f"{_KEY}{order.pk}:{order.attempts}",
    )


@transaction.atomic
def retry_order(*, order: TargetOrder, actor: Actor) -> TargetOrder:
    """Carry out an order again that was given up, for another quarter of an hour."""
    if not (actor.may("incidents.edit_targets") or actor.may("incidents.command")):
        raise NotPermitted("Those who run a system or command incidents repeat orders.")
    require(actor, "incidents.view", [order.target.system])
    order = TargetOrder.objects.select_for_update(of=("self",)).get(pk=order.pk)
    if order.state != OrderState.GIVEN_UP:
        raise Conflict(f"This order is not given up: {order.get_state_display().lower()}.")
    _begin(order, again=True)
    _record("incidents.target_order_repeated", order, actor)
    return order


@transaction.atomic
def give_up_order(*, order: TargetOrder, sentence: str) -> bool:
    """End the attempts and hand the target to people; False when the order moved on meanwhile."""
    mine = TargetOrder.objects.filter(
        pk=order.pk, attempts=order.attempts, state__in=(OrderState.PENDING, OrderState.APPLIED)
    )
    ended = mine.update(state=OrderState.GIVEN_UP, last_error=sentence[:500], lease_until=None)
    if not ended:
        return False
    _record("incidents.target_order_given_up", order, MACHINE)
    target, system = order.target, order.target.system
    drill = "Drill: " if target.for_drills else ""
    told = f"{target.title} did not confirm: {sentence}"
    notify(
        recipients=[
            f"role:{role}@{system.key}" for role in (Role.INCIDENT_COMMANDER, Role.ML_ENGINEER)
        ],
        subject=f"{drill}{target.title} of {system.title} has not confirmed",
        body=f"{told} See to it by hand, then repeat the order or retire the target.",
        link=reverse("serving_targets"),
    )
    for incident in _contained_incidents(system):
        add_timeline_entry(incident=incident, kind=TimelineKind.STEP, sentence=told, actor=MACHINE)
    return True


def _contained_incidents(system: System) -> list[Incident]:
    open_ones = Incident.objects.filter(system=system, containment_requested_at__isnull=False)
    return list(open_ones.exclude(state__in=FINAL_STATES))


def give_up_tired() -> int:
    """Hand to people what nobody confirmed for a quarter of an hour; returns how many."""
    tired = TargetOrder.objects.filter(
        state__in=(OrderState.PENDING, OrderState.APPLIED), give_up_at__lte=database_now()
    )
    ended = 0
    for order in tired.select_related("target__system"):
        found = {one.target.pk: one for one in target_standings(order.target.system)}
        mine = found.get(order.target_id)
        if mine is not None and mine.standing == Standing.UNCONFIRMED:
            ended += give_up_order(order=order, sentence=order.last_error or mine.sentence)
    return ended


@transaction.atomic
def settle_orders(system: System) -> int:
    """End the orders in force whose targets now stand confirmed; returns how many."""
    confirmed = [
        one.order.pk
        for one in target_standings(system)
        if one.standing == Standing.CONFIRMED and one.order is not None
    ]
    return TargetOrder.objects.filter(pk__in=confirmed, state__in=IN_FORCE).update(
        state=OrderState.CONFIRMED, done_at=database_now(), last_error=""
    )


@transaction.atomic
def note_delivered(*, idempotency_key: str) -> None:
    """A webhook order arrived; it now waits for its target's word."""
    pk, attempt = _order_of(idempotency_key)
    TargetOrder.objects.filter(pk=pk, attempts=attempt, state=OrderState.PENDING).update(
        state=OrderState.APPLIED, applied_at=database_now(), last_error=""
    )


@transaction.atomic
def note_undeliverable(*, idempotency_key: str, sentence: str) -> None:
    """A webhook order was given up by its senders; people take over."""
    pk, attempt = _order_of(idempotency_key)
    order = TargetOrder.objects.select_related("target__system").filter(pk=pk).first()
    if order is not None and order.attempts == attempt and order.state == OrderState.PENDING:
        give_up_order(order=order, sentence=sentence)


def is_of_an_order(idempotency_key: str) -> bool:
    return idempotency_key.startswith(_KEY)


def _order_of(idempotency_key: str) -> tuple[str, int]:
    pk, _, attempt = idempotency_key.removeprefix(_KEY).rpartition(":")
    return pk, int(attempt)


def _record(verb: str, order: TargetOrder, actor: Actor) -> None:
    record_entry(
        verb=verb,
        object_type="servingtarget",
        object_id=str(order.target_id),
        actor=actor,
        facts={
            "system": order.target.system.key,
            "key": order.target.key,
            "revision": order.revision,
            "version": order.version,
            "attempts": order.attempts,
        },
    )
