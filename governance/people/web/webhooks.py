"""Settings pages of webhooks: endpoints, what was sent to each, test, replay, secrets."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
    require_safe,
)

from governance.core.errors import Conflict, DomainError, Invalid
from governance.outbox.webhooks import selectors, services
from governance.outbox.webhooks.models import EndpointState, MessageState, Signing
from governance.outbox.webhooks.types import EVENT_TYPES
from governance.people.actors import request_actor
from governance.people.web.access import public_route, requires
from governance.people.web.tabs import tabs

SHOWN = 50
_TEXT = forms.TextInput({"class": "form-control", "autocomplete": "off"})


class EndpointForm(forms.Form):
    """A new endpoint."""

    name = forms.CharField(
        max_length=100, help_text="Who is told, such as the ad partner.", widget=_TEXT
    )
    url = forms.CharField(
        label="Address", max_length=500, help_text="https:// and a public host.", widget=_TEXT
    )
    event_types = forms.MultipleChoiceField(
        label="Events",
        choices=list(EVENT_TYPES.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple({"class": "form-check-input"}),
        help_text="None chosen: all of them.",
    )
    signing = forms.ChoiceField(
        choices=Signing.choices,
        initial=Signing.HMAC,
        widget=forms.Select({"class": "form-select"}),
    )


@never_cache
@requires("webhooks.view")
@require_http_methods(["GET", "POST"])
def webhooks(request: HttpRequest) -> HttpResponse:
    """All endpoints; registering one answers this very page with its secret."""
    actor = request_actor(request)
    form = EndpointForm(request.POST or None)
    secret = None
    if request.method == "POST" and form.is_valid():
        try:
            _, secret = services.register_endpoint(**form.cleaned_data, actor=actor)
        except (Invalid, Conflict) as problem:
            form.add_error(None, problem.sentence)
        else:
            form = EndpointForm()
    context = {
        "endpoints": selectors.endpoints_for(actor),
        "form": form,
        "secret": secret,
        **tabs(request, "webhooks"),
        "may_edit": actor.may("webhooks.edit"),
    }
    return render(request, "people/webhooks.html", context)


def _page(request: HttpRequest, pk: UUID, secret: str | None = None) -> HttpResponse:
    actor = request_actor(request)
    found = get_object_or_404(selectors.endpoints_for(actor), pk=pk)
    sent = selectors.messages_for(actor).filter(endpoint=found)
    state = request.GET.get("state", "")
    chosen = state if state in MessageState.values else ""
    shown = list((sent.filter(state=chosen) if chosen else sent)[:SHOWN])
    now = timezone.now()
    context = {
        "endpoint": found,
        "sent": shown,
        "chosen": chosen,
        "states": [("", "All"), *MessageState.choices],
        "most": SHOWN,
        # An outcome comes within moments: then the list looks again by itself.
        "under_way": any(each.state == MessageState.PENDING and not each.attempts for each in shown)
        and found.state == EndpointState.ACTIVE,
        "pausing": found.retry_at is not None and found.retry_at > now,
        "rotating": found.previous_until is not None and found.previous_until > now,
        "keys": selectors.published_keys()["keys"] if found.signing == Signing.ED25519 else [],
        "secret": secret,
        **tabs(request, "webhooks"),
        "may_edit": actor.may("webhooks.edit"),
    }
    return render(request, "people/webhook.html", context)


@never_cache
@requires("webhooks.view")
@require_GET
def endpoint(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One endpoint and its last messages."""
    return _page(request, pk)


@requires("webhooks.edit")
@require_POST
def test(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send a test message."""
    actor = request_actor(request)
    found = get_object_or_404(selectors.endpoints_for(actor), pk=pk)
    services.send_test(endpoint=found, actor=actor)
    messages.success(request, "A test is on its way; its outcome stands below in a moment.")
    return redirect("people:webhook", pk=pk)


@requires("webhooks.edit")
@require_POST
def change_state(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Pause an endpoint or take it up again."""
    actor = request_actor(request)
    found = get_object_or_404(selectors.endpoints_for(actor), pk=pk)
    paused = found.state == EndpointState.ACTIVE
    wanted = EndpointState.PAUSED if paused else EndpointState.ACTIVE
    services.set_endpoint_state(endpoint=found, state=wanted, actor=actor)
    told = "is paused; its messages wait." if paused else "is told again."
    messages.success(request, f"{found.name} {told}")
    return redirect("people:webhook", pk=pk)


@never_cache
@requires("webhooks.edit")
@require_POST
def new_secret(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Make a new secret, shown once; the old one signs beside it for a day."""
    actor = request_actor(request)
    found = get_object_or_404(selectors.endpoints_for(actor), pk=pk)
    try:
        secret = services.rotate_secret(endpoint=found, actor=actor)
    except DomainError as problem:
        messages.error(request, problem.sentence)
        return redirect("people:webhook", pk=pk)
    return _page(request, pk, secret)


@requires("webhooks.edit")
@require_POST
def replay(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send one message again under its own id."""
    actor = request_actor(request)
    message = get_object_or_404(selectors.messages_for(actor), pk=pk)
    try:
        services.replay_message(message=message, actor=actor)
        messages.success(request, "The message is on its way again.")
    except DomainError as problem:
        messages.error(request, problem.sentence)
    return redirect("people:webhook", pk=message.endpoint_id)


@requires("webhooks.edit")
@require_POST
def retry(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Try one waiting message now."""
    actor = request_actor(request)
    message = get_object_or_404(selectors.messages_for(actor), pk=pk)
    try:
        services.retry_message(message=message, actor=actor)
        messages.success(request, "The message is tried now.")
    except DomainError as problem:
        messages.error(request, problem.sentence)
    return redirect("people:webhook", pk=message.endpoint_id)


@requires("webhooks.edit")
@require_POST
def retry_all(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Try everything that waits for an endpoint now."""
    actor = request_actor(request)
    found = get_object_or_404(selectors.endpoints_for(actor), pk=pk)
    try:
        count = services.retry_endpoint(endpoint=found, actor=actor)
        told = "1 message is" if count == 1 else f"{count} messages are"
        messages.success(request, f"{told} tried now, in their order.")
    except DomainError as problem:
        messages.error(request, problem.sentence)
    return redirect("people:webhook", pk=pk)


@requires("webhooks.edit")
@require_POST
def give_up(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Stop trying one waiting message."""
    actor = request_actor(request)
    message = get_object_or_404(selectors.messages_for(actor), pk=pk)
    try:
        services.give_up_message(message=message, actor=actor)
        messages.success(request, "The message is given up; it can be sent again.")
    except DomainError as problem:
        messages.error(request, problem.sentence)
    return redirect("people:webhook", pk=message.endpoint_id)


@public_route("public keys")
@cache_control(public=True, max_age=300)
@require_safe
def key_set(request: HttpRequest) -> JsonResponse:
    """The JWK set that `v1a` signatures are checked with."""
    return JsonResponse(selectors.published_keys())
