"""Pages to place and lift holds; each names its effect before it acts."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import DomainError, NotFound
from governance.people.actors import request_actor
from governance.people.web.access import requires
from governance.registry import selectors, services
from governance.registry.choices import HoldEffect
from governance.registry.models import Hold, ModelVersion, Purpose, Surface, System
from governance.registry.ports import HoldProposal, release_guards, render_previews
from governance.registry.services.holds import default_effect
from governance.registry.web.forms import HoldForm

EFFECTS = {
    HoldEffect.NON_PROFILED: "Everybody gets the non-profiled variant from the next request on.",
    HoldEffect.DENY: "Nobody is served by this system from the next request on.",
}


def effect_in_words(target: System | Surface | Purpose | ModelVersion, kind: str) -> str:
    """Say what a hold on the target does unless another effect is chosen."""
    if isinstance(target, (System, ModelVersion)):
        system = target if isinstance(target, System) else target.system
        fallback = system.fallback_version
        effect = HoldEffect(default_effect(system=system, version=None))
        sentence = EFFECTS[effect]
        told = effect == HoldEffect.NON_PROFILED and fallback is not None
        return f"{sentence} The fallback is {fallback.key}." if told and fallback else sentence
    return f"Nobody is personalised for on this {kind} from the next request on."


@requires("registry.hold")
def place(request: HttpRequest, key: str) -> HttpResponse:
    """Hold a system: says what will happen, asks why, then acts at once."""
    system = selectors.find_system(key, request_actor(request))
    return _place(request, "system", system, reverse("system", args=[system.key]))


@requires("registry.hold")
def place_on(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """Hold a surface, a purpose or a version in the same way."""
    target = selectors.find_target(kind, key, request_actor(request))
    back = {
        "surface": lambda: reverse("surfaces"),
        "purpose": lambda: reverse("purpose", args=[target.key]),
        "version": lambda: reverse("version", args=[target.system.key, target.key]),
    }
    if kind not in back:
        raise NotFound(f"A hold has no target of the kind {kind!r}.")
    return _place(request, kind, target, back[kind]())


def _place(
    request: HttpRequest, kind: str, target: System | Surface | Purpose | ModelVersion, back: str
) -> HttpResponse:
    actor = request_actor(request)
    preview = ""
    asked = request.method == "POST" and "preview" in request.POST
    if asked:
        preview = render_previews(request, HoldProposal(kind, target, _effect(request, target)))
        if request.headers.get("HX-Request"):
            return HttpResponse(preview)
    form = HoldForm(request.POST or None)
    if asked:
        form = HoldForm(initial=request.POST.dict())
    elif request.method == "POST" and form.is_valid():
        try:
            hold = services.place_hold(
                **{kind: target},  # type: ignore[arg-type]  # the kind is the target's name
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
    context = {
        "target": target,
        "kind": kind,
        "form": form,
        "effect": effect_in_words(target, kind),
        "preview": preview,
        "back": back,
    }
    return render(request, "registry/place_hold.html", context)


def _effect(request: HttpRequest, target: System | Surface | Purpose | ModelVersion) -> str:
    """The effect that is chosen in the form, else what the target would do by itself."""
    chosen = request.POST.get("effect", "")
    if chosen in HoldEffect.values:
        return chosen
    system = target if isinstance(target, System) else None
    version = target if isinstance(target, ModelVersion) else None
    return default_effect(system=system, version=version)


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
        "overdue": bool(
            not found.approved_by
            and found.approve_by
            and not found.released_at
            and found.approve_by < database_now()
        ),
        "by_hand": found.cause == f"manual:{found.placed_by}",
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
