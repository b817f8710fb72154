"""Reading reviews and waivers: those an actor may see, and what waits for their signature."""

from __future__ import annotations

from django.db.models import QuerySet

from governance.core.actors import Actor
from governance.core.errors import NotFound
from governance.reviews.choices import ApprovalState
from governance.reviews.models import Approval, Waiver


def reviews_for(actor: Actor) -> QuerySet[Approval]:
    """Reviews of visible systems, newest first."""
    if not actor.may("reviews.view"):
        return Approval.objects.none()
    found = Approval.objects.select_related("version__system__owner", "run__checklist")
    if actor.system_keys is not None:
        found = found.filter(version__system__key__in=sorted(actor.system_keys))
    return found


def find_review(review_id: str, actor: Actor) -> Approval:
    found = reviews_for(actor).filter(pk=review_id).first()
    if found is None:
        raise NotFound("There is no such review that you may see.")
    return found


def waiting_for(actor: Actor) -> QuerySet[Approval]:
    """Open reviews with a seat the actor's roles could take and that they did not sign."""
    if not actor.may("reviews.decide"):
        return Approval.objects.none()
    undecided = reviews_for(actor).filter(state=ApprovalState.IN_REVIEW)
    return undecided.exclude(steps__decided_by=actor.reference)


def waivers_for(actor: Actor) -> QuerySet[Waiver]:
    """Waivers of visible systems, newest first."""
    if not actor.may("reviews.view"):
        return Waiver.objects.none()
    found = Waiver.objects.select_related("system").order_by("-created_at")
    if actor.system_keys is not None:
        found = found.filter(system__key__in=sorted(actor.system_keys))
    return found


def find_waiver(waiver_id: str, actor: Actor) -> Waiver:
    found = waivers_for(actor).filter(pk=waiver_id).first()
    if found is None:
        raise NotFound("There is no such waiver that you may see.")
    return found
