"""`/healthz`, `/readyz`, `/metrics`: what a probe, a load balancer and a scraper learn."""

import pytest
from django.test import Client

from audits.services import claim_run, schedule_run
from tests.ground_database import EmbeddedPostgres


def test_liveness_asks_nobody_else(client: Client) -> None:
    answer = client.get("/healthz")  # a database call here would be refused by the test runner
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_readiness_tells_every_lag(client: Client) -> None:
    told = client.get("/readyz").json()
    assert told == {
        "ready": True,
        "lagging": [],
        "relay_lag_seconds": 0.0,
        "sequencer_lag_seconds": 0.0,
        "audit_lease_age_seconds": 0.0,
        "host_lease_age_seconds": 0.0,
        "incident_watchdog_age_seconds": 0.0,
        "oldest_write_transaction_seconds": told["oldest_write_transaction_seconds"],
        "consent_events_outside_months": 0.0,
        "table_stamp_age_seconds": None,
    }


@pytest.mark.django_db
def test_a_message_that_waits_shows_as_relay_lag(client: Client) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO outbox_outboxtask (name, payload, created_at, attempts, last_error)"
            " VALUES ('a.b', '{}', now() - interval '2 minutes', 0, '')"
        )
    told = client.get("/readyz").json()
    assert told["relay_lag_seconds"] >= 120
    assert told["lagging"] == ["relay_lag_seconds"]


@pytest.mark.django_db
def test_leases_that_nobody_renews_show_with_their_age(client: Client) -> None:
    from django.db import connection

    from tests.audits.conftest import DAY, STAGE, START, make_stage

    plan = make_stage().plan()
    run = schedule_run(plan=plan, window_start=START, window_end=START + DAY, actor=STAGE)
    assert claim_run(run_id=run.pk, worker="lost")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audits_run SET heartbeat_at = now() - interval '1 minute'")
        cursor.execute(
            "INSERT INTO consent_servinghost (name, generation, applied, renewed_at, fenced)"
            " VALUES ('a', 1, pg_current_snapshot(), now() - interval '1 minute', false),"
            " ('b', 1, pg_current_snapshot(), now() - interval '1 hour', true)"
        )
    told = client.get("/readyz").json()
    assert told["lagging"] == ["audit_lease_age_seconds", "host_lease_age_seconds"]
    assert 60 <= told["host_lease_age_seconds"] < 3600  # a host that left is no concern


@pytest.mark.django_db(transaction=True)
def test_an_open_write_transaction_shows_with_its_age(
    client: Client, embedded_postgres: EmbeddedPostgres
) -> None:
    import psycopg
    from django.db import connection

    url = embedded_postgres.url_of(str(connection.settings_dict["NAME"]))
    with psycopg.connect(url) as writer:
        writer.execute("CREATE TABLE being_written (id int)")
        told = client.get("/readyz").json()
        assert told["oldest_write_transaction_seconds"] > 0
        writer.rollback()


@pytest.mark.django_db
def test_metrics_carry_the_figures_of_readiness(client: Client) -> None:
    text = client.get("/metrics").content.decode()
    assert "\ntactful_relay_lag_seconds 0.0\n" in text
    assert "\npython_info" in text
