"""Playbooks: what the next incident of each kind copies, its versions, and the next one as YAML."""

from __future__ import annotations

from typing import Any

import yaml
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from governance.core.errors import DomainError, NotFound
from governance.people.actors import request_actor
from governance.people.web.access import requires
from incidents.choices import Kind, StepType, Undo
from incidents.models import Playbook
from incidents.playbook.files import LARGEST, builtin
from incidents.playbook.params import params_in_words
from incidents.services.copying import (
    current_playbook,
    import_playbook,
    newest_playbook,
    preview_import,
)


@requires("incidents.view")
def playbooks(request: HttpRequest) -> HttpResponse:
    """Which playbook each kind of harm gets."""
    rows = [{"kind": label, "playbook": current_playbook(kind)} for kind, label in Kind.choices]
    may_edit = request_actor(request).may("incidents.edit_playbooks")
    return render(request, "incidents/playbooks.html", {"rows": rows, "may_edit": may_edit})


def _newest(key: str) -> Playbook:
    if key not in builtin() and not Playbook.objects.filter(key=key).exists():
        raise NotFound(f"There is no playbook {key!r}.")
    return newest_playbook(key)


@requires("incidents.view")
def playbook(request: HttpRequest, key: str) -> HttpResponse:
    """One playbook: its steps in order, and its versions."""
    found = _newest(key)
    context = {
        "playbook": found,
        "steps": [
            {
                **step,
                "does": StepType(step["type"]).label,
                "told": params_in_words(step.get("params", {})),
                "way_back": Undo(step["undo"]).label if step.get("undo") else "",
            }
            for step in found.steps
        ],
        "versions": Playbook.objects.filter(key=key).order_by("-version"),
        "may_edit": request_actor(request).may("incidents.edit_playbooks"),
    }
    return render(request, "incidents/playbook.html", context)


@requires("incidents.view")
def export(request: HttpRequest, key: str) -> HttpResponse:
    """The playbook as YAML, whole: what it extends is worked in."""
    found = _newest(key)
    content: dict[str, Any] = {
        "format": "playbook/1",
        "key": found.key,
        "title": found.title,
        "summary": found.summary,
        "kinds": found.kinds,
        "steps": found.steps,
    }
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{key}-{found.version}.yaml"'
    return response


@requires("incidents.edit_playbooks")
def import_file(request: HttpRequest) -> HttpResponse:
    """Look at what a YAML file would change; on a second yes, make it the next version."""
    text = request.POST.get("text", "")
    file = request.FILES.get("file")
    if file is not None:
        text = file.read(LARGEST + 1).decode("utf-8", "replace")
    context: dict[str, Any] = {"text": text}
    status = 200
    if request.method == "POST":
        try:
            if "confirm" in request.POST:
                made = import_playbook(text=text, actor=request_actor(request))
                messages.success(request, f"{made} is in force for new incidents.")
                return redirect("playbook", made.key)
            read, changes = preview_import(text)
            context |= {"read": read, "changes": changes}
        except DomainError as refusal:
            context["refused"], status = refusal.sentence, refusal.status
    return render(request, "incidents/playbook_import.html", context, status=status)
