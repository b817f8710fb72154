"""What a report says, filled in from the incident as far as it is known, as plain data.

A field nobody has answered says so: an initial report may be incomplete. What people wrote takes
the place of what the record knows. How it is printed stands in `printing`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from consent.receipts.selectors import issuer
from incidents.choices import ClockState, FilingPhase, StepState
from incidents.clocks.questions import QUESTIONS, Question, phase_source

if TYPE_CHECKING:
    from incidents.models import RegulatorClock

UNKNOWN = "Not known yet."
FORMAT = "tactful-report-to-authority/1"


def filled_form(
    clock: RegulatorClock, *, phase: str = FilingPhase.INITIAL, delay: str = ""
) -> dict[str, Any]:
    """Return the report of a clock: its duty, its fields in order, and what was sent before."""
    regime, incident = clock.regime, clock.incident
    fields = [_field(one, clock) for one in QUESTIONS[regime.key]]
    if delay or _is_late(clock):
        article = "GDPR, Article 33(1)" if regime.key.startswith("gdpr") else regime.article
        fields.append(_answered("delay", "Reasons for the delay", article, delay))
    return {
        "format": FORMAT,
        "phase": phase,
        "phase_article": phase_source(regime.key, phase),
        "duty": {
            "key": regime.key,
            "article": regime.article,
            "title": regime.title,
            "source": regime.source,
            "legal_class": regime.legal_class,
        },
        "incident": incident.reference,
        "title": incident.title,
        "aware_at": _moment(clock.aware_at),
        "due_at": _moment(clock.due_at) if clock.due_at else "Without undue delay",
        "latest_at": _moment(clock.latest_at) if clock.latest_at else "",
        "grounds": clock.statement,
        "fields": fields,
        "earlier": [
            {
                "phase": filing.phase,
                "sent_at": _moment(filing.sent_at or filing.at),
                "reference": filing.reference,
                "sha256": filing.sha256,
            }
            for filing in clock.filings.all()
        ],
    }


def missing_for_final(form: dict[str, Any]) -> list[str]:
    """Return the labels of what a final report still has to say."""
    asked = {one.key: one for one in QUESTIONS[form["duty"]["key"]]}
    return [
        field["label"]
        for field in form["fields"]
        if not field["known"] and (field["key"] not in asked or asked[field["key"]].final)
    ]


def from_record(clock: RegulatorClock, key: str) -> str:
    """Return what the record knows of a field; empty where only people can say it."""
    fill = _FILLS.get(key)
    return fill(clock) if fill else ""


def _field(question: Question, clock: RegulatorClock) -> dict[str, Any]:
    text = clock.answers.get(question.key) or from_record(clock, question.key)
    return _answered(question.key, question.label, question.article, text)


def _answered(key: str, label: str, article: str, text: str) -> dict[str, Any]:
    text = text.strip()
    return {
        "key": key,
        "label": label,
        "article": article,
        "text": text or UNKNOWN,
        "known": bool(text),
    }


def _is_late(clock: RegulatorClock) -> bool:
    from governance.core.clock import database_now

    return (
        clock.state == ClockState.RUNNING
        and clock.due_at is not None
        and database_now() > clock.due_at
    )


def _moment(moment: datetime | None) -> str:
    return moment.isoformat(timespec="minutes") if moment else UNKNOWN


def _in_words(moment: datetime) -> str:
    return f"{moment:%d %B %Y, %H:%M} UTC"


def _responsible(clock: RegulatorClock) -> str:
    who = issuer()
    return f"{who.name}, {who.url}"


def _contact(clock: RegulatorClock) -> str:
    return issuer().contact


def _aware(clock: RegulatorClock) -> str:
    awareness = clock.awareness
    if awareness is None or awareness.aware_at is None:
        return f"{_in_words(clock.aware_at)}. {clock.statement}" if clock.aware_at else ""
    return f"{_in_words(awareness.aware_at)}, {awareness.who}. {awareness.statement}"


def _incident(clock: RegulatorClock) -> str:
    incident = clock.incident
    kind, severity = incident.get_kind_display(), incident.get_severity_display()
    return f"{incident.reference}: {incident.title}. {kind}. {severity}."


def _system(clock: RegulatorClock) -> str:
    system, version = clock.incident.system, clock.incident.version
    if system is None:
        return ""
    served = f", version {version.key}" if version else ""
    risk = system.get_risk_tier_display().lower()
    return f"{system.title} ({system.key}){served}; registered with {risk} risk."


def _times(clock: RegulatorClock) -> str:
    incident = clock.incident
    known = (
        ("Began", incident.started_at),
        ("Found", incident.detected_at),
        ("Contained", incident.contained_at),
        ("Resolved", incident.resolved_at),
    )
    said = [f"{word} {_in_words(moment)}." for word, moment in known if moment]
    if incident.started_at is None:
        said.insert(0, "When it began is not known yet.")
    if incident.contained_at is None:
        said.append("Not contained yet.")
    return " ".join(said)


def _nature(clock: RegulatorClock) -> str:
    return clock.incident.summary or clock.incident.title


def _measures(clock: RegulatorClock) -> str:
    done = clock.incident.steps.filter(state=StepState.DONE).exclude(outcome="")
    return "\n".join(f"{step.title}: {step.outcome}" for step in done)


def _cause(clock: RegulatorClock) -> str:
    return clock.incident.cause


def _preserved(clock: RegulatorClock) -> str:
    pieces = clock.incident.evidence.all()
    return "\n".join(f"{one.title}, {_in_words(one.at)}: SHA-256 {one.sha256}" for one in pieces)


def _told(clock: RegulatorClock) -> str:
    """What was decided on telling the people, if anything was."""
    people = clock.incident.clocks.exclude(state=ClockState.SUPERSEDED).filter(regime_key="gdpr-34")
    decision = people.first()
    if decision is None:
        return ""
    if decision.state == ClockState.NOT_APPLICABLE:
        return f"Not told: {decision.statement}"
    sent = decision.filings.first()
    if sent is None:
        return f"They are to be told: {decision.statement}"
    return f"Told {_in_words(sent.sent_at or sent.at)}: {decision.statement}"


_FILLS: dict[str, Callable[[RegulatorClock], str]] = {
    "controller": _responsible,
    "provider": _responsible,
    "contact": _contact,
    "aware": _aware,
    "incident": _incident,
    "system": _system,
    "times": _times,
    "nature": _nature,
    "measures": _measures,
    "cause": _cause,
    "preserved": _preserved,
    "told": _told,
}
