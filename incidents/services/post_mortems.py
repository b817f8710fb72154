"""Post-mortems: opened at resolution, written together, frozen by two people.

What is promised stands in `actions`, what is said beside a frozen text in `corrections`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.ledger.services import record_entry
from governance.registry.access import require, require_person
from incidents.choices import (
    PostMortemState,
    Severity,
    StepType,
    TimelineKind,
    Visibility,
)
from incidents.escalation import Rung
from incidents.models import Incident, PostMortem
from incidents.post_mortem.document import Action, digest, public_document, whole_document
from incidents.post_mortem.prefill import prefilled
from incidents.post_mortem.sections import BY_KEY, SECTIONS
from incidents.services.settling import settle_steps
from incidents.services.timeline import add_timeline_entry

WRITES, FREEZES = "incidents.write_post_mortem", "incidents.freeze_post_mortem"
LONGEST = 20_000
_WITHIN = {
    Severity.S1: Rung(timedelta(days=3), (), working_days=False),
    Severity.S2: Rung(timedelta(days=5), (), working_days=True),
}
_LATER = Rung(timedelta(days=10), (), working_days=True)


def open_post_mortem(*, incident: Incident) -> PostMortem:
    """Make the post-mortem of an incident with what the record knows, or return the one there."""
    due = _WITHIN.get(Severity(incident.severity), _LATER).due(database_now())
    made, _created = PostMortem.objects.get_or_create(
        incident=incident, defaults={"sections": prefilled(incident), "due_at": due}
    )
    return made


@transaction.atomic
def write_section(
    *, post_mortem: PostMortem, key: str, text: str, revision: int, actor: Actor
) -> PostMortem:
    """Replace the text of one section; refused when somebody else wrote since `revision`."""
    found = _writable(post_mortem, key, text, revision, actor)
    found.sections = {**found.sections, key: text.strip()}
    return _saved(found)


@transaction.atomic
def redact_section(
    *, post_mortem: PostMortem, key: str, text: str | None, revision: int, actor: Actor
) -> PostMortem:
    """Say what the public reads instead of a section; None shows it whole again."""
    found = _writable(post_mortem, key, text or "", revision, actor)
    kept = {name: one for name, one in found.redacted.items() if name != key}
    found.redacted = kept if text is None else {**kept, key: text.strip()}
    return _saved(found)


def missing_parts(post_mortem: PostMortem) -> list[str]:
    """What has to be written before a post-mortem can be frozen, in words."""
    promised = post_mortem.actions.exists()
    return [
        section.title
        for section in SECTIONS
        if section.mandatory
        and not post_mortem.sections.get(section.key, "").strip()
        and not (section.key == "actions" and promised)
    ]


@transaction.atomic
def propose_freezing(
    *, post_mortem: PostMortem, visibility: str, note: str, actor: Actor
) -> PostMortem:
    """Propose to freeze a post-mortem, and whether the public reads it; the note says why."""
    found = _open(post_mortem, actor, FREEZES)
    require_person(actor, "freezing a post-mortem")
    if visibility not in Visibility.values:
        raise Invalid("Choose whether the public reads it.")
    if len(note.strip()) < 10:
        raise Invalid("Say in a sentence why it is published, or why it is not.")
    if found.incident.drill and visibility == Visibility.PUBLIC:
        raise Invalid("The review of a drill is kept internal: nothing happened to anybody.")
    missing = missing_parts(found)
    if missing:
        raise Conflict(f"Not written yet: {', '.join(missing)}.")
    found.state, found.visibility = PostMortemState.PROPOSED, visibility
    found.decision_note, found.proposed_by = note.strip(), actor.reference
    found.save()
    _record(found, "incidents.post_mortem_proposed", actor, {"visibility": visibility})
    return found


@transaction.atomic
def take_back_proposal(*, post_mortem: PostMortem, actor: Actor) -> PostMortem:
    """Return a proposed post-mortem to writing."""
    require(actor, FREEZES, _systems(post_mortem.incident))
    found = PostMortem.objects.select_for_update(of=("self",)).get(pk=post_mortem.pk)
    if found.state != PostMortemState.PROPOSED:
        raise Conflict("Nothing is proposed.")
    found.state, found.visibility = PostMortemState.DRAFT, ""
    found.decision_note = found.proposed_by = ""
    found.save()
    _record(found, "incidents.post_mortem_taken_back", actor, {})
    return found


@transaction.atomic
def freeze_post_mortem(*, post_mortem: PostMortem, actor: Actor) -> PostMortem:
    """Freeze a proposed post-mortem as a second person; its digests go into the ledger."""
    require(actor, FREEZES, _systems(post_mortem.incident))
    require_person(actor, "freezing a post-mortem")
    found = PostMortem.objects.select_for_update(of=("self",)).get(pk=post_mortem.pk)
    if found.state != PostMortemState.PROPOSED:
        raise Conflict("It is not proposed: somebody has to say first who may read it.")
    if found.proposed_by == actor.reference:
        raise Conflict("Another person has to confirm what you proposed.")
    facts, actions = incident_facts(found.incident), _actions(found)
    found.document = whole_document(facts, found.sections, actions)
    digests = {"document_sha256": digest(found.document)}
    if found.visibility == Visibility.PUBLIC:
        found.public_document = draft_of_public(found)
        digests["public_sha256"] = digest(found.public_document)
    entry = _record(
        found,
        "incidents.post_mortem_frozen",
        actor,
        {"visibility": found.visibility, **digests},
    )
    found.state, found.frozen_at = PostMortemState.FROZEN, database_now()
    found.confirmed_by, found.ledger_entry = actor.reference, entry.pk
    found.save()
    settle_steps(
        incident=found.incident,
        step_type=StepType.POST_MORTEM,
        outcome="The post-mortem is frozen.",
        actor=actor,
    )
    shown = found.get_visibility_display().lower()
    add_timeline_entry(
        incident=found.incident,
        kind=TimelineKind.EVIDENCE,
        sentence=f"The post-mortem is frozen and {shown}.",
        actor=actor,
    )
    return found


def draft_of_public(post_mortem: PostMortem) -> dict[str, Any]:
    """What the public would read if the post-mortem were frozen now."""
    return public_document(
        incident_facts(post_mortem.incident),
        post_mortem.sections,
        post_mortem.redacted,
        _actions(post_mortem),
    )


def _actions(post_mortem: PostMortem) -> list[Action]:
    return [
        Action(one.title, one.due_on.isoformat(), one.verification, one.state)
        for one in post_mortem.actions.all()
    ]


def incident_facts(incident: Incident) -> dict[str, str]:
    """What a post-mortem says of its incident, as text."""
    times = ("started_at", "detected_at", "contained_at", "resolved_at")
    return {
        "reference": incident.reference,
        "title": incident.title,
        "kind": incident.get_kind_display(),
        "severity": incident.get_severity_display(),
        "system": incident.system.title if incident.system else "",
        **{name: _text(getattr(incident, name)) for name in times},
    }


def _text(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""


def _systems(incident: Incident) -> list[Any]:
    return [incident.system] if incident.system else []


def _open(post_mortem: PostMortem, actor: Actor, action: str = WRITES) -> PostMortem:
    require(actor, action, _systems(post_mortem.incident))
    found = PostMortem.objects.select_for_update(of=("self",)).get(pk=post_mortem.pk)
    if found.state != PostMortemState.DRAFT:
        raise Conflict(f"The post-mortem is not being written: {found.get_state_display()}.")
    return found


def _writable(
    post_mortem: PostMortem, key: str, text: str, revision: int, actor: Actor
) -> PostMortem:
    found = _open(post_mortem, actor)
    if key not in BY_KEY:
        raise Invalid(f"There is no section {key!r}.")
    if len(text) > LONGEST:
        raise Invalid(f"A section has at most {LONGEST:,} signs.")
    if found.revision != revision:
        raise Conflict("Somebody wrote in the meantime: read theirs, then add yours.")
    return found


def _saved(post_mortem: PostMortem) -> PostMortem:
    post_mortem.revision += 1
    post_mortem.save()
    return post_mortem


def _record(post_mortem: PostMortem, verb: str, actor: Actor, facts: dict[str, Any]) -> Any:
    return record_entry(
        verb=verb,
        object_type="postmortem",
        object_id=str(post_mortem.pk),
        actor=actor,
        facts={"reference": post_mortem.incident.reference, **facts},
    )
