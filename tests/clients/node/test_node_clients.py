"""The stock OpenFeature clients of npm, unmodified, against the doors on a real port."""

from __future__ import annotations

import json
from typing import Any

import pytest

from consent import services
from governance.registry.services import place_hold
from tests.clients.node.conftest import HERE, NodeClient, Start
from tests.clients.test_openfeature import STAGE, door, say
from tests.consent.conftest import make_carousel, make_key

__all__ = ["door"]  # the fixture that the clients ask

pytestmark = [pytest.mark.node, pytest.mark.django_db(transaction=True)]

ORIGIN = "https://shop.example"
ANNA = {"targetingKey": "anna", "region": "DE"}
PURPOSE = "purpose.product_suggestions"
SYSTEM = "system.carousel"
VERSION = "system.carousel.version"


def look(client: NodeClient, context: dict[str, Any] = ANNA) -> dict[str, tuple[Any, ...]]:
    """(value, variant, reason) of the purpose, the system and its version.

    The defaults are never what is expected, so that none can pass for an answer.
    """
    told = client(
        context,
        purpose__product_suggestions=False,
        system__carousel=True,
        system__carousel__version="default",
    )
    return {key: (one["value"], one.get("variant"), one.get("reason")) for key, one in told.items()}


@pytest.mark.parametrize("kind", ["server", "web"])
def test_the_stock_client_sees_consent_withdrawal_and_hold(kind: str, start: Start) -> None:
    system = make_carousel()
    say("given")
    if kind == "server":
        secret = make_key("consent:check")
    else:
        secret, _ = services.mint_subject_token(subject="anna", origin=ORIGIN, actor=STAGE)
    client = start(kind, secret)
    assert look(client) == {
        PURPOSE: (True, "granted", "TARGETING_MATCH"),
        SYSTEM: (True, "thompson", "TARGETING_MATCH"),
        VERSION: ("thompson", "thompson", "TARGETING_MATCH"),
    }

    say("withdrawn")
    assert look(client) == {
        PURPOSE: (False, "denied", "TARGETING_MATCH"),
        SYSTEM: (False, "uniform", "TARGETING_MATCH"),
        VERSION: ("uniform", "uniform", "TARGETING_MATCH"),
    }

    say("given")
    assert look(client)[SYSTEM] == (True, "thompson", "TARGETING_MATCH")
    place_hold(system=system, cause="incident:1", reason="Too concentrated.", actor=STAGE)
    assert look(client) == {
        PURPOSE: (True, "granted", "TARGETING_MATCH"),  # of the person, not of the system
        SYSTEM: (False, "uniform", "DISABLED"),
        VERSION: ("uniform", "uniform", "DISABLED"),
    }


@pytest.mark.parametrize("kind", ["server", "web"])
def test_the_stock_client_falls_back_to_its_default_for_an_unknown_flag(
    kind: str, start: Start
) -> None:
    told = start(kind, make_key("consent:check"))(ANNA, system__nothing=False)
    assert told["system.nothing"]["value"] is False
    assert told["system.nothing"]["reason"] == "ERROR"
    assert told["system.nothing"]["errorCode"] == "FLAG_NOT_FOUND"


def test_a_browser_with_a_token_gets_no_answer_about_another_person(start: Start) -> None:
    make_carousel()
    say("given")
    token, _ = services.mint_subject_token(subject="bob", origin=ORIGIN, actor=STAGE)
    told = start("server", token)(ANNA, purpose__product_suggestions=False)
    assert told[PURPOSE]["value"] is False
    assert told[PURPOSE]["reason"] == "ERROR"


def test_the_lock_file_names_no_registry_but_the_public_one() -> None:
    locked = json.loads((HERE / "package-lock.json").read_text(encoding="utf-8"))
    packages = [one for path, one in locked["packages"].items() if path]
    assert packages
    for one in packages:
        assert one["integrity"].startswith("sha512-")
        assert one.get("resolved", "https://registry.npmjs.org/").startswith(
            "https://registry.npmjs.org/"
        )
