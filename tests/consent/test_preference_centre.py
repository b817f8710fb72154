"""Promises of the preference centre: one step either way, nothing pre-selected, no JavaScript."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.test import Client

from consent import services
from consent.models import ConsentEvent, ConsentState
from governance.core.actors import SystemActor
from governance.registry.models import PersonalizationType, Purpose

if TYPE_CHECKING:
    from governance.registry.models import System
    from tests.consent.conftest import DoorClient

pytestmark = pytest.mark.django_db
STAGE = SystemActor("tests")
PAGE = "/preferences/"


def token_for(subject: str = "anna", **more: Any) -> str:
    given = {"origin": settings.PUBLIC_URL, **more}
    text, _ = services.mint_subject_token(subject=subject, actor=STAGE, **given)
    return text


def shown(client: Client, token: str, **headers: str) -> str:
    told = client.get(PAGE, {"token": token}, headers=headers)
    assert told.status_code == 200
    return told.content.decode()


def send(client: Client, token: str, page: str, **fields: object) -> str:
    nonce = re.search(r'name="nonce" value="([^"]+)"', page)
    assert nonce
    told = client.post(PAGE, {"token": token, "nonce": nonce[1], **fields}, follow=True)
    return told.content.decode()


def test_the_page_shows_seven_types_with_nothing_selected(client: Client) -> None:
    page = shown(client, token_for())
    assert page.count('role="switch"') == 7
    assert not re.search(r'role="switch"[^>]*\bchecked', page)
    assert "<script" not in page


def test_one_step_turns_everything_on_and_one_step_turns_everything_off(client: Client) -> None:
    token = token_for()
    page = send(client, token, shown(client, token), all="on")
    assert page.count(" checked>") == 7 and 'role="status"' in page
    assert set(ConsentState.objects.values_list("status", flat=True)) == {"given"}
    page = send(client, token, page, all="off")
    assert " checked>" not in page
    assert set(ConsentState.objects.values_list("status", flat=True)) == {"withdrawn"}


def test_turning_everything_off_is_said_for_every_purpose(client: Client) -> None:
    token = token_for()
    send(client, token, shown(client, token), all="off")
    of_types = Purpose.objects.filter(types__isnull=False).distinct().count()
    assert ConsentState.objects.filter(status="refused").count() == of_types
    assert ConsentEvent.objects.count() == of_types


def test_saving_selected_types_is_seen_by_the_next_check(
    client: Client, ask: DoorClient, carousel: System
) -> None:
    token = token_for()
    page = send(client, token, shown(client, token), type=["product_suggestions"])
    assert page.count(" checked>") == 1
    assert ask.flag("system.carousel", targetingKey="anna").body["value"] is True
    send(client, token, page, type=["ads"])
    assert ask.flag("system.carousel", targetingKey="anna").body["metadata"]["reason"] == (
        "withdrawn"
    )


def test_the_same_form_sent_twice_is_recorded_once(client: Client) -> None:
    token = token_for()
    page = shown(client, token)
    send(client, token, page, all="on")
    send(client, token, page, all="off")
    before = ConsentEvent.objects.count()
    for answer in ("on", "off", "on"):
        send(client, token, page, all=answer)
    assert ConsentEvent.objects.count() == before
    assert set(ConsentState.objects.values_list("status", flat=True)) == {"withdrawn"}


def test_saving_what_stands_already_records_nothing(client: Client) -> None:
    token = token_for()
    page = send(client, token, shown(client, token), type=["ads"])
    before = ConsentEvent.objects.count()
    page = send(client, token, page, type=["ads"])
    assert ConsentEvent.objects.count() == before and "Nothing changed" in page


def test_the_page_speaks_german(client: Client) -> None:
    token = token_for()
    page = shown(client, token, **{"Accept-Language": "de"})
    assert '<html lang="de">' in page and "Alles ausschalten" in page
    kinds = PersonalizationType.objects.values_list("key", flat=True)
    assert page.count("Produktvorschläge") >= 1 and len(kinds) == 7


def test_both_answers_to_everything_look_alike(client: Client) -> None:
    buttons = re.findall(r'<button class="([^"]+)"[^>]*name="all"', shown(client, token_for()))
    assert len(buttons) == 2 and buttons[0] == buttons[1]


def test_the_published_notice_is_shown_and_its_version_recorded(client: Client) -> None:
    texts = {"en": ("What we do", "Short.", "Long."), "de": ("Was wir tun", "Kurz.", "Lang.")}
    services.publish_notice(key="2026-11", texts=texts, actor=STAGE)
    token = token_for()
    page = shown(client, token)
    assert "What we do" in page
    send(client, token, page, type=["ads"])
    assert set(ConsentEvent.objects.values_list("notice_version", flat=True)) == {"2026-11"}


def test_a_token_for_some_purposes_moves_only_those(client: Client) -> None:
    token = token_for(purposes=["product_suggestions"])
    page = shown(client, token)
    assert page.count('role="switch"') == 1
    send(client, token, page, all="on")
    assert ConsentEvent.objects.get().purpose.key == "product_suggestions"


def test_without_a_valid_token_the_page_stays_shut(client: Client) -> None:
    for token in ("", "a.b.c", token_for()[:-3]):
        assert client.get(PAGE, {"token": token}).status_code == 401
        assert client.post(PAGE, {"token": token, "all": "on"}).status_code == 401
    assert not ConsentEvent.objects.exists()


def test_a_token_of_a_customers_page_does_not_open_the_hosted_page(client: Client) -> None:
    token = token_for(origin="https://shop.example")
    told = client.get(PAGE, {"token": token}, headers={"Accept-Language": "de"})
    assert told.status_code == 403 and "gilt für eine andere Seite" in told.content.decode()
    assert client.post(PAGE, {"token": token, "all": "on", "nonce": "n"}).status_code == 403
    assert not ConsentEvent.objects.exists()
    assert client.get(PAGE, {"token": token_for(origin="http://testserver")}).status_code == 200


def test_an_informed_yes_under_global_privacy_control_stands(
    client: Client, ask: DoorClient
) -> None:
    texts = dict.fromkeys(("en", "de"), ("Title", "Short.", "Long."))
    services.publish_notice(key="2026-11", texts=texts, actor=STAGE)
    token = token_for()
    gpc = {"Sec-GPC": "1"}
    page = client.get(PAGE, {"token": token}, headers=gpc).content.decode()
    assert "Global Privacy Control" in page
    flag = "/ofrep/v1/evaluate/flags/purpose.ads_third_party"
    context = {"context": {"targetingKey": "anna"}}
    assert ask(flag, context, sec_gpc="1").body["metadata"]["reason"] == "gpc"
    nonce = re.search(r'name="nonce" value="([^"]+)"', page)
    assert nonce
    form = {"token": token, "nonce": nonce[1], "all": "on"}
    client.post(PAGE, form, headers=gpc)
    assert ask(flag, context, sec_gpc="1").body["metadata"]["reason"] == "given"
