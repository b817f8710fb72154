"""What this room holds about people who report harms, and for how long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from governance.core.ports import DeleteAfter
from incidents.models import HarmReport

REPORTS_KEPT = DeleteAfter(
    model="incidents.HarmReport",
    keep=timedelta(days=731),
    reason="Two years show whether a harm that was dismissed comes back.",
    only="state = 'dismissed'",
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
