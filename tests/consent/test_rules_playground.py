"""Promises of the playground: every input counts, and a link keeps them all."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from consent import services
from consent.decision.vocabulary import Obligation, Outcome, Reason
from consent.web.decision_words import OUTCOMES, REASONS
from governance.core.actors import SystemActor
from governance.core.clock import database_now
from governance.registry.models import PersonalizationType, Purpose
from governance.registry.services import place_hold, set_age_rule, set_region_rule

if TYPE_CHECKING:
    from django.test import Client

    from governance.registry.models import System
    from tests.cast import Cast

pytestmark = pytest.mark.django_db
STAGE = SystemActor("tests")
ASKED = {"system": "carousel", "region": "DE", "choice": "given"}


def winner(client: Client, **more: Any) -> str:
    page = client.get("/consent/playground/", {**ASKED, **more}).content.decode()
    assert "<strong>" in page, page[-3000:]
    return page.split("<strong>", 1)[1].split("</strong>", 1)[0]


def test_every_input_counts(client: Client, cast: Cast, carousel: System) -> None:
    kind = PersonalizationType.objects.get(key="product_suggestions")
    set_age_rule(type=kind, region="*", minimum_age=16, unknown_age="allow", actor=STAGE)
    cast.sign_in(client, "pia")
    assert winner(client) == "The person consented"
    assert winner(client, age="13_to_15") == "Age rule of the type"
    assert winner(client, age="16_to_17") == "The person consented"
    assert winner(client, said_product_suggestions="withdrawn") == "The person withdrew"
    assert winner(client, said_product_suggestions="never") == "Off by the region&#x27;s default"
    assert winner(client, days_ago="9000") == "The consent ran out"
    assert winner(client, restricted="on") == "Processing is restricted"
    assert winner(client, erased="on") == "The person was erased"
    assert winner(client, hold="deny") == "Held"


def test_the_notice_they_saw_counts(client: Client, cast: Cast, carousel: System) -> None:
    texts = dict.fromkeys(("en", "de"), ("Title", "Short.", "Long."))
    for key in ("one", "two"):
        services.publish_notice(key=key, texts=texts, actor=STAGE)
    cast.sign_in(client, "pia")
    assert winner(client, notice="one") == "The notice has changed since"
    assert winner(client, notice="two") == "The person consented"


def test_a_planned_rule_is_seen_at_its_time_and_announced(
    client: Client, cast: Cast, carousel: System
) -> None:
    soon = database_now() + timedelta(days=2)
    set_region_rule(
        purpose=Purpose.objects.get(key="product_suggestions"),
        region="DE",
        regime="prohibited",
        valid_from=soon,
        actor=STAGE,
    )
    cast.sign_in(client, "pia")
    assert winner(client) == "The person consented"
    assert winner(client, at=f"{soon + timedelta(days=1):%Y-%m-%dT%H:%M}").startswith("Prohibited")
    assert "A rule begins or ends" in client.get("/consent/playground/", ASKED).content.decode()


def test_a_link_keeps_all_inputs(client: Client, cast: Cast, carousel: System) -> None:
    cast.sign_in(client, "pia")
    given = {**ASKED, "age": "16_to_17", "days_ago": "3", "said_product_suggestions": "refused"}
    page = client.get("/consent/playground/", given).content.decode()
    assert urlencode(given).replace("&", "&amp;") in page
    assert "non_profiled</p>" not in page and 'value="3"' in page


def test_a_case_copied_as_a_test_passes_and_fails_once_the_registry_says_otherwise(
    client: Client, cast: Cast, carousel: System
) -> None:
    cast.sign_in(client, "pia")
    said = {**ASKED, "said_product_suggestions": "refused"}
    snippet = client.get("/consent/playground/", said).context["as_test"]
    names: dict[str, Any] = {}
    exec(compile(snippet, "copied", "exec"), names)
    (test,) = [each for name, each in names.items() if name.startswith("test_")]
    assert test.__name__ == "test_carousel_is_non_profiled_because_refused"
    test()
    place_hold(system=carousel, cause="incident:1", reason="Stopped.", actor=STAGE)
    with pytest.raises(AssertionError):
        test()


def test_every_word_of_a_decision_has_words_for_people() -> None:
    from consent.decision.documentation import OBLIGATIONS

    assert set(OUTCOMES) == set(Outcome) and set(REASONS) == set(Reason)
    assert set(OBLIGATIONS) == set(Obligation)
