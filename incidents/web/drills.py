"""Drills: what is planned and due, one drill while it runs and afterwards, and its report.

Also what the page of a drill's incident shows of it (`context_for`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from audits.reports.content import Content
from audits.reports.html import report_html
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, DomainError
from governance.people.actors import request_actor
from governance.people.choices import Role
from governance.people.selectors import user_by_reference
from governance.people.web.access import requires
from governance.registry.models import System
from governance.registry.selectors import systems_for
from incidents.choices import DrillCadence, Kind, Severity, StepState
from incidents.drills.document import content_of_drill, seconds_in_words
from incidents.drills.measures import OBJECTIVES, in_words, judge
from incidents.models import Drill, Incident, ServingTarget
from incidents.selectors import (
    drill_by_reference,
    drill_plans_for,
    drills_for,
    target_standings,
)
from incidents.services.drill_endings import RUNS, end_drill, text_of
from incidents.services.drill_facts import drill_report, gather_drill_facts, holds_of
from incidents.services.drills import (
    is_left_open,
    obstacles,
    plan_drill,
    retire_plan,
    start_drill,
)
from incidents.web.targets import containment_context

RESPONDERS = (Role.INCIDENT_COMMANDER.value, Role.PRODUCT_OWNER.value)
_WEEK = 10_080  # minutes


class DrillPlanForm(forms.Form):
    """What is rehearsed, who should respond, and how fast."""

    system: forms.ModelChoiceField[System] = forms.ModelChoiceField(
        queryset=System.objects.none(),
        label="Rehearsal system",
        help_text="Only systems whose serving targets are all marked for drills.",
    )
    stands_for: forms.ModelChoiceField[System] = forms.ModelChoiceField(
        queryset=System.objects.none(),
        required=False,
        label="Rehearses for",
        help_text="The system that serves people; the result is told of it as well.",
    )
    title = forms.CharField(max_length=160, label="Title")
    scenario = forms.CharField(
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        label="What has happened?",
        help_text="As those who respond would hear it.",
    )
    kind = forms.ChoiceField(choices=Kind.choices, label="Kind of harm")
    severity = forms.ChoiceField(choices=Severity.choices, initial=Severity.S2.value)
    unattended = forms.BooleanField(
        required=False,
        label="The containment runs by itself, as after an alert",
        help_text="Else a person decides to hold the system.",
    )
    roles = forms.MultipleChoiceField(
        choices=Role.choices,
        initial=RESPONDERS,
        widget=forms.CheckboxSelectMultiple,
        label="Who should respond",
    )
    acknowledge = forms.IntegerField(
        min_value=1, max_value=_WEEK, initial=5, label="Somebody takes command within (minutes)"
    )
    notify = forms.IntegerField(
        min_value=1, max_value=_WEEK, initial=5, label="Everybody is told within (minutes)"
    )
    confirm = forms.IntegerField(
        min_value=1,
        max_value=_WEEK * 60,
        initial=60,
        label="Every target confirms within (seconds)",
        help_text="From the moment that the stop is asked for.",
    )
    release = forms.IntegerField(
        min_value=1,
        max_value=_WEEK,
        initial=60,
        label="Two people lift the hold within (minutes)",
        help_text="From the last confirmation.",
    )
    every = forms.ChoiceField(choices=DrillCadence.choices, label="Repeated")
    due_on = forms.DateField(
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        label="Due on",
        help_text="From then on it stands on the agenda.",
    )

    def __init__(
        self, *args: Any, systems: QuerySet[System], rehearsal: QuerySet[System], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["system"].queryset = rehearsal  # type: ignore[attr-defined]
        self.fields["stands_for"].queryset = systems  # type: ignore[attr-defined]

    def planned(self) -> dict[str, Any]:
        """The form's values as the service takes them."""
        values = dict(self.cleaned_data)
        minutes = {key: timedelta(minutes=values.pop(key)) for key in _IN_MINUTES}
        values["limits"] = {**minutes, "confirm": timedelta(seconds=values.pop("confirm"))}
        return values


