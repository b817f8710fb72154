"""The register's pages: features and flows."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe

from governance.core.actors import Actor
from governance.core.errors import DomainError, NotFound
from governance.people.actors import request_actor
from governance.people.web.access import requires
from governance.registry import services
from governance.registry.choices import Sensitivity
from governance.registry.models import (
    DataFlow,
    Feature,
    ModelVersion,
)
from governance.registry.web.flow_map import draw_map
from governance.registry.web.forms import FeatureForm, FlowForm

SHOWN = 500


@requires("registry.view")
def features(request: HttpRequest) -> HttpResponse:
    """What do we use about people, and why?"""
    actor = request_actor(request)
    found = Feature.objects.for_actor(actor)
    query, sensitivity = request.GET.get("q", "").strip(), request.GET.get("sensitivity", "")
    if query:
        found = found.filter(Q(key__icontains=query) | Q(title__icontains=query))
    if sensitivity in Sensitivity.values:
        found = found.filter(sensitivity=sensitivity)
    related = found.select_related("owner").prefetch_related("systems", "allowed_purposes")
    context = {
        "features": related[:SHOWN],
        "filters": [
            {"name": "q", "label": "Search", "value": query},
            {
                "name": "sensitivity",
                "label": "Sensitivity",
                "value": sensitivity,
                "options": Sensitivity.choices,
            },
        ],
        "may_edit": actor.may("registry.edit"),
    }
    return render(request, "registry/features.html", context)


@requires("registry.view")
def feature(request: HttpRequest, key: str) -> HttpResponse:
    """One feature: why it may be used, and where it is."""
    actor = request_actor(request)
    found = find_feature(key, actor)
    context = {
        "feature": found,
        "versions": ModelVersion.objects.for_actor(actor)
        .filter(features=found)
        .select_related("system"),
        "purposes": found.allowed_purposes.all(),
        "may_edit": actor.may("registry.edit"),
        "facts": [
            ("Source", found.source),
            ("Technique", found.get_technique_display()),
            ("Retention", found.retention),
            ("Owner", str(found.owner or "")),
            ("May be shown in reasons", "yes" if found.disclosable else "no"),
            ("Justification", found.justification),
            (
                "End of the justification",
                found.justification_expires_at and f"{found.justification_expires_at:%-d %B %Y}",
            ),
        ],
    }
    return render(request, "registry/feature.html", context)


def find_feature(key: str, actor: Actor) -> Feature:
    found = Feature.objects.for_actor(actor).select_related("owner").filter(key=key).first()
    if found is None:
        raise NotFound(f"There is no feature {key!r} that you may see.")
    return found


@requires("registry.edit")
def edit_feature(request: HttpRequest, key: str | None = None) -> HttpResponse:
    """Register or edit a feature; approvals that cover it become stale."""
    actor = request_actor(request)
    found = find_feature(key, actor) if key else None
    form = FeatureForm(request.POST or None, instance=found, actor=actor)
    if request.method == "POST" and form.is_valid():
        try:
            saved = _save_feature(found, dict(form.cleaned_data), actor)
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, "Saved. Approvals that cover what changed are stale.")
            return redirect("feature", saved.key)
    context = {
        "form": form,
        "title": f"Edit {found.title}" if found else "Register a feature",
        "note": "Saving a change makes approvals of the versions that read this feature stale."
        if found
        else "",
        "back": "/register/features/",
        "back_label": "Features",
    }
    return render(request, "registry/form.html", context)


@transaction.atomic
def _save_feature(found: Feature | None, given: dict[str, Any], actor: Actor) -> Feature:
    key, chosen = given.pop("key"), set(given.pop("versions"))
    given = {name: list(value) if name in _MANY else value for name, value in given.items()}
    if found is None:
        saved = services.register_feature(key=key, actor=actor, **given)
    else:
        saved = services.update_feature(feature=found, actor=actor, **given)
    visible = ModelVersion.objects.for_actor(actor).select_related("system")
    for version in visible.filter(Q(features=saved) | Q(pk__in=[one.pk for one in chosen])):
        used = [one for one in version.features.all() if one.pk != saved.pk]
        wanted = [*used, saved] if version in chosen else used
        services.update_version(version=version, features=wanted, actor=actor)
    return saved


_MANY = ("systems", "allowed_purposes")


@requires("registry.view")
def flows(request: HttpRequest) -> HttpResponse:
    """Where does data go?"""
    actor = request_actor(request)
    found = list(DataFlow.objects.for_actor(actor).select_related("system", "purpose")[:SHOWN])
    context = {
        "flows": found,
        "map": mark_safe(draw_map(found)),  # noqa: S308  (charts escape every text)
        "may_edit": actor.may("registry.edit"),
    }
    return render(request, "registry/flows.html", context)


@requires("registry.edit")
def declare_flow(request: HttpRequest) -> HttpResponse:
    """Declare a data flow of a system."""
    actor = request_actor(request)
    form = FlowForm(request.POST or None, actor=actor)
    if request.method == "POST" and form.is_valid():
        try:
            services.register_flow(actor=actor, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, "The flow is declared.")
            return redirect("flows")
    context = {
        "form": form,
        "title": "Declare a flow",
        "back": "/register/flows/",
        "back_label": "Flows",
    }
    return render(request, "registry/form.html", context)
