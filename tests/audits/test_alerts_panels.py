"""Groups whose people return: cubes and panels are stored with runs and enter the evidence."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from audits import services
from audits.alerts.panels import lasting_share
from audits.models import AlertRule, AlertStep, AlertStream, Plan, RunCube
from audits.runner import perform_run
from tests.audits.alert_stage import weigh
from tests.audits.conftest import DAY, STAGE, START, Stage


def decisions(
    day: int, *, people: int = 600, first: int = 0, gap: float = 0.0
) -> list[dict[str, Any]]:
    """One decision a person; each has a lasting rate, women's lower by `gap`."""
    chance = random.Random(day)
    rows = []
    for number in range(first, first + people):
        own = random.Random(number).betavariate(2, 2)
        rate = own - gap if number % 3 == 0 else own
        rows.append(
            {
                "output_id": f"d-{day}-{number}",
                "occurred_at": (START + DAY * day + timedelta(seconds=number)).isoformat(),
                "subject": f"person-{number}",
                "sex": "female" if number % 3 == 0 else "male",
                "y_pred": int(chance.random() < rate),
            }
        )
    return rows


def group_plan(stage: Stage, days: int, **changes: Any) -> Plan:
    return stage.plan(
        **{
            "method": "fairness.groups",
            "parameters": {"metrics": ["selection_rate"]},
            "columns": {"group": ["sex"], "y_pred": ["y_pred"], "subject": ["subject"]},
            "limits": ["selection_rate_difference<=0.1"],
            "ends_at": START + days * DAY,
            "planned_looks": days,
            **changes,
        }
    )


def run_all(stage: Stage, days: list[list[dict[str, Any]]]) -> None:
    for rows in days:
        stage.push(stage.serving, rows)
    for run in services.schedule_due_runs():
        assert perform_run(str(run.pk))


def test_the_same_people_every_day_share_their_luck(stage: Stage) -> None:
    plan = group_plan(stage, 4)
    run_all(stage, [decisions(day) for day in range(4)])
    panels: list[Any] = [one.panel for one in RunCube.objects.order_by("run__window_start")]
    assert panels[0] is None
    assert panels[1]["returning"] == 600 and panels[1]["returning_later"] is None
    assert lasting_share(panels[2]) == 1.0
    weigh(plan)
    steps = AlertStep.objects.order_by("window_start")
    assert [step.shared != 0 for step in steps] == [False, True, True, True]
    shared = sum(step.shared / step.variance for step in steps[1:] if step.variance) / 3
    # Beta(2, 2) rates: variance of a person's own rate 0.05 of 0.25 in all.
    assert shared == pytest.approx(0.2, abs=0.12)
    stream = AlertStream.objects.get()
    assert stream.label == "Selection rate difference, sex female against sex male"
    assert steps[0].subjects == 200


def test_people_who_are_replaced_are_seen_to_be(stage: Stage) -> None:
    group_plan(stage, 3)
    run_all(stage, [decisions(day, first=200 * day) for day in range(3)])
    panel: Any = RunCube.objects.order_by("-run__window_start")[0].panel
    assert (panel["returning"], panel["returning_later"]) == (400, 200)
    assert lasting_share(panel) == 0.5


def test_a_gap_between_groups_alerts_from_their_cubes(stage: Stage) -> None:
    plan = group_plan(stage, 5)
    run_all(stage, [decisions(day, first=600 * day, gap=0.4) for day in range(5)])
    (alert,) = weigh(plan)
    assert alert.stream.watched["of"] == {"sex": "female"}
    assert "between -0.10 and 0.10" in alert.sentence
    rule = AlertRule.objects.get(plan=plan)
    unseen = services.prospect_of(rule)
    assert unseen is not None and unseen.delay is None  # five windows are few for that shift
    saved = services.save_rule(plan=plan, rule=rule, shift=0.3, actor=STAGE)
    assert saved.expected["delay"] <= 4


def test_one_declared_pair_is_watched_in_its_direction_alone(stage: Stage) -> None:
    primary = "selection_rate_difference: sex=male to sex=female"
    plan = group_plan(stage, 1, parameters={"primary": primary, "metrics": ["selection_rate"]})
    run_all(stage, [decisions(0, gap=0.4)])
    weigh(plan)
    rule, stream = AlertRule.objects.get(plan=plan), AlertStream.objects.get()
    assert (rule.pairs, rule.side) == ("one", "<=")
    assert (stream.watched["of"], stream.watched["to"]) == ({"sex": "male"}, {"sex": "female"})
