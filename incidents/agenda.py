"""What the incident room puts on people's agenda and into the search field."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.urls import reverse

from governance.core.actors import Actor
from governance.core.ports import AgendaItem, SearchHit
from governance.registry.models import Hold
from incidents.choices import ReportState
from incidents.models import HarmReport, Incident
from incidents.selectors import incidents_for, open_incidents_for, reports_for


class IncidentAgenda:
    """Incidents without a commander, reports without a decision, holds that wait for a second."""

    label = "incidents"

    def items(self, actor: Actor) -> Sequence[AgendaItem]:
        items = []
        if actor.may("incidents.command"):
            for incident in open_incidents_for(actor).filter(commander__isnull=True):
                items.append(_item(incident, "nobody has taken command", incident.detected_at))
            for report in reports_for(actor).filter(state=ReportState.NEW):
                items.append(_report_item(report))
        if actor.may("registry.lift_hold"):
            proposed = Hold.objects.filter(
                released_at__isnull=True, release_proposed_at__isnull=False
            ).exclude(release_proposed_by=actor.reference)
            references = set(proposed.values_list("incident_reference", flat=True))
            for incident in open_incidents_for(actor):
                if incident.reference in references:
                    items.append(
                        _item(incident, "lifting the hold waits for a second person", None)
                    )
        return items


def _report_item(report: HarmReport) -> AgendaItem:
    return AgendaItem(
        title=str(report),
        url=reverse("harm_report", args=[report.pk]),
        reason="a reported harm waits for a decision",
        due=report.triage_due_at,
        system_key=report.system.key if report.system else None,
    )


def _item(incident: Incident, reason: str, due: datetime | None) -> AgendaItem:
    return AgendaItem(
        title=str(incident),
        url=reverse("incident", args=[incident.reference]),
        reason=reason,
        due=due,
        system_key=incident.system.key if incident.system else None,
    )


class IncidentSearch:
    """Incidents whose title holds the words."""

    label = "incidents"

    def search(self, actor: Actor, query: str, limit: int) -> Sequence[SearchHit]:
        return [
            SearchHit(
                title=str(incident),
                url=reverse("incident", args=[incident.reference]),
                kind="Incident",
            )
            for incident in incidents_for(actor).filter(title__icontains=query)[:limit]
        ]
