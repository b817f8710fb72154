"""The pages and REST doors of alerts: evidence path, delay to expect, answers; Eve sees nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audits import services
from audits.models import Alert, AlertMute, AlertRule, AlertStream
from governance.people.services import create_api_key
from tests.audits.alert_stage import RunDue, feed, weigh
from tests.audits.conftest import DAY, STAGE, START, Stage, impressions
from tests.audits.test_alerts_panels import decisions, group_plan, run_all


@pytest.fixture
def firing(stage: Stage, cast: Any, run_due: RunDue) -> Alert:
    cast.join("carousel")
    plan = stage.plan()
    feed(stage, run_due, 0.0, 0.7)
    (alert,) = weigh(plan)
    return alert


def text_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return response.content.decode()


def test_what_fires_is_on_top_and_another_team_sees_nothing(firing: Alert, cast: Any) -> None:
    page = text_of(cast.sign_in(Client(), "elif"), reverse("audit_alerts"))
    assert firing.sentence in page
    assert "Streams of evidence" in page
    eve = cast.sign_in(Client(), "eve")
    assert "Carousel" not in text_of(eve, reverse("audit_alerts"))
    for url in (
        reverse("audit_alert", args=[firing.pk]),
        reverse("audit_alert_stream", args=[firing.stream_id]),
        reverse("audit_alert_rule", args=[firing.stream.rule_id]),
    ):
        assert eve.get(url).status_code == 404


def test_nothing_firing_shows_the_last_checks(stage: Stage, cast: Any, run_due: RunDue) -> None:
    cast.join("carousel")
    client = cast.sign_in(Client(), "elif")
    assert "No plan is watched yet" in text_of(client, reverse("audit_alerts"))
    plan = stage.plan()
    feed(stage, run_due, 0.0)
    weigh(plan)
    page = text_of(client, reverse("audit_alerts"))
    assert "Nothing is firing" in page
    assert "window of 5 Jan 2026" in page


def test_an_alert_shows_its_path_its_proof_and_its_rule(firing: Alert, cast: Any) -> None:
    page = text_of(cast.sign_in(Client(), "elif"), reverse("audit_alert", args=[firing.pk]))
    assert "chart-evidence" in page and "chart-trend" in page
    assert "alert at 61" in page
    assert firing.raised_by.cube_sha256 in page
    assert reverse("audit_run", args=[firing.raised_by.run_id]) in page
    assert "Windows are taken as independent" in page
    assert "Nobody" not in page.split("Told")[0]


def test_an_alert_nobody_answered_waits_for_people(firing: Alert, cast: Any) -> None:
    from audits.alerts.agenda import AlertAgenda

    (item,) = AlertAgenda().items(cast.actor("ivo"))
    assert item.reason == firing.sentence and item.url == f"/audits/alerts/{firing.pk}/"
    assert AlertAgenda().items(cast.actor("eve")) == []
    services.acknowledge_alert(alert=firing, actor=cast.actor("ivo"))
    assert AlertAgenda().items(cast.actor("ivo")) == []


def test_few_people_are_not_shown_one_by_one(stage: Stage, cast: Any) -> None:
    cast.join("carousel")
    plan = group_plan(stage, 1, suppress_below=500)
    run_all(stage, [decisions(0)])
    weigh(plan)
    client = cast.sign_in(Client(), "elif")
    stream = AlertStream.objects.get()
    lists = reverse("audit_alerts") + "?status="
    for url in (reverse("audit_alert_stream", args=[stream.pk]), lists):
        page = text_of(client, url)
        assert "under 500" in page and ">200<" not in page


def test_people_acknowledge_assign_resolve_and_mute(firing: Alert, cast: Any) -> None:
    commander, ethics = cast.sign_in(Client(), "ivo"), cast.sign_in(Client(), "elif")
    commander.post(reverse("audit_alert_acknowledge", args=[firing.pk]))
    firing.refresh_from_db()
    assert firing.state == "acknowledged"
    assert commander.post(reverse("audit_alert_resolve", args=[firing.pk])).status_code == 403
    ethics.post(reverse("audit_alert_assign", args=[firing.pk]), {"owner": str(cast.max.pk)})
    ethics.post(
        reverse("audit_alert_mute"),
        {"stream": str(firing.stream_id), "days": "3", "reason": "Known: sale"},
    )
    page = text_of(ethics, reverse("audit_alert", args=[firing.pk]))
    assert "Known: sale" in page and "Max" in page
    ethics.post(reverse("audit_alert_unmute", args=[AlertMute.objects.get().pk]))
    assert AlertMute.objects.get().lifted_at is not None
    ethics.post(reverse("audit_alert_resolve", args=[firing.pk]), {"reason": "Catalogue cut"})
    firing.refresh_from_db()
    assert (firing.state, firing.owner) == ("resolved", cast.max)


def _filled(rule: AlertRule, **changes: Any) -> dict[str, Any]:
    return {
        "metric": rule.metric,
        "side": rule.side,
        "limit": rule.limit,
        "shift": rule.shift,
        "threshold": rule.threshold,
        "watch": rule.watch,
        "calm": rule.calm,
        "least_subjects": rule.least_subjects,
        "detector": rule.detector,
        "action": rule.action,
        "destinations": rule.destinations,
        "escalate_to": rule.escalate_to,
        "escalate_hours": 24,
        "active": "on",
        **changes,
    }


def test_the_delay_to_expect_is_shown_while_one_writes(firing: Alert, cast: Any) -> None:
    rule = firing.stream.rule
    client = cast.sign_in(Client(), "max")
    page = text_of(client, reverse("audit_alert_rule", args=[rule.pk]))
    url = reverse("audit_alert_expected", args=["exposure"])
    assert f'hx-get="{url}"' in page
    found = client.get(url, _filled(rule)).content.decode()
    assert "A shift this large is seen after about" in found
    assert "the variance of the last 2 finished windows" in found
    small = client.get(url, _filled(rule, shift=0.0001)).content.decode()
    assert "would mostly not be seen" in small
    assert "shift is above 0" in client.get(url, _filled(rule, shift=0)).content.decode()
    assert "Evidence for an alert" in client.get(url, _filled(rule, threshold="")).content.decode()


def test_a_rule_is_edited_and_a_weaker_one_needs_a_reason(firing: Alert, cast: Any) -> None:
    rule = firing.stream.rule
    url = reverse("audit_alert_rule", args=[rule.pk])
    ethics = cast.sign_in(Client(), "elif")
    refused = ethics.post(url, _filled(rule, limit=0.4))
    assert "its limit is looser" in refused.content.decode()
    ethics.post(url, _filled(rule, limit=0.4, reason="Agreed in the review"))
    rule.refresh_from_db()
    assert (rule.limit, rule.revision, rule.derived) == (0.4, 2, False)
    made = ethics.post(
        reverse("audit_alert_rule_new", args=["exposure"]),
        _filled(rule, metric="gini", limit=0.8, shift=0.05),
    )
    assert made["Location"] == reverse(
        "audit_alert_rule", args=[AlertRule.objects.get(metric="gini").pk]
    )
    auditor = cast.sign_in(Client(), "aud")
    assert "Save the rule" not in text_of(auditor, url)


def test_the_list_of_alerts_costs_the_same_for_one_and_for_many(
    firing: Alert, stage: Stage, cast: Any, django_assert_max_num_queries: Any
) -> None:
    client = cast.sign_in(Client(), "elif")
    for number in range(3):
        plan = stage.plan(key=f"exposure-{number}")
        for run in services.schedule_due_runs():
            from audits.runner import perform_run

            perform_run(str(run.pk))
        weigh(plan)
    with django_assert_max_num_queries(42):  # a fifth of them for the agenda of any page
        text_of(client, reverse("audit_alerts") + "?status=")


def test_alerts_and_rules_over_rest(firing: Alert, stage: Stage) -> None:
    def door(*scopes: str) -> Client:
        _, secret = create_api_key(name="program", scopes=list(scopes), actor=STAGE)
        return Client(headers={"Authorization": f"Bearer {secret}"})

    reader = door("audits:read")
    (listed,) = reader.get("/api/v1/alerts", {"state": "firing"}).json()["results"]
    assert listed["plan"] == "exposure" and listed["sentence"] == firing.sentence
    one = reader.get(f"/api/v1/alerts/{firing.pk}").json()
    assert [step["status"] for step in one["evidence"]] == ["ok", "alert"]
    assert one["evidence"][1]["evidence"] >= one["evidence"][1]["threshold"]
    (rule,) = reader.get("/api/v1/alert-rules", {"plan": "exposure"}).json()["results"]
    assert (rule["metric"], rule["action"]) == ("top_share", "contain")
    runner = door("audits:run", "audits:read")
    answer = runner.post(f"/api/v1/alerts/{firing.pk}/acknowledge")
    assert answer.json()["state"] == "acknowledged"
    assert reader.post(f"/api/v1/alerts/{firing.pk}/acknowledge").status_code == 403
    change = {"limit": 0.25}
    denied = runner.patch(f"/api/v1/alert-rules/{rule['id']}", change, "application/json")
    assert denied.status_code == 403  # rules are people's


def test_a_person_changes_rules_over_rest(firing: Alert, cast: Any) -> None:
    client = cast.sign_in(Client(), "elif")
    rule = firing.stream.rule
    url = f"/api/v1/alert-rules/{rule.pk}"
    assert client.patch(url, {"limit": 0.4}, "application/json").status_code in (400, 422)
    reason = {"limit": 0.4, "reason": "Agreed in the review"}
    assert client.patch(url, reason, "application/json").json()["revision"] == 2
    body = {"plan": "exposure", "metric": "gini", "limit": 0.8}
    made = client.post("/api/v1/alert-rules", body, "application/json")
    assert made.status_code == 201 and made.json()["side"] == "<="
    until = (START + 3_000 * DAY).isoformat()
    mute = client.post(f"{url}/mute", {"reason": "Sale", "until": until}, "application/json")
    assert mute.status_code == 201


def test_rules_stand_on_the_page_of_their_plan(firing: Alert, cast: Any) -> None:
    from django.template.loader import render_to_string

    shown = render_to_string(
        "audits/alert_rules.html", {"plan": firing.stream.rule.plan, "may_plan": True}
    )
    assert "Top share at most 0.30" in shown
    assert reverse("audit_alert_rule_new", args=["exposure"]) in shown


def test_impressions_of_another_day_do_not_reach_an_alert(stage: Stage) -> None:
    plan = stage.plan()
    stage.push(stage.serving, impressions("learned", day=40, favourites=0.7))
    assert weigh(plan) == []
