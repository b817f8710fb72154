"""The list of systems and the page of one system, with the tabs of this room and of upper ones."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from governance.core.actors import Actor
from governance.core.errors import DomainError, NotFound
from governance.ledger.models import LedgerEntry
from governance.people.actors import request_actor
from governance.people.web.access import requires
from governance.registry import ports, selectors, services
from governance.registry.choices import OnPause
from governance.registry.models import Feature, Hold, ModelVersion, Purpose, System
from governance.registry.web.flow_map import draw_map
from governance.registry.web.forms import SystemForm

PAGE = 100
SORTS = {"key": "key", "title": "title", "owner": "owner__name", "review_due": "review_due"}
HISTORY = 100


@dataclass(frozen=True)
class Row:
    system: System
    state: selectors.SystemState
    more: list[str]


@requires("registry.view")
def systems(request: HttpRequest) -> HttpResponse:
    """Which systems personalise, under which version, may they?"""
    actor = request_actor(request)
    found = _filtered(request, actor)
    columns = ports.system_columns()
    wanted = request.GET.get("state", "")
    if request.GET.get("format") == "csv":
        rows = _rows(list(found), columns)
        return _as_csv([row for row in rows if wanted in ("", row.state.state)], columns)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    rows = _rows(list(page.object_list), columns)
    context = {
        "rows": [row for row in rows if wanted in ("", row.state.state)],
        "columns": columns,
        "page": page,
        "filters": [
            {"name": "q", "label": "Search", "value": request.GET.get("q", "")},
            {
                "name": "state",
                "label": "State",
                "value": wanted,
                "options": [
                    (one.value, one.replace("_", " ").capitalize()) for one in selectors.State
                ],
            },
            {
                "name": "sort",
                "label": "Sort",
                "value": request.GET.get("sort", ""),
                "options": [(one, one.replace("_", " ").capitalize()) for one in SORTS],
            },
        ],
        "export_url": f"?{_query(request, format='csv')}",
        "may_edit": actor.may("registry.edit"),
    }
    return render(request, "registry/systems.html", context)


def _filtered(request: HttpRequest, actor: Actor) -> QuerySet[System]:
    found = selectors.systems_for(actor)
    query = request.GET.get("q", "").strip()
    if query:
        found = found.filter(
            Q(key__icontains=query) | Q(title__icontains=query) | Q(owner__name__icontains=query)
        )
    return found.order_by(SORTS.get(request.GET.get("sort", ""), "key"), "key")


def _rows(found: list[System], columns: tuple[ports.SystemColumn, ...]) -> list[Row]:
    states = selectors.system_states(found)
    filled = [column.fill(found) for column in columns]
    return [
        Row(one, states[one.key], [texts.get(one.key, "") for texts in filled]) for one in found
    ]


def _as_csv(rows: list[Row], columns: tuple[ports.SystemColumn, ...]) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="systems.csv"'
    writer = csv.writer(response)
    first = ["key", "title", "state", "reason", "version", "fallback", "holds", "owner"]
    writer.writerow([*first, *(column.title for column in columns)])
    for row in rows:
        state = row.state
        cells: list[Any] = [
            row.system.key, row.system.title, state.state, state.reason, state.version_key or "",
            state.fallback_key or "", len(state.holds), str(row.system.owner or ""), *row.more,
        ]  # fmt: skip
        writer.writerow([_inert(cell) for cell in cells])
    return response


def _inert(cell: Any) -> Any:
    """A text that a spreadsheet would run as a formula is kept as text."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t" and cell else cell


def _query(request: HttpRequest, **changes: str) -> str:
    query = request.GET.copy()
    query.update(changes)
    return query.urlencode()


@requires("registry.view")
def system(request: HttpRequest, key: str) -> HttpResponse:
    """Everything about one system, a tab at a time."""
    actor = request_actor(request)
    found = selectors.find_system(key, actor)
    panels = ports.system_panels()
    tabs = [("summary", "Summary"), *((one.key, one.title) for one in panels if one.order < 50)]
    tabs += [(name, title) for name, (title, _) in _TABS.items()]
    tabs += [(one.key, one.title) for one in panels if one.order >= 50]
    tabs.append(("history", "History"))
    tab = request.GET.get("tab", "summary")
    if tab not in dict(tabs):
        raise NotFound(f"The page of a system has no tab {tab!r}.")
    context: dict[str, Any] = {
        "system": found,
        "state": selectors.system_state(found),
        "tabs": tabs,
        "tab": tab,
        "may_edit": actor.may("registry.edit"),
        "may_hold": actor.may("registry.hold"),
    }
    panel = next((one for one in panels if one.key == tab), None)
    if panel is not None:
        context["panel"] = mark_safe(panel.render(request, found))  # noqa: S308  (panels render templates)
    elif tab == "summary":
        context |= _summary(found, actor)
    elif tab == "history":
        context["entries"] = _history(found)
    else:
        context |= _TABS[tab][1](found)
    return render(request, "registry/system.html", context)


