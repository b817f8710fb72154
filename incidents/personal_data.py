"""What this room holds about people who report harms, and for how long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from governance.core.ports import DeleteAfter
from incidents.choices import DeliveryState
from incidents.models import CommunicationDelivery, HarmReport
from incidents.services.recipients import ERASED

REPORTS_KEPT = DeleteAfter(
    model="incidents.HarmReport",
    keep=timedelta(days=731),
    reason="Two years show whether a harm that was dismissed comes back.",
    only="state = 'dismissed'",
)

DELIVERIES_KEPT = DeleteAfter(
    model="incidents.CommunicationDelivery",
    keep=timedelta(days=3 * 365),
    reason="Shows for three years who was told of an incident, and when.",
    column="delivered_at",
    # While an incident is open the row keeps its recipient from being told again.
    only="communication_id IN (SELECT message.id FROM incidents_communication message"
    " JOIN incidents_incident incident ON incident.id = message.incident_id"
    " WHERE incident.closed_at IS NOT NULL)",
)
REMINDERS_KEPT = DeleteAfter(
    model="incidents.UpdateReminder",
    keep=timedelta(days=731),
    reason="Two years show how often people waited too long for a word.",
)


class ReportHolder:
    """Reports of harm by a colleague; erasing leaves the report and takes the name off it."""

    label = "Reports of harm"
    models = frozenset({"incidents.HarmReport"})

    def export(self, person: str) -> list[dict[str, Any]]:
        return [
            {
                "report": report.reference,
                "title": report.title,
                "text": report.text,
                "contact": report.contact,
                "at": report.created_at.isoformat(),
            }
            for report in HarmReport.objects.filter(reported_by=person)
        ]

    def erase(self, person: str) -> int:
        return HarmReport.objects.filter(reported_by=person).update(reported_by="", contact="")


class MessageHolder:
    """Which messages about incidents reached a person; erasing leaves that somebody was told."""

    label = "Messages about incidents"
    models = frozenset(
        {"incidents.CommunicationDelivery", "incidents.CommunicationText", "incidents.Contact"}
    )

    def export(self, person: str) -> list[dict[str, Any]]:
        found = CommunicationDelivery.objects.filter(recipient=person)
        return [
            {
                "message": one.communication.reference,
                "text": one.communication.released,
                "state": one.state,
                "delivered_at": one.delivered_at.isoformat() if one.delivered_at else None,
            }
            for one in found.select_related("communication__incident").order_by("created_at")
        ]

    def erase(self, person: str) -> int:
        rows = list(CommunicationDelivery.objects.filter(recipient=person))
        for row in rows:
            row.recipient = f"{ERASED}{row.pk}"
            if row.state == DeliveryState.WAITING:
                row.state, row.note = DeliveryState.DROPPED, "The account was erased."
            row.save(update_fields=["recipient", "state", "note", "updated_at"])
        return len(rows)
