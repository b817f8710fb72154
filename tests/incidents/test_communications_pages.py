"""Messages are written, read as the reader will, sent by two and followed, all from the pages."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse

from governance.core.clock import database_now
from governance.core.ports import registered_agenda_sources
from governance.outbox.webhooks.models import MessageState, WebhookEndpoint, WebhookMessage
from governance.outbox.webhooks.services import register_endpoint
from governance.people.services import create_api_key
from governance.registry.models import System
from incidents.choices import Audience, Channel, CommunicationState, DeliveryState, Severity
from incidents.models import Communication, Contact, Incident
from incidents.services.contacts import add_contact
from incidents.services.sending import MESSAGE_TYPE, send_due_communications
from tests.cast import Cast
from tests.consent.conftest import make_carousel
from tests.consent.test_preference_centre import shown, token_for
from tests.incidents.message_stage import MACHINE, make_system, open_one, partner, sent, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def system(cast: Cast) -> System:
    return make_system(cast)


@pytest.fixture
def incident(system: System) -> Incident:
    return open_one(system)


def at(message: Communication, name: str = "communication") -> str:
    return reverse(name, args=[message.incident.reference, message.number])


def read(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def waiting(cast: Cast, name: str) -> list[str]:
    (source,) = [
        one for one in registered_agenda_sources() if one.label == "messages about incidents"
    ]
    return [item.reason for item in source.items(cast.actor(name))]


def test_a_message_to_the_public_goes_its_whole_way_by_two_people(
    incident: Incident, cast: Cast
) -> None:
    ivo, pia = cast.sign_in(Client(), "ivo"), cast.sign_in(Client(), "pia")
    overview = reverse("communications", args=[incident.reference])
    assert "Nobody was told anything yet" in read(ivo, overview)
    begun = ivo.post(
        reverse("communication_begin", args=[incident.reference]), {"audience": "public"}
    )
    message = Communication.objects.get()
    assert begun["Location"] == at(message)
    page = read(ivo, at(message))
    assert "Before it can be sent:" in page
    assert "Some groups of people got worse results than others." in page
    assert 'lang="de"' in page and "Manche Gruppen von Menschen" in page
    form = {
        "version": message.version,
        "subject_en": "Some saw too little",
        "body_en": "It is stopped. Nobody has to do anything.",
        "subject_de": "Manche sahen zu wenig",
        "body_de": "Es ist angehalten. Niemand muss etwas tun.",
    }
    assert ivo.post(at(message), form).status_code == 302
    page = read(ivo, at(message))
    assert "Propose to send it" in page
    assert "<ins>It is stopped.</ins>" in page, "the page shows what changed"
    assert "of 100 (Flesch" in page, "and how easily it is read"
    step = at(message, "communication_decide")
    ivo.post(step, {"step": "propose"})
    assert "another person reads and sends it" in read(ivo, at(message))
    ivo.post(step, {"step": "send", "version": 2})
    message.refresh_from_db()
    assert message.state == CommunicationState.PROPOSED, "who proposed it cannot send it"
    assert "a message waits for a second person to send it" in waiting(cast, "pia")
    assert "a message waits for a second person to send it" not in waiting(cast, "ivo")
    assert "everybody who opens the public page" in read(pia, at(message))
    pia.post(step, {"step": "send", "version": 2})
    send_due_communications()
    message.refresh_from_db()
    assert message.state == CommunicationState.SENT
    assert "1 of 1" in read(pia, at(message))
    stranger = read(Client(), reverse("public_messages"))
    assert 0 < stranger.index("Some saw too little") < stranger.index("Manche sahen zu wenig")


def test_what_was_typed_stays_when_somebody_else_wrote_meanwhile(
    incident: Incident, cast: Cast
) -> None:
    message = written(cast, incident, Audience.PUBLIC)
    ada = cast.sign_in(Client(), "ada")
    form = {
        "version": message.version - 1,
        "subject_en": "Mine",
        "body_en": "What I typed for an hour.",
        "subject_de": "Meins",
        "body_de": "Was ich tippte.",
    }
    answer = ada.post(at(message), form)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Somebody else wrote meanwhile" in page
    assert "What I typed for an hour." in page
    message.refresh_from_db()
    assert message.texts.filter(body="What I typed for an hour.").count() == 0


def test_the_second_person_hands_a_message_back_with_a_reason(
    incident: Incident, cast: Cast
) -> None:
    message = written(cast, incident, Audience.PUBLIC)
    step = at(message, "communication_decide")
    cast.sign_in(Client(), "ivo").post(step, {"step": "propose"})
    pia = cast.sign_in(Client(), "pia")
    pia.post(step, {"step": "return", "reason": "Say who is concerned."})
    assert "Handed back: Say who is concerned." in read(pia, at(message))


@pytest.mark.parametrize("name", ["max", "aud", "dan"])
def test_who_may_not_write_reads_and_is_offered_no_step(
    name: str, incident: Incident, cast: Cast
) -> None:
    message = written(cast, incident, Audience.PUBLIC)
    client = cast.sign_in(Client(), name)
    main = read(client, at(message)).split("<main", 1)[1]
    assert "<form" not in main.split("</main>")[0]
    assert client.post(at(message, "communication_decide"), {"step": "propose"}).status_code in (
        302,
        403,
    )
    message.refresh_from_db()
    assert message.state == CommunicationState.DRAFT


def test_another_team_reads_no_message(incident: Incident, cast: Cast) -> None:
    message = written(cast, incident, Audience.PUBLIC)
    eve = cast.sign_in(Client(), "eve")
    assert eve.get(at(message)).status_code == 404
    assert eve.get(reverse("communications", args=[incident.reference])).status_code == 404


def test_drafts_are_shown_to_nobody_outside(incident: Incident, cast: Cast) -> None:
    written(cast, incident, Audience.PUBLIC, "A secret draft.")
    assert "A secret draft." not in read(Client(), reverse("public_messages"))


def test_the_incident_says_who_was_told_and_what_is_owed(incident: Incident, cast: Cast) -> None:
    sent(cast, incident, Audience.INTERNAL)
    page = read(cast.sign_in(Client(), "ivo"), reverse("incident", args=[incident.reference]))
    card = page.split('id="communications"', 1)[1].split("</section>", 1)[0]
    assert "First word" in card
    assert "update due" in card
    assert card.count("Nothing was sent") == 4


def test_a_word_that_is_owed_stands_on_the_agenda_until_it_is_said(
    system: System, cast: Cast
) -> None:
    incident = open_one(system, Severity.S1)
    assert "our team: first word is due" in waiting(cast, "ivo")
    assert waiting(cast, "eve") == []
    message = sent(cast, incident, Audience.INTERNAL)
    assert waiting(cast, "ivo") == [], "there is time until the next word"
    Incident.objects.update(reported_at=F("reported_at") - timedelta(hours=1))
    Communication.objects.filter(pk=message.pk).update(sent_at=F("sent_at") - timedelta(minutes=16))
    assert waiting(cast, "ivo") == ["our team: update is due"]


def test_a_contact_is_added_shown_without_its_address_and_ended(system: System, cast: Cast) -> None:
    pia = cast.sign_in(Client(), "pia")
    page = reverse("incident_contacts")
    assert "Nobody outside is named yet" in read(pia, page)
    form = {
        "audience": "partners",
        "name": "Press office",
        "language": "de",
        "channel": "apprise",
        "address": "mailtos://us:secret-word@smtp.example.org?to=press@example.org",
    }
    assert pia.post(page, {**form, "address": "gopher://x"}).status_code == 200
    assert not Contact.objects.exists()
    assert pia.post(page, form).status_code == 302
    shown_to_all = read(cast.sign_in(Client(), "aud"), page)
    assert "Press office" in shown_to_all
    assert "secret-word" not in shown_to_all
    contact = Contact.objects.get()
    pia.post(reverse("incident_contact_end", args=[contact.pk]), {"erase": "1"})
    contact.refresh_from_db()
    assert contact.ended_at is not None
    assert contact.name == ""


def test_a_recipient_not_reached_is_tried_again_or_brought_by_hand_from_the_page(
    incident: Incident, cast: Cast
) -> None:
    partner(cast, "One")
    message = sent(cast, incident)
    message.deliveries.update(state=DeliveryState.GIVEN_UP, problem="The server answered 500.")
    ivo = cast.sign_in(Client(), "ivo")
    page = read(ivo, at(message))
    assert "The server answered 500." in page and "Try again" in page
    assert "a message has not reached everybody it is for" in waiting(cast, "ivo")
    row = message.deliveries.get()
    address = reverse("communication_delivery", args=[incident.reference, message.number, row.pk])
    ivo.post(address, {"step": "retry"})
    row.refresh_from_db()
    assert row.state == DeliveryState.WAITING
    ivo.post(address, {"step": "hand", "note": "Told on the phone by Ivo"})
    row.refresh_from_db()
    assert row.state == DeliveryState.DELIVERED
    assert "Told on the phone by Ivo" in read(ivo, at(message))


def test_a_webhook_contact_waits_for_the_news_that_it_arrived(
    incident: Incident, cast: Cast, settings: object
) -> None:
    settings.WEBHOOK_PRIVATE = True  # type: ignore[attr-defined]
    endpoint, _text = register_endpoint(
        name="Mail service", url="http://127.0.0.1:9/mail", actor=cast.actor("root")
    )
    add_contact(
        audience=Audience.PEOPLE,
        name="Mail service",
        channel=Channel.WEBHOOK,
        endpoint=endpoint.pk,
        actor=cast.actor("pia"),
    )
    message = sent(cast, incident, Audience.PEOPLE, "It is stopped.")
    for _ in range(3):
        send_due_communications()
    row = message.deliveries.get(channel=Channel.WEBHOOK)
    assert row.state == DeliveryState.WAITING, "handing it over is not arriving"
    queued = WebhookMessage.objects.get(event_type=MESSAGE_TYPE)
    assert "It is stopped." in queued.body and '"system":"carousel"' in queued.body
    WebhookMessage.objects.filter(pk=queued.pk).update(
        state=MessageState.DELIVERED, done_at=database_now()
    )
    send_due_communications()
    row.refresh_from_db()
    assert row.state == DeliveryState.DELIVERED
    assert WebhookEndpoint.objects.count() == 1


def test_a_webhook_that_was_given_up_is_handed_to_a_person(
    incident: Incident, cast: Cast, settings: object
) -> None:
    settings.WEBHOOK_PRIVATE = True  # type: ignore[attr-defined]
    endpoint, _text = register_endpoint(
        name="Partner", url="http://127.0.0.1:9/p", actor=cast.actor("root")
    )
    add_contact(
        audience=Audience.PARTNERS,
        name="Partner",
        channel=Channel.WEBHOOK,
        endpoint=endpoint.pk,
        actor=cast.actor("pia"),
    )
    message = sent(cast, incident)
    send_due_communications()
    WebhookMessage.objects.filter(event_type=MESSAGE_TYPE).update(
        state=MessageState.FAILED, done_at=database_now(), last_error="The server answered 500."
    )
    send_due_communications()
    row = message.deliveries.get()
    assert (row.state, row.problem) == (DeliveryState.GIVEN_UP, "The server answered 500.")


def test_people_read_on_their_own_pages_what_went_wrong(cast: Cast, client: Client) -> None:
    system = make_carousel()
    cast.join("carousel")
    incident = open_one(system)
    sent(cast, incident, Audience.PEOPLE, "Some groups saw fewer offers.\n\nIt was stopped.")
    assert "saw fewer offers" not in shown(client, token_for())
    send_due_communications()
    page = shown(client, token_for())
    assert "Something went wrong in Carousel" in page
    assert "<p>Some groups saw fewer offers.</p>" in page
    why = client.get(reverse("consent:why"), {"token": token_for(), "system": "carousel"})
    assert "Some groups saw fewer offers." in why.content.decode()
    german = client.get(
        reverse("consent:preferences"), {"token": token_for(), "lang": "de"}
    ).content.decode()
    assert "Etwas ist schiefgelaufen: Carousel" in german


def test_a_message_is_text_wherever_it_is_read(cast: Cast, client: Client) -> None:
    system = make_carousel()
    cast.join("carousel")
    evil = "<script>alert(1)</script> and <b>bold</b>"
    for audience in (Audience.PEOPLE, Audience.PUBLIC):
        sent(cast, open_one(system), audience, evil)
    send_due_communications()
    pages = [shown(client, token_for()), read(Client(), reverse("public_messages"))]
    for page in pages:
        assert "<script>alert" not in page and "<b>bold" not in page
        assert "&lt;b&gt;bold" in page


def test_programs_read_messages_of_their_systems_alone(incident: Incident, cast: Cast) -> None:
    message = sent(cast, incident, Audience.PUBLIC)
    send_due_communications()

    def answered(systems: list[str]) -> list[dict[str, object]]:
        _row, secret = create_api_key(
            name="reader", scopes=["registry:read"], system_keys=systems, actor=MACHINE
        )
        answer = Client().get("/api/v1/communications", headers={"X-API-Key": secret})
        assert answer.status_code == 200
        rows: list[dict[str, object]] = answer.json()["results"]
        return rows

    (row,) = answered(["carousel"])
    assert (row["incident"], row["number"]) == (incident.reference, message.number)
    assert row["sha256"] == message.sha256
    assert re.fullmatch(r"[0-9a-f]{64}", str(row["sha256"]))
    assert answered(["feed"]) == []
