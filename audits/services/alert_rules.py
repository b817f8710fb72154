"""Rules of alerts: derived from a plan's fail limits, edited by people, with the delay to expect.

What a rule makes of finished windows stands in `alerting`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction

from audits.choices import (
    AlertAction,
    AlertEvidence,
    AlertKind,
    AlertPairs,
    AlertSide,
    AlertState,
    AlertStatus,
    OnBreach,
)
from audits.models import Alert, AlertRule, AlertStream, Plan
from governance.core.actors import Actor, SystemActor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.ledger.services import record_entry
from governance.people.choices import Role
from governance.registry.access import require

if TYPE_CHECKING:
    from audits.alerts.expectation import Expectation

ACTION_OF = {
    OnBreach.FINDING: AlertAction.NOTIFY,
    OnBreach.OPEN_INCIDENT: AlertAction.OPEN_INCIDENT,
    OnBreach.AUTO_CONTAIN: AlertAction.CONTAIN,
}
STRICTNESS = (AlertAction.NOTIFY, AlertAction.OPEN_INCIDENT, AlertAction.CONTAIN)
DESTINATIONS = (Role.ML_ENGINEER, Role.ETHICS_REVIEWER)
ESCALATE_TO = (Role.INCIDENT_COMMANDER, Role.PRODUCT_OWNER)
ESCALATE_AFTER = timedelta(hours=24)
# Of these another value begins the evidence anew.
STATISTICS = (
    *("metric", "kind", "evidence", "pairs", "pair", "limit", "side", "shift", "log"),
    *("threshold", "watch", "calm", "least_subjects", "detector", "lasting"),
)
EDITABLE = (
    *STATISTICS,
    *("action", "destinations", "escalate_after", "escalate_to", "active"),
)


@transaction.atomic
def derive_rules(*, plan: Plan, actor: Actor) -> list[AlertRule]:
    """Give every fail limit of a plan its alert rule; return those that are new.

    Rules a person edited stay as they are. Of the others those whose limit is gone end, and the
    action follows `on_breach`. Deriving again changes nothing.
    """
    wanted = _strictest(
        derived_settings(plan, one) for one in plan.limits if one["severity"] == "fail"
    )
    known = list(AlertRule.objects.filter(plan=plan, active=True))
    missing = []
    for settings in wanted:
        same = [rule for rule in known if _watches(rule, settings)]
        _follow_plan([rule for rule in same if rule.derived], settings)
        known = [rule for rule in known if rule not in same]
        if not same:
            missing.append(settings)
    for rule in known:
        if rule.derived:
            _end(rule, "The plan no longer declares this limit.")
    made = [AlertRule.objects.create(plan=plan, derived=True, **one) for one in missing]
    for rule in made:
        _record("audits.alert_rule_derived", rule, actor)
    return made


def _strictest(wanted: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of several limits on one metric and side the strictest is watched."""
    chosen: dict[tuple[str, str], dict[str, Any]] = {}
    for one in wanted:
        place = (one["metric"], str(one["side"]))
        known = chosen.get(place)
        higher = one["side"] == AlertSide.AT_LEAST
        if known is None or (one["limit"] > known["limit"]) == higher:
            chosen[place] = one
    return list(chosen.values())


