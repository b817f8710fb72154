"""`/healthz`, `/readyz` and `/metrics`: whether this host lives, whether it should get requests.

Nothing here needs a session or a template, and nothing here says anything about a person.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django_prometheus.exports import ExportToDjangoView

from consent.fastpath.hosts import STAMP_SECONDS
from consent.fastpath.table import stamp_age
from consent.partitions import OUTSIDE_MONTHS
from governance.core.web.access import public_route

WAITING = (
    "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0) FROM"
    " (SELECT created_at FROM outbox_outboxtask WHERE done_at IS NULL"
    " UNION ALL SELECT created_at FROM outbox_eventrow WHERE subscribers <> '{}'"
    " UNION ALL SELECT created_at FROM outbox_delivery WHERE done_at IS NULL"
    " UNION ALL SELECT created_at FROM outbox_notice WHERE done_at IS NULL) AS waiting"
)
UNSEQUENCED = (
    "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(entry.at)), 0)"
    " FROM ledger_unsequencedentry AS waiting"
    " JOIN ledger_ledgerentry AS entry ON entry.id = waiting.entry_id"
)
WRITING = (
    "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)"
    " FROM pg_stat_activity WHERE datname = current_database()"
    " AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()"
)
AUDIT_LEASES = (
    "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - heartbeat_at)), 0)"
    " FROM audits_run WHERE state = 'running'"
)
HOST_LEASES = (
    "SELECT coalesce(max(extract(epoch FROM clock_timestamp() - renewed_at)), 0)"
    " FROM consent_servinghost WHERE NOT fenced"
)
# The watchdog beats only while every open incident is owned or will wake: its silence is the alarm.
INCIDENTS_WATCHED = (
    "SELECT coalesce(extract(epoch FROM clock_timestamp() - coalesce("
    "(SELECT well_at FROM incidents_watchdogbeat),"
    " (SELECT min(reported_at) FROM incidents_incident WHERE state NOT IN"
    " ('closed', 'false_positive', 'duplicate', 'cancelled')))), 0)"
)


@dataclass(frozen=True)
class Measure:
    """One figure of readiness, mostly seconds; beyond `limit` something is said to lag."""

    name: str
    title: str
    statement: str
    limit: float


MEASURES = (
    Measure("relay_lag_seconds", "age of the oldest undelivered message", WAITING, 60.0),
    Measure("sequencer_lag_seconds", "age of the oldest unsequenced entry", UNSEQUENCED, 30.0),
    Measure("audit_lease_age_seconds", "age of the oldest lease of an audit", AUDIT_LEASES, 40.0),
    Measure("host_lease_age_seconds", "age of the oldest lease of a host", HOST_LEASES, 2.0),
    Measure(
        "incident_watchdog_age_seconds",
        "time since every open incident was owned or would wake",
        INCIDENTS_WATCHED,
        120.0,
    ),
    Measure("oldest_write_transaction_seconds", "age of the oldest open write", WRITING, 300.0),
    Measure("consent_events_outside_months", "events without a month", OUTSIDE_MONTHS, 0.0),
)


def measure_all() -> dict[str, float]:
    """Every figure of readiness, as PostgreSQL has it now."""
    found = {}
    with connection.cursor() as cursor:
        for measure in MEASURES:
            cursor.execute(measure.statement)
            row = cursor.fetchone()
            found[measure.name] = round(float(row[0]), 3) if row else 0.0
    return found


@public_route("a probe has no account; it learns that the process answers, and nothing else")
def healthz(request: HttpRequest) -> HttpResponse:
    """Alive: the process answers; it asks nobody else."""
    return HttpResponse("ok\n", content_type="text/plain")


@public_route("a load balancer has no account; it learns lags in seconds, and nothing else")
def readyz(request: HttpRequest) -> JsonResponse:
    """Ready: the database answers. A lag is told, and does not take every host out at once.

    Beyond 0.8 s of `table_stamp_age_seconds` checks are answered from PostgreSQL, also where it
    is null: then no applier has stamped this host's table yet, or it stopped in order.
    """
    try:
        figures = measure_all()
    except Error:
        answer = {"ready": False, "problem": "The database does not answer."}
        return JsonResponse(answer, status=503)
    stamp = stamp_age(settings.DATA_DIR)
    lagging = [measure.name for measure in MEASURES if figures[measure.name] > measure.limit]
    if stamp is not None and stamp > STAMP_SECONDS:
        lagging.append("table_stamp_age_seconds")
    told = {"ready": True, "lagging": lagging, **figures, "table_stamp_age_seconds": stamp}
    return JsonResponse(told)


@public_route("the scraper has no account; only counts, durations and lags stand here")
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus: the process's own figures, and those of readiness."""
    response: HttpResponse = ExportToDjangoView(request)
    try:
        figures = measure_all()
    except Error:
        return response
    lines = []
    for measure in MEASURES:
        name = f"tactful_{measure.name}"
        lines += [f"# HELP {name} {measure.title}", f"# TYPE {name} gauge"]
        lines.append(f"{name} {figures[measure.name]}")
    response.content = response.content.rstrip(b"\n") + ("\n" + "\n".join(lines) + "\n").encode()
    return response


urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
