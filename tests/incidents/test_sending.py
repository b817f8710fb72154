"""Nobody is told twice and nobody is forgotten, whoever dies in between."""

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

from governance.core.clock import database_now
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
)
from incidents.models import CommunicationDelivery, Incident
from incidents.selectors import public_messages
from incidents.services.communications import (
    prepare_communication,
)
from incidents.services.sending import send_due_communications
from incidents.services.updates import remind_of_updates
from tests.cast import STAGE, Cast
from tests.ground_database import EmbeddedPostgres
from tests.incidents.message_stage import (
    MACHINE,
    Listener,
    corrected,
    due_again,
    listening,
    make_system,
    open_one,
    partner,
    rows,
    sent,
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
    name = str(connection.settings_dict["NAME"])
    with server.outliving(name):
        done = subprocess.run(
            [sys.executable, "-m", "tests.incidents.dying_sender", point],
            cwd=ROOT,
            env=server.env_of(name),
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
    right = corrected(cast, wrong)
    send_due_communications()
    assert list(public_messages()) == [right]


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
