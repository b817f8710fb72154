"""The promises of tests/conftest.py: what one test commits, the next never sees."""

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from tests.ground_database import EmbeddedPostgres


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_what_a_transactional_test_commits_is_gone_in_the_next(turn: int) -> None:
    assert not ContentType.objects.filter(app_label="left_behind").exists()
    ContentType.objects.create(app_label="left_behind", model="thing")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_a_table_that_refuses_deletion_does_not_stop_the_clean_up(turn: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept (id int)")
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE 'append only'; END $$;"
            "CREATE TRIGGER no_truncate BEFORE TRUNCATE ON kept EXECUTE FUNCTION refuse()"
        )
        cursor.execute("INSERT INTO kept VALUES (%s)", [turn])


@pytest.mark.django_db
@pytest.mark.parametrize("turn", [1, 2])
def test_what_a_plain_test_writes_is_rolled_back(turn: int) -> None:
    assert not ContentType.objects.filter(app_label="left_behind").exists()
    ContentType.objects.create(app_label="left_behind", model="thing")


def test_a_new_database_is_empty_and_reachable_by_url(embedded_postgres: EmbeddedPostgres) -> None:
    import psycopg

    name = embedded_postgres.new_database()
    with psycopg.connect(embedded_postgres.url_of(name)) as fresh:
        found = fresh.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        assert found.fetchone() == (0,)
    embedded_postgres.drop(name)