def derived_settings(plan: Plan, limit: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rule that watches one limit of a plan."""
    from audits.alerts.expectation import horizon, threshold_for

    metric, op, value = str(limit["metric"]), str(limit["op"]), float(limit["value"])
    kind, grouped, compares = _nature(plan, metric)
    pair = _primary_pair(plan, metric)
    side, log = op, kind == AlertKind.RATIO and value > 0
    if compares and not pair:
        # Without a declared direction a pair may leave the limit either way.
        if kind == AlertKind.DIFFERENCE and (value >= 0) == (op == "<="):
            side, value = AlertSide.WITHIN, abs(value)
        elif log and (value >= 1) == (op == "<="):
            side, value = AlertSide.WITHIN, max(value, 1 / value)
    threshold = threshold_for(horizon(plan))
    return {
        "metric": metric,
        "kind": kind,
        "evidence": AlertEvidence.GROUPS if grouped else AlertEvidence.INTERVAL,
        "pairs": AlertPairs.ONE if pair else AlertPairs.ALL,
        "pair": pair,
        "limit": value,
        "side": side,
        "log": log,
        "shift": 1.1 if log else sensible_shift(kind, value),
        "threshold": threshold,
        "watch": min(20.0, threshold / 4),
        "least_subjects": max(int(plan.parameters.get("min_subjects", 30)), 2),
        "action": ACTION_OF[OnBreach(plan.on_breach)],
        "destinations": [str(role) for role in DESTINATIONS],
        "escalate_after": ESCALATE_AFTER,
        "escalate_to": [str(role) for role in ESCALATE_TO],
    }


def sensible_shift(kind: str, limit: float) -> float:
    """Return a shift to begin with: half a difference's limit, a fifth of a value's."""
    if kind == AlertKind.DIFFERENCE:
        return abs(limit) / 2 if limit else 0.02
    return max(abs(limit) / 5, 0.01)


def _nature(plan: Plan, metric: str) -> tuple[str, bool, bool]:
    """Return the kind of a metric, whether it is read from group cubes, and compares both ways."""
    from methods import catalogue
    from methods.fairness.rates import CONTRASTS, SCALARS

    field = catalogue.get(plan.method).Parameters.model_fields.get("method")
    chosen = plan.parameters.get("method", field.default if field else None)
    compares = chosen in ("between_groups", "to_highest")
    if metric in CONTRASTS or metric in SCALARS:
        kind = CONTRASTS[metric][1] if metric in CONTRASTS else SCALARS[metric].kind
        grouped = plan.method == "fairness.groups" and chosen != "to_overall"
        return kind, grouped, compares
    for ending in (AlertKind.RATIO, AlertKind.DIFFERENCE):
        if metric.endswith(f"_{ending}"):
            return ending, False, compares
    return AlertKind.VALUE, False, False


def _primary_pair(plan: Plan, metric: str) -> dict[str, Any]:
    from methods import catalogue

    declared = getattr(catalogue.get(plan.method).parse(plan.parameters), "primary", None)
    if declared is None or declared.metric != metric:
        return {}
    return {"of": dict(declared.of), "to": dict(declared.to)}


def _watches(rule: AlertRule, settings: Mapping[str, Any]) -> bool:
    same = ("metric", "pairs", "pair") if not rule.derived else ("metric", "pairs", "pair", "limit")
    return all(getattr(rule, name) == settings[name] for name in same)


def _follow_plan(rules: list[AlertRule], settings: Mapping[str, Any]) -> None:
    for rule in rules:
        if rule.action != settings["action"]:
            AlertRule.objects.filter(pk=rule.pk).update(action=settings["action"])


@transaction.atomic
def save_rule(
    *,
    plan: Plan,
    rule: AlertRule | None = None,
    reason: str = "",
    people: int | None = None,
    actor: Actor,
    **settings: Any,
) -> AlertRule:
    """Make a rule, or change one: what it watches, how sure it must be, what it sets off.

    Another limit, threshold or pair begins the evidence anew. Whatever makes a rule say less or
    do less needs the right to decide, and a reason. The delay to expect is kept with the rule.
    """
    require(actor, "audits.plan", [plan.system])
    unknown = set(settings) - set(EDITABLE)
    if unknown:
        raise Invalid(f"{min(unknown)!r} is not a setting of an alert rule.")
    old = None
    if rule is not None:
        rule = AlertRule.objects.select_for_update(of=("self",)).get(pk=rule.pk, plan=plan)
        old = {name: getattr(rule, name) for name in EDITABLE}
        for name, value in settings.items():
            setattr(rule, name, value)
        check_rule(rule)
    else:
        rule = draft_rule(plan=plan, **settings)
    weaker = weakened(old, rule) if old else []
    if weaker:
        require(actor, "audits.decide", [plan.system])
        if not reason.strip():
            raise Invalid(f"Say why the rule may be weaker: {'; '.join(weaker)}.")
    changed = old is None or any(old[name] != getattr(rule, name) for name in STATISTICS)
    if old is not None:
        rule.revision += 1
        rule.derived = False
    rule.expected = expected_of(rule, people)
    _write(rule)
    if old is not None and (changed or not rule.active):
        _begin_anew(rule, "The rule was changed; its evidence begins anew.")
    _record("audits.alert_rule_saved", rule, actor, reason=reason, weaker=weaker)
    return rule


def draft_rule(*, plan: Plan, **settings: Any) -> AlertRule:
    """Return a rule as it would be saved, checked and not written."""
    rule = AlertRule(plan=plan, **_first_settings(plan, settings))
    for name, value in settings.items():
        setattr(rule, name, value)
    check_rule(rule)
    return rule


def _first_settings(plan: Plan, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What a new rule on a metric starts from: as if the plan declared its limit."""
    if "metric" not in settings or "limit" not in settings:
        raise Invalid("A rule names a metric and its limit.")
    op = settings.get("side", AlertSide.AT_MOST)
    limit = {
        "metric": settings["metric"],
        "op": "<=" if op == AlertSide.WITHIN else op,
        "value": settings["limit"],
    }
    _known_metric(plan, str(settings["metric"]))
    return derived_settings(plan, limit)


def check_rule(rule: AlertRule) -> None:
    """Refuse a rule that cannot work, in one sentence."""
    from audits.alerts.gathering import statistics_of

    _known_metric(rule.plan, rule.metric)
    statistics_of(rule)
    if rule.pairs == AlertPairs.ONE:
        of, to = rule.pair.get("of") or {}, rule.pair.get("to") or {}
        if not of or set(of) != set(to) or of == to:
            raise Invalid("One pair names two different groups of the same columns.")
    else:
        rule.pair = {}
    for role in (*rule.destinations, *rule.escalate_to):
        if role not in Role.values:
            raise Invalid(f"{role!r} is not a role.")
    if rule.action not in AlertAction.values:
        raise Invalid(f"An alert does one of {', '.join(AlertAction.values)}.")
    if not rule.destinations:
        raise Invalid("Name at least one role that an alert is told to.")


def _known_metric(plan: Plan, metric: str) -> None:
    from methods import catalogue

    metrics = catalogue.get(plan.method).metrics()
    if metric not in metrics:
        raise Invalid(f"{plan.method} has no metric {metric!r}.")


def weakened(old: Mapping[str, Any], rule: AlertRule) -> list[str]:
    """Return in words what a change makes a rule miss, tell later or do no longer."""
    found = []
    looser = {
        AlertSide.AT_MOST: rule.limit > old["limit"],
        AlertSide.AT_LEAST: rule.limit < old["limit"],
        AlertSide.WITHIN: rule.limit > old["limit"],
    }
    if old["side"] != rule.side or old["metric"] != rule.metric or old["pair"] != rule.pair:
        found.append("it watches something else")
    elif looser[AlertSide(rule.side)]:
        found.append("its limit is looser")
    if rule.threshold > old["threshold"]:
        found.append("it asks for more evidence")
    if rule.least_subjects > old["least_subjects"]:
        found.append("it leaves out more small windows")
    if STRICTNESS.index(AlertAction(rule.action)) < STRICTNESS.index(AlertAction(old["action"])):
        found.append("an alert does less")
    if old["active"] and not rule.active:
        found.append("it is switched off")
    return found


def prospect_of(rule: AlertRule, *, people: int | None = None) -> Expectation | None:
    """Return what to expect of a rule; None where neither windows nor people are known."""
    from audits.alerts import expectation

    return expectation.prospect_of(rule, people=people)


def expected_of(rule: AlertRule, people: int | None = None) -> dict[str, Any]:
    """Return the delay and false alarms to expect as they are kept; empty when not known."""
    found = prospect_of(rule, people=people)
    return {} if found is None else {**found.to_dict(), "sentence": found.sentence}


@transaction.atomic
def learn_expectations(most: int = 20) -> int:
    """Keep with rules that windows have been weighed for, but none is kept yet, what to expect."""
    seen = AlertStream.objects.exclude(status=AlertStatus.INSUFFICIENT_DATA)
    ready = AlertRule.objects.filter(active=True, expected={}, streams__in=seen)
    learnt = 0
    for key in ready.values_list("pk", flat=True).distinct()[:most]:
        rule = AlertRule.objects.select_related("plan").get(pk=key)
        if found := expected_of(rule):
            learnt += AlertRule.objects.filter(pk=key, expected={}).update(expected=found)
    return learnt


def _write(rule: AlertRule) -> None:
    try:
        with transaction.atomic():
            rule.save()
    except IntegrityError as problem:
        if "alert_rule_once_per_metric" in str(problem):
            raise Conflict("The plan already has a rule on this metric and side.") from None
        raise Invalid("The numbers of the rule do not fit together.") from None


def _end(rule: AlertRule, sentence: str) -> None:
    AlertRule.objects.filter(pk=rule.pk).update(active=False)
    _begin_anew(rule, sentence)


def _begin_anew(rule: AlertRule, sentence: str) -> None:
    """Forget the evidence of a rule's streams; what they still alerted about is resolved."""
    streams = AlertStream.objects.filter(rule=rule)
    now = database_now()
    streams.update(state={}, status=AlertStatus.INSUFFICIENT_DATA, moved_at=now)
    open_alerts = Alert.objects.filter(stream__rule=rule).exclude(state=AlertState.RESOLVED)
    open_alerts.update(
        state=AlertState.RESOLVED,
        resolved_at=now,
        resolved_by=SystemActor("audits").reference,
        resolution=sentence,
    )


def _record(
    verb: str,
    rule: AlertRule,
    actor: Actor,
    *,
    reason: str = "",
    weaker: list[str] | None = None,
) -> None:
    record_entry(
        verb=verb,
        object_type="alert_rule",
        object_id=str(rule.pk),
        actor=actor,
        facts={
            "plan": rule.plan.key,
            "metric": rule.metric,
            "side": rule.side,
            "limit": rule.limit,
            "threshold": rule.threshold,
            "action": rule.action,
            "active": rule.active,
            "revision": rule.revision,
            "weaker": weaker or [],
        },
        personal={"reason": reason} if reason else None,
    )
