"""Nobody outside is told by one person alone, nobody is told twice, and nobody is forgotten."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import IntegrityError, close_old_connections, connection, transaction
from django.db.models import F

from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotPermitted
from governance.core.ports import registered_personal_data_holders
from governance.ledger.models import LedgerEntry
from governance.outbox.models import Notice
from governance.people import services as people
from governance.registry.models import PeopleNotice, System
from governance.registry.selectors import people_notices
from incidents.choices import (
    Audience,
    Channel,
    CommunicationState,
    DeliveryState,
    Severity,
    Stage,
    State,
)
from incidents.models import Communication, CommunicationDelivery, CommunicationText, Incident
from incidents.selectors import public_messages
from incidents.services.communications import (
    correct_communication,
    discard_communication,
    prepare_communication,
    propose_communication,
    return_communication,
    send_communication,
    write_communication,
)
from incidents.services.contacts import add_contact, end_contact
from incidents.services.deliveries import record_by_hand, retry_delivery
from incidents.services.message_texts import unready
from incidents.services.sending import LEASE, send_due_communications
from incidents.services.updates import remind_of_updates
from tests.cast import STAGE, Cast
from tests.ground_database import EmbeddedPostgres
from tests.incidents.message_stage import (
    MACHINE,
    Listener,
    listening,
    make_system,
    open_one,
    partner,
    released,
    sent,
    written,
)

ROOT = Path(__file__).parents[2]


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


def rows(message: Communication) -> dict[str, str]:
    return dict(message.deliveries.values_list("recipient", "state"))


def due_again(message: Communication) -> None:
    """Let every lease and every wait of a message have run out."""
    message.deliveries.update(next_attempt_at=F("next_attempt_at") - LEASE - timedelta(minutes=5))


# --- two people ---


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
    assert prepare_communication(
        incident=incident, audience=Audience.REGULATOR, actor=cast.actor("pia")
    ).pk


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


# --- once each, and nobody forgotten ---


def noticed(subject: str) -> list[str]:
    found = Notice.objects.filter(subject=subject).values_list("recipients", flat=True)
    return sorted(one for recipients in found for one in recipients)


@pytest.mark.django_db
def test_the_product_tells_the_team_by_itself_and_each_of_them_once(
    incident: Incident, cast: Cast
) -> None:
    for name in ("pia", "dan"):
        cast.person(name)
    message = prepare_communication(incident=incident, audience=Audience.INTERNAL, actor=MACHINE)
    assert message.state == CommunicationState.SENT
    for _ in range(3):
        send_due_communications()
    team = sorted(cast.person(one).reference for one in ("ada", "dan", "elif", "ivo", "max", "pia"))
    assert noticed(message.released["en"]["subject"]) == team
    assert set(rows(message).values()) == {DeliveryState.DELIVERED}


@pytest.mark.django_db
def test_who_joins_later_is_told_what_stands_and_the_others_are_not_told_again(
    incident: Incident, cast: Cast
) -> None:
    first = sent(cast, incident, Audience.INTERNAL, "Wave one.")
    send_due_communications()
    second = sent(cast, incident, Audience.INTERNAL, "Wave two.")
    send_due_communications()
    people.assign_role(user=cast.eve, role="ml_engineer", actor=STAGE)
    cast.join("carousel", "eve")
    for _ in range(2):
        send_due_communications()
    assert cast.eve.reference in rows(second)
    assert cast.eve.reference not in rows(first), "what is out of date is not told any more"
    told = noticed(second.released["en"]["subject"])
    assert told.count(cast.eve.reference) == 1
    assert told.count(cast.ada.reference) == 1
    late = Notice.objects.filter(recipients=[cast.eve.reference])
    assert [one.announced_at is not None for one in late] == [True], "the chat has had it"


@pytest.mark.django_db
def test_a_partner_named_later_gets_the_last_word(
    incident: Incident, cast: Cast, listener: Listener
) -> None:
    partner(cast, "First", listener.address("first"))
    message = sent(cast, incident)
    send_due_communications()
    partner(cast, "Second", listener.address("second"))
    for _ in range(2):
        send_due_communications()
    assert listener.names() == ["first", "second"]
    key = str(message.deliveries.order_by("created_at")[0].pk)
    assert listener.heard[0][1] == key, "the receiver can tell a repetition"
    assert "We are on it." in str(listener.heard[0][2]["message"])


@pytest.mark.django_db
def test_the_database_holds_one_row_for_a_message_and_a_recipient(
    incident: Incident, cast: Cast
) -> None:
    partner(cast, "By hand")
    message = sent(cast, incident)
    row = message.deliveries.get()
    with pytest.raises(IntegrityError, match="message_once_per_recipient"), transaction.atomic():
        CommunicationDelivery.objects.create(
            communication=message,
            recipient=row.recipient,
            channel=Channel.HAND,
            next_attempt_at=database_now(),
            give_up_at=database_now(),
        )


def run_and_die(server: EmbeddedPostgres, point: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.incidents.dying_sender", point],
        cwd=ROOT,
        env=server.env_of(str(connection.settings_dict["NAME"])),
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


@pytest.mark.django_db(transaction=True)
def test_a_runner_killed_between_two_recipients_leaves_nobody_out_and_tells_nobody_twice(
    embedded_postgres: EmbeddedPostgres, cast: Cast, listener: Listener
) -> None:
    incident = open_one(make_system(cast))
    for name in ("one", "two", "three"):
        partner(cast, name, listener.address(name))
    message = sent(cast, incident)
    run_and_die(embedded_postgres, "between_rows")
    assert len(listener.names()) == 1
    send_due_communications()
    assert sorted(listener.names()) == ["one", "three", "two"]
    assert set(rows(message).values()) == {DeliveryState.DELIVERED}


@pytest.mark.django_db(transaction=True)
def test_a_runner_killed_before_it_wrote_it_down_repeats_itself_under_the_same_key(
    embedded_postgres: EmbeddedPostgres, cast: Cast, listener: Listener
) -> None:
    incident = open_one(make_system(cast))
    partner(cast, "one", listener.address("one"))
    partner(cast, "two", listener.address("two"))
    message = sent(cast, incident)
    run_and_die(embedded_postgres, "before_record")
    (first,) = listener.heard
    assert set(rows(message).values()) == {DeliveryState.WAITING}
    send_due_communications()
    assert len(listener.heard) == 2, "what the dead one holds stays its own until the lease ends"
    due_again(message)
    send_due_communications()
    repeated = [heard for heard in listener.heard if heard[0] == first[0]]
    assert repeated == [first, first], "at least once at the channel, with one key"
    entries = LedgerEntry.objects.filter(verb="incidents.message_delivered")
    assert entries.count() == 2, "recorded once each"
    assert incident.timeline.filter(sentence__contains="reached").count() == 2


@pytest.mark.django_db(transaction=True)
def test_runners_side_by_side_tell_everybody_once(cast: Cast, listener: Listener) -> None:
    incident = open_one(make_system(cast))
    names = [f"partner-{number}" for number in range(8)]
    for name in names:
        partner(cast, name, listener.address(name))
    sent(cast, incident)
    gate = threading.Barrier(4)

    def run() -> None:
        gate.wait()
        send_due_communications()
        close_old_connections()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    send_due_communications()
    assert sorted(listener.names()) == names


# --- what does not arrive ---


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
    assert incident.timeline.filter(sentence__startswith="Message 1 did not reach Deaf").exists()
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


# --- corrections ---


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
    released(cast, correct_communication(communication=wrong, actor=cast.actor("ivo")))
    listener.refuses = False
    due_again(wrong)
    send_due_communications()
    assert set(rows(wrong).values()) == {DeliveryState.DROPPED}
    (heard,) = listener.heard
    assert "This corrects our message of" in str(heard[2]["message"])


# --- people and the public ---


@pytest.mark.django_db
def test_people_read_the_newest_word_on_the_pages_of_their_system(
    incident: Incident, system: System, cast: Cast
) -> None:
    first = sent(cast, incident, Audience.PEOPLE, "Something went wrong.")
    send_due_communications()
    assert [one.reference for one in people_notices(system)] == [first.reference]
    second = sent(cast, incident, Audience.PEOPLE, "It was stopped.")
    for _ in range(2):
        send_due_communications()
    (shown,) = people_notices(system)
    assert shown.reference == second.reference
    assert shown.texts["de"]["body"].startswith("It was stopped.")
    assert PeopleNotice.objects.count() == 2


@pytest.mark.django_db
def test_the_public_reads_what_was_not_found_wrong(incident: Incident, cast: Cast) -> None:
    wrong = sent(cast, incident, Audience.PUBLIC, "All is well.")
    assert list(public_messages()) == []
    send_due_communications()
    assert list(public_messages()) == [wrong]
    right = released(cast, correct_communication(communication=wrong, actor=cast.actor("ivo")))
    send_due_communications()
    assert list(public_messages()) == [right]


# --- the cadence ---


@pytest.mark.django_db
def test_an_update_that_was_missed_is_reminded_of_once_a_level_and_escalates(
    system: System, cast: Cast
) -> None:
    incident = open_one(system, Severity.S1)
    begin = incident.reported_at

    def reminders() -> list[list[str]]:
        found = Notice.objects.filter(subject__contains="is overdue").order_by("id")
        return [one.recipients for one in found]

    for minute in (10, 31, 40, 50, 61, 62, 91, 200):
        remind_of_updates(actor=MACHINE, now=begin + timedelta(minutes=minute))
    assert reminders() == [
        ["role:incident_commander@carousel"],
        ["role:incident_commander@carousel", "role:product_owner@carousel"],
        ["role:admin@carousel", "role:privacy_lead@carousel"],
    ]
    assert incident.timeline.filter(sentence__contains="was missed").count() == 2


@pytest.mark.django_db
def test_what_was_missed_while_all_was_down_is_told_at_the_next_look_and_once(
    system: System, cast: Cast
) -> None:
    incident = open_one(system, Severity.S1)
    late = incident.reported_at + timedelta(hours=5)
    assert remind_of_updates(actor=MACHINE, now=late) == 1
    assert remind_of_updates(actor=MACHINE, now=late) == 0
    sent(cast, incident, Audience.INTERNAL)
    assert remind_of_updates(actor=MACHINE, now=late) == 1, "the new period was missed as well"


@pytest.mark.django_db
def test_a_drill_reminds_nobody(system: System, cast: Cast) -> None:
    drill = open_one(system, Severity.S1, drill=True)
    late = drill.reported_at + timedelta(hours=5)
    assert remind_of_updates(actor=MACHINE, now=late) == 0


# --- the record ---


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
    before = message.deliveries.count()
    people.set_active(user=cast.max, active=False, actor=STAGE)
    assert holder.erase(cast.max.reference) == 1
    assert holder.export(cast.max.reference) == []
    send_due_communications()
    assert message.deliveries.count() == before, "who is gone is not told again"


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
