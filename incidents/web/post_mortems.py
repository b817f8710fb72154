"""The page where a post-mortem is written, redacted, read as the public will, and frozen.

What is promised in it stands in `promises`, what anybody reads in `published`.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import DomainError, NotFound
from governance.people.actors import request_actor
from governance.people.web.access import requires
from incidents.choices import CorrectionState, PostMortemState, Visibility
from incidents.models import Correction, PostMortem
from incidents.post_mortem.prefill import missing_lines, prefilled
from incidents.post_mortem.reading import post_mortem_by_reference, similar_incidents
from incidents.post_mortem.sections import BY_KEY, SECTIONS
from incidents.selectors import incidents_for
from incidents.services import post_mortems as services
from incidents.services.actions import add_action as promise_action
from incidents.services.corrections import decide_correction, propose_correction
from incidents.web.promises import ActionForm
from incidents.web.public_texts import WORDS
from incidents.web.published import document_context


class CorrectionForm(forms.Form):
    """What is said beside a published text."""

    section = forms.ChoiceField(
        choices=[
            ("", "The whole text"),
            *((one.key, one.title) for one in SECTIONS if one.public),
        ],
        required=False,
        label="Beside which section",
    )
    text = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}), label="What was wrong or is new, and how it is"
    )


def _found(request: HttpRequest, reference: str) -> PostMortem:
    return post_mortem_by_reference(reference, request_actor(request))


@requires("incidents.view")
def post_mortem(request: HttpRequest, reference: str) -> HttpResponse:
    """Write a post-mortem section by section, promise actions, freeze it by two people."""
    found, actor = _found(request, reference), request_actor(request)
    return render(request, "incidents/post_mortem.html", _context(found, actor))


def _context(found: PostMortem, actor: Actor) -> dict[str, Any]:
    writing = found.state == PostMortemState.DRAFT
    recorded = prefilled(found.incident) if writing else {}
    parts = [
        {
            "section": section,
            "text": found.sections.get(section.key, ""),
            "redacted": found.redacted.get(section.key),
            "is_redacted": section.key in found.redacted,
            "missing": missing_lines(
                found.sections.get(section.key, ""), recorded.get(section.key, "")
            ),
        }
        for section in SECTIONS
    ]
    return {
        "post_mortem": found,
        "incident": found.incident,
        "parts": parts,
        "missing": (missing := services.missing_parts(found)),
        "unwritten": [one for one in SECTIONS if one.title in missing],
        "redactions": [BY_KEY[key].title for key in found.redacted if key in BY_KEY],
        "actions": found.actions.select_related("owner").prefetch_related(
            "safeguards__item", "safeguards__plan", "safeguards__change", "verifications"
        ),
        "action_form": ActionForm(),
        "similar": similar_incidents(found.incident, incidents_for(actor)),
        "today": database_now().date(),
        "me": actor.reference,
        "may_write": writing and actor.may(services.WRITES),
        "may_act": actor.may(services.WRITES),
        "may_freeze": actor.may(services.FREEZES),
        "is_mine": found.proposed_by == actor.reference,
        "visibilities": Visibility.choices,
        "corrections": found.corrections.exclude(state=CorrectionState.REFUSED),
        "correction_form": CorrectionForm(),
    }


@require_POST
@requires(services.WRITES)
def write(request: HttpRequest, reference: str) -> HttpResponse:
    """Save one section; what was typed comes back when somebody else wrote meanwhile."""
    found, actor, given = _found(request, reference), request_actor(request), request.POST
    key, revision = given.get("section", ""), given.get("revision", "")
    text = given.get("text", "")
    if "add_missing" in given:
        text = _with_missing(found, key)
    try:
        number = int(revision) if revision.isdecimal() else 0
        if "redact" in given:
            shown = None if given["redact"] == "whole" else text
            services.redact_section(
                post_mortem=found, key=key, text=shown, revision=number, actor=actor
            )
        else:
            services.write_section(
                post_mortem=found, key=key, text=text, revision=number, actor=actor
            )
    except DomainError as refusal:
        found.refresh_from_db()
        context = {**_context(found, actor), "refused": refusal.sentence, "refused_key": key}
        context["refused_text"] = text
        return render(request, "incidents/post_mortem.html", context, status=refusal.status)
    return redirect(reverse("incident_post_mortem", args=[reference]) + f"#{key}")


def _with_missing(found: PostMortem, key: str) -> str:
    """The text of a section with what the record says and the text does not hold yet."""
    text = found.sections.get(key, "")
    lines = missing_lines(text, prefilled(found.incident).get(key, ""))
    return "\n".join([text, *lines]).strip()


@require_POST
@requires(services.WRITES)
def add_action(request: HttpRequest, reference: str) -> HttpResponse:
    found, actor = _found(request, reference), request_actor(request)
    form = ActionForm(request.POST)
    if form.is_valid():
        try:
            promise_action(post_mortem=found, actor=actor, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            return redirect(reverse("incident_post_mortem", args=[reference]) + "#promised")
    context = {**_context(found, actor), "action_form": form}
    return render(request, "incidents/post_mortem.html", context, status=422)


@require_POST
@requires(services.FREEZES)
def freeze(request: HttpRequest, reference: str) -> HttpResponse:
    """Propose to freeze, take that back, or confirm it as the second person."""
    found, actor, given = _found(request, reference), request_actor(request), request.POST
    try:
        match given.get("step"):
            case "propose":
                services.propose_freezing(
                    post_mortem=found,
                    visibility=given.get("visibility", ""),
                    note=given.get("note", ""),
                    actor=actor,
                )
                messages.success(request, "Proposed. Another person has to confirm it.")
            case "confirm":
                services.freeze_post_mortem(post_mortem=found, actor=actor)
                messages.success(request, "Frozen. Its digest is in the ledger.")
            case _:
                services.take_back_proposal(post_mortem=found, actor=actor)
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    return redirect("incident_post_mortem", reference)


@requires("incidents.view")
def preview(request: HttpRequest, reference: str) -> HttpResponse:
    """The public text as it would be frozen now, with what is withheld: for the second person."""
    found = _found(request, reference)
    document = found.public_document or services.draft_of_public(found)
    shown = {part["key"] for part in document["sections"]}
    context = {
        **document_context(document),
        "w": WORDS["en"],
        "post_mortem": found,
        "incident": found.incident,
        "withheld": [
            {"section": one, "text": found.sections.get(one.key, "")}
            for one in SECTIONS
            if one.key in found.redacted or one.key not in shown
        ],
    }
    return render(request, "incidents/post_mortem_preview.html", context)


@require_POST
@requires(services.FREEZES)
def correct(request: HttpRequest, reference: str) -> HttpResponse:
    """Propose what is said beside the published text."""
    found, actor = _found(request, reference), request_actor(request)
    form = CorrectionForm(request.POST)
    if form.is_valid():
        try:
            propose_correction(post_mortem=found, actor=actor, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, "Proposed. Another person has to confirm it.")
            return redirect(reverse("incident_post_mortem", args=[reference]) + "#corrections")
    context = {**_context(found, actor), "correction_form": form}
    return render(request, "incidents/post_mortem.html", context, status=422)


@require_POST
@requires(services.FREEZES)
def decide(request: HttpRequest, reference: str, correction_id: str) -> HttpResponse:
    """Publish a correction as the second person, or turn it down."""
    found, actor = _found(request, reference), request_actor(request)
    correction = get_object_or_404(Correction, pk=correction_id, post_mortem=found)
    step = request.POST.get("step")
    if step not in ("publish", "refuse"):
        raise NotFound("A correction is published or turned down.")
    try:
        decide_correction(correction=correction, publish=step == "publish", actor=actor)
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    else:
        done = "Published beside the text." if step == "publish" else "Turned down."
        messages.success(request, done)
    return redirect(reverse("incident_post_mortem", args=[reference]) + "#corrections")
