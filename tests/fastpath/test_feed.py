"""The feed tells everything that became visible, once, whatever else is open or was undone."""

from __future__ import annotations

import re

import pytest
from django.db import connection, transaction

from consent.fastpath.feed import ChangeFeed, Snapshot
from consent.models import DataSubject
from consent.services import record_choice
from consent.slowpath import queries
from governance.core.actors import SystemActor
from governance.registry.models import Purpose
from tests.fastpath.conftest import connect, lookup

ACTOR = SystemActor("tests")
pytestmark = pytest.mark.django_db(transaction=True)


def choose(subject: str, status: str = "given") -> None:
    record_choice(subject=subject, purpose="ads", status=status, actor=ACTOR)


def started() -> ChangeFeed:
    feed = ChangeFeed(connect())
    feed.read()
    return feed


def test_a_change_is_told_once() -> None:
    feed = started()
    choose("ada")
    assert feed.read().lookups == {lookup("ada")}
    assert not feed.read().any


def test_what_was_rolled_back_is_never_told() -> None:
    feed = started()
    with transaction.atomic():
        choose("ada")
        transaction.set_rollback(True)
    assert not feed.read().any


def test_a_transaction_that_ends_late_is_neither_skipped_nor_waited_for() -> None:
    choose("ada")
    feed = started()
    with connect() as late:
        late.execute("BEGIN")
        late.execute(
            "UPDATE consent_datasubject SET gpc = NOT gpc WHERE lookup = %s", [lookup("ada")]
        )
        choose("ben")
        assert feed.read().lookups == {lookup("ben")}
        choose("cem")
        assert feed.read().lookups == {lookup("cem")}
        late.execute("COMMIT")
    assert feed.read().lookups == {lookup("ada")}


def test_raw_sql_cannot_pass_the_feed_by() -> None:
    choose("ada")
    feed = started()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE consent_consentstate SET status = 'withdrawn'")
        assert feed.read().lookups == {lookup("ada")}
        cursor.execute("UPDATE consent_datasubject SET updated_at = now()")
        assert not feed.read().any
        cursor.execute("TRUNCATE consent_consentstate")
        assert feed.read().everything


def test_the_registry_is_one_change_a_statement() -> None:
    feed = started()
    Purpose.objects.filter(key="ads").update(title="Advertising")
    changes = feed.read()
    assert changes.catalogue and not changes.lookups


def test_every_table_that_a_check_reads_is_watched() -> None:
    sources = f"{queries.CATALOGUE} {queries.API_KEY} {queries.PEOPLE}"
    read = set(re.findall(r"(?:FROM|JOIN) ((?:registry|consent|people)_\w+)", sources))
    assert {"registry_hold", "people_apikey", "consent_consentstate"} <= read
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger "
            "WHERE tgname LIKE 'consent_note_%'"
        )
        watched = {row[0] for row in cursor.fetchall()}
    assert read <= watched


def test_an_open_transaction_has_not_ended_in_a_snapshot() -> None:
    seen = Snapshot.parse("10:20:12,15")
    assert [each for each in range(8, 23) if not seen.has_ended(each)] == [12, 15, 20, 21, 22]
    assert Snapshot.parse("7:7:").running == frozenset()


def test_an_erased_person_leaves_by_their_old_lookup() -> None:
    choose("ada")
    feed = started()
    before = lookup("ada")
    DataSubject.objects.filter(lookup=before).update(lookup=None)
    assert feed.read().lookups == {before}
