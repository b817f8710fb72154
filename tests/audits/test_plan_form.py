"""The editor of plans: one page without a script; what is typed stays, errors stand beside it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audits.models import Plan
from audits.vault.attributes import create_attribute
from methods import catalogue
from tests.audits.conftest import START, Stage, impressions
from tests.audits.plan_stage import page_of, sent, text_of


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


def test_an_attribute_of_the_vault_is_offered_where_it_may_be_used_and_kept_apart(
    team: Stage, cast: Any
) -> None:
    rows = [{**row, "approved": 1} for row in impressions("learned")]
    team.push(team.serving, rows)
    for key, systems in (("origin", ["carousel"]), ("faith", [])):
        create_attribute(
            key=key,
            title=key.capitalize(),
            kind="self_declared",
            purposes=["fairness_audit"] if systems else ["incident"],
            reason="Nobody can see a gap between groups that nobody knows.",
            legal_basis="legal_obligation",
            article9="bias_detection",
            dpia="https://example.org/dpia",
            expires_at=timezone.now() + timedelta(days=90),
            systems=systems,
            actor=cast.actor("pia"),
        )
    client = cast.sign_in(Client(), "max")
    url = reverse("audit_plan_new") + "?system=carousel&method=fairness.groups"
    page = text_of(client, url)
    assert "Origin, from the vault" in page
    assert "Faith" not in page  # not held for audits
    changes = {
        "method": "fairness.groups",
        "drawn_for": "fairness.groups",
        "col_group": ["origin"],
        "col_y_pred": "approved",
        "limit_0-metric": "selection_rate_ratio",
        "limit_0-op": ">=",
    }
    answer = sent(client, "save", **changes)
    assert answer.status_code == 302, page_of(answer)
    plan = Plan.objects.get()
    assert plan.columns["group"] == ["origin"]
    assert plan.vault_attributes == ["origin"]


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