def _summary(system: System, actor: Actor) -> dict[str, Any]:
    holds = (
        Hold.objects.for_actor(actor)
        .active()
        .filter(Q(system=system) | Q(version__system=system))
        .select_related("system", "version__system")
    )
    partial = [one for one in selectors.active_holds(system) if not selectors.stops_whole(one)]
    return {
        "holds": [*holds, *partial],
        "facts": [
            ("Description", system.description),
            ("Owner", str(system.owner or "")),
            ("Serving version", system.serving_version and system.serving_version.key),
            ("Fallback version", system.fallback_version and system.fallback_version.key),
            ("While it is held", system.get_on_pause_display()),
            ("Risk", system.get_risk_tier_display()),
            ("Next review", system.review_due and f"{system.review_due:%-d %B %Y}"),
        ],
    }


def _features(system: System) -> dict[str, Any]:
    features = Feature.objects.filter(Q(systems=system) | Q(versions__system=system)).distinct()
    return {"features": features.select_related("owner").prefetch_related("allowed_purposes")}


def _flows(system: System) -> dict[str, Any]:
    flows = list(system.flows.select_related("purpose", "system"))
    return {"flows": flows, "map": draw_map(flows)}


def _purposes(system: System) -> dict[str, Any]:
    surfaces = list(system.surfaces.prefetch_related("purposes__types"))
    own = system.purposes.prefetch_related("types")
    purposes: dict[Any, Purpose] = {one.pk: one for one in own}
    for surface in surfaces:
        purposes |= {one.pk: one for one in surface.purposes.all()}
    return {"surfaces": surfaces, "purposes": sorted(purposes.values(), key=lambda one: one.key)}


def _versions(system: System) -> dict[str, Any]:
    versions = ModelVersion.objects.filter(system=system).annotate(size=Count("features"))
    return {"versions": versions.order_by("-created_at")}


_TABS: dict[str, tuple[str, Any]] = {
    "features": ("Features", _features),
    "flows": ("Flows", _flows),
    "purposes": ("Purposes and surfaces", _purposes),
    "versions": ("Versions", _versions),
}


def _history(system: System) -> list[LedgerEntry]:
    entries = LedgerEntry.objects.filter(  # the first condition is the index's own
        facts__has_key="systems", facts__contains={"systems": [system.key]}
    )
    return list(entries.order_by("-at", "-id")[:HISTORY])


@requires("registry.edit")
def edit_system(request: HttpRequest, key: str | None = None) -> HttpResponse:
    """Register a system, or change its registration (approvals become stale)."""
    actor = request_actor(request)
    found = selectors.find_system(key, actor) if key else None
    if found is not None and request.method == "POST" and "preview" in request.POST:
        shown = _pause_preview(request, found)
        if request.headers.get("HX-Request"):
            return HttpResponse(shown)
        form = SystemForm(instance=found, actor=actor, initial=request.POST.dict())
        return _system_form(request, form, found, shown)
    form = SystemForm(request.POST or None, instance=found, actor=actor)
    if request.method == "POST" and form.is_valid():
        given = {name: form.cleaned_data[name] for name in form.cleaned_data if name != "key"}
        try:
            if found is None:
                made = services.register_system(key=form.cleaned_data["key"], actor=actor, **given)
                messages.success(request, f"{made.title} is registered. Next: its versions.")
            else:
                made = services.update_system(system=found, actor=actor, **given)
                messages.success(request, "Saved. Approvals that cover what changed are stale.")
            return redirect("system", made.key)
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
    return _system_form(request, form, found)


def _system_form(
    request: HttpRequest, form: SystemForm, found: System | None, shown: str = ""
) -> HttpResponse:
    context = {
        "form": form,
        "title": f"Edit {found.title}" if found else "Register a system",
        "back": "/systems/",
        "back_label": "Systems",
        "follows": "#id_on_pause" if found else "",
        "preview": shown,
    }
    return render(request, "registry/form.html", context)


def _pause_preview(request: HttpRequest, system: System) -> str:
    """What a hold would do with the answer chosen in the form."""
    chosen = request.POST.get("on_pause", "")
    if chosen not in OnPause.values:
        return render_to_string("registry/preview_waits.html", request=request)
    return ports.render_previews(request, ports.PauseProposal(system, chosen))
