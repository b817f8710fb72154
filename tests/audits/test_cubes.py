"""What a stored cube promises: the same report again without the data, and new limits at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest
from django.conf import settings as configured

from audits.cubes import load_cube, remeasure
from audits.models import Run, RunCube
from audits.runner import perform_run
from governance.core.errors import Invalid
from governance.ledger.models import LedgerEntry
from governance.outbox.models import EventRow
from methods.errors import BadInput
from methods.report import Limit
from tests.audits.conftest import DAY, STAGE, START, Stage, impressions

RunDue = Callable[[], list[str]]


def first_run(stage: Stage, run_due: RunDue) -> Run:
    stage.plan(on_breach="finding")
    stage.push(stage.serving, impressions("learned", day=0, favourites=0.7))
    run_due()
    return Run.objects.get(state="succeeded")


def plain(report: Any) -> dict[str, Any]:
    found = report if isinstance(report, dict) else report.to_dict()
    return {name: value for name, value in found.items() if name != "created_at"}


def test_a_run_keeps_its_cube_and_the_ledger_its_digest(stage: Stage, run_due: RunDue) -> None:
    run = first_run(stage, run_due)
    stored = RunCube.objects.get(run=run)
    assert (stored.method, stored.format) == ("exposure.popularity", "exposure.popularity/1")
    assert stored.cells == 20
    assert stored.subjects == 400
    entry = LedgerEntry.objects.get(verb="audits.run_finished", object_id=str(run.pk))
    assert entry.facts["cube_sha256"] == stored.sha256


def test_a_run_is_measured_again_when_its_files_are_gone(stage: Stage, run_due: RunDue) -> None:
    run = first_run(stage, run_due)
    folder = Path(urlparse(configured.STORAGE_URL).path)
    assert list(folder.rglob("*.parquet"))
    shutil.rmtree(folder)
    assert plain(remeasure(run)) == plain(run.report)
    assert not perform_run(str(run.pk))


def test_other_limits_need_no_engine(stage: Stage, run_due: RunDue) -> None:
    run = first_run(stage, run_due)
    assert run.verdict == "fail"
    eased = remeasure(run, limits=[Limit.parse("top_share<=0.95")])
    assert eased.verdict == "pass"
    wider = remeasure(run, parameters={"level": 0.99})
    (was,) = [m for m in remeasure(run).measurements if m.metric == "top_share"]
    (now,) = [m for m in wider.measurements if m.metric == "top_share"]
    assert now.value == was.value
    assert None not in (now.low, was.low) and now.low < was.low  # type: ignore[operator]
    # Nothing was stored: the run's own report stands.
    assert Run.objects.get(pk=run.pk).verdict == "fail"


def test_a_plan_changed_afterwards_does_not_change_what_its_run_measured(
    stage: Stage, run_due: RunDue
) -> None:
    run = first_run(stage, run_due)
    plan = run.plan
    plan.limits, plan.parameters, plan.seed = [], {"top_fraction": 0.5}, 99
    plan.save()
    assert plain(remeasure(Run.objects.get(pk=run.pk))) == plain(run.report)


def decisions(stage: Stage) -> Run:
    """A run of decisions whose labels say approve and refuse."""
    plan = stage.plan(
        key="approvals",
        method="fairness.groups",
        parameters={"positive": "approve"},
        columns={"group": ["group"], "y_pred": ["y_pred"], "subject": ["subject"]},
        limits=["demographic_parity_ratio>=0.8"],
        on_breach="finding",
    )
    rows = [
        {
            "output_id": f"{number}",
            "occurred_at": START.isoformat(),
            "subject": f"person-{number}",
            "group": "ab"[number % 2],
            "y_pred": "approve" if number % 5 else "refuse",
        }
        for number in range(400)
    ]
    stage.push(stage.serving, rows)
    from audits.services import schedule_run

    run = schedule_run(plan=plan, window_start=START, window_end=START + DAY, actor=STAGE)
    assert perform_run(str(run.pk))
    return Run.objects.get(pk=run.pk)


def test_what_the_engine_acted_on_cannot_change_afterwards(stage: Stage) -> None:
    run = decisions(stage)
    assert run.report is not None, run.error
    with pytest.raises(BadInput, match="collected with positive='approve'"):
        remeasure(run, parameters={"positive": "refuse"})
    assert plain(remeasure(run)) == plain(run.report)
    highest = remeasure(run, parameters={"method": "to_highest"})
    assert highest.parameters["method"] == "to_highest"


def test_a_damaged_cube_is_noticed(stage: Stage, run_due: RunDue) -> None:
    run = first_run(stage, run_due)
    stored = RunCube.objects.get(run=run)
    data = bytearray(stored.data)
    data[-1] ^= 1
    RunCube.objects.filter(pk=stored.pk).update(data=bytes(data))
    with pytest.raises(Invalid, match="damaged"):
        load_cube(run)
    stored.delete()
    with pytest.raises(Invalid, match="kept no cube"):
        load_cube(run)


def test_an_attempt_that_lost_its_claim_stores_no_cube(stage: Stage, run_due: RunDue) -> None:
    from audits.cubes import pack_cube
    from audits.services import Claim, publish_result
    from methods.report import Report

    run = first_run(stage, run_due)
    packed = pack_cube("exposure.popularity", load_cube(run))
    RunCube.objects.filter(run=run).delete()
    assert run.report is not None
    late = Report.from_dict(run.report)
    assert not publish_result(claim=Claim(run.pk, 99), report=late, cube=packed, actor=STAGE)
    assert not RunCube.objects.filter(run=run).exists()


def grouped_run(stage: Stage, limit: str) -> Run:
    """A run over three large groups and one of three people; four in five are selected."""
    from audits.services import schedule_run

    plan = stage.plan(
        key="approvals",
        method="fairness.groups",
        parameters={},
        columns={"group": ["group"], "y_pred": ["y_pred"], "subject": ["subject"]},
        limits=[limit],
        on_breach="finding",
    )
    assert plan.suppress_below == 10
    rows = [
        {
            "output_id": f"{number}",
            "occurred_at": START.isoformat(),
            "subject": f"person-{number}",
            "group": "few" if number < 3 else "abc"[number % 3],
            "y_pred": int(number % 5 > 0),
        }
        for number in range(600)
    ]
    stage.push(stage.serving, rows)
    run = schedule_run(plan=plan, window_start=START, window_end=START + DAY, actor=STAGE)
    assert perform_run(str(run.pk))
    run = Run.objects.get(pk=run.pk)
    assert run.report is not None, run.error
    return run


def test_a_run_shows_no_cell_of_few_people_and_keeps_its_verdict(stage: Stage) -> None:
    run = grouped_run(stage, "selection_rate>=0.5")
    assert run.report is not None
    shown = {
        one["slice"].get("group"): (one["value"], one["n"], one["verdict"])
        for one in run.report["measurements"]
        if one["metric"] == "selection_rate"
    }
    assert shown["few"] == (None, 0, "inconclusive")
    hidden = [name for name, (value, _, _) in shown.items() if value is None]
    assert len(hidden) == 2  # another with it: alone it would follow from the rest
    assert {verdict for name, (_, _, verdict) in shown.items() if name and name in "abc"} == {
        "pass"
    }
    # Measured again, even under other limits, the same cells stay hidden.
    again = remeasure(run, limits=[Limit.parse("selection_rate>=0.99")])
    gone = [
        m.slice["group"]
        for m in again.measurements
        if m.metric == "selection_rate" and m.by and m.value is None
    ]
    assert sorted(gone) == sorted(str(name) for name in hidden)


def test_a_hidden_cell_that_fails_is_a_finding_that_shows_no_number(stage: Stage) -> None:
    run = grouped_run(stage, "selection_rate>=0.95")
    assert run.report is not None
    hidden = {
        one["slice"]["group"]
        for one in run.report["measurements"]
        if one["metric"] == "selection_rate" and one["verdict"] == "fail" and one["value"] is None
    }
    assert hidden, "a large group goes with the small one"
    findings = {one.slice.get("group"): one for one in run.findings.all()}
    assert hidden < set(findings)
    for group in hidden:
        found = findings[group]
        assert (found.value, found.low, found.high, found.n) == (None, None, None, 0)
        assert "is not shown" in found.sentence
        assert "0.8" not in found.sentence
    events = [row.payload for row in EventRow.objects.filter(name="BreachFound")]
    assert {event["slice"].get("group") for event in events} == set(findings)
