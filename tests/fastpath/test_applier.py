"""The applier keeps committed state or a doubt in the table, and never a state that was undone."""

from __future__ import annotations

import pytest
from django.conf import settings as configured
from django.db import transaction

from consent.decision.facts import ANONYMOUS, PersonFacts
from consent.decision.vocabulary import Status
from consent.identity import pseudonym_of
from consent.services import erase_subject, record_choice, restrict_subject
from governance.core.actors import SystemActor
from tests.fastpath.conftest import HostTable

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
    from tests.fastpath.conftest import connect

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
