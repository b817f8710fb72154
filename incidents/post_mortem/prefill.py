"""What the record already knows, as the first text of some sections; people write on from there."""

from __future__ import annotations

from datetime import datetime

from incidents.models import Incident
from incidents.selectors import standing_clocks

_TIMES = (
    ("started_at", "harm began"),
    ("detected_at", "detected"),
    ("acknowledged_at", "somebody took command"),
    ("contained_at", "contained"),
    ("verified_at", "the replacement passed its audit"),
    ("resolved_at", "resolved"),
)


def prefilled(incident: Incident) -> dict[str, str]:
    """Return section key to text for what is known without asking anybody."""
    return {
        "summary": incident.summary or incident.title,
        "severity": _severity(incident),
        "timeline": _timeline(incident),
        "detection": _detection(incident),
        "response": _response(incident),
        "causes": incident.cause,
        "evidence": _evidence(incident),
        "communication": _communication(incident),
        "recurrence": _recurrence(incident),
    }


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _severity(incident: Incident) -> str:
    lines = [f"{incident.get_severity_display()}. {incident.get_kind_display()}."]
    for clock in standing_clocks(incident):
        lines.append(f"{clock.regime.article}: {clock.get_state_display().lower()}.")
    return "\n".join(lines)


def _timeline(incident: Incident) -> str:
    moments = [
        (moment, words) for name, words in _TIMES if (moment := getattr(incident, name)) is not None
    ]
    moments += [(entry.at, entry.sentence) for entry in incident.timeline.all()]
    return "\n".join(f"{_moment(moment)}: {words}" for moment, words in sorted(moments))


def _detection(incident: Incident) -> str:
    found = f"Found {_moment(incident.detected_at)}"
    how = f" by the audit plan {incident.plan.title!r}" if incident.plan else " by a report"
    if incident.started_at is None:
        return f"{found}{how}. When it began is not known."
    lag = incident.detected_at - incident.started_at
    hours = lag.total_seconds() / 3600
    return f"{found}{how}, {hours:.1f} hours after it began."


def _response(incident: Incident) -> str:
    steps = incident.steps.exclude(outcome="").order_by("episode", "position")
    return "\n".join(f"{step.title}: {step.outcome}" for step in steps)


def _evidence(incident: Incident) -> str:
    lines = [f"{piece.title}: SHA-256 {piece.sha256}" for piece in incident.evidence.all()]
    if incident.run is not None and incident.run.sentence:
        lines.insert(0, incident.run.sentence)
    return "\n".join(lines)


def _communication(incident: Incident) -> str:
    filings = [
        f"{_moment(filing.at)}: {filing.get_phase_display().lower()} by {clock.regime.article}"
        for clock in standing_clocks(incident)
        for filing in clock.filings.all()
    ]
    told = (
        incident.steps.filter(type="notify").exclude(outcome="").values_list("outcome", flat=True)
    )
    return "\n".join([*told, *filings])


def _recurrence(incident: Incident) -> str:
    if incident.system is None:
        return ""
    earlier = Incident.objects.filter(
        system=incident.system, kind=incident.kind, number__lt=incident.number
    ).order_by("-number")[:5]
    return "\n".join(f"{one.reference}: {one.title}" for one in earlier)
