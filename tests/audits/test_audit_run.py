"""From outputs to a finding: a plan's windows are audited once each, and a breach is announced."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from audits import selectors, services
from audits.choices import RunState
from audits.models import Finding, Run
from audits.runner import perform_run
from governance.core.errors import Conflict, Invalid
from governance.outbox.models import EventRow
from governance.signals.selectors import current_signal
from tests.audits.conftest import DAY, STAGE, START, Stage, impressions

RunDue = Callable[[], list[str]]


def events(name: str) -> list[dict[str, object]]:
    return list(EventRow.objects.filter(name=name).order_by("id").values_list("payload", flat=True))


def test_a_concentrated_window_fails_and_a_spread_one_passes(stage: Stage, run_due: RunDue) -> None:
    stage.plan()
    stage.push(stage.serving, impressions("learned", day=0, favourites=0.7))
    stage.push(stage.serving, impressions("learned", day=1, favourites=0.0))
    run_due()
    verdicts = Run.objects.order_by("window_start").values_list("state", "verdict")
    assert list(verdicts) == [("succeeded", "fail"), ("succeeded", "pass"), ("error", None)]


def test_a_breach_becomes_one_finding_and_one_event_that_never_contains(
    stage: Stage, run_due: RunDue
) -> None:
    stage.plan()
    stage.push(stage.serving, impressions("learned", favourites=0.7))
    run_due()
    finding = Finding.objects.get()
    assert finding.low is not None
    assert finding.low > finding.threshold_value == 0.30
    (breach,) = events("BreachFound")
    assert breach["on_breach"] == "finding"  # its alert contains, not the verdict
    assert breach["finding_id"] == str(finding.pk)
    assert breach["version_key"] == "learned"
    assert breach["window_start"] == START.isoformat()
    assert breach["sentence"] == finding.sentence
    assert len(events("RunFinished")) == 3


def test_the_level_of_intervals_is_corrected_for_the_planned_looks(
    stage: Stage, run_due: RunDue
) -> None:
    stage.plan()
    stage.push(stage.serving, impressions("learned", favourites=0.7))
    run_due()
    (measured,) = selectors.verdict_rows(Run.objects.filter(state=RunState.SUCCEEDED))
    assert measured.threshold is not None
    level = Run.objects.get(state=RunState.SUCCEEDED).measurements.get(metric="top_share").level
    assert level == pytest.approx(1 - 0.05 / 3)


def test_a_window_without_outputs_ends_with_the_reason(stage: Stage, run_due: RunDue) -> None:
    stage.plan()
    run_due()
    sentence = Run.objects.order_by("window_start").values_list("error", flat=True)[0]
    assert sentence.startswith("No outputs of carousel version learned lie between 2026-01-05")
    assert current_signal("audit.exposure.verdict", "carousel:learned") is None


def test_only_the_window_and_the_version_of_the_run_are_read(stage: Stage, run_due: RunDue) -> None:
    stage.plan()
    rows = [*impressions("learned", day=0), *impressions("learned", day=1, rows=100)]
    stage.push(stage.serving, rows)
    stage.push(stage.fallback, impressions("uniform", day=0, rows=777))
    run_due()
    reports = Run.objects.filter(state=RunState.SUCCEEDED).order_by("window_start")
    assert [run.report["inputs"]["rows"] for run in reports if run.report] == [400, 100]


def test_the_verdict_is_published_for_the_version_and_the_system_it_serves(
    stage: Stage, run_due: RunDue
) -> None:
    stage.plan()
    stage.push(stage.serving, impressions("learned", day=0, favourites=0.7))
    run_due()
    for scope in ("carousel:learned", "carousel"):
        reading = current_signal("audit.exposure.verdict", scope)
        assert reading is not None
        assert (reading.value, reading.state) == ("fail", "fail")


def test_an_older_window_never_hides_a_newer_verdict(stage: Stage, run_due: RunDue) -> None:
    plan = stage.plan()
    stage.push(stage.serving, impressions("learned", day=1, favourites=0.7))
    run_due()
    stage.push(stage.serving, impressions("learned", day=0))
    older = services.schedule_run(
        plan=plan, window_start=START, window_end=START + DAY, actor=STAGE
    )
    perform_run(str(older.pk))
    reading = current_signal("audit.exposure.verdict", "carousel:learned")
    assert reading is not None
    assert reading.value == "fail"
    assert selectors.last_verdict(stage.system, stage.serving) == "fail"


def test_the_fallback_is_verified_once_for_an_incident_until_new_outputs_come(
    stage: Stage, run_due: RunDue
) -> None:
    plan = stage.plan()
    with pytest.raises(Conflict, match="no outputs of carousel:uniform"):
        services.request_verification_run(
            plan=plan, version=stage.fallback, incident_id="i-1", actor=STAGE
        )
    stage.push(stage.fallback, impressions("uniform", day=2))

    def ask() -> Run:
        return services.request_verification_run(
            plan=plan, version=stage.fallback, incident_id="i-1", actor=STAGE
        )

    first = ask()
    assert ask().pk == first.pk
    assert first.window_start == START + 2 * DAY
    perform_run(str(first.pk))
    assert ask().pk == first.pk
    assert selectors.last_verdict(stage.system, stage.fallback) == "pass"
    assert events("RunFinished")[-1]["incident_id"] == "i-1"
    stage.push(stage.fallback, impressions("uniform", day=2, rows=50))
    assert ask().pk != first.pk


def test_a_run_asked_for_by_a_person_never_contains_by_itself(stage: Stage) -> None:
    plan = stage.plan(on_breach="open_incident")
    stage.push(stage.serving, impressions("learned", favourites=0.7))
    run = services.schedule_run(plan=plan, window_start=START, window_end=START + DAY, actor=STAGE)
    perform_run(str(run.pk))
    (breach,) = events("BreachFound")
    assert breach["on_breach"] == "open_incident"  # which people contain, or an alert


def test_containment_without_a_person_needs_a_limit_to_contain(stage: Stage) -> None:
    for missing, said in (
        ({"limits": []}, "needs a limit"),
        ({"limits": [{"limit": "top_share<=0.3", "severity": "warn"}]}, "severity 'fail'"),
        ({"planned_looks": 2}, "3 windows, but 2 looks"),
    ):
        with pytest.raises(Invalid, match=said):
            stage.plan(**missing)


def test_a_plan_that_cannot_run_is_refused_in_one_sentence(stage: Stage) -> None:
    for wrong, said in (
        ({"method": "no.such"}, "There is no method"),
        ({"columns": {"nonsense": ["item"]}}, "no role"),
        ({"limits": ["top_shear<=0.3"]}, "no metric 'top_shear'"),
        ({"limits": ["top_share<0.3"]}, "not of the form"),
        ({"parameters": {"speed": 3}}, "'speed' is not a parameter"),
        ({"zone": "Mars/Base"}, "not a time zone"),
        ({"key": "Not A Key"}, "key"),
        ({"length": timedelta(0)}, "Windows last a minute or longer"),
    ):
        with pytest.raises(Invalid, match=said):
            stage.plan(**wrong)


def test_without_backfill_only_windows_that_end_after_the_plan_was_made_are_audited(
    stage: Stage,
) -> None:
    stage.plan(backfill=False)
    assert services.schedule_due_runs() == []
    assert Run.objects.count() == 0


def test_a_paused_plan_schedules_nothing_and_catches_up_when_resumed(stage: Stage) -> None:
    plan = stage.plan()
    services.pause_plan(plan=plan, reason="Log is being moved", actor=STAGE)
    assert services.schedule_due_runs() == []
    services.resume_plan(plan=plan, reason="Log has moved", actor=STAGE)
    assert len(services.schedule_due_runs()) == 3


def test_a_plan_is_overdue_until_its_newest_window_has_a_result(
    stage: Stage, run_due: RunDue
) -> None:
    plan = stage.plan()
    later = plan.created_at + timedelta(hours=2)
    assert not selectors.is_overdue(plan, plan.created_at)
    assert selectors.is_overdue(plan, later)
    stage.push(stage.serving, impressions("learned", day=1))
    run_due()
    assert selectors.is_overdue(plan, later)
    stage.push(stage.serving, impressions("learned", day=2))
    last = services.schedule_run(plan=plan, actor=STAGE)
    perform_run(str(last.pk))
    assert not selectors.is_overdue(plan, later)
