"""The overview: what is well, what is not, what must I do? And search across the rooms."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from audits import selectors as audits
from dashboard.overview import agenda_for, consent_rows, headline, system_rows, tiles, worst_trend
from governance.core.ports import SearchHit, registered_search_sources
from governance.people.actors import request_actor
from governance.people.web.access import requires
from incidents.selectors import open_incidents_for

SEARCH_LIMIT = 20


@requires("dashboard.view")
def overview(request: HttpRequest) -> HttpResponse:
    """Needs me, systems with state and reason, latest verdicts, incidents, consent rates."""
    actor = request_actor(request)
    rows = system_rows(actor)
    verdicts = audits.latest_verdicts(actor, 8)
    rates = consent_rows(actor)
    open_count = open_incidents_for(actor).count()
    context = {
        "headline": headline(rows),
        "tiles": tiles(rows, verdicts, rates, open_count),
        "rows": rows,
        "verdicts": verdicts,
        "trend": worst_trend(actor, verdicts),
        "incidents": open_incidents_for(actor)[:6],
        "open_count": open_count,
        "consent": rates,
        "agenda": agenda_for(actor)[:6],
    }
    return render(request, "dashboard/overview.html", context)


@requires("dashboard.view")
def agenda(request: HttpRequest) -> HttpResponse:
    """Everything that waits for the one who looks, soonest first."""
    return render(request, "dashboard/agenda.html", {"agenda": agenda_for(request_actor(request))})


@requires("dashboard.view")
def search(request: HttpRequest) -> HttpResponse:
    """Objects of every room whose name matches."""
    actor, query = request_actor(request), request.GET.get("q", "").strip()
    hits: list[SearchHit] = []
    if query:
        for source in registered_search_sources():
            hits.extend(source.search(actor, query, SEARCH_LIMIT))
    return render(request, "dashboard/search.html", {"query": query, "hits": hits})
