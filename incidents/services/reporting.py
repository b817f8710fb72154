"""Reports of harm: taken from anybody, decided by a commander within a working day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.urls import reverse

from governance.core.actors import Actor, SystemActor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.ledger.services import record_entry
from governance.outbox.services import notify
from governance.people.choices import Role
from governance.registry.access import require
from governance.registry.models import System
from incidents.choices import FINAL_STATES, Dismissal, Kind, Reporter, ReportState, TimelineKind
from incidents.escalation import Rung
from incidents.models import HarmReport, Incident
from incidents.services.opening import open_incident
from incidents.services.timeline import add_timeline_entry

_NUMBERING_LOCK = 0x4EA9012
UNNAMED = SystemActor("unnamed-report")
TRIAGE_WITHIN = Rung(timedelta(days=1), (Role.INCIDENT_COMMANDER.value,), working_days=True)


@transaction.atomic
def report_harm(
    *,
    title: str,
    text: str,
    reporter: str,
    actor: Actor,
    named: bool = True,
    contact: str = "",
    kind: str = "",
    system: System | None = None,
) -> HarmReport:
    """Take a report and tell the commanders; with `named` false nothing says who it was."""
    require(actor, "incidents.report", [system] if system else [])
    if not title.strip() or not text.strip():
        raise Invalid("Say what happens to whom, and what you saw.")
    if reporter not in Reporter.values or (kind and kind not in Kind.values):
        raise Invalid("Choose one of the listed kinds.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_NUMBERING_LOCK])
    report = HarmReport.objects.create(
        number=(HarmReport.objects.aggregate(highest=Max("number"))["highest"] or 0) + 1,
        reporter=reporter,
        reported_by=actor.reference if named else "",
        contact=contact if named else "",
        title=title.strip()[:200],
        text=text.strip(),
        kind=kind,
        system=system,
        triage_due_at=TRIAGE_WITHIN.due(database_now()),
    )
    scope = f"@{system.key}" if system else ""
    notify(
        recipients=[f"role:{role}{scope}" for role in TRIAGE_WITHIN.roles],
        subject=f"{report.reference}: {report.title}",
        body=f"Reported by {report.get_reporter_display().lower()}. Decide by "
        f"{report.triage_due_at:%d %B %Y, %H:%M} UTC.",
        link=reverse("harm_report", args=[report.pk]),
    )
    record_entry(
        verb="incidents.harm_reported",
        object_type="harmreport",
        object_id=str(report.pk),
        actor=actor if named else UNNAMED,
        facts={
            "reference": report.reference,
            "reporter": reporter,
            "system": system.key if system else None,
        },
    )
    return report


@transaction.atomic
def dismiss_report(*, report: HarmReport, dismissal: str, note: str, actor: Actor) -> HarmReport:
    """Decide that a report is no incident, by a reason from the list and a sentence."""
    if dismissal not in Dismissal.values:
        raise Invalid("Choose a reason from the list.")
    if len(note.strip()) < 10:
        raise Invalid("Say in a sentence why this is no incident.")
    values = {"state": ReportState.DISMISSED, "dismissal": dismissal, "note": note.strip()}
    return _decide(report, actor, values)


@transaction.atomic
def merge_report(*, report: HarmReport, incident: Incident, actor: Actor) -> HarmReport:
    """Add a report to an open incident that it tells of."""
    if incident.state in FINAL_STATES:
        raise Conflict(f"{incident.reference} is over; open a new incident from the report.")
    if incident.drill:
        raise Conflict(f"{incident.reference} is a drill; a harm that was reported is real.")
    decided = _decide(report, actor, {"state": ReportState.MERGED, "incident": incident})
    _note(decided, actor)
    return decided


@transaction.atomic
def open_from_report(
    *, report: HarmReport, kind: str, severity: str, actor: Actor, system: System | None = None
) -> Incident:
    """Open an incident from a report; the report's own system counts when none is named."""
    require(actor, "incidents.command", _systems(report))
    incident, _created = open_incident(
        title=report.title,
        summary=report.text,
        kind=kind,
        severity=severity,
        cause_key=f"report:{report.pk}",
        system=system or report.system,
        actor=actor,
    )
    _note(_decide(report, actor, {"state": ReportState.INCIDENT, "incident": incident}), actor)
    return incident


def _decide(report: HarmReport, actor: Actor, values: dict[str, Any]) -> HarmReport:
    require(actor, "incidents.command", _systems(report))
    waiting = HarmReport.objects.filter(pk=report.pk, state=ReportState.NEW)
    decided = waiting.update(decided_at=database_now(), decided_by=actor.reference, **values)
    report.refresh_from_db()
    if decided != 1:
        raise Conflict(f"{report.reference} is decided: {report.get_state_display().lower()}.")
    record_entry(
        verb="incidents.report_decided",
        object_type="harmreport",
        object_id=str(report.pk),
        actor=actor,
        facts={
            "reference": report.reference,
            "state": report.state,
            "dismissal": report.dismissal,
            "incident": report.incident.reference if report.incident else None,
        },
        personal={"note": report.note} if report.note else None,
    )
    return report


def _note(report: HarmReport, actor: Actor) -> None:
    assert report.incident is not None
    add_timeline_entry(
        incident=report.incident,
        kind=TimelineKind.EVIDENCE,
        sentence=f"{report.reference} tells of it: {report.title}",
        actor=actor,
        link=reverse("harm_report", args=[report.pk]),
    )


def _systems(report: HarmReport) -> list[System]:
    return [report.system] if report.system else []
