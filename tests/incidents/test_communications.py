"""What leaves the house is read by two people; what was sent is on record and stays as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import IntegrityError, transaction

from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotPermitted
from governance.core.ports import registered_personal_data_holders
from governance.ledger.models import LedgerEntry
from governance.outbox.models import Notice
from governance.people import services as people
from governance.registry.models import System
from incidents.choices import (
    Audience,
    Channel,
    CommunicationState,
    DeliveryState,
    Stage,
    State,
)
from incidents.models import Communication, CommunicationText, Incident
from incidents.services.communications import (
    correct_communication,
    discard_communication,
    prepare_communication,
    propose_communication,
    return_communication,
    send_communication,
    write_communication,
)
from incidents.services.contacts import add_contact
from incidents.services.message_texts import unready
from incidents.services.sending import send_due_communications
from tests.cast import STAGE, Cast
from tests.incidents.message_stage import (
    MACHINE,
    Listener,
    corrected,
    due_again,
    listening,
    make_system,
    open_one,
    partner,
    released,
    rows,
    sent,
    written,
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
@pytest.mark.parametrize(
    "audience", [Audience.PEOPLE, Audience.PARTNERS, Audience.REGULATOR, Audience.PUBLIC]
)
def test_what_leaves_the_house_needs_a_second_person(
    audience: str, incident: Incident, cast: Cast
) -> None:
    partner(cast, "The office", audience=audience)
    draft = written(cast, incident, audience)
    root = cast.actor("root")
    with pytest.raises(Conflict, match="proposed first"):
        send_communication(communication=draft, version=draft.version, actor=root)
    proposed = propose_communication(communication=draft, actor=root)
    with pytest.raises(Conflict, match="another person"):
        send_communication(communication=proposed, version=draft.version, actor=root)
    with pytest.raises(NotPermitted, match="not a person"):
        send_communication(communication=proposed, version=draft.version, actor=MACHINE)
    with pytest.raises(NotPermitted):
        send_communication(communication=proposed, version=draft.version, actor=cast.actor("elif"))
    done = send_communication(
        communication=proposed, version=draft.version, actor=cast.actor("pia")
    )
    assert (done.state, done.sent_by) == (CommunicationState.SENT, cast.pia.reference)


@pytest.mark.django_db
def test_the_database_refuses_what_one_person_sent_outside(incident: Incident, cast: Cast) -> None:
    draft = written(cast, incident, Audience.PUBLIC)
    for alone in ("", cast.ivo.reference):
        with (
            pytest.raises(IntegrityError, match="message_outside_needs_two"),
            transaction.atomic(),
        ):
            Communication.objects.filter(pk=draft.pk).update(
                state=CommunicationState.SENT,
                sent_at=database_now(),
                proposed_by=cast.ivo.reference,
                approved_by=alone,
            )


@pytest.mark.django_db
def test_the_second_person_sends_the_text_that_was_read(incident: Incident, cast: Cast) -> None:
    draft = propose_communication(
        communication=written(cast, incident, Audience.PUBLIC), actor=cast.actor("ivo")
    )
    texts = {"en": ("Another", "Another text."), "de": ("Anders", "Ein anderer Text.")}
    changed = write_communication(
        communication=draft, texts=texts, version=draft.version, actor=cast.actor("ada")
    )
    assert changed.state == CommunicationState.DRAFT, "who changes it takes the proposal back"
    again = propose_communication(communication=changed, actor=cast.actor("ada"))
    with pytest.raises(Conflict, match="changed since you read it"):
        send_communication(communication=again, version=draft.version, actor=cast.actor("pia"))
    assert not again.deliveries.exists()


@pytest.mark.django_db
def test_two_writers_never_overwrite_one_another(incident: Incident, cast: Cast) -> None:
    draft = written(cast, incident, Audience.PUBLIC)
    texts = {"en": ("A", "B"), "de": ("A", "B")}
    with pytest.raises(Conflict, match="Somebody else wrote"):
        write_communication(
            communication=draft, texts=texts, version=draft.version - 1, actor=cast.actor("ada")
        )
    with pytest.raises(Exception, match="append-only"), transaction.atomic():
        CommunicationText.objects.filter(communication=draft).update(body="Rewritten")


@pytest.mark.django_db
def test_nothing_is_sent_while_a_blank_is_left(incident: Incident, cast: Cast) -> None:
    ivo = cast.actor("ivo")
    draft = prepare_communication(incident=incident, audience=Audience.PEOPLE, actor=ivo)
    assert any("German: still to be written" in each for each in unready(draft))
    with pytest.raises(Conflict, match="what may have happened to one person"):
        propose_communication(communication=draft, actor=ivo)
    only_english = {"en": ("Sorry", "It stopped."), "de": ("", "")}
    draft = write_communication(
        communication=draft, texts=only_english, version=draft.version, actor=ivo
    )
    with pytest.raises(Conflict, match="The German text is missing"):
        propose_communication(communication=draft, actor=ivo)


@pytest.mark.django_db
def test_a_message_handed_back_says_why_and_begins_anew(incident: Incident, cast: Cast) -> None:
    draft = written(cast, incident, Audience.PUBLIC)
    proposed = propose_communication(communication=draft, actor=cast.actor("ivo"))
    with pytest.raises(Invalid):
        return_communication(communication=proposed, reason="no", actor=cast.actor("pia"))
    back = return_communication(
        communication=proposed, reason="Say who is concerned.", actor=cast.actor("pia")
    )
    assert (back.state, back.returned_because) == (
        CommunicationState.DRAFT,
        "Say who is concerned.",
    )
    assert incident.timeline.filter(sentence__contains="Say who is concerned.").exists()


@pytest.mark.django_db
def test_only_who_reports_to_authorities_writes_to_one(incident: Incident, cast: Cast) -> None:
    with pytest.raises(NotPermitted):
        prepare_communication(
            incident=incident, audience=Audience.REGULATOR, actor=cast.actor("ivo")
        )
    draft = prepare_communication(
        incident=incident, audience=Audience.REGULATOR, actor=cast.actor("pia")
    )
    assert draft.state == CommunicationState.DRAFT


@pytest.mark.django_db
def test_a_drill_tells_nobody_outside_and_says_what_it_is_inside(
    system: System, cast: Cast
) -> None:
    drill = open_one(system, drill=True)
    with pytest.raises(Conflict, match="drill"):
        prepare_communication(incident=drill, audience=Audience.PUBLIC, actor=cast.actor("ivo"))
    message = sent(cast, drill, Audience.INTERNAL)
    assert message.released["en"]["subject"].startswith("Drill: ")
    assert message.released["en"]["body"].startswith("This is a drill.")


@pytest.mark.django_db
def test_where_nobody_would_be_told_nothing_is_sent(incident: Incident, cast: Cast) -> None:
    draft = written(cast, incident, Audience.PARTNERS)
    with pytest.raises(Conflict, match="Nobody is named"):
        released(cast, draft)
    draft.refresh_from_db()
    assert draft.state == CommunicationState.DRAFT or draft.sent_at is None


@pytest.mark.django_db
def test_a_correction_reaches_everybody_who_was_misled_and_says_what_it_corrects(
    incident: Incident, cast: Cast, listener: Listener
) -> None:
    partner(cast, "First", listener.address("first"))
    wrong = sent(cast, incident, said="Nobody was affected.")
    send_due_communications()
    draft = correct_communication(communication=wrong, actor=cast.actor("ivo"))
    assert draft.stage == Stage.CORRECTION
    with pytest.raises(Conflict, match="already"):
        correct_communication(communication=wrong, actor=cast.actor("ada"))
    with pytest.raises(Conflict, match="still says what was wrong"):
        propose_communication(communication=draft, actor=cast.actor("ivo"))
    texts = {"en": ("Affected", "400 people were affected."), "de": ("Zahl", "Es waren 400.")}
    draft = write_communication(
        communication=draft, texts=texts, version=draft.version, actor=cast.actor("ivo")
    )
    released(cast, draft)
    partner(cast, "Second", listener.address("second"))
    update = sent(cast, incident, said="400 people were told.")
    send_due_communications()
    for_first = [str(body["message"]) for path, _key, body in listener.heard if path == "/first"]
    assert "This corrects our message of" in for_first[1]
    assert "was corrected on" in for_first[2]
    assert "was corrected on" in update.released["en"]["body"]
    for_second = [str(body["message"]) for path, _key, body in listener.heard if path == "/second"]
    assert not any("Nobody was affected." in each for each in for_second)


@pytest.mark.django_db
def test_what_was_found_wrong_before_it_left_is_not_sent_any_more(
    incident: Incident, cast: Cast, listener: Listener
) -> None:
    partner(cast, "First", listener.address("first"))
    listener.refuses = True
    wrong = sent(cast, incident, said="Nobody was affected.")
    send_due_communications()
    corrected(cast, wrong)
    listener.refuses = False
    due_again(wrong)
    send_due_communications()
    assert set(rows(wrong).values()) == {DeliveryState.DROPPED}
    (heard,) = listener.heard
    assert "This corrects our message of" in str(heard[2]["message"])


@pytest.mark.django_db
def test_every_sending_stands_on_the_timeline_and_in_the_ledger(
    incident: Incident, cast: Cast
) -> None:
    message = sent(cast, incident, Audience.PUBLIC)
    send_due_communications()
    entry = LedgerEntry.objects.get(verb="incidents.message_sent", object_id=str(message.pk))
    assert entry.facts["sha256"] == message.sha256
    assert entry.facts["proposed_by"] == cast.ivo.reference
    assert entry.actor_reference == cast.pia.reference
    lines = list(incident.timeline.filter(kind="message").values_list("sentence", flat=True))
    assert any("sent to 1 recipient" in line for line in lines)
    assert any("reached the public page" in line for line in lines)


@pytest.mark.django_db
def test_what_was_sent_is_never_written_anew_or_thrown_away(incident: Incident, cast: Cast) -> None:
    message = sent(cast, incident, Audience.INTERNAL)
    ivo = cast.actor("ivo")
    with pytest.raises(Conflict):
        write_communication(
            communication=message, texts={"en": ("A", "B")}, version=message.version, actor=ivo
        )
    with pytest.raises(Conflict):
        discard_communication(communication=message, actor=ivo)


@pytest.mark.django_db
def test_erasing_a_colleague_leaves_that_somebody_was_told(incident: Incident, cast: Cast) -> None:
    message = sent(cast, incident, Audience.INTERNAL)
    send_due_communications()
    holder = next(
        one for one in registered_personal_data_holders() if one.label == "Messages about incidents"
    )
    (told,) = holder.export(cast.max.reference)
    assert told["message"] == message.reference
    late = sent(cast, incident, Audience.INTERNAL, "Not gone out yet.")
    before = late.deliveries.count()
    people.set_active(user=cast.max, active=False, actor=STAGE)
    assert holder.erase(cast.max.reference) == 2
    assert holder.export(cast.max.reference) == []
    send_due_communications()
    assert late.deliveries.count() == before, "who is gone is not told again"
    assert sorted(rows(late).values()).count(DeliveryState.DROPPED) == 1
    told_late = Notice.objects.filter(subject=late.released["en"]["subject"]).latest("id")
    assert cast.ada.reference in told_late.recipients
    assert not any("erased" in each for each in told_late.recipients)


@pytest.mark.django_db
def test_a_contact_of_all_systems_is_added_by_who_sees_all(system: System, cast: Cast) -> None:
    with pytest.raises(Invalid, match="Name the system"):
        add_contact(
            audience=Audience.PARTNERS,
            name="Shop",
            channel=Channel.HAND,
            actor=cast.actor("ivo"),
        )
    with pytest.raises(NotPermitted):
        add_contact(
            audience=Audience.PARTNERS,
            name="Shop",
            channel=Channel.HAND,
            system=system,
            actor=cast.actor("max"),
        )
    add_contact(
        audience=Audience.PARTNERS,
        name="Shop",
        channel=Channel.HAND,
        system=system,
        actor=cast.actor("ivo"),
    )


@pytest.mark.django_db
def test_a_near_duplicate_never_starts_beside_an_open_draft(incident: Incident, cast: Cast) -> None:
    ivo = cast.actor("ivo")
    draft = prepare_communication(incident=incident, audience=Audience.PUBLIC, actor=ivo)
    again = prepare_communication(incident=incident, audience=Audience.PUBLIC, actor=MACHINE)
    assert again.pk == draft.pk
    Incident.objects.filter(pk=incident.pk).update(state=State.FALSE_POSITIVE)
    with pytest.raises(Conflict, match="Nothing happened"):
        prepare_communication(incident=incident, audience=Audience.PARTNERS, actor=ivo)
