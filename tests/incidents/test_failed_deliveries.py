"""What does not arrive is said in words, tried again and handed to a person; none goes astray."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db.models import F

from governance.core.errors import Conflict, Invalid
from governance.ledger.models import PersonalDetail
from governance.registry.models import System
from incidents.choices import (
    Audience,
    DeliveryState,
)
from incidents.models import Incident
from incidents.services.contacts import end_contact
from incidents.services.deliveries import record_by_hand, retry_delivery
from incidents.services.sending import send_due_communications
from tests.cast import Cast
from tests.incidents.message_stage import (
    Listener,
    due_again,
    listening,
    make_system,
    open_one,
    partner,
    rows,
    sent,
)


@pytest.fixture
def system(cast: Cast) -> System:
    return make_system(cast)


@pytest.fixture
def incident(system: System) -> Incident:
    return open_one(system)


@pytest.fixture
def listener(settings: object) -> Iterator[Listener]:
    settings.WEBHOOK_PRIVATE = True  # type: ignore[attr-defined]
    with listening() as made:
        yield made


@pytest.mark.django_db
def test_a_failure_is_said_in_words_tried_again_and_then_handed_to_a_person(
    incident: Incident, cast: Cast, listener: Listener
) -> None:
    partner(cast, "Deaf", listener.address("deaf"))
    message = sent(cast, incident)
    listener.refuses = True
    send_due_communications()
    row = message.deliveries.get()
    assert (row.state, row.attempts) == (DeliveryState.WAITING, 1)
    assert "It was not taken" in row.problem
    assert listener.address("deaf") not in row.problem
    due_again(message)
    message.deliveries.update(give_up_at=F("created_at"))
    send_due_communications()
    row.refresh_from_db()
    assert (row.state, row.attempts) == (DeliveryState.GIVEN_UP, 2)
    assert incident.timeline.filter(
        sentence__startswith="Message 1 did not reach a contact"
    ).exists()
    send_due_communications()
    listener.refuses = False
    assert listener.heard == [], "only a person begins again"
    retry_delivery(delivery=row, actor=cast.actor("ivo"))
    send_due_communications()
    row.refresh_from_db()
    assert row.state == DeliveryState.DELIVERED
    with pytest.raises(Conflict):
        retry_delivery(delivery=row, actor=cast.actor("ivo"))


@pytest.mark.django_db
def test_what_is_brought_by_hand_waits_for_a_number(incident: Incident, cast: Cast) -> None:
    partner(cast, "The authority", audience=Audience.REGULATOR)
    message = sent(cast, incident, Audience.REGULATOR)
    send_due_communications()
    row = message.deliveries.get()
    assert row.state == DeliveryState.WAITING
    with pytest.raises(Invalid):
        record_by_hand(delivery=row, note="", actor=cast.actor("pia"))
    record_by_hand(delivery=row, note="Portal, number 17/2026", actor=cast.actor("pia"))
    row.refresh_from_db()
    assert (row.state, row.note) == (DeliveryState.DELIVERED, "Portal, number 17/2026")
    with pytest.raises(Conflict):
        record_by_hand(delivery=row, note="Portal, number 18/2026", actor=cast.actor("pia"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    ["json://127.0.0.1/x", "http://example.org", "syslog://", "nonsense", "mailto://", "exec://a"],
)
def test_an_address_that_no_message_may_go_to_is_refused(
    address: str, cast: Cast, settings: object
) -> None:
    settings.WEBHOOK_PRIVATE = False  # type: ignore[attr-defined]
    with pytest.raises(Invalid):
        partner(cast, "Somebody", address)


@pytest.mark.django_db
def test_a_mail_server_inside_the_house_network_is_not_called(
    incident: Incident, cast: Cast, settings: object
) -> None:
    settings.WEBHOOK_PRIVATE = False  # type: ignore[attr-defined]
    for number, host in enumerate(("127.0.0.1", "169.254.169.254", "10.0.0.7")):
        partner(cast, f"Inside {number}", f"mailto://a:b@example.org?smtp={host}&to=c@example.org")
    message = sent(cast, incident)
    send_due_communications()
    problems = set(message.deliveries.values_list("problem", flat=True))
    assert problems == {"The address leads into a private network; it is not called."}


@pytest.mark.django_db
def test_an_address_is_kept_sealed_and_an_ended_contact_hears_no_more(
    incident: Incident, cast: Cast, listener: Listener
) -> None:
    contact = partner(cast, "First", listener.address("first"))
    contact.refresh_from_db()
    assert b"127.0.0.1" not in bytes(contact.address)
    message = sent(cast, incident)
    end_contact(contact=contact, erase=True, actor=cast.actor("pia"))
    send_due_communications()
    assert listener.heard == []
    assert set(rows(message).values()) == {DeliveryState.DROPPED}
    contact.refresh_from_db()
    assert (contact.name, bytes(contact.address)) == ("", b"")
    assert not PersonalDetail.objects.filter(about__contains=[contact.reference]).exists()
