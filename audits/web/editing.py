"""Pages that make and change a plan: the chooser of metrics, the editor, changes and decisions."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from audits import chooser, selectors, services
from audits.models import Plan
from audits.plan_files.content import file_of
from audits.plan_files.text import write_plan_text
from audits.presets import PRESETS
from audits.web.editor import filling, steps
from audits.web.editor.changes import changed_fields, differences, ways_weakened
from audits.web.editor.dates import ZONES
from audits.web.editor.form import PlanEditor
from audits.web.editor.outlook import outlook
from governance.core.clock import database_now
from governance.core.errors import DomainError
from governance.people.actors import request_actor
from governance.people.web.access import requires
from governance.registry.selectors import systems_for


@requires("audits.plan")
def choose_metrics(request: HttpRequest) -> HttpResponse:
    """A question a page; at the end the metrics, the comparison and why."""
    answers = chooser.kept(
        {key: request.GET.get(key, "") for key in chooser.QUESTIONS if request.GET.get(key)}
    )
    carried = {name: request.GET[name] for name in ("system", "source") if request.GET.get(name)}
    given = list(answers)
    context = {
        "question": chooser.next_question(answers),
        "choice": chooser.choose(answers),
        "record": chooser.record(answers),
        "answers": answers,
        "carried": carried,
        "answered": [
            (
                chooser.QUESTIONS[key].text,
                chooser.QUESTIONS[key].label(value),
                urlencode({**carried, **{name: answers[name] for name in given[:place]}}),
            )
            for place, (key, value) in enumerate(answers.items())
        ],
        "editor_url": f"{reverse('audit_plan_new')}?"
        + urlencode({**carried, **{f"a_{key}": value for key, value in answers.items()}}),
    }
    return render(request, "audits/plan_choose.html", context)


@requires("audits.plan")
def new_plan(request: HttpRequest) -> HttpResponse:
    """Declare a plan on one page; every button sends all of it."""
    actor = request_actor(request)
    systems = systems_for(actor)
    if request.method != "POST":
        data = filling.blank(database_now(), request.user.pk)
        form = steps.begin(data, request.GET, systems=systems, actor=actor)
        return _page(request, form, steps.SHOW)
    data, step = request.POST.copy(), request.POST.get("step", steps.SHOW)
    form = steps.draw(data, step, systems=systems, actor=actor)
    if step == steps.SAVE and form.is_valid():
        made = form.cleaned_data
        try:
            plan = services.create_plan(
                key=made["key"], system=made["system"], **form.declared(), actor=actor
            )
        except DomainError as problem:
            form.add_error(None, problem.sentence)
        else:
            messages.success(request, f"The plan {plan.key} is made; its due windows follow.")
            return redirect("audit_plan", key=plan.key)
    return _page(request, form, step)


@requires("audits.plan")
def change_plan(request: HttpRequest, key: str) -> HttpResponse:
    """Propose a change: at once where nothing is weakened, else by a second person."""
    actor = request_actor(request)
    plan = selectors.find_plan(key, actor)
    systems = systems_for(actor)
    if request.method != "POST":
        data = filling.of_plan(plan)
        return _page(request, steps.draw(data, steps.SHOW, systems=systems, actor=actor, plan=plan))
    data, step = request.POST.copy(), request.POST.get("step", steps.SHOW)
    form = steps.draw(data, step, systems=systems, actor=actor, plan=plan)
    if step == steps.SAVE and form.is_valid():
        changes = changed_fields(plan, form.declared())
        if not changes:
            form.add_error(None, "Nothing differs from the plan in force.")
            return _page(request, form, step)
        try:
            change = services.propose_plan_change(
                plan=plan, changes=changes, reason=form.cleaned_data["reason"], actor=actor
            )
        except DomainError as problem:
            form.add_error(None, problem.sentence)
            return _page(request, form, step)
        if change.state == "applied":
            messages.success(request, f"Revision {change.revision} is in force from now on.")
        else:
            messages.info(
                request,
                "The change weakens the plan, so a second person has to approve it; until then "
                "the plan stays as it was.",
            )
        return redirect("audit_plan", key=key)
    return _page(request, form, step)


@requires("audits.view")
def export_yaml(request: HttpRequest, key: str) -> HttpResponse:
    """The plan as a file for a repository and its pipelines."""
    plan = selectors.find_plan(key, request_actor(request))
    text = write_plan_text(file_of(plan))
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{plan.key}.yaml"'
    return response


@require_POST
@requires("audits.plan")
def decide_change(request: HttpRequest, key: str, change_id: str) -> HttpResponse:
    """Approve, refuse or withdraw a proposed change."""
    actor = request_actor(request)
    change = selectors.find_plan_change(change_id, actor)
    decision, note = request.POST.get("decision", ""), request.POST.get("note", "")
    if decision == "withdraw":
        services.withdraw_plan_change(change=change, actor=actor)
        messages.success(request, "The change is withdrawn.")
    else:
        services.decide_plan_change(
            change=change, approve=decision == "approve", note=note, actor=actor
        )
        done = "approved and in force" if decision == "approve" else "refused"
        messages.success(request, f"The change is {done}.")
    return redirect("audit_plan", key=key)


def _page(request: HttpRequest, form: PlanEditor, step: str = steps.SHOW) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "plan": form.plan,
        "step": step,
        "presets": PRESETS.values(),
        "preset": PRESETS.get(form.preset_key),
        "choice": chooser.record(form.answers),
        "zones": ZONES,
        **_grouped(form),
    }
    if step == steps.PREVIEW and form.is_valid():
        context["outlook"] = outlook(form, database_now())
        if form.plan is not None:
            context |= _ahead(form.plan, form)
    template = "audits/plan_change.html" if form.plan else "audits/plan_new.html"
    return render(request, template, context)


def _ahead(plan: Plan, form: PlanEditor) -> dict[str, Any]:
    """What a change would do: the fields that differ, and whether a second person is needed."""
    changes = changed_fields(plan, form.declared())
    return {
        "differences": differences(plan, changes),
        "weakened": ways_weakened(plan, changes, database_now()),
    }


def _grouped(form: PlanEditor) -> dict[str, Any]:
    """The fields of each part of the page."""
    parameters = {one.name: one for one in form.parameters}
    roles = form.chosen_method.roles.roles
    return {
        "roles": [form[f"col_{role.name}"] for role in roles],
        "needed_roles": {f"col_{role.name}" for role in roles if role.required},
        "primary_fields": [form[name] for name, one in parameters.items() if len(one.path) > 1],
        "parameters_open": any(
            form[name].errors or one.field.required for name, one in parameters.items()
        ),
        "parameter_fields": [form[name] for name, one in parameters.items() if len(one.path) == 1],
        "metrics": form.chosen_method.metrics(),
        "method_source": form.chosen_method.source,
        "hidden": [
            (name, form.data.get(name, ""))
            for name in ("drawn_for", "preset", "limit_rows", *_answer_names())
            if form.data.get(name)
        ],
    }


def _answer_names() -> list[str]:
    return [f"a_{key}" for key in chooser.QUESTIONS]
