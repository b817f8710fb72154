"""Promises about recording choices: events, heads, revisions, ledger, erasure."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, transaction

from consent import services
from consent.models import ConsentEvent, ConsentState, DataSubject, SubjectSalt, Suppression
from consent.personal_data import ConsentHolder
from consent.tokens import verify_compact
from governance.core.actors import SystemActor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotFound, NotPermitted
from governance.ledger.models import LedgerEntry
from governance.outbox.models import EventRow
from governance.registry.models import PersonalizationType, Purpose

if TYPE_CHECKING:
    from tests.cast import Cast

STAGE = SystemActor("tests")


def say(subject: str = "anna", status: str = "given", **more: Any) -> services.RecordedChoice:
    given: dict[str, Any] = {"purpose": "ads"} if "type" not in more else {}
    return services.record_choice(
        subject=subject,
        status=status,
        actor=STAGE,
        **given,
        **more,
    )


@pytest.mark.django_db
def test_a_choice_is_an_event_a_head_a_ledger_entry_and_news() -> None:
    recorded = say(notice_version="2026-01")
    event = ConsentEvent.objects.get(pk=recorded.id)
    head = ConsentState.objects.get()
    assert (event.status, event.revision, event.previous_status) == ("given", 1, "unknown")
    assert (head.status, head.revision, head.notice_version) == ("given", 1, "2026-01")
    entry = LedgerEntry.objects.get(pk=event.ledger_entry)
    assert entry.facts["status"] == "given"
    news = EventRow.objects.get(name="ConsentChanged").payload
    assert (news["purpose_key"], news["revision"]) == ("ads", 1)


@pytest.mark.django_db
def test_neither_the_id_nor_the_pseudonym_stands_in_the_ledger() -> None:
    say("anna@example.org")
    pseudonym = DataSubject.objects.get().pseudonym or ""
    entry = LedgerEntry.objects.filter(verb="consent.choice_recorded").get()
    written = f"{entry.facts}{entry.object_id}"
    assert "anna" not in written and pseudonym not in written
    assert not DataSubject.objects.filter(pseudonym__contains="anna").exists()


@pytest.mark.django_db
def test_a_type_records_one_event_a_purpose() -> None:
    kind = PersonalizationType.objects.get(key="ads")
    recorded = say(type="ads", status="refused")
    assert len(recorded.events) == kind.purposes.count()
    assert {event.type_key for event in recorded.events} == {"ads"}


@pytest.mark.django_db
def test_the_receipt_is_signed_and_names_what_was_recorded() -> None:
    recorded = say()
    claims = verify_compact(settings.KEYS.receipt_key.public_key(), recorded.receipt)
    assert claims["events"][0]["id"] == str(recorded.id)
    assert claims["events"][0]["status"] == "given"


@pytest.mark.django_db
def test_an_older_consent_cannot_overturn_a_withdrawal() -> None:
    now = database_now()
    say(status="withdrawn", occurred_at=now)
    with pytest.raises(Conflict):
        say(status="given", occurred_at=now)
    assert say(status="withdrawn", occurred_at=now - timedelta(days=1)).revision == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "error"),
    [
        ({"status": "expired"}, Invalid),
        ({"status": "maybe"}, Invalid),
        ({"subject": ""}, Invalid),
        ({"purpose": "nothing"}, NotFound),
        ({"type": "ads", "purpose": "ads"}, Invalid),
        ({"method": "telepathy"}, Invalid),
    ],
)
def test_what_makes_no_sense_is_refused(words: dict[str, str], error: type[Exception]) -> None:
    given = {"subject": "anna", "purpose": "ads", "status": "given", **words}
    with pytest.raises(error):
        services.record_choice(actor=STAGE, **given)  # type: ignore[arg-type]


@pytest.mark.django_db
def test_a_choice_in_the_future_is_refused() -> None:
    with pytest.raises(Invalid):
        say(occurred_at=database_now() + timedelta(hours=1))


def test_only_who_may_write_records_a_choice(cast: Cast) -> None:
    with pytest.raises(NotPermitted):
        services.record_choice(
            subject="anna", purpose="ads", status="given", actor=cast.actor("ada")
        )


@pytest.mark.django_db
def test_consent_events_cannot_be_changed_or_removed() -> None:
    say()
    for statement in (
        "UPDATE consent_consentevent SET status = 'refused'",
        "DELETE FROM consent_consentevent",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.django_db
def test_the_database_refuses_a_second_head_and_a_repeated_revision() -> None:
    event = say().events[0]
    with pytest.raises(IntegrityError), transaction.atomic():
        ConsentState.objects.create(subject=event.subject, purpose=event.purpose)
    with pytest.raises(IntegrityError), transaction.atomic():
        ConsentEvent.objects.create(
            subject=event.subject,
            purpose=event.purpose,
            revision=1,
            status="given",
            previous_status="given",
            method="api",
            lawful_basis="consent",
            occurred_at=event.occurred_at,
            actor_reference="system:tests",
            ledger_entry=event.ledger_entry,
        )


@pytest.mark.django_db
def test_erasure_cuts_the_link_and_keeps_the_person_denied() -> None:
    say("anna")
    pseudonym = DataSubject.objects.get().pseudonym
    holder = ConsentHolder()
    assert {row["kind"] for row in holder.export(f"subject:{pseudonym}")} >= {"subject", "event"}
    assert holder.erase(f"subject:{pseudonym}") > 0
    assert holder.export(f"subject:{pseudonym}") == []
    person = DataSubject.objects.get()
    assert person.pseudonym is None and person.erased_at is not None
    assert not SubjectSalt.objects.exists() and not ConsentState.objects.exists()
    assert ConsentEvent.objects.count() == 1 and Suppression.objects.count() == 1
    with pytest.raises(Conflict):
        say("anna")


@pytest.mark.django_db
def test_a_write_with_a_token_happens_once_for_each_idempotency_key() -> None:
    _, token = services.mint_subject_token(
        subject="anna", origin="https://shop.example", actor=STAGE
    )
    assert services.consume_token(token=token, idempotency_key="one")
    assert not services.consume_token(token=token, idempotency_key="one")
    assert services.consume_token(token=token, idempotency_key="two")


WRITERS, EACH = 6, 8


def _write_at_once(write: object) -> list[BaseException]:
    """Run `write(number)` in threads with their own connections; return what they raised."""
    errors: list[BaseException] = []
    start = threading.Barrier(WRITERS)

    def work(number: int) -> None:
        try:
            start.wait()
            for turn in range(EACH):
                write(number, turn)  # type: ignore[operator]
        except BaseException as error:  # noqa: BLE001  (the test reads it)
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


@pytest.mark.django_db(transaction=True)
def test_opting_in_and_out_at_once_keeps_revisions_dense_and_the_naive_way_does_not() -> None:
    start = database_now()
    say(occurred_at=start - timedelta(hours=1))

    def choose(number: int, turn: int) -> None:
        status = "given" if (number + turn) % 2 else "withdrawn"
        try:
            say(status=status)
        except Conflict:  # a consent said before a withdrawal that came first stands refused
            say(status="withdrawn")

    assert _write_at_once(choose) == []
    revisions = list(ConsentEvent.objects.order_by("revision").values_list("revision", flat=True))
    head = ConsentState.objects.get()
    assert revisions == list(range(1, WRITERS * EACH + 2))
    last = ConsentEvent.objects.get(revision=head.revision)
    assert (head.revision, head.status) == (revisions[-1], last.status)

    # The naive twin: read, add one, save, without the head row's lock.
    ConsentState.objects.update(revision=1)

    def naive(number: int, turn: int) -> None:
        state = ConsentState.objects.get()
        state.revision += 1
        state.save()

    assert _write_at_once(naive) == []
    assert ConsentState.objects.get().revision < WRITERS * EACH + 1


@pytest.mark.django_db(transaction=True)
def test_two_people_with_the_same_new_id_become_one_subject() -> None:
    Purpose.objects.get(key="ads")
    assert _write_at_once(lambda number, turn: say("new", status="refused")) == []
    assert DataSubject.objects.count() == 1
    assert ConsentState.objects.get().revision == WRITERS * EACH


@pytest.mark.django_db(transaction=True)
def test_a_choice_that_meets_an_erasure_leaves_nothing_about_the_person() -> None:
    say("anna", "given")
    pseudonym = DataSubject.objects.get().pseudonym or ""

    def meet(number: int, turn: int) -> None:
        try:
            if number == 0 and turn == 2:
                services.erase_subject(pseudonym=pseudonym, actor=STAGE)
            else:
                say("anna", "refused")
        except Conflict:
            pass  # the erasure came first

    assert _write_at_once(meet) == []
    assert not ConsentState.objects.exists() and not SubjectSalt.objects.exists()
    assert not DataSubject.objects.filter(pseudonym__isnull=False).exists()
