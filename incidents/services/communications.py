"""Writing messages about an incident: prepared, written in versions, proposed, sent, corrected.

How a message reaches its recipients stands in `sending`; when one is due, in `updates`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Max

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.ledger.services import record_entry
from governance.registry.access import require, require_person
from incidents.choices import (
    FINAL_STATES,
    NO_HARM,
    OUTSIDE,
    Audience,
    CommunicationState,
    Stage,
    State,
    TimelineKind,
)
from incidents.communications.templates import filled, languages_for
from incidents.communications.words import Text, digest
from incidents.models import Communication, CommunicationText, Incident
from incidents.services.deliveries import enqueue_sending
from incidents.services.message_texts import message_facts, rendered, unready, written_texts
from incidents.services.recipients import address_recipients, drop_what_waits
from incidents.services.timeline import add_timeline_entry

WRITES = "incidents.write_communication"
APPROVES = "incidents.approve_communication"
TO_AUTHORITY = "incidents.report_to_authority"
OPEN = (CommunicationState.DRAFT, CommunicationState.PROPOSED)
LONGEST_SUBJECT, LONGEST_BODY = 200, 8_000


@transaction.atomic
def prepare_communication(*, incident: Incident, audience: str, actor: Actor) -> Communication:
    """Return the open draft for an audience, or make one from the template that fits now.

    What the product prepares for the own team leaves at once: it holds facts alone, and nobody
    has to approve it. All else waits for people.
    """
    _may_write(incident, audience, actor)
    incident = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    if audience in OUTSIDE and incident.drill:
        raise Conflict("A drill tells nobody outside the team.")
    if incident.state in NO_HARM:
        raise Conflict("Nothing happened that anybody has to be told of.")
    present = incident.communications.filter(audience=audience, state__in=OPEN).first()
    if present is not None:
        return present
    stage = _next_stage(incident, audience)
    made = _begin(
        incident, audience, stage, filled(audience, stage, message_facts(incident)), actor
    )
    if audience == Audience.INTERNAL and actor.kind == "system":
        return _release(made, actor)
    return made


@transaction.atomic
def correct_communication(*, communication: Communication, actor: Actor) -> Communication:
    """Begin a correction of a message that was sent; it starts from the text that was wrong.

    What of the wrong message still waits is not sent any more once the correction leaves.
    """
    incident, audience = communication.incident, communication.audience
    _may_write(incident, audience, actor)
    require_person(actor, "correcting a message")
    if communication.state != CommunicationState.SENT:
        raise Conflict("Only a message that was sent is corrected; a draft is written anew.")
    if communication.corrections.exclude(state=CommunicationState.DISCARDED).exists():
        raise Conflict("There is a correction of this message already; correct that one.")
    _refuse_second_draft(incident, audience)
    texts = {text.language: Text(text.subject, text.body) for text in written_texts(communication)}
    return _begin(incident, audience, Stage.CORRECTION, texts, actor, corrects=communication)


@transaction.atomic
def write_communication(
    *,
    communication: Communication,
    texts: Mapping[str, tuple[str, str]],
    version: int,
    stage: str | None = None,
    actor: Actor,
) -> Communication:
    """Keep the next version of a text; one that was proposed is a draft again.

    `version` is the one the writer saw: who wrote meanwhile is not overwritten.
    """
    _may_write(communication.incident, communication.audience, actor)
    require_person(actor, "writing a message")
    locked = _locked(communication)
    if locked.state not in OPEN:
        raise Conflict("This message was sent or thrown away; it stays as it is.")
    if locked.version != version:
        raise Conflict("Somebody else wrote meanwhile; compare with the newest version.")
    if stage is not None and stage != locked.stage:
        if stage not in Stage.values or Stage.CORRECTION in (stage, locked.stage):
            raise Invalid("A correction is begun from the message that it corrects.")
        locked.stage = stage
    clean = {
        language: Text(subject.strip(), body.strip().replace("\r\n", "\n"))
        for language, (subject, body) in texts.items()
    }
    _check_shape(locked.audience, clean)
    locked.version += 1
    locked.state, locked.proposed_by, locked.proposed_at = CommunicationState.DRAFT, "", None
    locked.returned_because = ""
    locked.save()
    _keep_texts(locked, clean, actor)
    return locked


@transaction.atomic
def propose_communication(*, communication: Communication, actor: Actor) -> Communication:
    """Ask a second person to send what goes to people, partners, an authority or the public."""
    _may_write(communication.incident, communication.audience, actor)
    require_person(actor, "proposing a message")
    locked = _locked(communication)
    if locked.audience not in OUTSIDE:
        raise Conflict("What stays in the team needs no second person; send it.")
    if locked.state != CommunicationState.DRAFT:
        raise Conflict("Only a draft is proposed.")
    _refuse_unready(locked)
    locked.state = CommunicationState.PROPOSED
    locked.proposed_by, locked.proposed_at = actor.reference, database_now()
    locked.returned_because = ""
    locked.save()
    _tell(locked, "proposed", f"proposed by {actor.display}; a second person sends it", actor)
    return locked


@transaction.atomic
def return_communication(
    *, communication: Communication, reason: str, actor: Actor
) -> Communication:
    """Hand a proposed message back to its writers, with what is wrong with it."""
    _may_approve(communication.incident, communication.audience, actor)
    if len(reason.strip()) < 10:
        raise Invalid("Say in a sentence what has to change.")
    locked = _locked(communication)
    if locked.state != CommunicationState.PROPOSED:
        raise Conflict("Only a proposed message is handed back.")
    locked.state, locked.returned_because = CommunicationState.DRAFT, reason.strip()
    locked.proposed_by, locked.proposed_at = "", None
    locked.save()
    _tell(locked, "returned", f"handed back: {reason.strip()}", actor)
    return locked


@transaction.atomic
def send_communication(
    *, communication: Communication, version: int, actor: Actor
) -> Communication:
    """Send a message: to the own team by one person, to anybody outside by the second person.

    `version` is the text that the sender read; another one is not sent in its place.
    """
    locked = _locked(communication)
    if locked.version != version:
        raise Conflict("The text has changed since you read it; read it again.")
    if locked.audience not in OUTSIDE:
        _may_write(locked.incident, locked.audience, actor)
        require_person(actor, "sending a message")
        if locked.state != CommunicationState.DRAFT:
            raise Conflict("Only a draft is sent.")
        return _release(locked, actor)
    _may_approve(locked.incident, locked.audience, actor)
    if locked.state != CommunicationState.PROPOSED:
        raise Conflict("A message to people outside is proposed first.")
    if locked.proposed_by == actor.reference:
        raise Conflict("You proposed it; another person reads and sends it.")
    locked.approved_by = actor.reference
    return _release(locked, actor)


@transaction.atomic
def discard_communication(*, communication: Communication, actor: Actor) -> Communication:
    """Throw away a message that was not sent; its versions stay on record."""
    _may_write(communication.incident, communication.audience, actor)
    locked = _locked(communication)
    if locked.state not in OPEN:
        raise Conflict("Only what was not sent is thrown away.")
    locked.state = CommunicationState.DISCARDED
    locked.proposed_by, locked.proposed_at = "", None
    locked.save()
    _tell(locked, "discarded", "thrown away; nobody was told", actor)
    return locked


def _begin(
    incident: Incident,
    audience: str,
    stage: str,
    texts: Mapping[str, Text],
    actor: Actor,
    corrects: Communication | None = None,
) -> Communication:
    Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)  # numbers stay dense
    last = incident.communications.aggregate(highest=Max("number"))["highest"] or 0
    made = Communication.objects.create(
        incident=incident,
        number=last + 1,
        audience=audience,
        stage=stage,
        corrects=corrects,
        prepared_by=actor.reference,
    )
    _keep_texts(made, texts, actor)
    return made


def _keep_texts(communication: Communication, texts: Mapping[str, Text], actor: Actor) -> None:
    for language, text in texts.items():
        CommunicationText.objects.create(
            communication=communication,
            version=communication.version,
            language=language,
            subject=text.subject[:LONGEST_SUBJECT],
            body=text.body[:LONGEST_BODY],
            written_by=actor.reference,
        )


def _release(communication: Communication, actor: Actor) -> Communication:
    """Freeze what readers get, write a row for each of them, and let it leave after the commit."""
    incident, now = communication.incident, database_now()
    if communication.audience in OUTSIDE and incident.drill:
        raise Conflict("A drill tells nobody outside the team.")
    _refuse_unready(communication)
    texts = rendered(communication)
    communication.released = {
        language: {"subject": text.subject, "body": text.body} for language, text in texts.items()
    }
    communication.sha256 = digest(communication.released)
    communication.state = CommunicationState.SENT
    communication.sent_at, communication.sent_by = now, actor.reference
    communication.save()
    if communication.corrects is not None:
        drop_what_waits(communication.corrects)
    count = address_recipients(communication)
    if count == 0 and communication.audience in OUTSIDE:
        raise Conflict(
            f"Nobody is named who would be told: {communication.get_audience_display().lower()}. "
            "Add a contact first."
        )
    first = next(iter(texts.values()))
    recipients = "1 recipient" if count == 1 else f"{count} recipients"
    _tell(
        communication,
        "sent",
        f"sent to {recipients}: {first.subject}",
        actor,
        {
            "audience": communication.audience,
            "stage": communication.stage,
            "version": communication.version,
            "sha256": communication.sha256,
            "proposed_by": communication.proposed_by,
            "recipients": count,
        },
    )
    enqueue_sending()
    return communication


def _refuse_unready(communication: Communication) -> None:
    missing = unready(communication)
    if missing:
        raise Conflict(" ".join(missing))


def _refuse_second_draft(incident: Incident, audience: str) -> None:
    present = incident.communications.filter(audience=audience, state__in=OPEN).first()
    if present is not None:
        raise Conflict(
            f"Message {present.number} to the same audience is not sent yet; "
            "send it or throw it away first."
        )


def _check_shape(audience: str, texts: Mapping[str, Text]) -> None:
    unknown = set(texts) - set(languages_for(audience))
    if unknown:
        raise Invalid(f"This audience is not written to in {min(unknown)!r}.")
    for text in texts.values():
        if len(text.subject) > LONGEST_SUBJECT or len(text.body) > LONGEST_BODY:
            raise Invalid(
                f"A subject has at most {LONGEST_SUBJECT} signs, a text at most {LONGEST_BODY:,}."
            )


def _next_stage(incident: Incident, audience: str) -> str:
    told = incident.communications.filter(audience=audience, state=CommunicationState.SENT)
    if not told.exists():
        return Stage.FIRST
    over = incident.state in (State.RESOLVED, State.REVIEW, *FINAL_STATES)
    return Stage.END if over else Stage.UPDATE


def _systems(incident: Incident) -> list[Any]:
    return [incident.system] if incident.system else []


def _may_write(incident: Incident, audience: str, actor: Actor) -> None:
    if audience not in Audience.values:
        raise Invalid(f"There is no audience {audience!r}: {', '.join(Audience.values)}.")
    require(actor, WRITES, _systems(incident))
    if audience == Audience.REGULATOR:
        require(actor, TO_AUTHORITY, _systems(incident))


def _may_approve(incident: Incident, audience: str, actor: Actor) -> None:
    require(actor, APPROVES, _systems(incident))
    require_person(actor, "deciding on a message")


def _locked(communication: Communication) -> Communication:
    found = Communication.objects.select_related("incident__system", "corrects")
    return found.select_for_update(of=("self",)).get(pk=communication.pk)


def _tell(
    communication: Communication,
    verb: str,
    sentence: str,
    actor: Actor,
    facts: Mapping[str, Any] | None = None,
) -> None:
    audience = communication.get_audience_display().lower()
    add_timeline_entry(
        incident=communication.incident,
        kind=TimelineKind.MESSAGE,
        sentence=f"Message {communication.number} to {audience} {sentence}",
        actor=actor,
    )
    record_entry(
        verb=f"incidents.message_{verb}",
        object_type="communication",
        object_id=str(communication.pk),
        actor=actor,
        facts={
            "incident": communication.incident.reference,
            "number": communication.number,
            **(facts or {}),
        },
    )
