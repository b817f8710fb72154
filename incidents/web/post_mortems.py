"""The page where a post-mortem is written, and the pages where anybody reads a published one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.http import require_POST

from governance.core.errors import DomainError, NotFound
from governance.ledger.keys import own_verifier_key
from governance.people.actors import request_actor
from governance.people.models import User
from governance.people.web.access import public_route, requires
from incidents.choices import PostMortemState, Visibility
from incidents.models import PostMortem, PostMortemAction
from incidents.post_mortem.proof import published_bundle
from incidents.post_mortem.sections import SECTIONS
from incidents.selectors import incident_by_reference, published_post_mortems
from incidents.services import post_mortems as services
from incidents.web.public import frame

READER = "a post-mortem is published for people who have no account; drafts are never shown"


class ActionForm(forms.Form):
    """One thing that will be different."""

    title = forms.CharField(max_length=200, label="What will be different?")
    owner = forms.ModelChoiceField(queryset=User.objects.filter(is_active=True), label="Owner")
    due_on = forms.DateField(label="Until", widget=forms.DateInput(attrs={"type": "date"}))
    verification = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 2}), label="How will it be seen that it worked?"
    )


def _found(request: HttpRequest, reference: str) -> PostMortem:
    incident = incident_by_reference(reference, request_actor(request))
    found = PostMortem.objects.filter(incident=incident).first()
    if found is None:
        raise NotFound(f"{incident.reference} has no post-mortem: one opens when it is resolved.")
    return found


@requires("incidents.view")
def post_mortem(request: HttpRequest, reference: str) -> HttpResponse:
    """Write a post-mortem section by section, promise actions, freeze it by two people."""
    found, actor = _found(request, reference), request_actor(request)
    return render(request, "incidents/post_mortem.html", _context(found, actor))


def _context(found: PostMortem, actor: Any) -> dict[str, Any]:
    writing = found.state == PostMortemState.DRAFT
    parts = [
        {
            "section": section,
            "text": found.sections.get(section.key, ""),
            "redacted": found.redacted.get(section.key),
            "is_redacted": section.key in found.redacted,
        }
        for section in SECTIONS
    ]
    return {
        "post_mortem": found,
        "incident": found.incident,
        "parts": parts,
        "missing": services.missing_parts(found),
        "actions": found.actions.select_related("owner"),
        "action_form": ActionForm(),
        "may_write": writing and actor.may(services.WRITES),
        "may_act": actor.may(services.WRITES),
        "may_freeze": actor.may(services.FREEZES),
        "is_mine": found.proposed_by == actor.reference,
        "visibilities": Visibility.choices,
    }


@require_POST
@requires(services.WRITES)
def write(request: HttpRequest, reference: str) -> HttpResponse:
    """Save one section; what was typed comes back when somebody else wrote meanwhile."""
    found, actor, given = _found(request, reference), request_actor(request), request.POST
    key, revision = given.get("section", ""), given.get("revision", "")
    text = given.get("text", "")
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


@require_POST
@requires(services.WRITES)
def add_action(request: HttpRequest, reference: str) -> HttpResponse:
    found, actor = _found(request, reference), request_actor(request)
    form = ActionForm(request.POST)
    if form.is_valid():
        try:
            services.add_action(post_mortem=found, actor=actor, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            return redirect(reverse("incident_post_mortem", args=[reference]) + "#promised")
    context = {**_context(found, actor), "action_form": form}
    return render(request, "incidents/post_mortem.html", context, status=422)


@require_POST
@requires(services.WRITES)
def move_action(request: HttpRequest, reference: str, action_id: str) -> HttpResponse:
    found, actor, given = _found(request, reference), request_actor(request), request.POST
    action = get_object_or_404(PostMortemAction, pk=action_id, post_mortem=found)
    try:
        if given.get("to") == "done":
            services.finish_action(action=action, actor=actor)
        else:
            services.verify_action(
                action=action,
                helped=given.get("to") == "verified",
                evidence=given.get("evidence", ""),
                actor=actor,
            )
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    return redirect(reverse("incident_post_mortem", args=[reference]) + "#promised")


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


@public_route(READER)
def published(request: HttpRequest) -> HttpResponse:
    """Every published post-mortem, the newest first."""
    context = {**frame(), "post_mortems": published_post_mortems()}
    return render(request, "incidents/published.html", context)


def _published(reference: str) -> PostMortem:
    number = reference.upper().removeprefix("INC-")
    rows = published_post_mortems()
    found = rows.filter(incident__number=int(number)).first() if number.isdecimal() else None
    if found is None:
        raise NotFound("There is no published post-mortem of that name.")
    return found


@public_route(READER)
def published_one(request: HttpRequest, reference: str) -> HttpResponse:
    """One post-mortem as it was frozen, with the way to verify it."""
    found = _published(reference)
    context = {
        **frame(),
        "post_mortem": found,
        "document": found.public_document,
        "verifier_key": own_verifier_key(),
    }
    return render(request, "incidents/published_one.html", context)


@public_route(READER)
def published_json(request: HttpRequest, reference: str) -> HttpResponse:
    """The frozen document with its proof, for the stand-alone verifier."""
    found = _published(reference)
    response = JsonResponse(published_bundle(found), json_dumps_params={"indent": 2})
    name = f"{found.incident.reference}-post-mortem.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _address(found: PostMortem) -> str:
    path = reverse("published_post_mortem", args=[found.incident.reference])
    return settings.PUBLIC_URL.rstrip("/") + path


def _summary(found: PostMortem) -> str:
    sections = (found.public_document or {})["sections"]
    return next((one["text"] for one in sections if one["key"] == "summary"), "")


@public_route(READER)
def atom(request: HttpRequest) -> HttpResponse:
    """Published post-mortems as Atom (RFC 4287)."""
    feed = Atom1Feed(
        title="Post-mortems",
        link=settings.PUBLIC_URL.rstrip("/") + reverse("published_post_mortems"),
        description="What went wrong, what changed.",
        feed_url=settings.PUBLIC_URL.rstrip("/") + reverse("post_mortems_atom"),
    )
    for found in published_post_mortems()[:50]:
        feed.add_item(
            title=str(found.incident),
            link=_address(found),
            description=_summary(found),
            unique_id=f"urn:uuid:{found.pk}",
            pubdate=found.frozen_at,
            updateddate=found.frozen_at,
        )
    return HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml")


@public_route(READER)
def json_feed(request: HttpRequest) -> HttpResponse:
    """The same as JSON Feed 1.1."""
    home = settings.PUBLIC_URL.rstrip("/")
    items = [
        {
            "id": f"urn:uuid:{found.pk}",
            "url": _address(found),
            "title": str(found.incident),
            "content_text": _summary(found),
            "date_published": found.frozen_at.isoformat() if found.frozen_at else None,
        }
        for found in published_post_mortems()[:50]
    ]
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Post-mortems",
        "home_page_url": home + reverse("published_post_mortems"),
        "feed_url": home + reverse("post_mortems_json"),
        "items": items,
    }
    return JsonResponse(feed, content_type="application/feed+json")
