"""The applier keeps committed state or a doubt in the table, and never a state that was undone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings as configured
from django.db import transaction
from django.test import Client
from psycopg import OperationalError

from consent.decision.facts import ANONYMOUS, Circumstances, PersonFacts
from consent.decision.precedence import decide_purpose
from consent.decision.vocabulary import Reason, Status
from consent.fastpath.hosts import STAMP_SECONDS
from consent.fastpath.journal import DISTRUSTED, ENTRIES, steady_ns
from consent.identity import pseudonym_of
from consent.models import ConsentChange
from consent.services import erase_subject, publish_notice, record_choice, restrict_subject
from governance.core.actors import SystemActor
from governance.core.clock import database_now
from tests.fastpath.conftest import HostTable, connect, lookup

ACTOR = SystemActor("tests")
pytestmark = pytest.mark.django_db(transaction=True)


def choose(subject: str, status: str, purpose: str = "product_suggestions") -> None:
    record_choice(subject=subject, purpose=purpose, status=status, actor=ACTOR)


def facts(host: HostTable, subject: str) -> PersonFacts:
    slot = host.read(subject)
    assert slot is not None and not slot.doubt
    return slot.person(host.table.catalogue().purposes)


def test_a_choice_is_in_doubt_until_the_applier_read_it(host: HostTable) -> None:
    host.settle()
    assert host.read("ada") is None
    choose("ada", "given")
    assert (slot := host.read("ada")) is not None and slot.doubt
    host.settle()
    choice = facts(host, "ada").choices["product_suggestions"]
    assert (choice.status, choice.revision) == (Status.GIVEN, 1)
    choose("ada", "withdrawn")
    assert (slot := host.read("ada")) is not None and slot.doubt
    host.settle()
    assert facts(host, "ada").choices["product_suggestions"].status is Status.WITHDRAWN


def test_a_rolled_back_choice_leaves_nothing_but_a_doubt_that_passes(host: HostTable) -> None:
    host.settle()
    with transaction.atomic():
        choose("ada", "given")
        transaction.set_rollback(True)
    assert (slot := host.read("ada")) is not None and slot.doubt
    host.settle()
    assert host.read("ada") is None


def test_a_doubt_stays_while_its_transaction_is_open(host: HostTable) -> None:
    choose("ada", "given")
    host.settle()
    with transaction.atomic():
        choose("ada", "withdrawn")
        for _ in range(5):
            host.applier.cycle()
        assert (slot := host.read("ada")) is not None and slot.doubt
        assert host.table.stamp_is_valid()
    host.settle()
    assert facts(host, "ada").choices["product_suggestions"].status is Status.WITHDRAWN


def test_a_long_transaction_elsewhere_stalls_nothing(host: HostTable) -> None:
    with connect() as other:
        other.execute("BEGIN")
        other.execute("INSERT INTO consent_change (kind) VALUES ('catalogue')")
        choose("ada", "given")
        host.settle()
        choose("ada", "withdrawn")
        host.settle()
        assert facts(host, "ada").choices["product_suggestions"].status is Status.WITHDRAWN
        other.execute("ROLLBACK")


def test_restriction_and_erasure_are_told(host: HostTable) -> None:
    choose("ada", "given")
    host.settle()
    restrict_subject(subject="ada", actor=ACTOR)
    assert (slot := host.read("ada")) is not None and slot.doubt
    host.settle()
    assert facts(host, "ada").restricted
    erase_subject(pseudonym=pseudonym_of(configured.KEYS.subject_pepper, "ada"), actor=ACTOR)
    assert (slot := host.read("ada")) is not None and slot.doubt
    host.settle()
    assert facts(host, "ada") == PersonFacts(erased=True)
    assert facts(host, "ada") != ANONYMOUS


def test_an_erasure_of_somebody_nameless_leaves_the_unknown_to_postgresql(host: HostTable) -> None:
    host.settle()
    erase_subject(pseudonym=pseudonym_of(configured.KEYS.subject_pepper, "ben"), actor=ACTOR)
    assert not host.table.stamp_is_valid()
    host.settle()
    assert (slot := host.read("ben")) is not None and slot.doubt


def test_a_new_table_holds_what_the_old_one_held(host: HostTable) -> None:
    for number in range(40):
        choose(f"person-{number}", ("given", "refused")[number % 2])
    host.settle()
    before = [facts(host, f"person-{number}") for number in range(40)]
    host.applier.rebuild()
    host.settle()
    assert [facts(host, f"person-{number}") for number in range(40)] == before


def test_a_doubt_survives_the_change_of_tables(host: HostTable) -> None:
    choose("ada", "given")
    host.settle()
    with transaction.atomic():
        choose("ada", "withdrawn")
        host.applier.rebuild()
        for _ in range(3):
            host.applier.cycle()
        assert host.table.stamp_is_valid()
        assert (slot := host.read("ada")) is not None and slot.doubt
    host.settle()
    assert facts(host, "ada").choices["product_suggestions"].status is Status.WITHDRAWN


def test_a_lost_connection_loses_no_change(host: HostTable) -> None:
    choose("ada", "given")
    host.settle()
    host.applier.connection.close()
    choose("ada", "withdrawn")
    with pytest.raises(OperationalError):
        host.applier.cycle()
    host.applier.reconnect(connect())
    host.settle()
    assert facts(host, "ada").choices["product_suggestions"].status is Status.WITHDRAWN


def test_a_cycle_that_fails_reads_the_same_again(
    host: HostTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose("ada", "given")
    host.settle()
    choose("ada", "withdrawn")
    with monkeypatch.context() as patch:
        patch.setattr(host.applier, "_is_crowded", fail)
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                host.applier.cycle()
    host.applier.control.free(host.applier.control.entries())
    host.settle()
    assert facts(host, "ada").choices["product_suggestions"].status is Status.WITHDRAWN


def fail() -> bool:
    return 1 // 0 > 0


def test_a_full_journal_puts_everybody_in_doubt_until_it_was_read(host: HostTable) -> None:
    choose("ada", "given")
    host.settle()
    control = host.applier.control
    control.raise_doubts([lookup(str(number)) for number in range(ENTRIES + 1)], 3)
    assert not host.table.stamp_is_valid()
    host.settle()
    assert facts(host, "ada").choices["product_suggestions"].status is Status.GIVEN


def test_distrust_ends_only_after_every_transaction_that_was_open(host: HostTable) -> None:
    choose("ada", "given")
    host.settle()
    with transaction.atomic():
        choose("ada", "withdrawn")
        host.applier.control.distrust()
        for _ in range(5):
            host.applier.cycle()
        assert not host.table.stamp_is_valid()
    host.settle()
    assert facts(host, "ada").choices["product_suggestions"].status is Status.WITHDRAWN


def test_a_table_that_is_too_small_grows_by_itself(host: HostTable) -> None:
    host.settle()
    before = host.applier.slots.generation
    control = host.applier.control
    for batch in range(2):
        names = range(batch * 11_000, (batch + 1) * 11_000)
        control.raise_doubts([lookup(f"nobody-{name}") for name in names], 3)
        host.settle()
    choose("ada", "given")
    host.settle()
    assert host.applier.slots.generation > before
    assert facts(host, "ada").choices["product_suggestions"].status is Status.GIVEN


def test_changes_are_dropped_when_every_host_has_read_them(host: HostTable) -> None:
    choose("ada", "given")
    host.settle()
    host.applier.connection.execute("UPDATE consent_change SET at = now() - interval '1 hour'")
    choose("ben", "given")
    host.applier.prune()
    assert list(ConsentChange.objects.values_list("lookup", flat=True).distinct()) == [
        lookup("ben")
    ]
    host.settle()


def test_a_notice_published_later_outdates_who_chose_before_it(host: HostTable) -> None:
    texts = dict.fromkeys(("en", "de"), ("Title", "Short.", "Long."))
    choose("ada", "given")
    host.settle()
    publish_notice(key="second", texts=texts, actor=ACTOR)
    choose("ben", "given")
    host.settle()
    catalogue = host.table.catalogue()
    moment = Circumstances(now=database_now(), region="DE")
    decided = [
        decide_purpose(catalogue.catalogue, "product_suggestions", facts(host, who), moment).reason
        for who in ("ada", "ben")
    ]
    assert decided == [Reason.NOTICE_OUTDATED, Reason.GIVEN]


def test_a_writer_follows_a_folder_that_was_made_anew(
    host: HostTable, new_host: Callable[[str], HostTable]
) -> None:
    choose("ada", "given")
    host.settle()
    for path in host.applier.control.folder.iterdir():
        path.unlink()
    again = new_host("one")
    again.settle()
    choose("ada", "withdrawn")
    assert (slot := again.read("ada")) is not None and slot.doubt
    assert not again.applier.control.words[DISTRUSTED]


def test_readiness_tells_how_old_the_tables_stamp_is(host: HostTable, client: Client) -> None:
    def told() -> tuple[float | None, bool]:
        answer = client.get("/readyz").json()
        return answer["table_stamp_age_seconds"], "table_stamp_age_seconds" in answer["lagging"]

    assert told() == (None, False)  # no applier has read anything yet
    host.settle()
    age, lags = told()
    assert age is not None and 0 <= age < 60 and lags is (age > STAMP_SECONDS)
    host.applier.control.stamp(valid_until=steady_ns() - 5_000_000_000, applied=1)
    age, lags = told()
    assert age is not None and age > 5 and lags
