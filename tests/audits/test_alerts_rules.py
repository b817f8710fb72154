"""Rules of alerts: derived from limits, weakened only by decision, with the delay to expect."""

from __future__ import annotations

from typing import Any

import pytest

from audits import services
from audits.models import (
    AlertRule,
)
from governance.core.errors import Invalid, NotPermitted
from tests.audits.alert_stage import RunDue, feed
from tests.audits.conftest import DAY, STAGE, START, Stage


def test_every_fail_limit_of_a_new_plan_is_watched_by_a_rule_and_a_warning_is_not(
    stage: Stage,
) -> None:
    plan = stage.plan(
        limits=["top_share<=0.30", {"limit": "gini<=0.9", "severity": "warn"}], on_breach="finding"
    )
    rule = AlertRule.objects.get(plan=plan)
    assert (rule.metric, rule.side, rule.limit, rule.action) == ("top_share", "<=", 0.3, "notify")
    assert rule.threshold == 61  # three windows are planned: 3 * 3,650 / 180, rounded up
    assert services.derive_rules(plan=plan, actor=STAGE) == []


def test_a_plan_without_end_is_watched_for_half_a_year(stage: Stage) -> None:
    plan = stage.plan(ends_at=None, planned_looks=None, on_breach="auto_contain")
    rule = AlertRule.objects.get(plan=plan)
    assert (rule.threshold, rule.watch, rule.action) == (3_650, 20, "contain")


def test_a_limit_that_is_declared_anew_moves_its_rule_and_an_edited_rule_stays(
    stage: Stage,
) -> None:
    plan = stage.plan(limits=["top_share<=0.30", "gini<=0.9"])
    edited = AlertRule.objects.get(metric="gini")
    services.save_rule(plan=plan, rule=edited, shift=0.01, actor=STAGE)
    plan.limits = [{**one, "value": 0.25} for one in plan.limits]
    services.derive_rules(plan=plan, actor=STAGE)
    active = AlertRule.objects.filter(plan=plan, active=True).order_by("metric")
    assert [(rule.metric, rule.limit) for rule in active] == [("gini", 0.9), ("top_share", 0.25)]


def test_pairs_without_a_direction_are_watched_both_ways(stage: Stage) -> None:
    groups = {"group": ["item"], "y_pred": ["clicked"]}
    plan = stage.plan(
        method="fairness.groups",
        parameters={},
        columns=groups,
        limits=["selection_rate_difference<=0.1", "selection_rate_ratio>=0.8"],
    )
    rules = {rule.kind: rule for rule in AlertRule.objects.filter(plan=plan)}
    assert (rules["difference"].side, rules["difference"].limit) == ("within", 0.1)
    assert (rules["ratio"].side, rules["ratio"].limit) == ("within", 1.25)
    assert all(rule.evidence == "groups" for rule in rules.values())


def test_a_rule_is_weakened_only_by_one_who_decides_and_says_why(stage: Stage, cast: Any) -> None:
    cast.join("carousel")
    plan = stage.plan()
    rule = AlertRule.objects.get(plan=plan)
    with pytest.raises(NotPermitted):
        services.save_rule(plan=plan, rule=rule, limit=0.5, reason="x", actor=cast.actor("max"))
    with pytest.raises(Invalid, match="its limit is looser"):
        services.save_rule(plan=plan, rule=rule, limit=0.5, actor=cast.actor("elif"))
    tighter = services.save_rule(plan=plan, rule=rule, limit=0.2, actor=cast.actor("max"))
    assert (tighter.limit, tighter.revision) == (0.2, 2)
    looser = services.save_rule(
        plan=plan, rule=tighter, limit=0.5, reason="Agreed with ethics", actor=cast.actor("elif")
    )
    assert looser.limit == 0.5


def test_a_rule_that_cannot_work_is_refused_in_one_sentence(stage: Stage) -> None:
    plan = stage.plan()
    rule = AlertRule.objects.get(plan=plan)
    for wrong, said in (
        ({"shift": 0.0}, "shift is above 0"),
        ({"watch": 5_000.0}, "watch level"),
        ({"metric": "nonsense"}, "no metric"),
        ({"destinations": ["king"]}, "not a role"),
        ({"destinations": []}, "at least one role"),
        ({"pairs": "one", "pair": {"of": {"sex": "f"}, "to": {}}}, "two different groups"),
        ({"colour": "red"}, "not a setting"),
    ):
        with pytest.raises(Invalid, match=said):
            services.save_rule(plan=plan, rule=rule, actor=STAGE, **wrong)


def test_the_delay_to_expect_comes_from_finished_windows_or_from_planned_people(
    stage: Stage, run_due: RunDue
) -> None:
    plan = stage.plan(ends_at=START + 5 * DAY, planned_looks=5)
    rule = AlertRule.objects.get(plan=plan)
    assert services.save_rule(plan=plan, rule=rule, calm=4, actor=STAGE).expected == {}
    planned = services.save_rule(plan=plan, rule=rule, calm=5, people=400, actor=STAGE)
    assert "an assumption: 400 people" in planned.expected["basis"]
    feed(stage, run_due, 0.1)
    measured = services.save_rule(plan=plan, rule=rule, calm=6, actor=STAGE)
    assert measured.expected["basis"] == "the variance of the last 1 finished window"
    assert "False alarms within 5 windows: at most 4.9 %" in measured.expected["sentence"]


def test_a_derived_rule_learns_what_to_expect_from_its_first_windows(
    stage: Stage, run_due: RunDue
) -> None:
    plan = stage.plan()
    assert services.learn_expectations() == 0
    feed(stage, run_due, 0.1)
    services.observe_plan(plan=plan, actor=STAGE)
    assert services.learn_expectations() == 1
    assert "seen" in AlertRule.objects.get().expected["sentence"]
    assert services.learn_expectations() == 0
