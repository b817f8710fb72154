"""What a message says: the facts of its template, its versions, and what readers will get."""

from __future__ import annotations

from incidents.choices import OUTSIDE, CommunicationState, Stage, StepState
from incidents.communications.templates import MessageFacts, languages_for
from incidents.communications.words import LANGUAGES, Text, blanks, framed
from incidents.models import Communication, CommunicationText, Incident
from incidents.selectors import present_steps


def message_facts(incident: Incident) -> MessageFacts:
    """What a template may say of an incident, as it stands now."""
    steps = list(present_steps(incident))
    ended = (StepState.DONE, StepState.SKIPPED)
    return MessageFacts(
        reference=incident.reference,
        title=incident.title,
        summary=incident.summary,
        kind=incident.kind,
        severity=incident.get_severity_display(),
        state=incident.get_state_display(),
        system=incident.system.title if incident.system else "",
        since=incident.started_at,
        contained_at=incident.contained_at,
        done=tuple(step.title for step in steps if step.state == StepState.DONE),
        following=tuple(step.title for step in steps if step.mandatory and step.state not in ended)[
            :5
        ],
    )


def written_texts(
    communication: Communication, version: int | None = None
) -> list[CommunicationText]:
    """A version of a message in each of its languages, the newest unless told otherwise."""
    wanted = communication.version if version is None else version
    found = {text.language: text for text in communication.texts.filter(version=wanted)}
    return [found[each] for each in languages_for(communication.audience) if each in found]


def rendered(communication: Communication) -> dict[str, Text]:
    """What readers will get if the message is sent as it stands, by language."""
    incident = communication.incident
    corrected = [
        (one.corrects.sent_at, one.sent_at)
        for one in incident.communications.filter(
            audience=communication.audience,
            stage=Stage.CORRECTION,
            state=CommunicationState.SENT,
        )
        .select_related("corrects")
        .order_by("sent_at")
        if one.pk != communication.pk and one.corrects and one.corrects.sent_at and one.sent_at
    ]
    wrong = communication.corrects
    return {
        text.language: framed(
            Text(text.subject, text.body),
            language=text.language,
            reference=incident.reference,
            number=communication.number,
            corrects=wrong.sent_at if wrong else None,
            corrected=corrected,
            drill=incident.drill,
        )
        for text in written_texts(communication)
    }


def unready(communication: Communication) -> list[str]:
    """What stands between a message and its sending, as sentences; empty: it may be sent."""
    texts = {text.language: text for text in written_texts(communication)}
    missing = []
    wrong = {text.language: text.body for text in _corrected_texts(communication)}
    if wrong and wrong == {text.language: text.body for text in texts.values()}:
        missing.append("The text still says what was wrong: write what is right.")
    for language in languages_for(communication.audience):
        text, name = texts.get(language), LANGUAGES[language]
        if text is None or not text.subject or not text.body:
            missing.append(f"The {name} text is missing.")
        elif communication.audience in OUTSIDE:
            missing += [f"{name}: still to be written: {blank}." for blank in blanks(text.body)]
    return missing


def _corrected_texts(communication: Communication) -> list[CommunicationText]:
    return written_texts(communication.corrects) if communication.corrects else []
