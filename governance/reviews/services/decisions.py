"""Starting a review and deciding it: two roles, two people, never the author of the change."""

from __future__ import annotations

from django.db import transaction

from governance.core.actors import Actor, SystemActor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotPermitted
from governance.ledger.services import record_entry
from governance.outbox.services import notify
from governance.people.choices import Role
from governance.registry.access import require, require_person
from governance.registry.choices import VersionState
from governance.registry.models import ModelVersion
from governance.registry.services import set_version_state
from governance.reviews.authors import authors_of
from governance.reviews.choices import ApprovalState, Seat
from governance.reviews.content import content_of, differences, hash_of
from governance.reviews.items import unsatisfied
from governance.reviews.models import Approval, ApprovalStep, Checklist, ChecklistRun

SEAT_OF_ROLE = {
    Role.PRODUCT_OWNER: Seat.PRODUCT,
    Role.ETHICS_REVIEWER: Seat.OVERSIGHT,
    Role.PRIVACY_LEAD: Seat.OVERSIGHT,
}
REVIEWS = SystemActor("reviews")


@transaction.atomic
def start_review(*, version: ModelVersion, actor: Actor, note: str = "") -> Approval:
    """Freeze what is to be reviewed and open the current checklist for it."""
    require(actor, "reviews.start", [version.system])
    version = (
        ModelVersion.objects.select_related("system")
        .select_for_update(of=("self",))
        .get(pk=version.pk)
    )
    if version.state == VersionState.RETIRED:
        raise Conflict(f"Version {version.scope_key} is retired.")
    if Approval.objects.filter(version=version, state=ApprovalState.IN_REVIEW).exists():
        raise Conflict(f"A review of {version.scope_key} is open already.")
    checklist = Checklist.objects.first()
    if checklist is None:
        raise Conflict("There is no checklist; run the migrations.")
    content = content_of(version)
    run = ChecklistRun.objects.create(
        version=version, checklist=checklist, started_by=actor.reference
    )
    approval = Approval.objects.create(
        run=run,
        version=version,
        content=content,
        content_hash=hash_of(content),
        requested_by=actor.reference,
        note=note,
    )
    # An approved version stays ready to serve while it is reviewed again: it may be the fallback
    # that an incident rolls back to.
    if version.state == VersionState.REGISTERED:
        set_version_state(
            version=version, state=VersionState.IN_REVIEW, actor=REVIEWS, reason="review started"
        )
    _record(approval, "review_started", actor)
    notify(
        recipients=[
            f"role:{role}@{version.system.key}"
            for role in (Role.PRODUCT_OWNER, Role.ETHICS_REVIEWER)
        ],
        subject=f"{version.scope_key} waits for your review",
        body=note or f"The review of {version.scope_key} is open.",
        link=f"/reviews/{approval.pk}/",
    )
    return approval


@transaction.atomic
def renew_review(*, review: Approval, actor: Actor) -> Approval:
    """Take in what changed while the review was open; signatures given before are void."""
    require(actor, "reviews.start", [review.version.system])
    review = _open(review)
    content = content_of(review.version)
    changed = differences(review.content, content)
    if not changed:
        return review
    voided = review.steps.count()
    review.steps.all().delete()
    review.content, review.content_hash = content, hash_of(content)
    review.save(update_fields=["content", "content_hash", "updated_at"])
    _record(review, "review_renewed", actor, changed=changed, signatures_voided=voided)
    return review


@transaction.atomic
def approve(
    *, approval: Approval, actor: Actor, comment: str = "", role: str | None = None
) -> Approval:
    """Sign one seat; with both seats signed the version is approved.

    `role` chooses between the seats for a person who could take either.
    """
    require_person(actor, "approving")
    require(actor, "reviews.decide", [approval.version.system])
    approval = _open(approval)
    version = approval.version
    _not_an_author(approval, actor)
    current = content_of(version)
    if hash_of(current) != approval.content_hash:
        changed = " ".join(differences(approval.content, current))
        raise Conflict(f"What is under review changed: {changed} Renew the review first.")
    missing = unsatisfied(version, approval.run)
    if missing:
        codes = ", ".join(one.item.code for one in missing)
        raise Conflict(f"These items are not in order yet: {codes}.")
    signing = _role_to_sign(approval, actor, role)
    ApprovalStep.objects.create(
        approval=approval,
        seat=SEAT_OF_ROLE[signing],
        role=signing,
        decided_by=actor.reference,
        decided_at=database_now(),
        comment=comment,
    )
    _record(approval, "approval_signed", actor, comment, role=signing.value)
    if {step.seat for step in approval.steps.all()} == set(Seat.values):
        _decide(approval, ApprovalState.APPROVED)
        version.refresh_from_db()
        if version.state == VersionState.IN_REVIEW:
            set_version_state(
                version=version,
                state=VersionState.APPROVED,
                actor=REVIEWS,
                reason=f"approval {approval.pk}",
            )
        _record(approval, "version_approved", actor)
    return approval