_IN_MINUTES = ("acknowledge", "notify", "release")


def rehearsal_systems(actor: Actor) -> QuerySet[System]:
    """The actor's systems whose active serving targets are all marked for drills."""
    active = ServingTarget.objects.filter(active=True)
    return (
        systems_for(actor)
        .filter(pk__in=active.filter(for_drills=True).values("system"))
        .exclude(pk__in=active.filter(for_drills=False).values("system"))
    )


@requires("incidents.view")
def drills(request: HttpRequest) -> HttpResponse:
    """What is rehearsed, what is due, what runs, and how the last ones went."""
    actor = request_actor(request)
    ended = drills_for(actor).exclude(ended_at=None)
    last = {drill.plan_id: drill for drill in reversed(ended)}
    today = database_now().date()
    context = {
        "plans": [
            {
                "plan": plan,
                "last": last.get(plan.pk),
                "overdue": plan.due_on is not None and plan.due_on < today,
            }
            for plan in drill_plans_for(actor).filter(retired_at=None)
        ],
        "running": drills_for(actor).filter(ended_at=None),
        "ended": ended[:100],
        "may_run": actor.may(RUNS),
        "rehearsal": rehearsal_systems(actor),
    }
    return render(request, "incidents/drills.html", context)


@requires(RUNS)
def plan_new(request: HttpRequest) -> HttpResponse:
    """Write down what will be rehearsed."""
    actor = request_actor(request)
    rehearsal = rehearsal_systems(actor)
    form = DrillPlanForm(request.POST or None, systems=systems_for(actor), rehearsal=rehearsal)
    if request.method == "POST" and form.is_valid():
        try:
            made = plan_drill(actor=actor, **form.planned())
        except DomainError as refusal:
            form.add_error(None, refusal.sentence)
        else:
            messages.success(request, f"Planned: {made.title}.")
            return redirect("drill_plan", made.pk)
    return render(request, "incidents/drill_new.html", {"form": form, "rehearsal": rehearsal})


@requires("incidents.view")
def plan(request: HttpRequest, plan_id: str) -> HttpResponse:
    """What one plan rehearses, whether it can run now, and how its drills went."""
    actor = request_actor(request)
    found = get_object_or_404(drill_plans_for(actor), pk=plan_id)
    context = {
        "plan": found,
        "drills": drills_for(actor).filter(plan=found),
        "objectives": [
            {"title": one.title, "limit": in_words(found.limits[one.key])} for one in OBJECTIVES
        ],
        "obstacles": obstacles(found.system),
        "standings": target_standings(found.system),
        "may_run": actor.may(RUNS) and found.retired_at is None,
        "overdue": found.due_on is not None and found.due_on < database_now().date(),
    }
    return render(request, "incidents/drill_plan.html", context)


@require_POST
@requires(RUNS)
def start(request: HttpRequest, plan_id: str) -> HttpResponse:
    actor = request_actor(request)
    found = get_object_or_404(drill_plans_for(actor), pk=plan_id)
    try:
        drill = start_drill(plan=found, actor=actor)
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
        return redirect("drill_plan", found.pk)
    messages.success(request, f"{drill.reference} has begun.")
    return redirect("drill", drill.reference)


@require_POST
@requires(RUNS)
def retire(request: HttpRequest, plan_id: str) -> HttpResponse:
    actor = request_actor(request)
    found = get_object_or_404(drill_plans_for(actor), pk=plan_id)
    try:
        retire_plan(plan=found, actor=actor)
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
        return redirect("drill_plan", found.pk)
    messages.success(request, f"{found.title} is rehearsed no more; its reports stay.")
    return redirect("drills")


@requires("incidents.view")
def drill(request: HttpRequest, reference: str) -> HttpResponse:
    """One drill: while it runs, how far it is and what comes next; afterwards, its report."""
    actor = request_actor(request)
    found = drill_by_reference(reference, actor)
    return render(request, "incidents/drill.html", _context(found, actor))


