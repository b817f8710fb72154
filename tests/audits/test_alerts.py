"""What alerts promise: each window weighed once and in order, and one door to holds."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import ProgrammingError

from audits import services
from audits.choices import AlertStatus
from audits.models import (
    Alert,
    AlertMute,
    AlertRule,
    AlertStep,
    AlertStream,
    AlertWindow,
    Plan,
    Run,
)
from audits.runner import perform_run
from audits.services import alerting
from governance.core.clock import database_now
from governance.core.errors import Invalid, NotPermitted
from governance.core.events import AlertRaised, load_event
from governance.outbox.models import EventRow, Notice
from governance.registry.models import Hold
from governance.signals.selectors import current_signal
from incidents.receivers import contain_on_alert, open_on_breach, resolve_when_lifted
from tests.audits.conftest import DAY, STAGE, START, Stage, impressions, make_stage

RunDue = Callable[[], list[str]]


def events(name: str) -> list[dict[str, Any]]:
    return list(EventRow.objects.filter(name=name).order_by("id").values_list("payload", flat=True))


def weigh(plan: Plan) -> list[Alert]:
    return services.observe_plan(plan=plan, actor=STAGE)


def feed(stage: Stage, run_due: RunDue, *shares: float) -> None:
    for day, share in enumerate(shares):
        stage.push(stage.serving, impressions("learned", day=day, favourites=share))
    run_due()


def statuses(plan: Plan) -> list[str]:
    steps = AlertStep.objects.filter(stream__rule__plan=plan).order_by("window_start")
    return list(steps.values_list("status", flat=True))


# Rules


def test_every_fail_limit_of_a_new_plan_is_watched_by_a_rule_and_a_warning_is_not(
    stage: Stage,
) -> None:
    plan = stage.plan(
        limits=["top_share<=0.30", {"limit": "gini<=0.9", "severity": "warn"}], on_breach="finding"
    )
    rule = AlertRule.objects.get(plan=plan)
    assert (rule.metric, rule.side, rule.limit, rule.action) == ("top_share", "<=", 0.3, "notify")
    assert rule.threshold == pytest.approx(3 * 3_650 / 180)  # three windows are planned
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
    plan = stage.plan(ends_at=None, planned_looks=None)
    rule = AlertRule.objects.get(plan=plan)
    assert services.save_rule(plan=plan, rule=rule, calm=4, actor=STAGE).expected == {}
    planned = services.save_rule(plan=plan, rule=rule, calm=5, people=400, actor=STAGE)
    assert "an assumption: 400 people" in planned.expected["basis"]
    assert planned.expected["delay"] >= 1
    feed(stage, run_due, 0.1)
    measured = services.save_rule(plan=plan, rule=rule, calm=6, actor=STAGE)
    assert measured.expected["basis"] == "the variance of the last 1 finished window"
    assert "False alarms within 180 windows: at most 4.9 %" in measured.expected["sentence"]


# Windows


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


# Who may place a hold


def test_no_verdict_places_a_hold_whatever_the_plan_says(stage: Stage, run_due: RunDue) -> None:
    """Every way a result takes into the incident room, walked with verdicts alone."""
    for number, on_breach in enumerate(("finding", "open_incident", "auto_contain")):
        plan = stage.plan(key=f"exposure-{number}", on_breach=on_breach)
        AlertRule.objects.filter(plan=plan).delete()
    feed(stage, run_due, 0.9, 0.9, 0.9)
    for plan in Plan.objects.all():
        asked = services.schedule_run(
            plan=plan, window_start=START, window_end=START + DAY, actor=STAGE
        )
        perform_run(str(asked.pk))
        weigh(plan)
    breaches = events("BreachFound")
    assert {one["on_breach"] for one in breaches} == {"finding", "open_incident"}
    for name, receiver in (("BreachFound", open_on_breach),):
        for payload in events(name):
            receiver(load_event(name, payload), actor=STAGE)
    from incidents.models import Incident, IncidentStep

    assert Incident.objects.count() == 1
    assert not Hold.objects.exists()
    assert not IncidentStep.objects.filter(type="place_hold", state="done").exists()


def test_holds_are_placed_by_people_and_by_incident_steps_alone() -> None:
    """Who calls `place_hold`, read from the source: a new caller has to be argued for here."""
    import ast

    from tests.architecture.sources import ROOT, modules

    callers = set()
    for path in modules("consent", "audits", "incidents", "governance", "dashboard", "config"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if name == "place_hold":
                    callers.add(str(path.relative_to(ROOT)))
    assert not [path for path in callers if path.startswith("audits/")]
    assert {path for path in callers if path.startswith("incidents/")} == {
        "incidents/services/steps.py"
    }


def test_an_alert_contains_within_its_transaction_and_the_lifted_hold_resolves_it(
    stage: Stage, run_due: RunDue
) -> None:
    from governance.core.events import HoldReleased
    from incidents.models import Incident

    plan = stage.plan()
    feed(stage, run_due, 0.7)
    (alert,) = weigh(plan)
    (payload,) = events("AlertRaised")
    contain_on_alert(load_event("AlertRaised", payload), actor=STAGE)
    incident, hold = Incident.objects.get(), Hold.objects.get()
    alert.refresh_from_db()
    assert alert.incident_reference == incident.reference == hold.incident_reference
    assert incident.contained_at is not None
    contain_on_alert(load_event("AlertRaised", payload), actor=STAGE)  # delivered again
    assert Hold.objects.count() == Incident.objects.count() == 1
    Incident.objects.filter(pk=incident.pk).update(verified_at=database_now())
    Hold.objects.filter(pk=hold.pk).update(
        release_proposed_at=database_now(),
        release_proposed_by="user:a",
        released_at=database_now(),
        released_by="user:b",
    )
    released = HoldReleased(hold_id=str(hold.pk), target_kind="system", target_key="carousel")
    resolve_when_lifted(released, actor=STAGE)
    alert.refresh_from_db()
    assert alert.state == "resolved"
    assert AlertStream.objects.get().status == AlertStatus.INSUFFICIENT_DATA


def test_an_alert_contains_an_incident_that_a_verdict_opened(stage: Stage, run_due: RunDue) -> None:
    plan = stage.plan(on_breach="open_incident")
    services.save_rule(
        plan=plan, rule=AlertRule.objects.get(plan=plan), action="contain", actor=STAGE
    )
    feed(stage, run_due, 0.7)
    for payload in events("BreachFound"):
        open_on_breach(load_event("BreachFound", payload), actor=STAGE)
    assert not Hold.objects.exists()
    weigh(plan)
    (raised,) = events("AlertRaised")
    contain_on_alert(load_event("AlertRaised", raised), actor=STAGE)
    assert Hold.objects.count() == 1


# Messages


def test_a_message_reaches_the_roles_of_the_system_once_a_window(
    stage: Stage, run_due: RunDue
) -> None:
    plan = stage.plan()
    feed(stage, run_due, 0.7, 0.7)
    weigh(plan)
    notice = Notice.objects.get()
    assert notice.recipients == ["role:ethics_reviewer@carousel", "role:ml_engineer@carousel"]
    assert notice.link == f"/audits/alerts/{Alert.objects.get().pk}/"
    weigh(plan)
    assert Notice.objects.count() == 1


def test_nobody_answers_so_it_escalates_once_and_an_answered_alert_never_does(
    stage: Stage, run_due: RunDue, cast: Any
) -> None:
    cast.join("carousel")
    plan = stage.plan()
    feed(stage, run_due, 0.7)
    weigh(plan)
    assert services.escalate_alerts() == 0
    late = database_now() - timedelta(minutes=1)
    Alert.objects.update(escalate_at=late)
    assert services.escalate_alerts() == 1
    assert services.escalate_alerts() == 0
    told = Notice.objects.latest("id")
    assert told.recipients == ["role:incident_commander@carousel", "role:product_owner@carousel"]
    Alert.objects.update(escalated_at=None)
    services.acknowledge_alert(alert=Alert.objects.get(), actor=cast.actor("ivo"))
    assert services.escalate_alerts() == 0


def test_a_mute_silences_messages_never_evidence_and_ends_by_itself(
    stage: Stage, run_due: RunDue, cast: Any
) -> None:
    cast.join("carousel")
    plan = stage.plan()
    rule = AlertRule.objects.get(plan=plan)
    until = database_now() + timedelta(days=1)
    with pytest.raises(NotPermitted):
        services.mute_alerts(rule=rule, reason="x", until=until, actor=cast.actor("max"))
    with pytest.raises(Invalid, match="Say why"):
        services.mute_alerts(rule=rule, reason=" ", until=until, actor=cast.actor("elif"))
    services.mute_alerts(rule=rule, reason="Known: sale", until=until, actor=cast.actor("elif"))
    feed(stage, run_due, 0.7)
    (alert,) = weigh(plan)
    assert alert.muted and not Notice.objects.exists()
    assert events("AlertRaised")[0]["action"] == "contain"
    assert services.tell_after_mutes() == 0
    AlertMute.objects.update(until=database_now())
    assert services.tell_after_mutes() == 1
    assert Notice.objects.count() == 1
    assert services.tell_after_mutes() == 0


def test_only_a_mute_that_says_so_stops_containment(stage: Stage, run_due: RunDue) -> None:
    plan = stage.plan()
    services.mute_alerts(
        rule=AlertRule.objects.get(plan=plan),
        reason="The storefront is being moved",
        until=database_now() + timedelta(hours=1),
        stops_containment=True,
        actor=STAGE,
    )
    feed(stage, run_due, 0.7)
    weigh(plan)
    assert events("AlertRaised")[0]["action"] == "notify"


def test_a_person_resolves_with_a_reason_and_the_evidence_begins_anew(
    stage: Stage, run_due: RunDue, cast: Any
) -> None:
    cast.join("carousel")
    plan = stage.plan()
    feed(stage, run_due, 0.7)
    (alert,) = weigh(plan)
    with pytest.raises(Invalid, match="Say why"):
        services.resolve_alert(alert=alert, reason="", actor=cast.actor("elif"))
    services.resolve_alert(alert=alert, reason="The catalogue was cut", actor=cast.actor("elif"))
    stream = AlertStream.objects.get()
    assert (stream.status, stream.state) == ("insufficient_data", {})


def test_a_rule_changed_in_its_statistics_begins_anew(stage: Stage, run_due: RunDue) -> None:
    plan = stage.plan()
    feed(stage, run_due, 0.7)
    weigh(plan)
    rule = AlertRule.objects.get(plan=plan)
    services.save_rule(plan=plan, rule=rule, destinations=["admin"], actor=STAGE)
    assert Alert.objects.get().state == "firing"
    services.save_rule(plan=plan, rule=rule, limit=0.25, actor=STAGE)
    assert Alert.objects.get().state == "resolved"
    assert AlertStream.objects.get().state == {}


def test_the_database_refuses_what_makes_no_sense(stage: Stage, run_due: RunDue) -> None:
    plan = stage.plan()
    rule = AlertRule.objects.get(plan=plan)
    now = database_now()
    for change in (
        {"watch": 0.5},
        {"threshold": 10.0},
        {"side": "=="},
        {"action": "panic"},
        {"shift": 0.0},
        {"lasting": 2.0},
        {"pairs": "one"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            AlertRule.objects.filter(pk=rule.pk).update(**change)
    for wrong in (
        {"rule": None},
        {"until": now - timedelta(days=1)},
        {"reason": ""},
    ):
        settled = {"rule": rule, "reason": "x", "until": now + timedelta(days=1), "muted_by": "x"}
        with pytest.raises(IntegrityError), transaction.atomic():
            AlertMute.objects.create(**{**settled, **wrong})
    feed(stage, run_due, 0.7)
    (alert,) = weigh(plan)
    with pytest.raises(IntegrityError), transaction.atomic():
        Alert.objects.filter(pk=alert.pk).update(state="resolved")


def test_an_event_survives_as_json(stage: Stage, run_due: RunDue) -> None:
    plan = stage.plan()
    feed(stage, run_due, 0.7)
    weigh(plan)
    (payload,) = events("AlertRaised")
    event = load_event("AlertRaised", payload)
    assert isinstance(event, AlertRaised) and event.window_start == START.isoformat()


def test_observing_is_announced_by_the_end_of_a_run(stage: Stage, run_due: RunDue) -> None:
    from audits.receivers import weigh_window

    stage.plan()
    feed(stage, run_due, 0.7)
    for payload in events("RunFinished"):
        weigh_window(load_event("RunFinished", payload), actor=STAGE)
    assert Alert.objects.count() == 1
    assert alerting.observe_waiting_plans() == 0
