"""Promises of the link in a mail: it asks once, turns off in one click, and can do nothing else."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from consent import services
from consent.models import ConsentEvent, ConsentState, DataSubject
from consent.services.withdrawal_links import make_withdrawal_links
from consent.tokens import TokenRefused, read_token
from consent.withdrawal_links import LONGEST_LIFE, read_link_token, write_link_token
from governance.core.errors import DomainError
from governance.registry.models import Purpose
from tests.consent.conftest import make_key
from tests.consent.test_person_pages import STAGE, WHY, WITHDRAW, say, statuses
from tests.consent.test_preference_centre import PAGE

pytestmark = pytest.mark.django_db


def link(**more: Any) -> str:
    (made,) = make_withdrawal_links(subjects=["anna"], actor=STAGE, **more)
    return made.removeprefix(settings.PUBLIC_URL)


def test_opening_the_link_changes_nothing_and_its_one_button_turns_everything_off(
    client: Client,
) -> None:
    say("given")
    assert client.head(link()).status_code == 200
    page = client.get(link()).content.decode()
    assert page.count("<button") == 1 and statuses() == {"given"}
    done = client.post(link(), {}).content.decode()
    assert "Everything is off" in done
    assert statuses() == {"withdrawn", "refused"}
    assert ConsentState.objects.count() == Purpose.objects.filter(state="published").count()


def test_a_mail_program_withdraws_in_one_click_and_may_send_it_twice(client: Client) -> None:
    say("given", kind="notifications")
    strict = Client(enforce_csrf_checks=True)
    address = link(purposes=["notifications"])
    for _ in range(2):
        told = strict.post(address, {"List-Unsubscribe": "One-Click"})
        assert told.status_code == 200 and not told.cookies
    events = ConsentEvent.objects.filter(purpose__key="notifications").order_by("revision")
    assert [event.status for event in events] == ["given", "withdrawn"]
    assert ConsentEvent.objects.count() == 2


def test_a_link_can_turn_off_and_nothing_else(client: Client) -> None:
    say("given")
    (token,) = re.findall(r"token=([^&]+)", link())
    for path in (PAGE, "/preferences/held/", WHY):
        assert client.get(path, {"token": token}).status_code == 401
    assert client.post(PAGE, {"token": token, "all": "on", "nonce": "n"}).status_code == 401
    me = client.get("/api/v1/consent/me", headers={"Authorization": f"Bearer {token}"})
    assert me.status_code == 401
    with pytest.raises(TokenRefused):
        read_token(settings.KEYS.token_public_keys, token, now=datetime.now(UTC))


def test_a_link_that_was_changed_or_ran_out_is_refused(client: Client) -> None:
    now = datetime.now(UTC)
    keys, own = settings.KEYS.token_public_keys, settings.KEYS.token_key
    text = write_link_token(own, subject="anna", purposes=[], now=now, life=timedelta(days=2))
    assert read_link_token(keys, text, now=now).subject == "anna"
    with pytest.raises(TokenRefused, match="run out"):
        read_link_token(keys, text, now=now + timedelta(days=2))
    with pytest.raises(TokenRefused):
        read_link_token(keys, text[:-2], now=now)
    with pytest.raises(ValueError, match="400 days"):
        write_link_token(own, subject="a", purposes=[], now=now, life=LONGEST_LIFE * 2)
    assert client.post(WITHDRAW, {"token": text[:-2]}).status_code == 401
    assert not ConsentEvent.objects.exists()


def test_links_are_made_by_who_may_mint_tokens(client: Client) -> None:
    minted, checks = make_key("consent:token"), make_key("consent:check")
    body = {"subjects": ["anna", "bert"], "purposes": ["notifications"], "language": "de"}
    address = "/api/v1/consent/withdrawal-links"

    def ask(key: str, **more: object) -> Any:
        headers = {"Authorization": f"Bearer {key}"}
        return client.post(address, body | more, content_type="application/json", headers=headers)

    told = ask(minted)
    assert told.status_code == 201 and len(told.json()["links"]) == 2
    assert "lang=de" in told.json()["links"][0]
    assert ask(checks).status_code == 403
    assert ask(minted, purposes=["nothing"]).status_code == 404
    assert ask(minted, days=9_999).status_code in (400, 422)
    with pytest.raises(DomainError):
        make_withdrawal_links(subjects=[""], actor=STAGE)


def test_a_link_of_an_erased_person_records_nothing(client: Client) -> None:
    say("given")
    person = DataSubject.objects.get()
    address = link()
    services.erase_subject(pseudonym=person.pseudonym or "", actor=STAGE)
    before = ConsentEvent.objects.count()
    told = client.post(address, {"List-Unsubscribe": "One-Click"})
    assert told.status_code == 200 and "Your data was erased" in told.content.decode()
    assert ConsentEvent.objects.count() == before
