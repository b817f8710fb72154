"""Promises to people whose data went elsewhere: recipients are told of a no and must confirm."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone
from standardwebhooks.webhooks import Webhook

from consent import services
from consent.identity import pseudonym_of
from consent.models import Recipient, RecipientNotice, RecipientPerson
from consent.recipients.ports import RecipientAgenda, RecipientHolder
from consent.recipients.services import name_people, publish_overdue, register_recipient
from governance.core.actors import SystemActor
from governance.outbox.relay import deliver_events
from governance.outbox.webhooks import sending
from governance.outbox.webhooks.models import WebhookMessage
from governance.outbox.webhooks.services import register_endpoint
from governance.signals.models import CurrentSignal
from tests.cast import Cast
from tests.outbox.receiving import Receiver, receiving

pytestmark = pytest.mark.django_db
STAGE = SystemActor("tests")
ADS = "ads"


@pytest.fixture(autouse=True)
def private(settings: Any) -> None:
    settings.WEBHOOK_PRIVATE = True


def partner(receiver: Receiver, *purposes: str) -> tuple[Recipient, str]:
    endpoint, secret = register_endpoint(name="ad partner", url=receiver.url, actor=STAGE)
    recipient = register_recipient(
        name="ad partner",
        purposes=purposes or (ADS,),
        endpoint=endpoint.pk,
        confirm_hours=24,
        actor=STAGE,
    )
    return recipient, secret


def say(status: str, purpose: str = ADS, subject: str = "anna") -> None:
    services.record_choice(subject=subject, purpose=purpose, status=status, actor=STAGE)


def carry_out() -> None:
    while deliver_events():
        pass
    while sending.deliver_due():
        pass


def told(receiver: Receiver) -> list[dict[str, Any]]:
    return [json.loads(each.body)["data"] for each in receiver.got]


def test_a_withdrawal_reaches_who_received_the_data_and_nobody_else() -> None:
    with receiving() as receiver:
        _, secret = partner(receiver)
        say("given")
        say("given", "product_suggestions")
        say("withdrawn", "product_suggestions")
        carry_out()
        assert not receiver.got, "it received nothing for that purpose"
        say("withdrawn")
        carry_out()
    (got,) = receiver.got
    assert Webhook(secret).verify(got.body, got.headers)["type"] == "tactful.consent.withdrawn"
    (data,) = told(receiver)
    assert data["purpose"] == ADS and data["kind"] == "withdrawn"
    assert data["person"] == {
        "pseudonym": pseudonym_of(django_settings.KEYS.subject_pepper, "anna")
    }
    assert b"anna" not in got.body, "the external id never leaves"


def test_a_recipient_is_told_by_its_own_id_where_one_is_known() -> None:
    with receiving() as receiver:
        recipient, _ = partner(receiver)
        name_people(recipient=recipient, names={"anna": "P-77"}, actor=STAGE)
        say("withdrawn")
        carry_out()
    assert told(receiver)[0]["person"] == {"own_id": "P-77"}


def confirm(client: Client, data: dict[str, Any], **changes: str) -> Any:
    body = {"notice": data["notice"], "code": data["confirm"]["code"], **changes}
    path = urlsplit(data["confirm"]["url"]).path
    return client.post(path, body, content_type="application/json")


def test_only_the_code_of_the_message_confirms(client: Client) -> None:
    with receiving() as receiver:
        partner(receiver)
        say("withdrawn")
        say("withdrawn", subject="bob")
        carry_out()
    first, second = told(receiver)
    assert confirm(client, first, code="guess").status_code == 404
    assert confirm(client, first, code=second["confirm"]["code"]).status_code == 404
    assert RecipientNotice.objects.filter(confirmed_at__isnull=False).count() == 0
    answer = confirm(client, first)
    assert answer.status_code == 200 and answer.json()["notice"] == first["notice"]
    assert confirm(client, first).json() == answer.json(), "a second time changes nothing"
    assert RecipientNotice.objects.filter(confirmed_at__isnull=False).count() == 1


def test_who_does_not_confirm_in_time_is_red_everywhere(client: Client, cast: Cast) -> None:
    with receiving() as receiver:
        recipient, _ = partner(receiver)
        say("withdrawn")
        carry_out()
    agenda = RecipientAgenda()
    assert not agenda.items(cast.actor("pia")) and publish_overdue(actor=STAGE) == 0
    RecipientNotice.objects.update(confirm_by=timezone.now() - timedelta(minutes=1))
    assert publish_overdue(actor=STAGE) == 1
    assert CurrentSignal.objects.get(key="consent.recipients_overdue").number == 1
    (item,) = agenda.items(cast.actor("pia"))
    assert "ad partner" in item.title
    assert not agenda.items(cast.actor("max"))
    cast.sign_in(client, "pia")
    page = client.get("/consent/recipients/").content.decode()
    assert "alert-danger" in page and "ad partner" in page
    assert "see who is late" in client.get("/consent/").content.decode()
    (listed,) = client.get("/api/v1/consent/recipients").json()["results"]
    assert (listed["name"], listed["overdue"]) == (recipient.name, 1)
    confirm(client, told(receiver)[0])
    assert CurrentSignal.objects.get(key="consent.recipients_overdue").number == 0
    assert "alert-danger" not in client.get("/consent/recipients/").content.decode()


def test_an_erasure_is_told_and_then_nothing_here_names_the_person() -> None:
    with receiving() as receiver:
        recipient, _ = partner(receiver)
        name_people(recipient=recipient, names={"anna": "P-77"}, actor=STAGE)
        say("withdrawn")
        carry_out()
        pseudonym = pseudonym_of(django_settings.KEYS.subject_pepper, "anna")
        assert len(RecipientHolder().export(f"subject:{pseudonym}")) == 2
        RecipientHolder().erase(f"subject:{pseudonym}")
        carry_out()
    erased = told(receiver)[-1]
    assert erased["kind"] == "erased" and erased["person"] == {"own_id": "P-77"}
    assert not RecipientPerson.objects.exists()
    assert set(RecipientNotice.objects.values_list("subject_pseudonym", flat=True)) == {""}
    assert not WebhookMessage.objects.filter(event_type="tactful.consent.withdrawn", body__gt="")


def test_erasing_a_person_everywhere_tells_recipients() -> None:
    with receiving() as receiver:
        partner(receiver)
        say("given")
        services.erase_everywhere(subject="anna", actor=STAGE)
        carry_out()
    assert [each["kind"] for each in told(receiver)] == ["erased"]


def test_a_privacy_lead_registers_a_recipient_and_others_do_not(client: Client, cast: Cast) -> None:
    with receiving() as receiver:
        endpoint, _ = register_endpoint(name="partner", url=receiver.url, actor=STAGE)
        form = {
            "name": "partner",
            "purposes": [ADS],
            "endpoint": str(endpoint.pk),
            "confirm_hours": "48",
        }
        cast.sign_in(client, "max")
        assert client.post("/consent/recipients/", form).status_code == 403
        cast.sign_in(client, "pia")
        assert client.post("/consent/recipients/", form).status_code == 302
        body = {**form, "name": "second"}
        made = client.post("/api/v1/consent/recipients", body, content_type="application/json")
        assert made.status_code == 201
        unknown = {**body, "name": "third", "purposes": ["nothing"]}
        refused = client.post(
            "/api/v1/consent/recipients", unknown, content_type="application/json"
        )
        assert refused.status_code == 404
    assert set(Recipient.objects.values_list("name", flat=True)) == {"partner", "second"}
