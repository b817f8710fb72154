"""Findings on their way: assigned, remedied, measured again, verified by a run or by two people."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audits import services
from audits.choices import FindingState
from audits.effects import readings_after
from audits.models import Finding, Remediation, Run
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotPermitted
from governance.outbox.models import Notice
from tests.audits.conftest import Stage, impressions


@pytest.fixture
def breached(stage: Stage, cast: Any, run_due: Callable[[], list[str]]) -> Finding:
    """The first window shows two favourites to most; the next two windows show all in turn."""
    cast.join("carousel")
    stage.plan(limits_note="Chosen beforehand.")
    stage.push(stage.serving, impressions("learned", day=0, favourites=0.7))
    stage.push(stage.serving, impressions("learned", day=1))
    stage.push(stage.serving, impressions("learned", day=2, favourites=0.7))
    run_due()
    return Finding.objects.order_by("run__window_start")[0]


def runs() -> list[Run]:
    return list(Run.objects.order_by("window_start"))


def bring_to(finding: Finding, state: str, actor: Any) -> Finding:
    for step in ("accepted", "in_remediation", "fixed"):
        finding = services.move_finding(finding=finding, state=step, actor=actor)
        if step == state:
            break
    return finding


def test_a_finding_is_verified_by_a_later_run_that_passes_on_the_same_measurement(
    breached: Finding, cast: Any
) -> None:
    elif_ = cast.actor("elif")
    fixed = bring_to(breached, "fixed", elif_)
    first, passing, failing = runs()
    for run, said in ((failing, "is fail there"), (first, "did not finish later")):
        with pytest.raises(Conflict, match=said):
            services.move_finding(finding=fixed, state="verified", run=run, actor=elif_)
    verified = services.move_finding(finding=fixed, state="verified", run=passing, actor=elif_)
    assert verified.state == FindingState.VERIFIED
    assert verified.verified_run == passing.pk


def test_nobody_verifies_his_own_remedy_by_his_word(breached: Finding, cast: Any) -> None:
    fixed = bring_to(breached, "fixed", cast.actor("elif"))
    with pytest.raises(Invalid, match="say why"):
        services.move_finding(finding=fixed, state="verified", actor=cast.actor("ada"))
    with pytest.raises(Conflict, match="second person"):
        services.move_finding(
            finding=fixed, state="verified", note="I looked", actor=cast.actor("elif")
        )
    by_another = services.move_finding(
        finding=fixed, state="verified", note="Looked at the code", actor=cast.actor("ada")
    )
    assert by_another.state == FindingState.VERIFIED
    assert by_another.verified_run is None


def test_the_database_itself_refuses_a_finding_verified_by_one_person(
    breached: Finding, cast: Any
) -> None:
    bring_to(breached, "fixed", cast.actor("elif"))
    own = Finding.objects.get(pk=breached.pk).fixed_by
    with pytest.raises(IntegrityError), transaction.atomic():
        Finding.objects.filter(pk=breached.pk).update(
            state="verified", verified_by=own, note="trust me"
        )


def test_a_remediation_shows_what_was_before_and_what_came_after(
    breached: Finding, cast: Any
) -> None:
    elif_ = cast.actor("elif")
    one = services.plan_remediation(
        finding=breached, kind="serving", description="Explore more", actor=elif_
    )
    passing = runs()[1]
    with pytest.raises(Conflict, match="Only a remediation that is done"):
        services.measure_remediation(remediation=one, run=passing, actor=elif_)
    one = services.move_remediation(remediation=one, state="done", actor=elif_)
    one = services.measure_remediation(remediation=one, run=passing, actor=elif_)
    measured = passing.report["measurements"][breached.position]  # type: ignore[index]
    assert one.after is not None
    assert (one.after["value"], one.after["low"]) == (measured["value"], measured["low"])
    assert one.after["verdict"] == "pass"
    assert breached.value is not None
    assert breached.value > 0.3 > (one.after_value or 1)
    again = services.move_remediation(remediation=one, state="under_way", actor=elif_)
    assert again.measured_run is None


def test_a_remediation_is_not_dropped_without_a_reason_nor_planned_for_what_is_closed(
    breached: Finding, cast: Any
) -> None:
    elif_ = cast.actor("elif")
    one = services.plan_remediation(
        finding=breached, kind="data", description="More data", actor=elif_
    )
    with pytest.raises(Invalid, match="Say why"):
        services.move_remediation(remediation=one, state="dropped", actor=elif_)
    services.move_finding(
        finding=breached, state="risk_accepted", note="Small campaign", actor=elif_
    )
    with pytest.raises(Conflict, match="nothing to remedy"):
        services.plan_remediation(finding=breached, kind="data", description="More", actor=elif_)


def test_only_those_who_decide_remedy_and_another_team_sees_nothing(
    breached: Finding, cast: Any
) -> None:
    with pytest.raises(NotPermitted):
        services.plan_remediation(
            finding=breached, kind="data", description="x", actor=cast.actor("max")
        )
    page = reverse("audit_finding", args=[breached.pk])
    assert cast.sign_in(Client(), "max").get(page).status_code == 200
    assert cast.sign_in(Client(), "eve").get(page).status_code == 404


def test_later_runs_tell_how_the_measurement_went_on(breached: Finding) -> None:
    found = readings_after(breached)
    assert [(run.window_start.day, one["verdict"]) for run, one in found] == [
        (7, "fail"),
        (6, "pass"),
    ]


def test_the_page_shows_the_way_of_a_finding(breached: Finding, cast: Any) -> None:
    client = cast.sign_in(Client(), "elif")
    page = reverse("audit_finding", args=[breached.pk])
    client.post(
        reverse("audit_finding_assign", args=[breached.pk]),
        {"owner": str(cast.max.pk), "due": "2026-02-01"},
    )
    client.post(
        reverse("audit_remediation_plan", args=[breached.pk]),
        {"kind": "serving", "description": "Explore <more>", "due": "2026-01-20"},
    )
    remediation = Remediation.objects.get()
    done = reverse("audit_remediation_move", args=[breached.pk, remediation.pk])
    assert client.post(done, {"state": "done"}).status_code == 302
    measure = reverse("audit_remediation_measure", args=[breached.pk, remediation.pk])
    client.post(measure, {"run": str(runs()[1].pk)})
    text = client.get(page).content.decode()
    assert "Explore &lt;more&gt;" in text
    assert "chart-trend" in text
    assert "chart-change" in text
    assert "Before: 0." in text
    assert "Finding assigned" in text
    assert "Overdue" in text
    assert f"Finding on Carousel: {breached.metric.replace('_', ' ')}" in text


def test_a_new_owner_is_told_in_a_sentence_that_stands_by_itself(
    breached: Finding, cast: Any
) -> None:
    elif_ = cast.actor("elif")
    services.assign_finding(finding=breached, owner=cast.max, due_at=None, actor=elif_)
    services.assign_finding(finding=breached, owner=cast.max, due_at=None, actor=elif_)
    (told,) = Notice.objects.filter(subject__startswith="Finding on")
    assert told.recipients == [f"user:{cast.max.pk}"]
    assert breached.sentence in told.body
    assert "System: Carousel, version learned." in told.body


def test_the_list_is_narrowed_ordered_and_exported_as_it_stands(
    breached: Finding, cast: Any
) -> None:
    client = cast.sign_in(Client(), "elif")
    services.assign_finding(
        finding=breached,
        owner=cast.person("elif"),
        due_at=database_now() - timedelta(days=1),
        actor=cast.actor("elif"),
    )
    url = reverse("audit_findings")

    def shown(query: str) -> int:
        return int(client.get(url + query).content.decode().count('class="cell-wide"'))

    assert shown("") == 2
    assert shown("?state=undone&owner=me") == 1
    assert shown("?owner=nobody&state=undone") == 1
    assert shown("?due=overdue&state=undone") == 1
    assert shown("?state=verified") == 0
    assert shown("?q=nothing+of+the+kind&state=") == 0
    assert "1 finding waits beyond the date" in client.get(url).content.decode()
    answer = client.get(reverse("audit_findings_csv") + "?due=overdue&state=undone&sort=due")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [row["id"] for row in rows] == [str(breached.pk)]
    assert float(rows[0]["value"]) == breached.value


def test_a_longer_list_costs_no_more_queries(breached: Finding, cast: Any) -> None:
    client = cast.sign_in(Client(), "elif")
    url = reverse("audit_findings")
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for number in range(20):
        Finding.objects.create(
            plan=breached.plan,
            run=breached.run,
            position=1000 + number,
            metric="top_share",
            definition="d/1",
            value=0.5,
            low=0.4,
            high=0.6,
            n=10,
            unit="rows",
            threshold_op="<=",
            threshold_value=0.3,
            severity="fail",
            sentence=f"Sentence {number}",
        )
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) == len(few)


def test_what_is_overdue_stands_on_the_desk_of_its_owner(breached: Finding, cast: Any) -> None:
    from audits.desk import AuditAgenda

    services.assign_finding(
        finding=breached,
        owner=cast.max,
        due_at=database_now() - timedelta(days=3),
        actor=cast.actor("elif"),
    )
    items = AuditAgenda().items(cast.actor("max"))
    assert any("overdue" in item.reason.lower() for item in items)
    assert all(item.due is not None for item in items if "overdue" in item.reason.lower())
