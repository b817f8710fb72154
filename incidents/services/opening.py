"""Opening incidents: once per cause, with the playbook copied and the timeline begun."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from django.db.models import Max

from audits.models import Plan, Run
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Invalid, NotPermitted
from governance.core.events import IncidentOpened
from governance.ledger.services import record_entry
from governance.outbox.services import emit
from governance.registry.models import ModelVersion, System
from incidents.choices import FINAL_STATES, Kind, Severity, State, TimelineKind
from incidents.models import Incident
from incidents.services.copying import copy_playbook
from incidents.services.drill_endings import call_off_drills
from incidents.services.escalating import begin_escalation
from incidents.services.signalling import publish_open_incidents
from incidents.services.timeline import add_timeline_entry

_OPENING_LOCK = 0x1AC1DE47  # one advisory lock: numbers stay dense and a cause opens once


@transaction.atomic
def open_incident(
    *,
    title: str,
    summary: str,
    kind: str,
    severity: str,
    cause_key: str,
    actor: Actor,
    system: System | None = None,
    version: ModelVersion | None = None,
    plan: Plan | None = None,
    run: Run | None = None,
    started_at: datetime | None = None,
    unattended: bool = False,
    drill: bool = False,
) -> tuple[Incident, bool]:
    """Open an incident for a cause, or return the open one that already claims it.

    Returns the incident and whether it is new. `unattended` means that the plan which found the
    cause was allowed to contain it: the incident starts active and its containment steps run by
    themselves; otherwise a person decides on them. The advisory lock makes two breaches of one
    cause that arrive together open one incident. A `drill` is a rehearsal: it runs the same steps
    and counts in nothing.
    """
    if not actor.may("incidents.report"):
        raise NotPermitted("Your role may not report incidents.")
    if kind not in Kind.values or severity not in Severity.values:
        raise Invalid("Choose one of the listed kinds and severities.")
    if not title.strip():
        raise Invalid("Give the incident a title that says what happens to whom.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_OPENING_LOCK])
    claimed = Incident.objects.filter(cause_key=cause_key).exclude(state__in=FINAL_STATES).first()
    if claimed is not None:
        return claimed, False
    now = database_now()
    incident = Incident.objects.create(
        number=(Incident.objects.aggregate(highest=Max("number"))["highest"] or 0) + 1,
        title=title.strip(),
        summary=summary,
        kind=kind,
        severity=severity,
        state=State.ACTIVE if unattended else State.REPORTED,
        drill=drill,
        cause_key=cause_key,
        system=system,
        version=version,
        plan=plan,
        run=run,
        reported_by=actor.reference,
        started_at=started_at,
        detected_at=now,
        reported_at=now,
    )
    copy_playbook(incident, unattended=unattended)
    begin_escalation(incident)
    add_timeline_entry(incident=incident, kind=TimelineKind.OPENED, sentence=title, actor=actor)
    record_entry(
        verb="incidents.opened",
        object_type="incident",
        object_id=str(incident.pk),
        actor=actor,
        facts={
            "reference": incident.reference,
            "system": system.key if system else None,
            "version": version.key if version else None,
            "kind": kind,
            "severity": severity,
            "cause": cause_key,
            "drill": drill,
        },
    )
    if drill:  # no number moves, and nobody outside is told of an incident that is none
        return incident, True
    publish_open_incidents(system=system, actor=actor)
    call_off_drills(incident=incident, actor=actor)
    emit(
        IncidentOpened(
            incident_id=str(incident.pk),
            reference=incident.reference,
            system_key=system.key if system else "",
            severity=severity,
        )
    )
    return incident, True
