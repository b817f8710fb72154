"""Pages to place and lift holds; each names its effect before it acts."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from governance.core.actors import Actor
from governance.core.errors import DomainError, NotFound
from governance.people.actors import request_actor
from governance.people.web.access import requires
from governance.registry import selectors, services
from governance.registry.choices import HoldEffect
from governance.registry.models import Hold, System
from governance.registry.ports import release_guards
from governance.registry.services.holds import default_effect
from governance.registry.web.forms import HoldForm

EFFECTS = {
    HoldEffect.NON_PROFILED: "Everybody gets the non-profiled variant from the next request on.",
    HoldEffect.DENY: "Nobody is served by this system from the next request on.",
}


def effect_in_words(system: System) -> str:
    fallback = system.fallback_version
    sentence = EFFECTS[HoldEffect(default_effect(system=system, version=None))]
    return f"{sentence} The fallback is {fallback.key}." if fallback else sentence


@requires("registry.hold")
def place(request: HttpRequest, key: str) -> HttpResponse:
    """Hold a system: says what will happen, asks why, then acts at once."""
    actor = request_actor(request)
    system = selectors.find_system(key, actor)
    form = HoldForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            hold = services.place_hold(
                system=system,
                effect=form.cleaned_data["effect"] or None,
                cause=f"manual:{actor.reference}",
                reason=form.cleaned_data["reason"],
                actor=actor,
            )
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, "Held. Another person approves it within 24 hours.")
            return redirect("hold", hold.pk)
    context = {"system": system, "form": form, "effect": effect_in_words(system)}
    return render(request, "registry/place_hold.html", context)


@requires("registry.view")
def hold(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    """One hold: what it does, who placed it, what is missing before it can be lifted."""
    actor = request_actor(request)
    found = find_hold(hold_id, actor)
    missing = (
        []
        if found.released_at
        else [sentence for guard in release_guards() for sentence in guard(found)]
    )
    context = {
        "hold": found,
        "effect": EFFECTS[HoldEffect(found.effect)],
        "missing": missing,
        "proposed_by_me": found.release_proposed_by == actor.reference,
        "may_lift": actor.may("registry.lift_hold"),
        "may_approve": actor.may("registry.approve_hold")
        and not found.approved_by
        and found.placed_by != actor.reference,
    }
    return render(request, "registry/hold.html", context)


@requires("registry.lift_hold")
@require_POST
def lift(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    """The first person proposes, the second one lifts."""
    actor = request_actor(request)
    found = find_hold(hold_id, actor)
    reason = request.POST.get("reason", "")
    try:
        if not found.release_proposed_by:
            services.propose_release(hold=found, actor=actor, reason=reason)
            messages.success(request, "Proposed. Another person confirms it.")
        else:
            services.release_hold(hold=found, actor=actor, reason=reason)
            messages.success(request, "The hold is lifted.")
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    return redirect("hold", found.pk)


@requires("registry.approve_hold")
@require_POST
def approve(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    actor = request_actor(request)
    found = find_hold(hold_id, actor)
    try:
        services.approve_hold(hold=found, actor=actor)
        messages.success(request, "You stand behind this hold.")
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    return redirect("hold", found.pk)


def find_hold(hold_id: UUID, actor: Actor) -> Hold:
    related = ("system", "surface", "purpose", "version__system")
    found = Hold.objects.for_actor(actor).select_related(*related).filter(pk=hold_id).first()
    if found is None:
        raise NotFound("There is no such hold that you may see.")
    return found
