"""Append-only rows: refused to change, stamped by the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from governance.core.actors import SystemActor
from governance.core.clock import database_now
from governance.ledger.models import LedgerEntry
from governance.ledger.services import record_entry

pytestmark = pytest.mark.django_db


def _entry() -> LedgerEntry:
    return record_entry(
        verb="core.tested", object_type="thing", object_id="1", actor=SystemActor("test"), facts={}
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_ledgerentry SET verb = 'core.other'",
        "DELETE FROM ledger_ledgerentry",
        "TRUNCATE ledger_treenode",
    ],
)
def test_an_append_only_row_refuses_to_be_changed(statement: str) -> None:
    entry = _entry()
    with (
        pytest.raises(DatabaseError, match="is append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert LedgerEntry.objects.get(pk=entry.pk).verb == "core.tested"


def test_nobody_chooses_the_id_or_the_time_of_an_append_only_row() -> None:
    chosen = UUID(int=7)
    before = database_now()
    entry = LedgerEntry.objects.create(
        id=chosen,
        at=datetime(2001, 1, 1, tzinfo=UTC),
        verb="core.tested",
        object_type="thing",
        object_id="1",
        actor_reference="system:test",
    )
    assert entry.id != chosen
    assert before <= entry.at <= before + timedelta(minutes=1)
    stored = LedgerEntry.objects.get(pk=entry.pk)
    assert (stored.id, stored.at) == (entry.id, entry.at)


def test_ids_made_by_the_database_are_version_7_and_sort_by_time() -> None:
    ids = [_entry().id for _ in range(50)]
    assert ids == sorted(ids)
    assert {(one.version, one.variant) for one in ids} == {(7, "specified in RFC 4122")}
    age = database_now().timestamp() - (ids[0].int >> 80) / 1000
    assert 0 <= age < 60
