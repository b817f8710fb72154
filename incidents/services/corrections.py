"""What is said beside a frozen post-mortem: proposed by one person, published by another.

The frozen text never changes. A correction is a document of its own that names the text it stands
beside by its digest, and its own digest goes into the ledger.
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import Max

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.ledger.services import record_entry
from governance.registry.access import require, require_person
from incidents.choices import CorrectionState, PostMortemState, Visibility
from incidents.models import Correction, PostMortem
from incidents.post_mortem.document import correction_document, digest
from incidents.post_mortem.sections import BY_KEY
from incidents.services.clocks import systems_of

FREEZES = "incidents.freeze_post_mortem"


@transaction.atomic
def propose_correction(
    *, post_mortem: PostMortem, text: str, actor: Actor, section: str = ""
) -> Correction:
    """Propose what readers should know beside the published text, or beside one section of it."""
    require(actor, FREEZES, systems_of(post_mortem.incident))
    require_person(actor, "correcting a post-mortem")
    found = PostMortem.objects.select_for_update(of=("self",)).get(pk=post_mortem.pk)
    if found.state != PostMortemState.FROZEN or found.visibility != Visibility.PUBLIC:
        raise Conflict("Only what was published is corrected beside; write on in a draft.")
    if section and (section not in BY_KEY or not BY_KEY[section].public):
        raise Invalid("The public reads no such section.")
    if len(text.strip()) < 20:
        raise Invalid("Say what was wrong or is new, and how it is.")
    if found.corrections.filter(state=CorrectionState.PROPOSED).exists():
        raise Conflict("Another correction waits for a second person: that one comes first.")
    made = Correction.objects.create(
        post_mortem=found, section=section, text=text.strip(), proposed_by=actor.reference
    )
    _record(made, "incidents.correction_proposed", actor, {})
    return made


@transaction.atomic
def decide_correction(*, correction: Correction, publish: bool, actor: Actor) -> Correction:
    """Publish a proposed correction as a second person, or turn it down."""
    incident = correction.post_mortem.incident
    require(actor, FREEZES, systems_of(incident))
    require_person(actor, "correcting a post-mortem")
    written = PostMortem.objects.select_for_update(of=("self",)).get(pk=correction.post_mortem_id)
    found = Correction.objects.select_for_update(of=("self",)).get(pk=correction.pk)
    if found.state != CorrectionState.PROPOSED:
        raise Conflict(f"The correction is decided: {found.get_state_display().lower()}.")
    if not publish:
        found.state = CorrectionState.REFUSED
        found.save()
        _record(found, "incidents.correction_refused", actor, {})
        return found
    if found.proposed_by == actor.reference:
        raise Conflict("Another person has to confirm what you proposed.")
    highest = written.corrections.aggregate(highest=Max("number"))["highest"] or 0
    found.number, found.published_at = highest + 1, database_now()
    found.document = correction_document(
        reference=incident.reference,
        of=digest(written.public_document or {}),
        number=found.number,
        section=found.section,
        text=found.text,
        published_at=found.published_at,
    )
    facts = {"number": found.number, "correction_sha256": digest(found.document)}
    entry = _record(found, "incidents.correction_published", actor, facts)
    found.state, found.confirmed_by = CorrectionState.PUBLISHED, actor.reference
    found.ledger_entry = entry
    found.save()
    return found


def _record(correction: Correction, verb: str, actor: Actor, facts: dict[str, int | str]) -> UUID:
    entry = record_entry(
        verb=verb,
        object_type="postmortem",
        object_id=str(correction.post_mortem_id),
        actor=actor,
        facts={
            "reference": correction.post_mortem.incident.reference,
            "correction": str(correction.pk),
            **facts,
        },
    )
    return UUID(str(entry.pk))
