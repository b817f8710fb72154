"""Pages of surfaces: where people meet personalisation; register one, edit one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from governance.core.errors import DomainError, NotFound
from governance.people.actors import request_actor
from governance.people.web.access import requires
from governance.registry import selectors, services
from governance.registry.web.surface_form import SurfaceForm


@requires("registry.view")
def surfaces(request: HttpRequest) -> HttpResponse:
    """Where do people meet personalisation, and what do they get without it?"""
    actor = request_actor(request)
    found = selectors.surfaces_for(actor)
    query = request.GET.get("q", "").strip()
    if query:
        found = found.filter(title__icontains=query)
    context = {
        "surfaces": found.prefetch_related("purposes", "systems"),
        "query": query,
        "filters": [{"name": "q", "label": "Search", "value": query}],
        "may_edit": actor.may("registry.edit"),
    }
    return render(request, "registry/surfaces.html", context)


@requires("registry.edit")
def edit_surface(request: HttpRequest, key: str | None = None) -> HttpResponse:
    """Register or edit a surface; approvals of the systems on it become stale."""
    actor = request_actor(request)
    found = selectors.surfaces_for(actor).filter(key=key).first() if key else None
    if key and found is None:
        raise NotFound(f"There is no surface {key!r} that you may see.")
    form = SurfaceForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        given = form.declared()
        try:
            if found is None:
                services.register_surface(key=form.cleaned_data["key"], actor=actor, **given)
                messages.success(request, "The surface is registered. Next: name it on a system.")
            else:
                services.update_surface(surface=found, actor=actor, **given)
                messages.success(request, "Saved. Approvals that cover what changed are stale.")
            return redirect("surfaces")
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
    context = {
        "form": form,
        "title": f"Edit {found.title}" if found else "Register a surface",
        "note": "Saving a change makes approvals of every system on this surface stale."
        if found
        else "",
        "back": "/register/surfaces/",
        "back_label": "Surfaces",
    }
    return render(request, "registry/form.html", context)