@requires("incidents.view")
def progress(request: HttpRequest, reference: str) -> HttpResponse:
    """The moving part of a running drill's page."""
    actor = request_actor(request)
    found = drill_by_reference(reference, actor)
    return render(request, "incidents/drill_progress.html", _context(found, actor))


@require_POST
@requires(RUNS)
def end(request: HttpRequest, reference: str) -> HttpResponse:
    actor = request_actor(request)
    found = drill_by_reference(reference, actor)
    try:
        ended = end_drill(drill=found, actor=actor)
    except DomainError as refusal:
        messages.error(request, refusal.sentence)
    else:
        assert ended.report is not None
        messages.success(request, ended.report["sentence"])
    return redirect("drill", found.reference)


@requires("incidents.view")
def export_json(request: HttpRequest, reference: str) -> HttpResponse:
    """The report exactly as its digest was taken."""
    found = _ended(drill_by_reference(reference, request_actor(request)))
    assert found.report is not None
    answer = HttpResponse(text_of(found.report), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="{found.reference}.json"'
    answer["X-Content-SHA256"] = found.sha256
    return answer


@requires("incidents.view")
def export_html(request: HttpRequest, reference: str) -> HttpResponse:
    """The report as one page that stands alone, ready to print."""
    found = _ended(drill_by_reference(reference, request_actor(request)))
    assert found.report is not None
    text = report_html(content_of_drill(found.report, found.sha256, who_is))
    answer = HttpResponse(text)
    answer["Content-Disposition"] = f'attachment; filename="{found.reference}.html"'
    return answer


def _ended(found: Drill) -> Drill:
    if found.ended_at is None:
        raise Conflict(f"{found.reference} has no report yet: it is still running.")
    return found


def who_is(reference: str) -> str:
    """How the person is called whom a report names by reference."""
    user = user_by_reference(reference)
    return str(user) if user is not None else "a person who is no longer here"


def _tables(content: Content) -> list[dict[str, Any]]:
    return [
        {
            "name": f"drill-table-{number}",
            "title": one.title,
            "note": one.note,
            "columns": one.columns,
            "rows": one.rows,
        }
        for number, one in enumerate((content.measurements, *content.tables), start=1)
        if one.rows
    ]


def _context(found: Drill, actor: Actor) -> dict[str, Any]:
    now = database_now()
    running = found.ended_at is None
    if running:
        facts = gather_drill_facts(found, now)
        judgement = judge(facts, found.plan.limits)
        report = drill_report(found, facts, judgement, ended_by="", left_behind=[])
    else:
        report = found.report or {}
    holds = holds_of(found)
    content = None if running else content_of_drill(report, found.sha256, who_is)
    return {
        "drill": found,
        "plan": found.plan,
        "incident": found.incident,
        "running": running,
        "report": report,
        "rows": [
            {
                **one,
                "took": seconds_in_words(one["took_seconds"]),
                "limit": seconds_in_words(one["limit_seconds"]),
            }
            for one in report["objectives"]
        ],
        "content": content,
        "drawn": content.charts[0] if content else None,
        "tables": _tables(content) if content else [],
        "held": any(hold.released_at is None for hold in holds),
        "holds": holds,
        "failed_steps": [one for one in report["steps"] if one["state"] == StepState.FAILED],
        "left_open": is_left_open(found, now),
        "may_run": actor.may(RUNS),
        **(containment_context(found.incident) if running else {}),
    }


def context_for(incident: Incident, actor: Actor) -> dict[str, Any]:
    """What the pages of an incident show when it is a drill's: `drill`, or nothing."""
    if not incident.drill:
        return {}
    found = Drill.objects.select_related("plan").filter(incident=incident).first()
    return {"drill": found, "may_end_drill": found is not None and actor.may(RUNS)}
