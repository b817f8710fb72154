"""Who may place a hold: people and alerts, never a verdict; and whom an alert tells."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from audits import services
from audits.choices import AlertStatus
from audits.models import (
    Alert,
    AlertMute,
    AlertRule,
    AlertStream,
    Plan,
)
from audits.runner import perform_run
from audits.services import alerting
from governance.core.clock import database_now
from governance.core.errors import Invalid, NotPermitted
from governance.core.events import AlertRaised, BreachFound, RunFinished, load_event
from governance.outbox.models import Notice
from governance.registry.models import Hold
from incidents.receivers import contain_on_alert, open_on_breach, resolve_when_lifted
from tests.audits.alert_stage import RunDue, events, feed, weigh
from tests.audits.conftest import DAY, STAGE, START, Stage

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
    for payload in breaches:
        open_on_breach(BreachFound(**payload), actor=STAGE)
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
        "incidents/services/steps/holds.py"
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
    contain_on_alert(AlertRaised(**payload), actor=STAGE)
    incident, hold = Incident.objects.get(), Hold.objects.get()
    alert.refresh_from_db()
    assert alert.incident_reference == incident.reference == hold.incident_reference
    assert incident.contained_at is not None
    contain_on_alert(AlertRaised(**payload), actor=STAGE)  # delivered again
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
        open_on_breach(BreachFound(**payload), actor=STAGE)
    assert not Hold.objects.exists()
    weigh(plan)
    (raised,) = events("AlertRaised")
    contain_on_alert(AlertRaised(**raised), actor=STAGE)
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
        weigh_window(RunFinished(**payload), actor=STAGE)
    assert Alert.objects.count() == 1
    assert alerting.observe_waiting_plans() == 0
