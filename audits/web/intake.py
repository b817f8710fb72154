"""Pages of a file on its way in: what its columns mean, what the checks say, taking it in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from audits import selectors, services
from audits.choices import SourceOrigin
from audits.models import OutputBatch, Source
from audits.services.staging import profile_of_staged
from audits.sources.intake.checks import check_mapping
from audits.sources.intake.places import profile_of_place
from audits.sources.intake.profile import FileProfile
from audits.sources.intake.roles import BY_KEY, ROLES, sensitivity, suggest_roles
from audits.web.source_forms import IntakeForm
from audits.web.sources import address_of
from audits.web.uploading import uploaded
from governance.core.errors import DomainError
from governance.people.actors import request_actor
from governance.people.web.access import requires

REMEMBERED = 600  # seconds


@require_POST
@requires("audits.push")
def upload(request: HttpRequest, system: str, key: str) -> HttpResponse:
    """Take a file to its columns, or, when they are known, straight in."""
    actor = request_actor(request)
    source = selectors.find_source(system, key, actor)
    try:
        form = IntakeForm(request.POST, system=source.system)
        form.is_valid()
        with uploaded(request) as (path, name, media_type):
            if not source.incoming:
                staged = services.stage_upload(
                    source=source, data=path, name=name, media_type=media_type, actor=actor
                )
                return redirect("audit_upload", staged_id=staged.pk)
            done = services.take_in(
                source=source, data=path, media_type=media_type, actor=actor, **_given(form)
            )
    except DomainError as problem:
        messages.error(request, problem.sentence)
        return redirect(address_of(source))
    _tell(request, *done)
    return redirect(address_of(source))


@requires("audits.push")
def upload_columns(request: HttpRequest, staged_id: str) -> HttpResponse:
    """Say what the columns of a waiting file mean and take it in."""
    actor = request_actor(request)
    staged = selectors.find_staged(staged_id, actor)
    profile = profile_of_staged(staged)
    form = IntakeForm(request.POST or None, system=staged.source.system)
    problem = ""
    if request.method == "POST" and form.is_valid():
        try:
            staged.source = services.map_columns(
                source=staged.source,
                profile=profile,
                roles=_posted(request.POST, profile),
                actor=actor,
            )
            done = services.take_in_staged(staged=staged, actor=actor, **_given(form))
        except DomainError as refusal:
            problem = refusal.sentence
        else:
            _tell(request, *done)
            return redirect(address_of(staged.source))
    roles = _chosen(request, profile, staged.source)
    return _page(request, staged.source, profile, roles, problem, staged=staged, form=form)


@require_POST
@requires("audits.push")
def upload_checks(request: HttpRequest, staged_id: str) -> HttpResponse:
    """The checks of the roles chosen so far."""
    profile = profile_of_staged(selectors.find_staged(staged_id, request_actor(request)))
    checks = check_mapping(profile, _posted(request.POST, profile))
    return render(request, "audits/source_checks.html", {"checks": checks})


@require_POST
@requires("audits.push")
def discard(request: HttpRequest, staged_id: str) -> HttpResponse:
    actor = request_actor(request)
    staged = selectors.find_staged(staged_id, actor)
    services.discard_staged(staged=staged, actor=actor)
    messages.success(request, f"{staged.name} is forgotten; nothing of it was taken in.")
    return redirect(address_of(staged.source))


@requires("audits.plan")
def place_columns(request: HttpRequest, system: str, key: str) -> HttpResponse:
    """Say what the columns of a place mean; its rows stay where they are."""
    actor = request_actor(request)
    source = selectors.find_source(system, key, actor)
    if source.origin == SourceOrigin.PUSHED:
        return redirect(address_of(source))
    try:
        profile = _remembered(source)
    except DomainError as refusal:
        services.check_source(source=source, actor=actor)
        messages.error(request, refusal.sentence)
        return redirect(address_of(source))
    problem = ""
    if request.method == "POST" and "save" in request.POST:
        roles = _posted(request.POST, profile)
        wrong = [one.sentence for one in check_mapping(profile, roles) if one.state == "problem"]
        columns: dict[str, list[str]] = {}
        for name, role in roles.items():
            columns.setdefault(role, []).append(name)
        try:
            if not wrong:
                services.change_source(source=source, columns=columns, actor=actor)
                messages.success(request, "The columns of the source have their roles.")
                return redirect(address_of(source))
            problem = wrong[0]
        except DomainError as refusal:
            problem = refusal.sentence
    return _page(request, source, profile, _chosen(request, profile, source), problem)


def _page(
    request: HttpRequest,
    source: Source,
    profile: FileProfile,
    roles: Mapping[str, str],
    problem: str,
    **more: Any,
) -> HttpResponse:
    columns = [
        {
            "column": column,
            "field": f"role-{place}",
            "role": roles.get(column.name, ""),
            "sensitivity": sensitivity(column.name),
            "samples": _samples(profile, place),
        }
        for place, column in enumerate(profile.columns)
    ]
    context = {
        "source": source,
        "profile": profile,
        "columns": columns,
        "roles": ROLES,
        "checks": check_mapping(profile, roles),
        "problem": problem,
        **more,
    }
    return render(request, "audits/source_columns.html", context)


def _samples(profile: FileProfile, place: int) -> list[str]:
    shown = dict.fromkeys(row[place] for row in profile.first if row[place])
    return list(shown)[:3]


def _chosen(request: HttpRequest, profile: FileProfile, source: Source) -> dict[str, str]:
    """What was just posted, else what the source says, else what the names suggest."""
    if request.method == "POST":
        return _posted(request.POST, profile)
    known: dict[str, str] = {}
    for role, names in source.columns.items():
        for name in names:
            known[source.incoming.get(name, name)] = role
    kept = {name: role for name, role in known.items() if profile.column(name)}
    return kept or suggest_roles(profile.columns, profile.rows)


def _posted(data: QueryDict, profile: FileProfile) -> dict[str, str]:
    posted = {
        column.name: data.get(f"role-{place}", "") for place, column in enumerate(profile.columns)
    }
    return {name: role for name, role in posted.items() if role in BY_KEY}


def _given(form: IntakeForm) -> dict[str, Any]:
    return {name: form.cleaned_data.get(name) for name in ("version", "moment")}


def _remembered(source: Source) -> FileProfile:
    """The profile of a place, looked at once in ten minutes a process."""
    key = f"source-profile-{source.pk}-{source.updated_at:%s%f}"
    found = caches["process"].get(key)
    if found is None:
        found = profile_of_place(source).as_plain()
        caches["process"].set(key, found, REMEMBERED)
    return FileProfile.from_plain(found)


def _tell(request: HttpRequest, batch: OutputBatch, created: bool) -> None:
    if created:
        messages.success(request, f"{batch.rows:,} outputs of {batch.system.key} are in.")
    else:
        messages.info(request, "These outputs were in already; nothing was added.")
