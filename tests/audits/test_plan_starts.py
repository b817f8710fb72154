"""Where a plan starts from: the five presets, and the questions that choose its metrics."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audits.chooser import QUESTIONS
from audits.models import Plan
from audits.presets import PRESETS
from tests.audits.conftest import Stage
from tests.audits.plan_stage import FILLED, page_of, text_of


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
    url = reverse("audit_plan_choose")
    answers: dict[str, str] = {}
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


def test_who_wants_one_pair_to_decide_is_asked_which(team: Stage, cast: Any) -> None:
    client = cast.sign_in(Client(), "max")
    answers = {"what": "selects", "label": "no", "share": "some", "strata": "no", "pairs": "pair"}
    started = client.get(
        reverse("audit_plan_new") + "?" + query({f"a_{key}": one for key, one in answers.items()})
    )
    data = started.context["form"].data
    assert data["set_primary__metric"] == "selection_rate_ratio"
    filled = {**{name: data.getlist(name) for name in data}, "key": "pair", "step": "save"}
    page = page_of(client.post(reverse("audit_plan_new"), filled))
    assert 'id="id_set_primary__of_error"' in page
    assert 'id="id_set_primary__to_error"' in page


def query(answers: dict[str, str]) -> str:
    return "&".join(f"{key}={value}" for key, value in answers.items())
