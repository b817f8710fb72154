"""The editor of alert rules, which shows the delay to expect while one writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from audits import selectors, services
from audits.models import AlertRule, Plan
from audits.web.alert_forms import RuleForm, initial_of
from audits.web.alerts import MUTE_DAYS
from governance.core.errors import DomainError
from governance.people.actors import request_actor
from governance.people.web.access import requires

if TYPE_CHECKING:
    from audits.alerts.expectation import Expectation


@requires("audits.view")
def rule(request: HttpRequest, rule_id: str) -> HttpResponse:
    """One rule: what it watches, what to expect of it, its streams and mutes; and its editor."""
    actor = request_actor(request)
    found = selectors.find_rule(rule_id, actor)
    form = RuleForm(request.POST or None, plan=found.plan, initial=initial_of(found))
    if request.method == "POST" and actor.may("audits.plan") and form.is_valid():
        saved = _save(request, form, found.plan, found)
        if saved is not None:
            return redirect("audit_alert_rule", rule_id=saved.pk)
    context = {
        "rule": found,
        "plan": found.plan,
        "form": form,
        "expected": _now_expected(found),
        "streams": selectors.streams_for(actor).filter(rule=found)[:50],
        "mutes": selectors.mutes_of(found),
        "mute_days": MUTE_DAYS,
        "may_plan": actor.may("audits.plan"),
        "may_decide": actor.may("audits.decide"),
    }
    return render(request, "audits/alert_rule.html", context)


@requires("audits.plan")
def new_rule(request: HttpRequest, key: str) -> HttpResponse:
    """A further rule of a plan, beside those that its limits gave it."""
    actor = request_actor(request)
    plan = selectors.find_plan(key, actor)
    form = RuleForm(request.POST or None, plan=plan, initial=_first_choice(plan))
    if request.method == "POST" and form.is_valid():
        saved = _save(request, form, plan, None)
        if saved is not None:
            return redirect("audit_alert_rule", rule_id=saved.pk)
    context = {"rule": None, "plan": plan, "form": form, "may_plan": True}
    return render(request, "audits/alert_rule.html", context)


@require_POST
@requires("audits.plan")
def derive(request: HttpRequest, key: str) -> HttpResponse:
    """Give a plan the rules of its limits, where it was made before there were any."""
    actor = request_actor(request)
    made = services.derive_rules(plan=selectors.find_plan(key, actor), actor=actor)
    messages.success(request, f"{len(made)} rule{'s' if len(made) != 1 else ''} made.")
    return redirect("audit_plan", key=key)


@requires("audits.plan")
def expected(request: HttpRequest, key: str) -> HttpResponse:
    """The delay to expect of what stands in the form; nothing is saved."""
    plan = selectors.find_plan(key, request_actor(request))
    form = RuleForm(request.GET, plan=plan)
    context: dict[str, Any] = {"plan": plan}
    if not form.is_valid():
        name, problems = next(iter(form.errors.items()))
        context["problem"] = f"{form.fields[name].label or name.capitalize()}: {problems[0]}"
    else:
        try:
            draft = services.draft_rule(plan=plan, **form.settings())
            found = services.prospect_of(draft, people=form.cleaned_data["people"])
            context["expected"] = found
        except DomainError as problem:
            context["problem"] = problem.sentence
    return render(request, "audits/alert_expected.html", context)


def _save(
    request: HttpRequest, form: RuleForm, plan: Plan, known: AlertRule | None
) -> AlertRule | None:
    try:
        saved = services.save_rule(
            plan=plan,
            rule=known,
            reason=form.cleaned_data["reason"],
            people=form.cleaned_data["people"],
            actor=request_actor(request),
            **form.settings(),
        )
    except DomainError as problem:
        form.add_error(None, problem.sentence)
        return None
    messages.success(request, "The rule is saved.")
    return saved


def _now_expected(rule: AlertRule) -> Expectation | None:
    try:
        return services.prospect_of(rule)
    except DomainError:
        return None


def _first_choice(plan: Plan) -> dict[str, Any]:
    """What the form starts with: the plan's first limit, as a rule of it would be."""
    if not plan.limits:
        return {"active": True, "destinations": ["ml_engineer"], "calm": 3, "least_subjects": 30}
    return initial_of(AlertRule(plan=plan, **services.derived_settings(plan, plan.limits[0])))
