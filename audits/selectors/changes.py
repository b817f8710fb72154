"""Reading changes of plans: those that wait, the history, and a plan at an earlier revision."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from audits.choices import PlanChangeState
from audits.models import Plan, PlanChange
from audits.plan_files.content import content_of
from governance.core.actors import Actor
from governance.core.errors import NotFound


def plan_changes_for(actor: Actor) -> QuerySet[PlanChange]:
    return PlanChange.objects.for_actor(actor).select_related("plan__system")


def find_plan_change(change_id: UUID | str, actor: Actor) -> PlanChange:
    try:
        return plan_changes_for(actor).get(pk=change_id)
    except (PlanChange.DoesNotExist, ValidationError, ValueError):
        raise NotFound("There is no such change that you may see.") from None


def changes_to_decide(actor: Actor) -> QuerySet[PlanChange]:
    """What waits for a decision that this person may take: nobody decides on their own."""
    waiting = plan_changes_for(actor).filter(state=PlanChangeState.PROPOSED)
    return waiting.exclude(proposed_by=actor.reference).order_by("created_at")


def waiting_change(plan: Plan) -> PlanChange | None:
    """The change of a plan that waits for a decision, if one does."""
    return PlanChange.objects.filter(plan=plan, state=PlanChangeState.PROPOSED).first()


def plan_at_revision(plan: Plan, revision: int) -> dict[str, Any]:
    """What a plan declared at a revision, as plain data: later changes are taken back."""
    content = content_of(plan)
    later = PlanChange.objects.filter(plan=plan, revision__gt=revision)
    for before in later.order_by("-revision").values_list("before", flat=True):
        content.update(before)
    return content
