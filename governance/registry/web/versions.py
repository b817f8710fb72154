"""Pages of a model version: register it, change what it says, serve it, retire it.

Approval is no step here: two people sign it in a review.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from governance.core.actors import Actor
from governance.core.errors import DomainError, Invalid
from governance.people.actors import request_actor
from governance.people.web.access import requires
from governance.registry import selectors, services
from governance.registry.choices import VersionState
from governance.registry.models import ModelVersion
from governance.registry.web.forms import VersionForm


@dataclass(frozen=True)
class Step:
    """One act on a version: who may, when it is offered, what it does to people."""

    key: str
    action: str
    label: str
    effect: str
    is_offered: Callable[[ModelVersion], bool]
    act: Callable[[ModelVersion, Actor, str], object]
    done: str
    tone: str = "primary"


def _serve(version: ModelVersion, actor: Actor, reason: str) -> object:
    return services.set_serving_version(
        system=version.system, version=version, actor=actor, reason=reason
    )


def _fall_back(version: ModelVersion, actor: Actor, reason: str) -> object:
    return services.set_fallback_version(
        system=version.system, version=version, actor=actor, reason=reason
    )


def _retire(version: ModelVersion, actor: Actor, reason: str) -> object:
    return services.set_version_state(
        version=version, state=VersionState.RETIRED, actor=actor, reason=reason
    )


STEPS = {
    one.key: one
    for one in (
        Step(
            "serve",
            "registry.serve",
            "Make it serve",
            "From the next request on people get this version; the one that serves now steps "
            "back to approved.",
            lambda version: version.state == VersionState.APPROVED,
            _serve,
            "It serves now.",
        ),
        Step(
            "fall-back",
            "registry.edit",
            "Make it the fallback",
            "People who are not profiled, and everybody during a hold, get this version. "
            "Approvals of the system become stale.",
            lambda version: (
                not version.profiled
                and version.state != VersionState.RETIRED
                and version.system.fallback_version_id != version.pk
            ),
            _fall_back,
            "It is the fallback now.",
        ),
        Step(
            "retire",
            "registry.edit",
            "Retire",
            "It can never serve again. Its reviews, audits and history stay.",
            lambda version: (
                version.state in (VersionState.REGISTERED, VersionState.APPROVED)
                and version.system.fallback_version_id != version.pk
            ),
            _retire,
            "It is retired.",
            tone="danger",
        ),
    )
}


@requires("registry.view")
def version(request: HttpRequest, key: str, version_key: str) -> HttpResponse:
    """One version: what it is, what it reads, which step is next."""
    actor = request_actor(request)
    found = selectors.find_version(key, version_key, actor)
    context = {
        "version": found,
        "system": found.system,
        "features": found.features.select_related("owner").prefetch_related("allowed_purposes"),
        "is_fallback": found.system.fallback_version_id == found.pk,
        "may_edit": actor.may("registry.edit") and found.state != VersionState.RETIRED,
        "steps": [
            step for step in STEPS.values() if actor.may(step.action) and step.is_offered(found)
        ],
        "facts": [
            ("Description", found.description),
            ("Profiles people", "yes" if found.profiled else "no"),
            ("Training", found.training_note),
            ("Model file", found.mlflow_uri),
        ],
    }
    return render(request, "registry/version.html", context)


@requires("registry.edit")
def edit_version(request: HttpRequest, key: str, version_key: str | None = None) -> HttpResponse:
    """Register a version of a system, or change what one says about itself."""
    actor = request_actor(request)
    system = selectors.find_system(key, actor)
    found = selectors.find_version(key, version_key, actor) if version_key else None
    form = VersionForm(request.POST or None, instance=found, actor=actor)
    if request.method == "POST" and form.is_valid():
        given = {name: one for name, one in form.cleaned_data.items() if name != "key"}
        given["features"] = list(given["features"])
        try:
            if found is None:
                name = form.cleaned_data["key"]
                made = services.register_version(system=system, key=name, actor=actor, **given)
                messages.success(request, "The version is registered. Next: its review.")
            else:
                made = services.update_version(version=found, actor=actor, **given)
                messages.success(request, "Saved. Its approval, if it had one, is stale.")
            return redirect("version", system.key, made.key)
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
    title = f"Edit {found.key}" if found else f"Register a version of {system.title}"
    context = {
        "form": form,
        "title": title,
        "note": "Saving a change makes the approval of this version stale." if found else "",
        "back": f"/systems/{system.key}/?tab=versions",
        "back_label": system.title,
    }
    return render(request, "registry/form.html", context)


@require_POST
@requires("registry.view")
def take_step(request: HttpRequest, key: str, version_key: str, step_key: str) -> HttpResponse:
    """Do one of the steps; the service asks for its own permission."""
    actor = request_actor(request)
    found = selectors.find_version(key, version_key, actor)
    step = STEPS.get(step_key)
    if step is None:
        raise Invalid(f"A version has no step {step_key!r}.")
    try:
        step.act(found, actor, request.POST.get("reason", "").strip())
        messages.success(request, step.done)
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    return redirect("version", key, version_key)
