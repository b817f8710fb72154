"""Answering checklist items, with the evidence an answer rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotFound, NotPermitted
from governance.ledger.services import record_entry
from governance.people.choices import Role
from governance.registry.access import require
from governance.reviews.choices import ApprovalState, Outcome
from governance.reviews.models import Answer, Approval, ChecklistItem, Evidence


@dataclass(frozen=True)
class EvidenceInput:
    """A piece of evidence as given: a title, where it lies, until when it may be relied upon."""

    title: str
    link: str = ""
    expires_at: datetime | None = None


@transaction.atomic
def answer_item(
    *,
    review: Approval,
    code: str,
    outcome: str,
    actor: Actor,
    note: str = "",
    evidence: Sequence[EvidenceInput] = (),
) -> Answer:
    """Answer one item of an open review; the item names the roles that may.

    In order needs at least one piece of evidence; every other answer needs a note that says why.
    """
    require(actor, "reviews.answer", [review.version.system])
    review = Approval.objects.select_for_update().get(pk=review.pk)
    if review.state != ApprovalState.IN_REVIEW:
        raise Conflict("This review is decided; start a new one to answer again.")
    item = ChecklistItem.objects.filter(checklist=review.run.checklist, code=code).first()
    if item is None:
        raise NotFound(f"The checklist has no item {code!r}.")
    if actor.kind != "system" and not actor.roles & set(item.roles):
        signers = " or ".join(Role(role).label.lower() for role in item.roles)
        raise NotPermitted(f"{code} is answered by the {signers}.")
    if outcome not in Outcome.values:
        raise Invalid(f"{outcome!r} is no answer; choose one of {', '.join(Outcome.values)}.")
    if outcome == Outcome.PASS and not evidence:
        raise Invalid(f"Name the evidence for {code}: {item.evidence_expected}.")
    if outcome != Outcome.PASS and not note.strip():
        raise Invalid(f"Say in a sentence why {code} is not in order or does not apply.")
    given = {
        "outcome": outcome,
        "note": note.strip(),
        "answered_by": actor.reference,
        "answered_at": database_now(),
    }
    answer, _ = Answer.objects.update_or_create(run=review.run, item=item, defaults=given)
    answer.evidence.all().delete()
    Evidence.objects.bulk_create(
        Evidence(answer=answer, title=one.title, link=one.link, expires_at=one.expires_at)
        for one in evidence
    )
    record_entry(
        verb="reviews.item_answered",
        object_type="approval",
        object_id=str(review.pk),
        actor=actor,
        facts={
            "systems": [review.version.system.key],
            "version": review.version.scope_key,
            "item": code,
            "outcome": outcome,
            "evidence": [
                {
                    "link": one.link,
                    "expires_at": one.expires_at.isoformat() if one.expires_at else None,
                }
                for one in evidence
            ],
        },
        personal={"note": note.strip(), "evidence": [one.title for one in evidence]},
    )
    return answer
