"""What alerts promise: each window weighed once and in order, however often it is told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import ProgrammingError

from audits import services
from audits.models import (
    Alert,
    AlertRule,
    AlertStep,
    AlertStream,
    AlertWindow,
    Run,
)
from audits.runner import perform_run
from governance.outbox.models import Notice
from governance.signals.selectors import current_signal
from tests.audits.alert_stage import RunDue, events, feed, statuses, weigh
from tests.audits.conftest import DAY, STAGE, START, Stage, impressions, make_stage


def test_concentrated_windows_alert_and_spread_ones_do_not(stage: Stage, run_due: RunDue) -> None:
    plan = stage.plan()
    feed(stage, run_due, 0.0, 0.7, 0.7)
    (alert,) = weigh(plan)
    assert statuses(plan) == ["ok", "alert", "alert"]
    assert alert.raised_by.window_start == START + DAY == alert.since
    assert "the limit is at most 0.30" in alert.sentence
    (event,) = events("AlertRaised")
    assert (event["action"], event["version_key"]) == ("contain", "learned")
    assert alert.raised_by.cube_sha256 and alert.raised_by.threshold == alert.stream.rule.threshold


def test_a_window_is_never_weighed_twice(stage: Stage, run_due: RunDue) -> None:
    plan = stage.plan()
    feed(stage, run_due, 0.2, 0.2, 0.2)
    weigh(plan)
    before = AlertStream.objects.get().state
    assert weigh(plan) == []
    assert AlertStream.objects.get().state == before
    assert AlertStep.objects.count() == AlertWindow.objects.count() == 3
    step = AlertStep.objects.order_by("window_start")[0]
    with pytest.raises(IntegrityError), transaction.atomic():
        AlertStep.objects.create(
            **{
                field.name: getattr(step, field.name)
                for field in AlertStep._meta.fields
                if field.name not in ("id", "created_at", "updated_at")
            }
        )


def test_what_was_weighed_is_never_rewritten(stage: Stage, run_due: RunDue) -> None:
    plan = stage.plan()
    feed(stage, run_due, 0.7)
    weigh(plan)
    with pytest.raises(ProgrammingError, match="update"), transaction.atomic():
        AlertStep.objects.update(log_evidence=0.0)


def test_an_open_window_keeps_later_ones_waiting_and_one_without_result_is_passed_over(
    stage: Stage,
) -> None:
    plan = stage.plan()
    stage.push(stage.serving, impressions("learned", day=1, favourites=0.7))
    stage.push(stage.serving, impressions("learned", day=2, favourites=0.7))
    first, second, third = services.schedule_due_runs()
    assert perform_run(str(second.pk)) and perform_run(str(third.pk))
    assert weigh(plan) == []
    assert AlertWindow.objects.count() == 0
    assert perform_run(str(first.pk))  # no outputs on that day
    assert len(weigh(plan)) == 1
    passed = AlertWindow.objects.get(run=first)
    assert passed.taken_as == "skipped"
    assert "No outputs of carousel" in passed.sentence


def test_outputs_are_never_weighed_twice_by_windows_that_overlap(
    stage: Stage, run_due: RunDue
) -> None:
    plan = stage.plan(length=2 * DAY, every=DAY, planned_looks=2)
    feed(stage, run_due, 0.1, 0.1, 0.1)
    weigh(plan)
    taken = AlertWindow.objects.order_by("window_start").values_list("taken_as", "sentence")
    assert [how for how, _why in taken] == ["weighed", "skipped"]
    assert "overlaps a window" in taken[1][1]
    assert AlertStep.objects.count() == 1


def test_windows_behind_a_cancelled_one_are_found_without_a_message(stage: Stage) -> None:
    plan = stage.plan()
    stage.push(stage.serving, impressions("learned", day=1, favourites=0.7))
    first, second, _third = services.schedule_due_runs()
    perform_run(str(second.pk))
    weigh(plan)
    services.cancel_run(run=first, reason="Not needed", actor=STAGE)
    assert services.observe_waiting_plans() == 1
    assert Alert.objects.count() == 1
    assert services.observe_waiting_plans() == 0


def test_runs_that_people_asked_for_are_no_evidence(stage: Stage) -> None:
    plan = stage.plan()
    stage.push(stage.serving, impressions("learned", favourites=0.7))
    run = services.schedule_run(plan=plan, window_start=START, window_end=START + DAY, actor=STAGE)
    perform_run(str(run.pk))
    assert weigh(plan) == []
    assert not AlertStep.objects.exists()


def test_a_new_version_starts_anew_and_closes_the_alert_of_the_old_one(
    stage: Stage, run_due: RunDue
) -> None:
    plan = stage.plan(version=None)
    stage.push(stage.serving, impressions("learned", day=0, favourites=0.7))
    runs = services.schedule_due_runs()
    Run.objects.filter(pk__in=[run.pk for run in runs[1:]]).update(version=stage.fallback)
    stage.push(stage.fallback, impressions("uniform", day=1))
    stage.push(stage.fallback, impressions("uniform", day=2))
    for run in runs:
        perform_run(str(run.pk))
    (alert,) = weigh(plan)
    alert.refresh_from_db()
    assert statuses(plan) == ["alert", "ok", "ok"]
    assert (alert.state, alert.version) == ("resolved", "learned")
    assert "Version uniform is watched since" in alert.resolution
    assert AlertStream.objects.get().version == "uniform"


def test_too_few_people_are_a_state_of_their_own(stage: Stage, run_due: RunDue) -> None:
    plan = stage.plan()
    rule = AlertRule.objects.get(plan=plan)
    services.save_rule(plan=plan, rule=rule, least_subjects=5_000, reason="Try it", actor=STAGE)
    feed(stage, run_due, 0.7)
    weigh(plan)
    assert statuses(plan) == ["insufficient_data"]
    reading = current_signal("audit.exposure.alert", "carousel:learned")
    assert reading is not None and reading.state == "inconclusive"


def test_the_signal_says_what_the_alerts_say(stage: Stage, run_due: RunDue) -> None:
    plan = stage.plan()
    feed(stage, run_due, 0.7)
    weigh(plan)
    for scope in ("carousel:learned", "carousel"):
        reading = current_signal("audit.exposure.alert", scope)
        assert reading is not None
        assert (reading.value, reading.state) == ("alert", "fail")
        assert "1 of 1 alert" in reading.sentence


def test_an_alert_ends_when_the_level_lies_well_inside_the_limit(stage: Stage) -> None:
    days = 14
    plan = stage.plan(ends_at=START + days * DAY, planned_looks=days)
    for day in range(days):
        share = 0.7 if day < 2 else 0.0
        stage.push(stage.serving, impressions("learned", day=day, favourites=share))
    for run in services.schedule_due_runs():
        perform_run(str(run.pk))
    weigh(plan)
    assert "recovered" in statuses(plan)
    alert = Alert.objects.get()
    assert (alert.state, alert.resolved_by) == ("resolved", "system:audits")
    (event,) = events("AlertRecovered")
    assert event["sentence"] == alert.resolution
    assert Notice.objects.filter(subject="Carousel: recovered").count() == 1


# Two at once


def _concurrently(work: Callable[[], object], times: int) -> None:
    """Do the same in so many threads at once; a problem in one of them is raised here."""
    barrier = threading.Barrier(times)

    def one() -> None:
        barrier.wait()
        try:
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        for done in [pool.submit(one) for _ in range(times)]:
            done.result()


@pytest.mark.django_db(transaction=True)
def test_two_workers_weigh_a_plan_once_and_a_naive_one_counts_its_windows_twice(
    settings: Any, tmp_path: Any
) -> None:
    settings.STORAGE_URL = (tmp_path / "storage").as_uri()
    stage = make_stage()
    plan = stage.plan()
    rule = AlertRule.objects.select_related("plan").get(plan=plan)
    services.save_rule(plan=plan, rule=rule, threshold=3_650.0, reason="Surer", actor=STAGE)
    rule.refresh_from_db()
    stage.push(stage.serving, impressions("learned", favourites=0.7))
    for run in services.schedule_due_runs():
        perform_run(str(run.pk))
    _concurrently(lambda: weigh(plan), 4)
    step = AlertStep.objects.get()
    assert step.status == "watch" and not Alert.objects.exists()

    # The naive twin: every delivery steps the stored state, with no memory of the window.
    from audits.alerts.gathering import RunEvidence, statistics_of
    from methods.statistics.alerts import State
    from methods.statistics.alerts import step as follow

    state = State()
    for _delivery in range(2):
        (window,) = RunEvidence(step.run).windows(rule).values()
        forgetful = State.from_dict({**state.to_dict(), "start": ""})
        state = follow(forgetful, window, statistics_of(rule))
    assert state.status == "alert"
