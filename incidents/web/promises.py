"""Actions of a post-mortem on its page: promise, do, look at, and what each puts in place."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from audits.models import Plan
from governance.core.clock import database_now
from governance.core.errors import DomainError, NotFound
from governance.people.actors import request_actor
from governance.people.choices import Role
from governance.people.models import User
from governance.people.web.access import requires
from governance.reviews.choices import Section
from governance.reviews.services.checklists import EDITS as EDITS_CHECKLIST
from incidents.choices import SafeguardKind
from incidents.models import PostMortem, PostMortemAction
from incidents.post_mortem.reading import post_mortem_by_reference
from incidents.services import actions as services
from incidents.services import safeguards


class ActionForm(forms.Form):
    """One thing that will be different."""

    title = forms.CharField(
        max_length=200,
        label="What will be different?",
        help_text="Begin with a verb: 'Alert on …', 'Remove …', 'Ask …'.",
    )
    owner = forms.ModelChoiceField(queryset=User.objects.filter(is_active=True), label="Owner")
    due_on = forms.DateField(label="Until", widget=forms.DateInput(attrs={"type": "date"}))
    verification = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 2}), label="How will it be seen that it worked?"
    )


class ItemForm(forms.Form):
    """A question that every review asks from now on."""

    section = forms.ChoiceField(choices=Section.choices, label="Part of the checklist")
    question = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 2}), label="The question, answered by yes or no"
    )
    evidence_expected = forms.CharField(max_length=300, label="What shows the answer?")
    roles = forms.MultipleChoiceField(
        choices=Role.choices, widget=forms.CheckboxSelectMultiple, label="Who answers it?"
    )


class PlanChoice(forms.ModelChoiceField[Plan]):
    def label_from_instance(self, obj: Plan) -> str:
        return f"{obj.title} ({obj.key})"


class OfPlans(forms.Form):
    """A form that offers the plans of the incident's system."""

    offered = "plan"

    def __init__(self, *args: Any, post_mortem: PostMortem, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plans = Plan.objects.filter(system=post_mortem.incident.system)
        self.fields[self.offered].queryset = plans  # type: ignore[attr-defined]
        self.fields[self.offered].initial = post_mortem.incident.plan_id


class PlanForm(OfPlans):
    """A plan of its own, modelled on one that is there."""

    offered = "like"

    like = PlanChoice(
        queryset=Plan.objects.none(),
        label="Modelled on",
        help_text="Its method, columns, source and schedule are taken over.",
    )
    key = forms.SlugField(max_length=63, label="Key")
    title = forms.CharField(max_length=200, label="What does it ask?")
    limits = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 2}),
        label="Limits, one a line",
        help_text="Such as top_share<=0.30.",
    )


class LimitForm(OfPlans):
    """One limit more, or a stricter one."""

    plan = PlanChoice(queryset=Plan.objects.none(), label="Plan")
    limit = forms.CharField(
        max_length=120,
        label="Limit",
        help_text="Such as top_share<=0.30. A weaker one than before waits for a second person.",
    )


class LinkForm(OfPlans):
    """A plan that is there already."""

    plan = PlanChoice(queryset=Plan.objects.none(), label="Plan")


TITLES = {
    SafeguardKind.ITEM: "Ask about it in every review",
    SafeguardKind.PLAN: "Watch it with a plan of its own",
    SafeguardKind.LIMIT: "Set a limit for it",
    "link": "Name a plan that is there already",
}


def _back(reference: str) -> HttpResponse:
    return redirect(reverse("incident_post_mortem", args=[reference]) + "#promised")


def _action(request: HttpRequest, reference: str, action_id: str) -> PostMortemAction:
    found = post_mortem_by_reference(reference, request_actor(request))
    return get_object_or_404(
        PostMortemAction.objects.select_related("post_mortem__incident__system"),
        pk=action_id,
        post_mortem=found,
    )


@require_POST
@requires(services.WRITES)
def move_action(request: HttpRequest, reference: str, action_id: str) -> HttpResponse:
    """Say that an action is done, or whether it helped."""
    actor, given = request_actor(request), request.POST
    action = _action(request, reference, action_id)
    try:
        if given.get("to") == "done":
            services.finish_action(action=action, actor=actor)
            messages.success(request, "Done. Another person looks whether it helps.")
        else:
            services.verify_action(
                action=action,
                helped=given.get("to") == "verified",
                method=given.get("method", ""),
                evidence=given.get("evidence", ""),
                actor=actor,
            )
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    return _back(reference)


def _form(kind: str, data: Any, post_mortem: PostMortem, action: PostMortemAction) -> forms.Form:
    if kind == SafeguardKind.ITEM:
        return ItemForm(data)
    if kind == SafeguardKind.PLAN:
        return PlanForm(data, post_mortem=post_mortem, initial={"title": action.title})
    made: type[OfPlans] = LimitForm if kind == SafeguardKind.LIMIT else LinkForm
    return made(data, post_mortem=post_mortem)


@requires(services.WRITES)
def safeguard(request: HttpRequest, reference: str, action_id: str, kind: str) -> HttpResponse:
    """Put in place what an action promises, by the room that owns it."""
    actor = request_actor(request)
    if kind not in TITLES:
        raise NotFound("An action puts no such thing in place.")
    action = _action(request, reference, action_id)
    form = _form(kind, request.POST or None, action.post_mortem, action)
    if request.method == "POST" and form.is_valid():
        try:
            made = _make(kind, action, form.cleaned_data, actor)
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            change = made.change
            waits = change is not None and change.weakens
            said = "Proposed: a second person decides on it." if waits else "It is in place."
            messages.success(request, f"{made.title}. {said}")
            return _back(reference)
    context = {
        "form": form,
        "action": action,
        "incident": action.post_mortem.incident,
        "title": TITLES[kind],
        "kind": kind,
        "may_edit_checklist": actor.may(EDITS_CHECKLIST),
        "may_plan": actor.may("audits.plan"),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "incidents/safeguard.html", context, status=status)


def _make(kind: str, action: PostMortemAction, given: dict[str, Any], actor: Any) -> Any:
    if kind == SafeguardKind.ITEM:
        return safeguards.make_item(action=action, actor=actor, **given)
    if kind == SafeguardKind.PLAN:
        limits = [one.strip() for one in given["limits"].splitlines() if one.strip()]
        today = database_now().astimezone(UTC)
        starts = today.replace(hour=0, minute=0, second=0, microsecond=0)
        return safeguards.make_plan(
            action=action,
            like=given["like"],
            key=given["key"],
            title=given["title"],
            limits=limits,
            starts_at=starts,
            actor=actor,
        )
    if kind == SafeguardKind.LIMIT:
        return safeguards.make_limit(
            action=action, plan=given["plan"], limit=given["limit"], actor=actor
        )
    return safeguards.link_plan(action=action, plan=given["plan"], actor=actor)
