"""The pages of plans: the list, one plan, past windows, changes by two people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audits import services
from audits.models import Plan
from audits.presets import PRESETS
from tests.audits.conftest import DAY, STAGE, START, Stage, impressions
from tests.audits.plan_stage import page_of, text_of

# Changing a plan


@pytest.fixture
def plan(team: Stage) -> Plan:
    return team.plan(on_breach="open_incident", planned_looks=None)


def change(client: Client, step: str, **changes: Any) -> Any:
    """Press a button of the page that changes the plan, with the rest as it stands."""
    url = reverse("audit_plan_change", args=["exposure"])
    data = client.get(url).context["form"].data
    filled = {name: data.getlist(name) for name in data}
    return client.post(url, {**filled, **changes, "step": step})


def test_the_page_of_a_change_starts_from_the_plan_in_force(plan: Plan, cast: Any) -> None:
    client = cast.sign_in(Client(), "max")
    page = page_of(change(client, "preview"))
    assert "Nothing differs from the plan in force." in page
    assert 'name="key"' not in page
    assert "Nothing differs" in page_of(change(client, "save"))


def test_a_stricter_limit_is_in_force_at_once(plan: Plan, cast: Any) -> None:
    client = cast.sign_in(Client(), "max")
    stricter = {"limit_0-value": "0.25", "reason": "It can do better."}
    assert "Nothing is weakened" in page_of(change(client, "preview", **stricter))
    assert change(client, "save", **stricter).status_code == 302
    plan.refresh_from_db()
    assert plan.limits[0]["value"] == 0.25
    assert plan.revision == 2
    shown = text_of(client, reverse("audit_plan", args=["exposure"]))
    assert "as revision 2" in shown
    assert "It can do better." in shown


def test_a_looser_limit_waits_for_a_second_person(plan: Plan, cast: Any) -> None:
    max_, elif_ = cast.sign_in(Client(), "max"), cast.sign_in(Client(), "elif")
    looser = {"limit_0-value": "0.5", "reason": "Too many findings."}
    page = page_of(change(max_, "preview", **looser))
    assert "A second person who decides on audits has to approve this" in page
    assert change(max_, "save", **looser).status_code == 302
    plan.refresh_from_db()
    assert plan.limits[0]["value"] == 0.3
    url = reverse("audit_plan", args=["exposure"])
    assert "Another person decides." in text_of(max_, url)
    page = text_of(elif_, url)
    assert "Too many findings." in page
    assert "Approve" in page
    proposed = plan.changes.get()
    decide = reverse("audit_plan_change_decide", args=["exposure", proposed.pk])
    elif_.post(decide, {"decision": "approve", "note": "Seen the data."})
    plan.refresh_from_db()
    assert plan.limits[0]["value"] == 0.5
    assert "Seen the data." in text_of(max_, url)


def test_a_change_can_be_refused_or_withdrawn(plan: Plan, cast: Any) -> None:
    max_, elif_ = cast.sign_in(Client(), "max"), cast.sign_in(Client(), "elif")
    for client, decision, state in ((elif_, "refuse", "refused"), (max_, "withdraw", "withdrawn")):
        change(max_, "save", **{"limit_0-value": "0.5", "reason": "Once more."})
        proposed = plan.changes.get(state="proposed")
        decide = reverse("audit_plan_change_decide", args=["exposure", proposed.pk])
        client.post(decide, {"decision": decision, "note": "No."})
        proposed.refresh_from_db()
        assert proposed.state == state
    plan.refresh_from_db()
    assert plan.limits[0]["value"] == 0.3


# The list, and one plan


def test_an_empty_list_offers_the_five_presets(db: None, cast: Any) -> None:
    page = text_of(cast.sign_in(Client(), "ada"), reverse("audits"))
    for preset in PRESETS.values():
        assert f"?preset={preset.key}" in page
        assert preset.question in page


def test_the_list_filters_by_what_stands_in_the_address(
    team: Stage, cast: Any, run_due: Callable[[], list[str]]
) -> None:
    team.plan()
    team.plan(key="later", title="Not yet looked at", starts_at=START + 900 * DAY, ends_at=None)
    team.push(team.serving, impressions("learned", favourites=0.7))
    run_due()
    client, url = cast.sign_in(Client(), "ada"), reverse("audits")
    assert keys(client, url) == ["exposure", "later"]
    for wanted, found in (
        ("verdict=fail", ["exposure"]),
        ("verdict=none", ["later"]),
        ("q=looked", ["later"]),
        ("system=carousel", ["exposure", "later"]),
        ("state=paused", []),
        ("method=fairness.groups", []),
        ("order=verdict", ["exposure", "later"]),
        ("order=title", ["exposure", "later"]),
        ("overdue=yes", []),
    ):
        assert keys(client, f"{url}?{wanted}") == found, wanted
    assert "No plan fits these filters" in text_of(client, f"{url}?state=paused")


def keys(client: Client, url: str) -> list[str]:
    return [row.plan.key for row in client.get(url).context["rows"]]


def test_the_list_is_exported_with_its_verdicts_and_holds_no_formula(
    team: Stage, cast: Any, run_due: Callable[[], list[str]]
) -> None:
    team.plan(title="=1+1")
    team.push(team.serving, impressions("learned", favourites=0.7))
    run_due()
    text = cast.sign_in(Client(), "ada").get(reverse("audits") + "?format=csv").content.decode()
    head, row = text.splitlines()[:2]
    assert head.startswith("key,question,system,method,limits,schedule,state,verdict")
    assert "'=1+1" in row
    assert ",fail," in row
    assert (
        cast.sign_in(Client(), "eve").get(reverse("audits") + "?format=csv").content == b"key\r\n"
    )


def test_an_overdue_plan_says_since_when(team: Stage, cast: Any) -> None:
    team.plan(ends_at=None, planned_looks=None, on_breach="finding")
    Plan.objects.update(created_at=START)
    client = cast.sign_in(Client(), "ada")
    assert client.get(reverse("audits")).context["rows"][0].overdue_since is not None
    assert keys(client, reverse("audits") + "?overdue=yes") == ["exposure"]
    assert "Overdue" in text_of(client, reverse("audit_plan", args=["exposure"]))


def test_the_list_asks_as_many_questions_for_forty_plans_as_for_two(
    team: Stage, cast: Any, django_assert_max_num_queries: Any
) -> None:
    client, url = cast.sign_in(Client(), "ada"), reverse("audits")
    for number in range(2):
        team.plan(key=f"plan-{number}")
    with django_assert_max_num_queries(100) as few:
        client.get(url)
    for number in range(2, 40):
        team.plan(key=f"plan-{number}")
    with django_assert_max_num_queries(len(few.captured_queries) + 1):
        client.get(url)


def test_a_batch_that_came_after_its_window_was_audited_is_told(
    team: Stage, cast: Any, run_due: Callable[[], list[str]]
) -> None:
    team.plan()
    team.push(team.serving, impressions("learned"))
    run_due()
    client, url = cast.sign_in(Client(), "ada"), reverse("audit_plan", args=["exposure"])
    assert "Came after the audit" not in text_of(client, url)
    late = [{**row, "output_id": f"late-{row['output_id']}"} for row in impressions("learned")]
    team.push(team.serving, late)
    assert "Came after the audit of their window" in text_of(client, url)


def test_past_windows_are_audited_on_request(team: Stage, cast: Any) -> None:
    plan = team.plan(backfill=False, ends_at=None, planned_looks=None, on_breach="finding")
    client = cast.sign_in(Client(), "max")
    asked = {"first": "2026-01-05T00:00", "until": "2026-01-07T00:00", "reason": "To compare."}
    answer = client.post(reverse("audit_plan_backfill", args=["exposure"]), asked)
    assert answer.status_code == 302
    assert plan.runs.filter(purpose="backfill").count() == 2
    order = plan.backfills.get()
    moving = client.get(reverse("audit_backfill", args=[order.pk]))
    assert "0 of 2 windows audited" in page_of(moving)
    assert "HX-Refresh" not in moving
    assert "To compare." in text_of(client, reverse("audit_plan", args=["exposure"]))
    client.post(reverse("audit_backfill_cancel", args=[order.pk]))
    assert set(plan.runs.values_list("state", flat=True)) == {"cancelled"}
    assert client.get(reverse("audit_backfill", args=[order.pk]))["HX-Refresh"] == "true"
    other = cast.sign_in(Client(), "eve")
    assert other.get(reverse("audit_backfill", args=[order.pk])).status_code == 404
    watcher = cast.sign_in(Client(), "aud")
    assert watcher.post(reverse("audit_plan_backfill", args=["exposure"])).status_code == 403


def test_the_pages_that_write_are_closed_to_those_who_only_look(team: Stage, cast: Any) -> None:
    team.plan()
    watcher, other = cast.sign_in(Client(), "aud"), cast.sign_in(Client(), "eve")
    for name, args in (
        ("audit_plan_new", []),
        ("audit_plan_choose", []),
        ("audit_plan_change", ["exposure"]),
    ):
        assert watcher.get(reverse(name, args=args)).status_code == 403
    assert other.get(reverse("audit_plan_change", args=["exposure"])).status_code == 404
    assert services.pause_plan(plan=Plan.objects.get(), reason="", actor=STAGE).state == "paused"
