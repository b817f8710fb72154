"""Pages of sources: connect one, see whether its data arrive, pause, check and remove it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from audits import selectors, services
from audits.choices import SourceOrigin
from audits.models import Source
from audits.sources.ingest import JSON_LINES
from audits.sources.intake.roles import BY_KEY
from audits.web.source_forms import IntakeForm, SourceForm
from audits.web.uploading import uploaded
from governance.core.clock import database_now
from governance.core.errors import DomainError
from governance.people.actors import request_actor
from governance.people.web.access import requires
from governance.registry.selectors import systems_for

ORIGINS = {
    SourceOrigin.PUSHED: (
        "upload",
        "Upload a file or send rows",
        "CSV, Parquet, Arrow or JSON lines, from here or by curl.",
    ),
    SourceOrigin.FILES: (
        "database",
        "A folder or a pattern of files",
        "Read where they are, below a folder that the operator has opened.",
    ),
    SourceOrigin.S3: ("world", "An S3 bucket", "Objects, a prefix or a pattern."),
    SourceOrigin.POSTGRESQL: (
        "database",
        "A PostgreSQL table",
        "Aggregated on that server; its rows stay there.",
    ),
    SourceOrigin.SPARK: ("git-branch", "A Spark table", "Aggregated on the cluster."),
    SourceOrigin.CUBE: (
        "chart-line",
        "Counts made elsewhere",
        "A file of counts by group: raw rows never arrive.",
    ),
}


def address_of(source: Source, page: str = "audit_source") -> str:
    return reverse(page, args=[source.system.key, source.key])


@requires("audits.plan")
def new_source(request: HttpRequest) -> HttpResponse:
    """Choose where the rows are, then say so; a first file goes on to its columns."""
    actor = request_actor(request)
    origin = request.POST.get("origin") or request.GET.get("origin", "")
    if origin not in SourceOrigin.values:
        choices = [(key, *words) for key, words in ORIGINS.items()]
        systems = systems_for(actor).exists()
        return render(
            request, "audits/source_origins.html", {"origins": choices, "systems": systems}
        )
    initial = {"system": request.GET.get("system", "")}
    posted = request.POST if request.method == "POST" else None
    form = SourceForm(posted, request.FILES or None, actor=actor, origin=origin, initial=initial)
    if posted is not None and form.is_valid():
        try:
            return _make(request, form, origin)
        except DomainError as problem:
            form.add_error(None, problem.sentence)
    context = {"form": form, "origin": origin, "words": ORIGINS[SourceOrigin(origin)]}
    return render(request, "audits/source_new.html", context)


def _make(request: HttpRequest, form: SourceForm, origin: str) -> HttpResponse:
    actor = request_actor(request)
    given: dict[str, Any] = {
        name: form.cleaned_data[name] for name in ("system", "key", "title", "kind")
    }
    source = services.create_source(
        **given, origin=origin, location=form.location(), secret=form.secret, actor=actor
    )
    if origin != SourceOrigin.PUSHED:
        return redirect(address_of(source, "audit_source_columns"))
    if not form.cleaned_data["file"]:
        messages.success(request, f"{source.title} is ready: send a first file.")
        return redirect(address_of(source))
    try:
        with uploaded(request) as (path, name, media_type):
            staged = services.stage_upload(
                source=source, data=path, name=name, media_type=media_type, actor=actor
            )
    except DomainError as problem:
        messages.error(request, f"{source.title} is made, but: {problem.sentence}")
        return redirect(address_of(source))
    return redirect("audit_upload", staged_id=staged.pk)


@requires("audits.view")
def source(request: HttpRequest, system: str, key: str) -> HttpResponse:
    """One source: what arrives, how late, what its columns mean, who reads it."""
    actor = request_actor(request)
    found = selectors.find_source(system, key, actor)
    pushed = found.origin == SourceOrigin.PUSHED
    context = {
        "source": found,
        "overview": selectors.source_overview(found, actor, database_now()),
        "pushed": pushed,
        "roles": [
            (BY_KEY[role].title if role in BY_KEY else role, names)
            for role, names in found.columns.items()
        ],
        "pause_effect": (
            "Nothing more comes in until it is resumed; what is there stays and is audited on."
            if pushed
            else "Runs that would read it stop with this reason until it is resumed."
        ),
        "origin_words": ORIGINS[SourceOrigin(found.origin)][1],
        "place": [(name, value) for name, value in found.location.items() if value],
        "intake": IntakeForm(system=found.system, undated=_undated(found)) if pushed else None,
        "undated": _undated(found),
        "may_plan": actor.may("audits.plan"),
        "may_push": actor.may("audits.push"),
        "curl": curl(found),
    }
    return render(request, "audits/source.html", context)


def curl(source: Source) -> str:
    """How a program sends rows to this source."""
    dated = "&occurred_at=2026-01-31T00:00:00Z" if _undated(source) else ""
    return (
        f"curl -X POST '{settings.PUBLIC_URL}/api/v1/sources/{source.pk}/rows"
        f"?version=VERSION{dated}' -H 'Authorization: Bearer KEY' "
        f"-H 'Content-Type: {JSON_LINES}' --data-binary @outputs.jsonl"
    )


def _undated(source: Source) -> bool:
    return bool(source.incoming) and "occurred_at" not in source.incoming


@require_POST
@requires("audits.plan")
def check(request: HttpRequest, system: str, key: str) -> HttpResponse:
    """Look whether the rows are where the source says."""
    actor = request_actor(request)
    found = selectors.find_source(system, key, actor)
    told = services.check_source(source=found, actor=actor)
    if told.problem:
        messages.error(request, told.problem)
    else:
        span = f", from {told.earliest:%d %B %Y} to {told.latest:%d %B %Y}" if told.earliest else ""
        messages.success(request, f"{told.rows:,} rows are there{span}.")
    for note in told.notes:
        messages.info(request, note)
    return redirect(address_of(found))


@require_POST
@requires("audits.plan")
def pause(request: HttpRequest, system: str, key: str) -> HttpResponse:
    actor = request_actor(request)
    found = selectors.find_source(system, key, actor)
    services.pause_source(source=found, reason=request.POST.get("reason", ""), actor=actor)
    messages.success(request, "The source is paused: nothing more comes in until it is resumed.")
    return redirect(address_of(found))


@require_POST
@requires("audits.plan")
def resume(request: HttpRequest, system: str, key: str) -> HttpResponse:
    actor = request_actor(request)
    found = selectors.find_source(system, key, actor)
    services.resume_source(source=found, actor=actor)
    messages.success(request, "The source takes rows in again.")
    return redirect(address_of(found))


@require_POST
@requires("audits.plan")
def delete(request: HttpRequest, system: str, key: str) -> HttpResponse:
    actor = request_actor(request)
    found = selectors.find_source(system, key, actor)
    try:
        services.delete_source(source=found, actor=actor)
    except DomainError as problem:
        messages.error(request, problem.sentence)
        return redirect(address_of(found))
    messages.success(request, f"The source {found.title} is gone.")
    return redirect("audit_outputs")
