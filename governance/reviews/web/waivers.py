"""Pages of waivers: ask for a bounded exception, sign or end one that somebody asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import DomainError
from governance.people.actors import request_actor
from governance.people.web.access import requires
from governance.registry.models import System
from governance.registry.selectors import systems_for
from governance.reviews import services
from governance.reviews.models import ChecklistItem, Waiver
from governance.reviews.selectors import find_waiver, waivers_for
from governance.reviews.services.waivers import LONGEST

PAGE = 50
STATES = {
    "asked": "Waits for a second person",
    "active": "In force",
    "ended": "Ended",
    "revoked": "Revoked",
}


class WaiverForm(forms.Form):
    """Which item of which system, why, and until when."""

    system: forms.ModelChoiceField[System] = forms.ModelChoiceField(
        queryset=System.objects.none(), to_field_name="key"
    )
    item = forms.ChoiceField(label="The item that cannot be met")
    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}),
        label="Why, and what limits the harm meanwhile",
    )
    until = forms.DateField(
        widget=forms.DateInput(attrs={"type": "date"}),
        label="Last day",
        help_text=f"Within {LONGEST.days} days from now; it ends by itself.",
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["system"].queryset = systems_for(actor)  # type: ignore[attr-defined]
        items = ChecklistItem.objects.order_by("code").values_list("code", "question").distinct()
        choices = [(code, f"{code} {question}") for code, question in items]
        self.fields["item"].choices = choices  # type: ignore[attr-defined]


def state_of(waiver: Waiver, now: datetime) -> str:
    """Where a waiver stands; what has ended is over, signed or not."""
    if waiver.revoked_at is not None:
        return "revoked"
    if waiver.expires_at <= now:
        return "ended"
    return "active" if waiver.granted_by else "asked"


def _in_state(found: QuerySet[Waiver], state: str, now: datetime) -> QuerySet[Waiver]:
    return found.filter(
        {
            "revoked": Q(revoked_at__isnull=False),
            "ended": Q(revoked_at=None, expires_at__lte=now),
            "active": Q(revoked_at=None, expires_at__gt=now) & ~Q(granted_by=""),
            "asked": Q(revoked_at=None, expires_at__gt=now, granted_by=""),
        }[state]
    )


@requires("reviews.view")
def waivers(request: HttpRequest) -> HttpResponse:
    """Which exceptions stand, until when, and which wait for a second person?"""
    actor, now = request_actor(request), database_now()
    found, state = waivers_for(actor), request.GET.get("state", "")
    query = request.GET.get("q", "").strip()
    if state in STATES:
        found = _in_state(found, state, now)
    if query:
        found = found.filter(Q(system__title__icontains=query) | Q(item_code__iexact=query))
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    may_grant = actor.may("reviews.grant_waiver")
    context = {
        "rows": [
            {
                "waiver": one,
                "state": (standing := state_of(one, now)),
                "word": STATES[standing],
                "may_sign": may_grant
                and standing == "asked"
                and one.requested_by != actor.reference,
                "may_revoke": may_grant and standing in ("asked", "active"),
            }
            for one in page
        ],
        "page": page,
        "narrowed": bool(state or query),
        "questions": dict(ChecklistItem.objects.values_list("code", "question")),
        "filters": [
            {"name": "q", "label": "System or item", "value": query},
            {"name": "state", "label": "State", "value": state, "options": list(STATES.items())},
        ],
        "may_ask": actor.may("reviews.request_waiver"),
    }
    return render(request, "reviews/waivers.html", context)


@requires("reviews.request_waiver")
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for a waiver; another person signs it."""
    actor = request_actor(request)
    begun = {name: request.GET.get(name, "") for name in ("system", "item")}
    form = WaiverForm(request.POST or None, actor=actor, initial=begun)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            services.request_waiver(
                system=given["system"],
                item_code=given["item"],
                reason=given["reason"],
                expires_at=datetime.combine(given["until"], time(23, 59), tzinfo=UTC),
                actor=actor,
            )
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, "Asked. Another person has to sign it.")
            return redirect("waivers")
    return render(request, "reviews/waiver_new.html", {"form": form})


@require_POST
@requires("reviews.grant_waiver")
def grant(request: HttpRequest, waiver_id: UUID) -> HttpResponse:
    def act(waiver: Waiver, actor: Actor) -> str:
        services.grant_waiver(waiver=waiver, actor=actor)
        return f"{waiver.item_code} is waived for {waiver.system.title} until it ends."

    return _act(request, waiver_id, act)


@require_POST
@requires("reviews.grant_waiver")
def revoke(request: HttpRequest, waiver_id: UUID) -> HttpResponse:
    def act(waiver: Waiver, actor: Actor) -> str:
        reason = request.POST.get("reason", "").strip()
        services.revoke_waiver(waiver=waiver, actor=actor, reason=reason)
        return f"The waiver of {waiver.item_code} is revoked."

    return _act(request, waiver_id, act)


def _act(
    request: HttpRequest, waiver_id: UUID, act: Callable[[Waiver, Actor], str]
) -> HttpResponse:
    actor = request_actor(request)
    found = find_waiver(str(waiver_id), actor)
    try:
        messages.success(request, act(found, actor))
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    return redirect("waivers")