@transaction.atomic
def reject(*, approval: Approval, actor: Actor, comment: str) -> Approval:
    """One of the two roles says no, with the reason; the version goes back."""
    require_person(actor, "rejecting")
    require(actor, "reviews.decide", [approval.version.system])
    if not comment.strip():
        raise Invalid("Say in a sentence what has to change before this can be approved.")
    approval = _open(approval)
    _not_an_author(approval, actor)
    _close(approval, ApprovalState.REJECTED)
    _record(approval, "version_rejected", actor, comment)
    return approval


@transaction.atomic
def withdraw_review(*, approval: Approval, actor: Actor, reason: str) -> Approval:
    """Take back a review that is not decided."""
    require(actor, "reviews.start", [approval.version.system])
    approval = _open(approval)
    _close(approval, ApprovalState.WITHDRAWN)
    _record(approval, "review_withdrawn", actor, reason)
    return approval


def _open(approval: Approval) -> Approval:
    """Lock the review; refuse one that is decided."""
    locked = (
        Approval.objects.select_related("version__system", "run__checklist")
        .select_for_update(of=("self",))
        .get(pk=approval.pk)
    )
    if locked.state != ApprovalState.IN_REVIEW:
        raise Conflict(f"This review is {locked.get_state_display().lower()} already.")
    return locked


def _decide(approval: Approval, state: ApprovalState) -> None:
    moved = Approval.objects.filter(pk=approval.pk, state=ApprovalState.IN_REVIEW).update(
        state=state, decided_at=database_now()
    )
    if moved != 1:
        raise Conflict("This review is decided already.")
    approval.refresh_from_db(fields=["state", "decided_at"])


def _close(approval: Approval, state: ApprovalState) -> None:
    """End a review without approval; a version that was new is registered again."""
    _decide(approval, state)
    version = ModelVersion.objects.select_related("system").get(pk=approval.version_id)
    if version.state == VersionState.IN_REVIEW:
        set_version_state(
            version=version,
            state=VersionState.REGISTERED,
            actor=REVIEWS,
            reason=f"review {state.label.lower()}",
        )


def _not_an_author(approval: Approval, actor: Actor) -> None:
    if actor.reference in authors_of(approval):
        raise NotPermitted("You made part of this change; nobody approves their own work.")


def _role_to_sign(approval: Approval, actor: Actor, role: str | None) -> Role:
    steps = list(approval.steps.all())
    if any(step.decided_by == actor.reference for step in steps):
        raise Conflict("You signed this already; the other seat needs another person.")
    taken = {step.seat for step in steps}
    able = [one for one in SEAT_OF_ROLE if one in actor.roles and role in (None, one)]
    free = [one for one in able if SEAT_OF_ROLE[one] not in taken]
    if not able:
        raise NotPermitted(
            "Approvals are signed by a product owner and by an ethics reviewer or privacy lead."
        )
    if not free:
        raise Conflict(f"The seat of the {able[0].label.lower()} is signed already.")
    return free[0]


def _record(
    approval: Approval, verb: str, actor: Actor, comment: str = "", **facts: object
) -> None:
    """What a person wrote may name anybody: it stays erasable, beside the leaf."""
    record_entry(
        verb=f"reviews.{verb}",
        object_type="approval",
        object_id=str(approval.pk),
        actor=actor,
        facts={
            "systems": [approval.version.system.key],
            "version": approval.version.scope_key,
            "content_hash": approval.content_hash,
            **facts,
        },
        personal={"comment": comment} if comment else None,
    )
