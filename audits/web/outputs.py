"""Sources and outputs: is the data arriving, is it right?"""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from audits import selectors, services
from audits.sources.ingest import JSON_LINES
from audits.web.uploading import uploaded
from governance.core.pagination import keyset_page
from governance.people.actors import request_actor
from governance.people.web.access import requires
from governance.registry.selectors import find_system, find_version, systems_for


@requires("audits.view")
def output_list(request: HttpRequest) -> HttpResponse:
    """Batches with rows, span, lateness and what they say; outcomes below."""
    actor = request_actor(request)
    system = request.GET.get("system", "")
    batches = selectors.output_batches_for(actor)
    outcomes = selectors.outcome_batches_for(actor)
    if system:
        batches, outcomes = batches.filter(system__key=system), outcomes.filter(system__key=system)
    page = keyset_page(batches, request.GET.get("cursor"), 50)
    systems = list(systems_for(actor).prefetch_related("versions"))
    context = {
        "batches": page.rows,
        "outcomes": outcomes[:20],
        "sources": selectors.source_rows(actor),
        "connect_url": reverse("audit_source_new"),
        "may_plan": actor.may("audits.plan"),
        "next_url": f"?system={system}&cursor={page.next_cursor}" if page.next_cursor else "",
        "filters": [
            {
                "name": "system",
                "label": "System",
                "value": system,
                "options": [(one.key, one.title) for one in systems],
            }
        ],
        "systems": systems,
        "may_push": actor.may("audits.push"),
        "curl": _curl(systems[0].key if systems else "my-system"),
    }
    return render(request, "audits/outputs.html", context)


def _curl(system: str) -> str:
    return (
        f"curl -X POST '{settings.PUBLIC_URL}/api/v1/outputs?system={system}&version=VERSION' "
        f"-H 'Authorization: Bearer KEY' -H 'Content-Type: {JSON_LINES}' "
        "--data-binary @outputs.jsonl"
    )


@require_POST
@requires("audits.push")
def upload(request: HttpRequest) -> HttpResponse:
    """Take a file of outputs from the form."""
    actor = request_actor(request)
    system = find_system(request.POST.get("system", ""), actor)
    version_key = request.POST.get("version", "")
    version = find_version(system.key, version_key, actor) if version_key else None
    with uploaded(request) as (path, _, media_type):
        batch, created = services.push_outputs(
            system=system, version=version, data=path, media_type=media_type, actor=actor
        )
    if created:
        messages.success(request, f"{batch.rows:,} outputs of {system.key} are in.")
    else:
        messages.info(request, "These outputs were in already; nothing was added.")
    return redirect("audit_outputs")
