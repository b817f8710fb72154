"""What the record already knows, as text of the sections; people write on from there.

Read again at any time: what is asked for is what the record says now. What only people can say
(how it looked at the time, redress, who stands for it) is left to them. People are called by what
they did, never by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from audits.choices import PlanChangeState
from audits.models import Alert, PlanChange, Run
from governance.registry.choices import VersionState
from governance.reviews.gates import latest_approval
from governance.reviews.items import Standing, standings
from incidents.choices import CommunicationState, StepState
from incidents.models import Incident, PostMortem
from incidents.post_mortem.reading import similar_incidents
from incidents.selectors import barred_duties, impact_of, standing_awareness, standing_clocks

LOOKED_BACK = timedelta(days=14)
MOST_RUNS = 12
_TIMES = (
    ("started_at", "harm began"),
    ("detected_at", "detected"),
    ("reported_at", "reported"),
    ("acknowledged_at", "somebody took command"),
    ("containment_requested_at", "containment asked for"),
    ("contained_at", "contained"),
    ("mitigated_at", "mitigated"),
    ("verified_at", "the replacement passed its audit"),
    ("resolved_at", "resolved"),
)


def prefilled(incident: Incident) -> dict[str, str]:
    """Return section key to text for what is known without asking anybody."""
    return {key: fill(incident) for key, fill in _FILLS.items()}


def missing_lines(text: str, recorded: str) -> list[str]:
    """Return the lines of the record that a text does not hold yet."""
    held = {line.strip() for line in text.splitlines()}
    return [line for line in recorded.splitlines() if line.strip() and line.strip() not in held]


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _lines(parts: Iterable[str]) -> str:
    return "\n".join(part for part in parts if part)


def in_words(length: timedelta) -> str:
    """Return a length as people say it: seconds, minutes, hours or days, whichever fits."""
    minutes = length.total_seconds() / 60
    if minutes < 2:
        return f"{length.total_seconds():.0f} seconds"
    if minutes < 120:
        return f"{minutes:.0f} minutes"
    if minutes < 3 * 24 * 60:
        return f"{minutes / 60:.1f} hours"
    return f"{minutes / 60 / 24:.1f} days"


def _summary(incident: Incident) -> str:
    said = incident.summary or incident.title
    ended = incident.contained_at or incident.resolved_at
    if incident.started_at is None or ended is None:
        return said
    return f"{said}\nIt lasted {in_words(ended - incident.started_at)} until it was contained."


def _severity(incident: Incident) -> str:
    lines = [f"{incident.get_severity_display()}. {incident.get_kind_display()}."]
    for clock in standing_clocks(incident):
        line = f"{clock.regime.article}: {clock.get_state_display().lower()}."
        stated = standing_awareness(incident, clock.regime.fact)
        if stated is not None and stated.aware_at is not None:
            line += f" Aware since {_moment(stated.aware_at)}."
        lines.append(line)
    if barred := [regime.article for regime, _why in barred_duties(incident)]:
        lines.append(f"Not started, for they bind high-risk systems: {'; '.join(barred)}.")
    return _lines(lines)


def _impact(incident: Incident) -> str:
    counted = impact_of(incident)
    lines = list(counted.sentences) if counted else []
    if reports := incident.reports.count():
        lines.append(f"Reports of harm that tell of it: {reports}.")
    return _lines(lines)


def _timeline(incident: Incident) -> str:
    moments = [
        (moment, words) for name, words in _TIMES if (moment := getattr(incident, name)) is not None
    ]
    for entry in incident.timeline.all():
        sentence = entry.sentence
        if entry.actor_reference.startswith("user:"):
            sentence = sentence.replace(entry.actor_display, "A colleague")
        moments.append((entry.at, sentence))
    ordered = sorted(moments, key=lambda one: one[0])
    return _lines(f"{_moment(moment)}: {words}" for moment, words in ordered)


def _alerts(incident: Incident) -> list[Alert]:
    return list(Alert.objects.filter(incident_id=str(incident.pk)).order_by("created_at"))


def _detection(incident: Incident) -> str:
    found = f"Found {_moment(incident.detected_at)}"
    how = f" by the audit plan {incident.plan.title!r}" if incident.plan else " by a report"
    if incident.cause_key.startswith("red-line:"):
        how = " by a red line"
    lines = [f"{found}{how}. When it began is not known."]
    if incident.started_at is not None:
        lag = in_words(incident.detected_at - incident.started_at)
        lines = [f"{found}{how}, {lag} after it began."]
    for alert in _alerts(incident):
        lines.append(
            f"Alert {_moment(alert.created_at)}, evidence since {_moment(alert.since)}: "
            f"{alert.sentence}"
        )
    return _lines(lines)


def _response(incident: Incident) -> str:
    steps = incident.steps.exclude(outcome="").order_by("episode", "position")
    lines = []
    if incident.containment_requested_at and incident.contained_at:
        took = in_words(incident.contained_at - incident.containment_requested_at)
        lines.append(f"Contained {took} after it was asked for.")
    for step in steps:
        ended = f"{_moment(step.finished_at)}: " if step.finished_at else ""
        failed = " (failed)" if step.state == StepState.FAILED else ""
        lines.append(f"{ended}{step.title}{failed}: {step.outcome}")
    return _lines(lines)


def _causes(incident: Incident) -> str:
    """What was found, and what changed shortly before it began: a question, not an answer."""
    began = incident.started_at or incident.detected_at
    lines = [incident.cause]
    if incident.version is not None:
        lines.append(f"Version at the time: {incident.version.key}.")
    changed = _changes_before(incident, began)
    if changed:
        lines.append(
            "Changed in the fourteen days before it began, which proves nothing by itself:"
        )
        lines += changed
    return _lines(lines)


def _changes_before(incident: Incident, began: datetime) -> list[str]:
    system = incident.system
    if system is None:
        return []
    since = began - LOOKED_BACK
    versions = system.versions.filter(created_at__range=(since, began)).exclude(
        state=VersionState.RETIRED
    )
    found = [(one.created_at, f"version {one.key} was registered") for one in versions]
    plans = PlanChange.objects.filter(
        plan__system=system, state=PlanChangeState.APPLIED, decided_at__range=(since, began)
    ).select_related("plan")
    found += [
        (one.decided_at, f"plan {one.plan.title!r} changed")
        for one in plans
        if one.decided_at is not None
    ]
    ordered = sorted(found, key=lambda one: one[0])
    return [f"{_moment(moment)}: {what}" for moment, what in ordered]


def _evidence(incident: Incident) -> str:
    """What was measured before, during and after, and the digests of what was frozen."""
    lines = []
    for run in _runs(incident):
        when = f"{run.window_start:%Y-%m-%d} to {run.window_end:%Y-%m-%d}"
        version = f", version {run.version.key}" if run.version else ""
        lines.append(f"{_phase(incident, run)}, {when}{version}: {run.sentence}")
    lines += [f"{piece.title}: SHA-256 {piece.sha256}" for piece in incident.evidence.all()]
    return _lines(lines)


def _runs(incident: Incident) -> list[Run]:
    """The run that found it, the one before it, those of its plan meanwhile, those it asked for."""
    asked = list(
        Run.objects.filter(incident_id=str(incident.pk)).exclude(sentence="").order_by("created_at")
    )
    if incident.plan is None:
        found = [incident.run] if incident.run and incident.run.sentence else []
        return [*found, *asked]
    began = incident.started_at or incident.detected_at
    ended = incident.resolved_at
    of_plan = (
        Run.objects.filter(plan=incident.plan, incident_id=None)
        .exclude(sentence="")
        .select_related("version")
    )
    before = of_plan.filter(window_end__lte=began).order_by("-window_end")[:1]
    meanwhile = of_plan.filter(window_end__gt=began).order_by("window_start")
    if ended is not None:
        meanwhile = meanwhile.filter(window_start__lte=ended)
    return [*before, *meanwhile[:MOST_RUNS], *asked]


def _phase(incident: Incident, run: Run) -> str:
    if run.incident_id:
        return "Verification of the replacement"
    began = incident.started_at or incident.detected_at
    if run.window_end <= began:
        return "Before"
    if incident.contained_at is not None and run.window_start >= incident.contained_at:
        return "After"
    return "During"


def _safeguards(incident: Incident) -> str:
    """The items of the version's last approval that passed, were waived or did not stand."""
    version = incident.version
    if version is None:
        return ""
    approval = latest_approval(version)
    if approval is None:
        return f"Version {version.key} had no approval."
    lines = (
        [f"Version {version.key} was approved {_moment(approval.decided_at)}."]
        if (approval.decided_at)
        else []
    )
    words = {
        Standing.WAIVED: "waived",
        Standing.FAIL: "not in order",
        Standing.OPEN: "open",
        Standing.PASS: "passed",
    }
    for standing, word in words.items():
        codes = [
            one.item.code for one in standings(version, approval.run) if one.standing == standing
        ]
        if codes:
            lines.append(f"{word.capitalize()}: {', '.join(codes)}.")
    return _lines(lines)


