"""What an action of a post-mortem puts in place: a checklist item, an audit plan, a limit.

Each is made by the service of the room that owns it, which keeps the words that lead back here;
the action keeps what was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from audits.models import Plan, PlanChange
from audits.services import create_plan
from audits.services.changes import propose_plan_change
from audits.services.plans import checked_limits
from governance.core.actors import Actor
from governance.core.errors import Conflict, Invalid, NotFound
from governance.ledger.services import record_entry
from governance.registry.access import require
from governance.reviews.models import ChecklistItem
from governance.reviews.services import add_item
from incidents.choices import SafeguardKind
from incidents.models import ActionSafeguard, PostMortemAction
from incidents.services.clocks import systems_of

WRITES = "incidents.write_post_mortem"
# What a plan takes over from the one it is modelled on; its name, limits and start are its own.
_TAKEN_OVER = (
    "method",
    "columns",
    "parameters",
    "source",
    "zone",
    "length",
    "every",
    "lateness",
    "label_maturity",
    "planned_looks",
    "owner",
    "on_breach",
    "seed",
    "cron",
    "time_limit",
    "weight",
    "suppress_below",
    "vault_attributes",
)


def because_of(action: PostMortemAction) -> str:
    """The words by which what was made leads back to the action."""
    return f"{action.post_mortem.incident.reference}: {action.title}"


@transaction.atomic
def make_item(
    *,
    action: PostMortemAction,
    section: str,
    question: str,
    evidence_expected: str,
    roles: Sequence[str],
    actor: Actor,
) -> ActionSafeguard:
    """Ask a new question in every review from now on."""
    _may(action, actor)
    item = add_item(
        section=section,
        question=question,
        evidence_expected=evidence_expected,
        roles=roles,
        source=because_of(action),
        actor=actor,
    )
    return _keep(action, actor, SafeguardKind.ITEM, str(item), item=item)


@transaction.atomic
def make_plan(
    *,
    action: PostMortemAction,
    like: Plan,
    key: str,
    title: str,
    limits: Sequence[str],
    starts_at: datetime,
    actor: Actor,
) -> ActionSafeguard:
    """Watch more from now on: a plan of its own, modelled on one that the system has."""
    _may(action, actor)
    _of_system(action, like)
    taken: dict[str, Any] = {name: getattr(like, name) for name in _TAKEN_OVER}
    plan = create_plan(
        key=key,
        title=title,
        system=like.system,
        limits=limits,
        limits_note=because_of(action),
        starts_at=starts_at,
        actor=actor,
        **taken,
    )
    return _keep(action, actor, SafeguardKind.PLAN, plan.title, plan=plan)


@transaction.atomic
def make_limit(
    *, action: PostMortemAction, plan: Plan, limit: str, actor: Actor
) -> ActionSafeguard:
    """Set one limit more for a plan, or a stricter one; what weakens the plan is only proposed."""
    _may(action, actor)
    _of_system(action, plan)
    (new,) = checked_limits([limit])
    kept = [
        one
        for one in plan.limits
        if (one["metric"], one["op"], one.get("severity", "fail"))
        != (new["metric"], new["op"], new["severity"])
    ]
    change: PlanChange = propose_plan_change(
        plan=plan, changes={"limits": [*kept, new]}, reason=because_of(action), actor=actor
    )
    title = f"{plan.title}: {new['metric']} {new['op']} {new['value']:g}"
    return _keep(action, actor, SafeguardKind.LIMIT, title, plan=plan, change=change)


@transaction.atomic
def link_plan(*, action: PostMortemAction, plan: Plan, actor: Actor) -> ActionSafeguard:
    """Say that a plan which is there already is what the action put in place."""
    _may(action, actor)
    _of_system(action, plan)
    if action.safeguards.filter(kind=SafeguardKind.PLAN, plan=plan).exists():
        raise Conflict("The action names this plan already.")
    return _keep(action, actor, SafeguardKind.PLAN, plan.title, plan=plan)


def _may(action: PostMortemAction, actor: Actor) -> None:
    require(actor, WRITES, systems_of(action.post_mortem.incident))


def _of_system(action: PostMortemAction, plan: Plan) -> None:
    system = action.post_mortem.incident.system
    if system is None:
        raise Invalid("The incident names no system whose plans could change.")
    if plan.system_id != system.pk:
        raise NotFound(f"{system.title} has no plan {plan.key!r}.")


def _keep(
    action: PostMortemAction,
    actor: Actor,
    kind: str,
    title: str,
    *,
    item: ChecklistItem | None = None,
    plan: Plan | None = None,
    change: PlanChange | None = None,
) -> ActionSafeguard:
    made = ActionSafeguard.objects.create(
        action=action,
        kind=kind,
        title=title[:200],
        item=item,
        plan=plan,
        change=change,
        made_by=actor.reference,
    )
    record_entry(
        verb="incidents.safeguard_made",
        object_type="postmortem",
        object_id=str(action.post_mortem_id),
        actor=actor,
        facts={
            "reference": action.post_mortem.incident.reference,
            "action": str(action.pk),
            "kind": kind,
            "item": item.code if item else None,
            "plan": plan.key if plan else None,
            "change": str(change.pk) if change else None,
        },
    )
    return made
