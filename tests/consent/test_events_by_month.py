"""Events lie in months: as unchangeable there as in the whole, made ahead, missing ones told."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction

from consent import partitions, services
from consent.models import ConsentEvent
from governance.core.actors import SystemActor
from governance.core.clock import database_now
from governance.core.tasks import apply_retention
from tests.ground_database import EmbeddedPostgres

STAGE = SystemActor("tests")


def _run(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall()) if cursor.description else []


def _say() -> ConsentEvent:
    return services.record_choice(
        subject="anna", purpose="ads", status="given", actor=STAGE
    ).events[0]


def _partition_of(event: ConsentEvent) -> str:
    found = _run(
        "SELECT tableoid::regclass::text FROM consent_consentevent WHERE id = %s", event.pk
    )
    return str(found[0][0])


def _copy(event: ConsentEvent, table: str, **changes: str) -> str:
    """The SQL of the same event once more, with some columns said otherwise."""
    names = [str(field.column) for field in ConsentEvent._meta.concrete_fields]
    values = [changes.get(name, name) for name in names]
    return (
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} "
        f"FROM consent_consentevent WHERE id = '{event.pk}'"
    )


@pytest.mark.django_db
def test_an_event_lies_in_the_partition_of_its_month() -> None:
    event = _say()
    assert _partition_of(event) == f"consent_consentevent_{event.at:%Y_%m}"
    assert partitions.event_months().problem(database_now()) == ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET status = 'refused'",
        "DELETE FROM {}",
        "TRUNCATE {}",
    ],
)
def test_raw_sql_on_the_partition_itself_is_refused_too(statement: str) -> None:
    partition = _partition_of(_say())
    _run("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        _run(statement.format(partition))
    assert ConsentEvent.objects.get().status == "given"


@pytest.mark.django_db
def test_a_partition_stamps_what_is_put_into_it_and_refuses_another_month() -> None:
    event = _say()
    partition = _partition_of(event)
    _run(_copy(event, partition, revision="revision + 1"))
    twin = ConsentEvent.objects.get(revision=2)
    assert twin.pk != event.pk and twin.at > event.at
    with pytest.raises(DatabaseError, match="another month"), transaction.atomic():
        _run(_copy(event, "consent_consentevent", revision="9", at="at - interval '40 days'"))


@pytest.mark.django_db
def test_a_partition_refuses_a_revision_it_has() -> None:
    event = _say()
    with pytest.raises(IntegrityError), transaction.atomic():
        _run(_copy(event, "consent_consentevent"))


@pytest.mark.django_db
def test_no_foreign_key_points_at_the_events() -> None:
    pointing = _run(
        "SELECT conname FROM pg_constraint WHERE contype = 'f' AND conparentid = 0"
        " AND confrelid = 'consent_consentevent'::regclass"
    )
    assert pointing == []


@pytest.mark.django_db
def test_the_retention_tick_makes_three_months_ahead_once() -> None:
    later = datetime(2031, 5, 20, tzinfo=UTC)
    assert partitions.event_months().problem(later) != ""
    assert partitions.make_event_months(later) == 4
    assert partitions.make_event_months(later) == 0
    assert partitions.event_months().until == datetime(2031, 9, 1, tzinfo=UTC)
    assert apply_retention()["consent.ConsentEvent"] == 0


@pytest.mark.django_db
def test_an_event_without_a_month_is_told_and_its_month_is_made_of_it() -> None:
    now = database_now()
    _run(f"DROP TABLE consent_consentevent_{now:%Y_%m}")  # tests own the tables
    event = _say()
    assert _partition_of(event) == "consent_consentevent_default"
    assert "outside the months" in partitions.event_months().problem(now)
    assert _run(partitions.OUTSIDE_MONTHS) == [(1,)]
    _run("SET CONSTRAINTS ALL IMMEDIATE")
    partitions.make_event_months(now)
    assert partitions.event_months().problem(now) == ""
    adopted = _partition_of(event)
    assert adopted == f"consent_consentevent_late_{now:%Y_%m}"
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        _run(f"TRUNCATE {adopted}")
    again = services.record_choice(subject="anna", purpose="ads", status="refused", actor=STAGE)
    assert _partition_of(again.events[0]) == adopted
    assert again.revision == 2


@pytest.mark.django_db(transaction=True)
def test_the_application_makes_months_and_changes_none(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    event = _say()
    partition = _partition_of(event)
    role = embedded_postgres.layout.app_role
    call_command("apply_grants", role, stdout=io.StringIO())
    url = embedded_postgres.url_of(str(connection.settings_dict["NAME"]), role)
    ahead = database_now() + timedelta(days=400)
    with psycopg.connect(url, autocommit=True) as session:
        made = session.execute(
            "SELECT consent_make_event_partitions(%s, %s)", [ahead.date(), ahead.date()]
        ).fetchone()
        assert made == (1,)
        for table in (partition, f"consent_consentevent_{ahead:%Y_%m}"):
            for statement in (
                f"UPDATE {table} SET status = 'refused'",
                f"DELETE FROM {table}",
                f"TRUNCATE {table}",
                f"INSERT INTO {table} SELECT * FROM consent_consentevent",
                f"DROP TABLE {table}",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    session.execute(statement.encode())
        seen = session.execute("SELECT count(*) FROM consent_consentevent").fetchone()
    assert seen == (1,)
