"""The pages of plans: the list, the editor without a script, the chooser, changes by two people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audits import services
from audits.chooser import QUESTIONS
from audits.models import Plan
from audits.presets import PRESETS
from methods import catalogue
from tests.audits.conftest import DAY, STAGE, START, Stage, impressions

FILLED: dict[str, Any] = {
    "title": "Spread?",
    "key": "spread",
    "system": "carousel",
    "source": "",
    "version": "learned",
    "method": "exposure.popularity",
    "drawn_for": "exposure.popularity",
    "col_item": "item",
    "col_subject": "subject",
    "set_top_fraction": "0.1",
    "set_catalogue_size": "20",
    "limit_rows": "3",
    "limit_0-metric": "top_share",
    "limit_0-op": "<=",
    "limit_0-value": "0.30",
    "limit_0-severity": "fail",
    "limit_1-op": ">=",
    "limit_1-severity": "fail",
    "limit_2-op": ">=",
    "limit_2-severity": "fail",
    "limits_note": "From the last month.",
    "rhythm": "interval",
    "every": "1 day",
    "zone": "Europe/Berlin",
    "starts_at": "2026-01-05T00:00",
    "ends_at": "2026-01-08T00:00",
    "lateness": "6 hours",
    "backfill": "on",
    "planned_looks": "3",
    "time_limit": "30 minutes",
    "weight": "light",
    "on_breach": "finding",
    "suppress_below": "10",
}


@pytest.fixture
def team(stage: Stage, cast: Any) -> Stage:
    cast.join("carousel")
    return stage


def text_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return unescape(response.content.decode())


def sent(client: Client, step: str, url: str = "", **changes: Any) -> Any:
    """Press a button of the editor with everything filled in."""
    filled = {**FILLED, **changes, "step": step}
    return client.post(
        url or reverse("audit_plan_new"),
        {name: value for name, value in filled.items() if value is not None},
    )


def page_of(response: Any) -> str:
    return unescape(response.content.decode())


# Making a plan


def test_a_plan_is_made_on_one_page_without_a_script(team: Stage, cast: Any) -> None:
    team.push(team.serving, impressions("learned"))
    client = cast.sign_in(Client(), "max")
    answer = sent(client, "save", owner=str(cast.max.pk))
    assert answer.status_code == 302, page_of(answer)
    plan = Plan.objects.get()
    assert answer["Location"] == reverse("audit_plan", args=["spread"])
    assert plan.parameters == {"catalogue_size": 20}
    assert plan.columns == {"item": ["item"], "subject": ["subject"]}
    assert [one["metric"] for one in plan.limits] == ["top_share"]
    assert plan.starts_at == START - timedelta(hours=1)  # midnight in Berlin
    assert plan.lateness == timedelta(hours=6)
    assert plan.owner == cast.max


def test_the_form_is_made_from_the_schema_of_every_method(team: Stage, cast: Any) -> None:
    client = cast.sign_in(Client(), "max")
    for key in catalogue.keys():  # noqa: SIM118  (a function of the catalogue)
        page = text_of(client, reverse("audit_plan_new") + f"?method={key}")
        method = catalogue.get(key)
        for name, part in method.Parameters.model_json_schema()["properties"].items():
            shown = f'name="set_{name}' in page
            assert shown == (name != "looks" and "const" not in part), (key, name)
        for role in method.roles.roles:
            assert f'name="col_{role.name}"' in page, (key, role.name)
        for metric in method.metrics():
            assert f'<option value="{metric}"' in page


def test_an_object_and_a_reference_are_read_from_their_fields(team: Stage, cast: Any) -> None:
    rows = [{**row, "race": "a", "y_pred": 1} for row in impressions("learned")]
    team.push(team.serving, rows)
    client = cast.sign_in(Client(), "max")
    changes = {
        "method": "fairness.groups",
        "drawn_for": "fairness.groups",
        "col_item": None,
        "col_group": ["race"],
        "col_y_pred": "y_pred",
        "set_top_fraction": None,
        "set_catalogue_size": None,
        "set_method": "to_reference",
        "set_reference": "race=white",
        "set_metrics": "selection_rate, refusal_rate",
        "set_primary__metric": "selection_rate_ratio",
        "set_primary__of": "race=Black",
        "set_primary__to": "race=white",
        "set_level": "0.9",
        "limit_0-metric": "selection_rate_ratio",
        "limit_0-op": ">=",
        "limit_0-value": "0.8",
    }
    answer = sent(client, "save", **changes)
    assert answer.status_code == 302, page_of(answer)
    assert Plan.objects.get().parameters == {
        "method": "to_reference",
        "reference": "race=white",
        "metrics": ["selection_rate", "refusal_rate"],
        "primary": {
            "metric": "selection_rate_ratio",
            "of": {"race": "Black"},
            "to": {"race": "white"},
        },
        "level": 0.9,
    }


def test_errors_stand_beside_their_field_and_nothing_typed_is_lost(team: Stage, cast: Any) -> None:
    client = cast.sign_in(Client(), "max")
    wrong = {
        "key": "Not A Key",
        "every": "now and then",
        "zone": "Mars/Base",
        "set_top_fraction": "7",
        "col_item": "",
        "limit_1-metric": "gini",
        "limits_note": "A sentence I would not like to type again.",
    }
    answer = sent(client, "save", **wrong)
    page = page_of(answer)
    assert answer.status_code == 200
    assert not Plan.objects.exists()
    for name in ("key", "every", "zone", "set_top_fraction", "col_item", "limit_1-value"):
        assert f'id="id_{name}_error"' in page, name
    assert "not a time zone" in page
    assert "'now and then' is not a duration" in page
    assert "The method cannot do without it" in page
    for value in ("Not A Key", "now and then", "Mars/Base", "A sentence I would not like"):
        assert value in page
    assert page.count("id_title_error") == 0


def test_a_problem_of_the_method_is_told_at_its_parameter(team: Stage, cast: Any) -> None:
    client = cast.sign_in(Client(), "max")
    changes = {
        "method": "fairness.groups",
        "drawn_for": "fairness.groups",
        "set_primary__metric": "accuracy",
        "set_primary__of": "race",
    }
    page = page_of(sent(client, "save", **changes))
    assert 'id="id_set_primary__of_error"' in page
    assert "does not read as name=value" in page
    assert "contrast such as selection_rate_ratio" in page


def test_another_method_shows_its_fields_keeps_the_rest_and_complains_of_nothing(
    team: Stage, cast: Any
) -> None:
    client = cast.sign_in(Client(), "max")
    page = page_of(sent(client, "show", method="fairness.pricing", key="", title="Half a title"))
    assert 'name="set_min_overlap"' in page
    assert 'value="0.5"' in page
    assert 'name="col_price"' in page
    assert "Half a title" in page
    assert "_error" not in page
    assert "cannot be saved yet" not in page


def test_columns_are_offered_as_the_data_have_them_and_guessed_by_name(
    team: Stage, cast: Any
) -> None:
    team.push(team.serving, impressions("learned"))
    client = cast.sign_in(Client(), "max")
    page = text_of(
        client, reverse("audit_plan_new") + "?system=carousel&method=exposure.popularity"
    )
    assert '<option value="item" selected>' in page
    assert '<option value="clicked">' in page
    assert '<option value="output_id"' not in page


def test_a_limit_row_is_added_with_what_stood_there(team: Stage, cast: Any) -> None:
    client = cast.sign_in(Client(), "max")
    page = page_of(sent(client, "add_limit"))
    assert 'name="limit_3-metric"' in page
    assert 'value="0.30"' in page
    assert not Plan.objects.exists()


def test_cron_is_a_way_to_say_when_and_nonsense_is_told_beside_it(team: Stage, cast: Any) -> None:
    client = cast.sign_in(Client(), "max")
    cron = {"rhythm": "cron", "every": "", "ends_at": "", "planned_looks": ""}
    page = page_of(sent(client, "save", **cron, cron="every monday"))
    assert 'id="id_cron_error"' in page
    answer = sent(client, "save", **cron, cron="0 6 * * 1")
    assert answer.status_code == 302, page_of(answer)
    assert Plan.objects.get().cron == "0 6 * * 1"


# What it will see


def test_the_preview_shows_windows_people_and_the_delay_of_alerts_and_saves_nothing(
    team: Stage, cast: Any
) -> None:
    team.push(team.serving, impressions("learned"))
    client = cast.sign_in(Client(), "max")
    changes = {
        "method": "fairness.groups",
        "drawn_for": "fairness.groups",
        "col_group": ["item"],
        "limit_0-metric": "selection_rate_ratio",
        "limit_0-op": ">=",
        "limit_0-value": "0.8",
        "planned_looks": "",
        "people": "1000",
        "share": "0.3",
        "groups": "2",
    }
    page = page_of(sent(client, "preview", **changes))
    assert "Every day at 00:00, Europe/Berlin" in page
    assert "Mon 05 Jan 2026, 00:00" in page  # the first: the plan has ended
    assert "3 windows in all" in page
    assert "about 400 rows a window" in page
    # (1.96 + 0.84)^2 (0.7 / 0.3 + 0.76 / 0.24) / ln(0.8)^2 = 866.9
    assert "each group needs 867 people a window: 1,000 are enough" in page
    assert "Alert: A shift this small would mostly not be seen within 3 windows" in page
    assert not Plan.objects.exists()


# Presets and the chooser


@pytest.mark.parametrize("key", PRESETS)
def test_a_preset_fills_the_form_and_shows_sources_and_reach(
    key: str, team: Stage, cast: Any
) -> None:
    client, preset = cast.sign_in(Client(), "max"), PRESETS[key]
    page = text_of(client, reverse("audit_plan_new") + f"?preset={key}&system=carousel")
    assert f'value="{preset.question}"' in page
    for limit in preset.limits:
        assert f'value="{limit.value}"' in page
        assert str(limit.source) in page
    for reach in preset.reach:
        assert reach.does_not_say in page


def test_a_preset_can_be_saved_as_it_is_and_the_plan_says_where_it_came_from(
    team: Stage, cast: Any
) -> None:
    client = cast.sign_in(Client(), "max")
    drawn = client.get(reverse("audit_plan_new") + "?preset=pricing&system=carousel")
    form = drawn.context["form"]
    filled = {
        **{name: form.data.getlist(name) for name in form.data},
        "key": "prices",
        "step": "save",
    }
    answer = client.post(reverse("audit_plan_new"), filled)
    assert answer.status_code == 302, page_of(answer)
    plan = Plan.objects.get()
    assert plan.preset == "pricing"
    assert plan.limits == PRESETS["pricing"].declared_limits()
    assert plan.every == timedelta(days=7)
    shown = text_of(client, reverse("audit_plan", args=["prices"]))
    assert "Preset “Prices”" in shown


def test_questions_lead_to_a_plan_that_keeps_the_answers_and_the_reason(
    team: Stage, cast: Any
) -> None:
    client = cast.sign_in(Client(), "max")
    url, answers = reverse("audit_plan_choose"), {}
    for key, value in (
        ("what", "selects"),
        ("label", "selected"),
        ("share", "most"),
        ("strata", "no"),
        ("pairs", "highest"),
    ):
        page = text_of(client, f"{url}?{query(answers)}")
        assert QUESTIONS[key].text in page
        assert f'name="{key}"' in page
        answers[key] = value
    page = text_of(client, f"{url}?{query(answers)}")
    assert "refusal rate ratio" in page
    assert "known only for those selected" in page
    started = client.get(
        reverse("audit_plan_new") + "?" + query({f"a_{key}": one for key, one in answers.items()})
    )
    data = started.context["form"].data
    assert data["method"] == "fairness.groups"
    assert data["limit_0-metric"] == "refusal_rate_ratio"
    assert data["limit_0-value"] == ""  # where it lies is for people to say
    filled = {
        **{name: data.getlist(name) for name in data},
        **{name: FILLED[name] for name in ("key", "title", "system")},
        "col_group": ["race"],
        "col_y_pred": "y_pred",
        "limit_0-value": "0.8",
        "limit_1-metric": "",
        "step": "save",
    }
    answer = client.post(reverse("audit_plan_new"), filled)
    assert answer.status_code == 302, page_of(answer)
    kept = Plan.objects.get().metric_choice
    assert kept["answers"] == answers
    assert kept["metrics"] == ["refusal_rate_ratio", "selection_rate_ratio"]
    assert any("known only for those selected" in reason for reason in kept["reasons"])


def query(answers: dict[str, str]) -> str:
    return "&".join(f"{key}={value}" for key, value in answers.items())


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
