"""Rows that come after their window was audited: outputs, and labels that the run waited for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from audits import services
from audits.models import OutcomeBatch, Plan, Run
from audits.selectors.late import late_batches
from tests.audits.conftest import DAY, STAGE, START, Stage, impressions, json_lines

JSON_LINES = "application/x-ndjson"


def decisions(name: str, rows: int = 60) -> list[dict[str, Any]]:
    return [
        {
            "output_id": f"{name}-{number}",
            "occurred_at": (START + timedelta(minutes=number)).isoformat(),
            "sex": "female" if number % 2 else "male",
            "y_pred": number % 3 == 0,
        }
        for number in range(rows)
    ]


def became(stage: Stage, name: str, after: timedelta, rows: int = 60) -> OutcomeBatch:
    told = [
        {
            "output_id": f"{name}-{number}",
            "y_true": number % 2,
            "observed_at": (START + timedelta(minutes=number) + after).isoformat(),
        }
        for number in range(rows)
    ]
    batch, _ = services.push_outcomes(
        system=stage.system, data=json_lines(told), media_type=JSON_LINES, actor=STAGE
    )
    return batch


@pytest.fixture
def audited(stage: Stage, run_due: Callable[[], list[str]]) -> Plan:
    """A plan that waits two days for labels, and whose first window has its result."""
    plan = stage.plan(
        method="fairness.groups",
        parameters={},
        columns={"group": ["sex"], "y_pred": ["y_pred"], "y_true": ["y_true"]},
        limits=[],
        label_maturity=2 * DAY,
        ends_at=START + DAY,
        planned_looks=None,
        on_breach="finding",
    )
    stage.push(stage.serving, decisions("first"))
    became(stage, "first", timedelta(hours=1))
    (run_id,) = run_due()
    assert Run.objects.get(pk=run_id).error == ""
    return plan


def test_nothing_is_late_that_the_run_has_read(audited: Plan) -> None:
    assert late_batches(audited) == []


def test_outputs_of_an_audited_window_are_late(audited: Plan, stage: Stage) -> None:
    batch, _ = stage.push(stage.serving, decisions("second"))
    (late,) = late_batches(audited)
    assert (late.batch, late.what, late.earliest) == (batch, "outputs", START)


def test_outputs_of_another_window_or_version_are_not_late(audited: Plan, stage: Stage) -> None:
    stage.push(stage.serving, impressions("learned", day=3, rows=5))
    stage.push(stage.fallback, decisions("other"))
    assert late_batches(audited) == []


def test_labels_the_run_would_have_counted_are_late(audited: Plan, stage: Stage) -> None:
    batch = became(stage, "first", timedelta(hours=2))
    (late,) = late_batches(audited)
    assert (late.batch, late.what) == (batch, "outcomes")


def test_labels_beyond_the_wait_are_not_late(audited: Plan, stage: Stage) -> None:
    became(stage, "first", 4 * DAY)
    assert late_batches(audited) == []


def test_a_plan_without_labels_has_no_late_ones(audited: Plan, stage: Stage) -> None:
    became(stage, "first", timedelta(hours=2))
    Plan.objects.update(columns={"group": ["sex"], "y_pred": ["y_pred"]})
    assert late_batches(Plan.objects.get()) == []
