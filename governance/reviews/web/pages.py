"""Pages: "Can I ship?", the queue of reviews, and one review with its checklist."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from governance.core.actors import Actor
from governance.core.errors import DomainError
from governance.people.actors import request_actor
from governance.people.web.access import requires
from governance.registry.models import ModelVersion
from governance.registry.selectors import find_system, find_version, system_state
from governance.reviews import content, services
from governance.reviews.authors import authors_of
from governance.reviews.choices import ApprovalState, Outcome
from governance.reviews.gates import evaluate_gate, latest_approval, open_review
from governance.reviews.items import standings, standings_by_section
from governance.reviews.models import Approval
from governance.reviews.selectors import find_review, reviews_for, waiting_for
from governance.reviews.services import EvidenceInput

SHOWN = 200


class AnswerForm(forms.Form):
    """One item's answer with one piece of evidence."""

    item = forms.CharField(widget=forms.HiddenInput)
    outcome = forms.ChoiceField(choices=Outcome.choices)
    note = forms.CharField(required=False)
    evidence_title = forms.CharField(required=False, max_length=200)
    evidence_link = forms.CharField(required=False, max_length=500)
    evidence_until = forms.DateField(required=False)


@requires("gates.ask")
def ship(request: HttpRequest, key: str, version_key: str) -> HttpResponse:
    """Can I ship? If not: what is missing, who must act, and what changed since the approval."""
    actor = request_actor(request)
    system = find_system(key, actor)
    version = find_version(key, version_key, actor)
    context = {"system": system, "version": version, **ship_context(version, actor)}
    return render(request, "reviews/ship.html", context)


def ship_context(version: ModelVersion, actor: Actor) -> dict[str, Any]:
    decision = evaluate_gate("release", version.system, version)
    approval = latest_approval(version)
    blocked = []
    if not decision.allowed:
        blocked.append("the release gate answers deny, so a pipeline that asks it stops")
    if version.state not in ("approved", "serving"):
        blocked.append("it cannot be made the serving version")
    return {
        "decision": decision,
        "approval": approval,
        "changes": content.diff(approval) if approval else [],
        "review": open_review(version),
        "blocked": blocked,
        "state": system_state(version.system),
        "standings": standings(version, approval.run) if approval else [],
        "may_start": actor.may("reviews.start"),
    }


@requires("reviews.view")
def reviews(request: HttpRequest) -> HttpResponse:
    """What waits for my judgement?"""
    actor = request_actor(request)
    found = reviews_for(actor).prefetch_related("steps")
    state, query = request.GET.get("state", ""), request.GET.get("q", "").strip()
    if state in ApprovalState.values:
        found = found.filter(state=state)
    if query:
        found = found.filter(version__system__key__icontains=query)
    context = {
        "waiting": waiting_for(actor).prefetch_related("steps"),
        "reviews": found[:SHOWN],
        "filters": [
            {"name": "q", "label": "System", "value": query},
            {
                "name": "state",
                "label": "State",
                "value": state,
                "options": ApprovalState.choices,
            },
        ],
    }
    return render(request, "reviews/reviews.html", context)


@requires("reviews.view")
def review(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """One review: what changed, the checklist with its answers, the two signatures."""
    actor = request_actor(request)
    found = find_review(str(review_id), actor)
    version = found.version
    rows = standings(version, found.run)
    before = (
        Approval.objects.filter(
            version=version, state=ApprovalState.APPROVED, created_at__lt=found.created_at
        )
        .order_by("-decided_at")
        .first()
    )
    undecided = found.state == ApprovalState.IN_REVIEW
    context = {
        "review": found,
        "system": version.system,
        "version": version,
        "sections": standings_by_section(rows),
        "open_count": sum(1 for one in rows if not one.satisfied),
        "steps": found.steps.all(),
        "changes": content.differences(before.content, found.content) if before else None,
        "drift": content.diff(found),
        "outcomes": Outcome.choices,
        "my_roles": actor.roles,
        "may_answer": undecided and actor.may("reviews.answer"),
        "may_decide": undecided and actor.may("reviews.decide"),
        "may_start": undecided and actor.may("reviews.start"),
        "own_work": actor.reference in authors_of(found),
    }
    return render(request, "reviews/review.html", context)


@requires("reviews.start")
@require_POST
def start(request: HttpRequest, key: str, version_key: str) -> HttpResponse:
    actor = request_actor(request)
    version = find_version(key, version_key, actor)
    note = request.POST.get("note", "")
    try:
        made = services.start_review(version=version, actor=actor, note=note)
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
        return redirect("ship", key, version_key)
    messages.success(request, f"The review of {version.scope_key} is open.")
    return redirect("review", made.pk)


@requires("reviews.answer")
@require_POST
def answer(request: HttpRequest, review_id: UUID) -> HttpResponse:
    form = AnswerForm(request.POST)
    if not form.is_valid():
        messages.error(request, "The answer could not be read; choose an outcome and try again.")
        return redirect("review", review_id)
    given = form.cleaned_data
    evidence = []
    if given["evidence_title"]:
        until = given["evidence_until"]
        expires_at = datetime.combine(until, time(23, 59), tzinfo=UTC) if until else None
        title, link = given["evidence_title"], given["evidence_link"]
        evidence.append(EvidenceInput(title, link, expires_at))

    def act(found: Approval, actor: Actor) -> str:
        services.answer_item(
            review=found,
            code=given["item"],
            outcome=given["outcome"],
            note=given["note"],
            evidence=evidence,
            actor=actor,
        )
        return f"{given['item']} is answered."

    return _act(request, review_id, act, anchor=given["item"])


@requires("reviews.decide")
@require_POST
def approve(request: HttpRequest, review_id: UUID) -> HttpResponse:
    def act(found: Approval, actor: Actor) -> str:
        signed = services.approve(
            approval=found, actor=actor, comment=request.POST.get("comment", "")
        )
        if signed.state == ApprovalState.APPROVED:
            return f"{found.version.scope_key} is approved."
        return "Signed. The other seat needs another person."

    return _act(request, review_id, act)


@requires("reviews.decide")
@require_POST
def reject(request: HttpRequest, review_id: UUID) -> HttpResponse:
    def act(found: Approval, actor: Actor) -> str:
        comment = request.POST.get("comment", "")
        services.reject(approval=found, actor=actor, comment=comment)
        return f"{found.version.scope_key} is rejected."

    return _act(request, review_id, act)


@requires("reviews.start")
@require_POST
def renew(request: HttpRequest, review_id: UUID) -> HttpResponse:
    def act(found: Approval, actor: Actor) -> str:
        services.renew_review(review=found, actor=actor)
        return "The review covers the present state; it is signed anew."

    return _act(request, review_id, act)


def _act(
    request: HttpRequest,
    review_id: UUID,
    act: Callable[[Approval, Actor], str],
    anchor: str = "",
) -> HttpResponse:
    actor = request_actor(request)
    found = find_review(str(review_id), actor)
    try:
        messages.success(request, act(found, actor))
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    return redirect(f"/reviews/{review_id}/" + (f"#{anchor}" if anchor else ""))
