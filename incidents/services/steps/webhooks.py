"""Calling a registered endpoint: a message in the outbox, and the wait until it was delivered."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from governance.core.actors import Actor
from governance.core.errors import Invalid
from governance.outbox.webhooks.models import EndpointState, MessageState, WebhookEndpoint
from governance.outbox.webhooks.services import send_to
from incidents.choices import StepState
from incidents.models import IncidentStep
from incidents.playbook.params import Webhook
from incidents.services.steps.results import StepResult, done, params_of, waits


def call_webhook(step: IncidentStep, actor: Actor) -> StepResult:
    """Queue the message once, and end when the endpoint has taken it.

    Its sender tries for as long as its own ladder lasts; after that the step is a person's, and
    trying again is a new message.
    """
    told, incident = params_of(step, Webhook), step.incident
    endpoint = WebhookEndpoint.objects.filter(name=told.endpoint).first()
    if endpoint is None or endpoint.state != EndpointState.ACTIVE:
        raise Invalid(f"There is no webhook endpoint {told.endpoint!r} that is told now.")
    tries = int(step.effect.get("given_up", 0))
    message = send_to(
        endpoint=endpoint,
        event_type=told.event_type,
        subject=incident.reference,
        data={
            "incident": incident.reference,
            "step": step.key,
            "title": step.title,
            "severity": incident.severity,
            "state": incident.state,
            "system": incident.system.key if incident.system else None,
            "drill": incident.drill,
            "url": settings.PUBLIC_URL + reverse("incident", args=[incident.reference]),
        },
        urgent=told.urgent,
        idempotency_key=f"{step.idempotency_key}:{tries}",
    )
    if message.state == MessageState.DELIVERED or not told.wait:
        word = "has taken it" if message.state == MessageState.DELIVERED else "will be told"
        return done(f"{endpoint.name} {word}.", message=str(message.pk))
    if message.state == MessageState.FAILED:
        return StepResult(
            StepState.FAILED,
            f"{endpoint.name} did not take it: {message.last_error or 'no answer'}.",
            effect={"given_up": tries + 1},
            for_people=True,
        )
    return waits(f"Waits until {endpoint.name} has taken it.", message=str(message.pk))