def _communication(incident: Incident) -> str:
    told: list[tuple[datetime, str]] = [
        (
            filing.sent_at or filing.at,
            f"{filing.get_phase_display().lower()} by {clock.regime.article}",
        )
        for clock in standing_clocks(incident)
        for filing in clock.filings.all()
    ]
    for message in incident.communications.filter(state=CommunicationState.SENT).prefetch_related(
        "deliveries"
    ):
        if message.sent_at is not None:
            audience = message.get_audience_display().lower()
            stage = message.get_stage_display().lower()
            told.append((message.sent_at, f"{stage} to {audience}, {message.reached} reached"))
    for step in incident.steps.filter(type="notify").exclude(outcome=""):
        if step.finished_at is not None:
            told.append((step.finished_at, step.outcome))
    ordered = sorted(told, key=lambda one: one[0])
    return _lines(f"{_moment(moment)}: {what}" for moment, what in ordered)


def _recurrence(incident: Incident) -> str:
    return _lines(one.sentence for one in similar_incidents(incident))


def _actions(incident: Incident) -> str:
    """What is promised so far; the list itself stands beside the text."""
    written = PostMortem.objects.filter(incident=incident).first()
    if written is None:
        return ""
    return _lines(
        f"{action.title}, until {action.due_on:%d %B %Y}; seen by: {action.verification}"
        for action in written.actions.all()
    )


def _changes(incident: Incident) -> str:
    written = PostMortem.objects.filter(incident=incident).first()
    if written is None:
        return ""
    return _lines(
        f"{made.get_kind_display()}: {made.title}"
        for action in written.actions.all()
        for made in action.safeguards.all()
    )


def _statement(incident: Incident) -> str:
    """A first draft of what is said outside: what happened, since when it is over."""
    said = [f"What happened: {incident.summary or incident.title}"]
    if incident.contained_at is not None:
        said.append(f"It was stopped on {incident.contained_at:%d %B %Y, %H:%M} UTC.")
    if incident.resolved_at is not None:
        said.append(f"It was resolved on {incident.resolved_at:%d %B %Y}.")
    return _lines([*said, "What we do about it:"])


_FILLS: dict[str, Callable[[Incident], str]] = {
    "summary": _summary,
    "severity": _severity,
    "impact": _impact,
    "timeline": _timeline,
    "detection": _detection,
    "response": _response,
    "causes": _causes,
    "evidence": _evidence,
    "safeguards": _safeguards,
    "communication": _communication,
    "recurrence": _recurrence,
    "actions": _actions,
    "changes": _changes,
    "statement": _statement,
}
