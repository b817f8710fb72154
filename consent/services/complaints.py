"""Complaints: people write them, colleagues answer within a month."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.urls import reverse

from consent.choices import ComplaintAbout, Language
from consent.identity import ledger_commitment
from consent.models import Complaint
from consent.services.access import require
from consent.services.subjects import lock_person
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.ledger.services import record_entry
from governance.outbox.services import notify

#: GDPR, Article 12(3): without undue delay and within one month.
ANSWER_WITHIN = timedelta(days=30)
LONGEST = 4_000


@transaction.atomic
def file_complaint(
    *,
    subject: str,
    about: str,
    text: str,
    language: str,
    actor: Actor,
) -> Complaint:
    """Record a complaint and tell the privacy team; its text stays out of the ledger."""
    require(actor, "consent.write")
    said = text.strip()
    if not said or len(said) > LONGEST:
        raise Invalid(f"A complaint is 1 to {LONGEST} signs.")
    if about not in ComplaintAbout.values or language not in Language.values:
        raise Invalid("Choose what the complaint is about.")
    person = lock_person(subject)
    complaint = Complaint.objects.create(
        subject=person.subject,
        about=about,
        text=said,
        language=language,
        due_at=person.now + ANSWER_WITHIN,
    )
    record_entry(
        verb="consent.complaint_filed",
        object_type="complaint",
        object_id=str(complaint.pk),
        actor=actor,
        facts={
            "subject": ledger_commitment(person.salt, person.subject.pseudonym or ""),
            "about": about,
            "due_at": complaint.due_at.isoformat(),
        },
    )
    notify(
        recipients=["role:privacy_lead", "role:dpo"],
        subject="A person complained",
        body=f"{ComplaintAbout(about).label}. An answer is due by {complaint.due_at:%Y-%m-%d}.",
        link=reverse("consent:complaint", args=[complaint.pk]),
    )
    return complaint


@transaction.atomic
def answer_complaint(*, complaint: Complaint, answer: str, actor: Actor) -> Complaint:
    """Answer a complaint once; the person reads it where they complained."""
    require(actor, "consent.answer_complaints")
    said = answer.strip()
    if not said or len(said) > LONGEST:
        raise Invalid(f"An answer is 1 to {LONGEST} signs.")
    complaint = Complaint.objects.select_for_update().get(pk=complaint.pk)
    if complaint.answered_at is not None:
        raise Conflict("This complaint has been answered already.")
    complaint.answer, complaint.answered_by = said, actor.reference
    complaint.answered_at = database_now()
    complaint.save()
    record_entry(
        verb="consent.complaint_answered",
        object_type="complaint",
        object_id=str(complaint.pk),
        actor=actor,
        facts={"in_time": complaint.answered_at <= complaint.due_at},
    )
    return complaint
