"""Changes of a plan: what is stricter applies at once, what is weaker waits for a second person.

A change holds the changed fields before and after; applied, it makes the plan's next revision,
which every later run and the plan's alert rules follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from audits.choices import PlanChangeState, PlanState, RunState
from audits.loosening import weakenings
from audits.models import Plan, PlanChange, Run
from audits.plan_files.content import CHANGEABLE, FIXED, Content, content_of, plain, set_content
from audits.queues import enqueue_run
from audits.schedules import first_unscheduled, schedule_of
from audits.services.alert_rules import derive_rules
from audits.services.plans import check_plan, checked_limits
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotPermitted
from governance.core.events import MaterialChange
from governance.ledger.services import record_entry
from governance.outbox.services import emit, notify
from governance.people.models import ApiKey
from governance.registry.access import require, require_person

# Words and places that no approval of the system rests on.
IMMATERIAL = {"title", "owner", "limits_note", "metric_choice", "weight", "time_limit"}
DECIDERS = ("product_owner", "privacy_lead", "ethics_reviewer", "admin")


@transaction.atomic
def propose_plan_change(
    *, plan: Plan, changes: Mapping[str, Any], reason: str = "", actor: Actor
) -> PlanChange:
    """Change fields of a plan; what weakens it is only proposed.

    `changes` names fields as `create_plan` does, with its values or the words of a plan file. The
    change that is returned is `applied`, or `proposed` with `reasons` that say how it weakens.

    Raises
    ------
    Invalid : nothing changes, a field cannot change, or the plan would not fit together
    Conflict : a weaker change while another one waits
    """
    require(actor, "audits.plan", [plan.system])
    locked = _lock(plan)
    before, after = _differences(locked, changes)
    changed = copy(locked)
    set_content(changed, after)
    _check(changed)
    now_in_force = content_of(locked)
    reasons = weakenings(now_in_force, {**now_in_force, **after}, database_now())
    if reasons and not reason.strip():
        raise Invalid(f"This weakens the plan, so it needs a reason. {reasons[0]}")
    waiting = PlanChange.objects.filter(plan=locked, state=PlanChangeState.PROPOSED)
    if reasons and waiting.exists():
        raise Conflict("Another change of this plan waits for a decision: that one comes first.")
    change = PlanChange(
        plan=locked,
        base_revision=locked.revision,
        before=before,
        after=after,
        weakens=bool(reasons),
        reasons=reasons,
        justification=reason,
        proposed_by=actor.reference,
    )
    if reasons:
        change.save(force_insert=True)
        _record("proposed", change, actor, reason)
        _tell_deciders(change)
        return change
    change.state = PlanChangeState.APPLIED
    change.revision = locked.revision + 1
    change.decided_by, change.decided_at = actor.reference, database_now()
    change.save(force_insert=True)
    _apply(changed, change, actor, reason)
    return change


@transaction.atomic
def decide_plan_change(
    *, change: PlanChange, approve: bool, note: str = "", actor: Actor
) -> PlanChange:
    """Apply or refuse a proposed change; nobody decides on what they proposed themselves."""
    require(actor, "audits.decide", [change.plan.system])
    require_person(actor, "deciding on a change of a plan")
    locked = _lock(change.plan)
    change = _waiting(change)
    if actor.reference in {change.proposed_by, _maker_of(change.proposed_by)}:
        raise NotPermitted("Another person than the one who proposed the change decides on it.")
    if not approve:
        if not note.strip():
            raise Invalid("A refusal says why.")
        _decide(change, PlanChangeState.REFUSED, actor, note)
        _record("refused", change, actor, note)
        return change
    content = content_of(locked)
    if moved := [name for name, value in change.before.items() if content[name] != value]:
        raise Conflict(
            f"The plan has changed since this was proposed ({', '.join(sorted(moved))}): "
            "withdraw it and propose it anew."
        )
    set_content(locked, change.after)
    _check(locked)
    _decide(change, PlanChangeState.APPLIED, actor, note, revision=locked.revision + 1)
    _apply(locked, change, actor, note)
    return change


@transaction.atomic
def withdraw_plan_change(*, change: PlanChange, actor: Actor) -> PlanChange:
    """Take back what one has proposed oneself."""
    require(actor, "audits.plan", [change.plan.system])
    _lock(change.plan)
    change = _waiting(change)
    if actor.reference != change.proposed_by:
        raise NotPermitted("Only the one who proposed a change withdraws it.")
    _decide(change, PlanChangeState.WITHDRAWN, actor, "")
    _record("withdrawn", change, actor, "")
    return change


def _lock(plan: Plan) -> Plan:
    whole = Plan.objects.select_related("system", "source", "version", "owner")
    return whole.select_for_update(of=("self",)).get(pk=plan.pk)


def _waiting(change: PlanChange) -> PlanChange:
    found = PlanChange.objects.select_for_update(of=("self",)).select_related("plan__system")
    change = found.get(pk=change.pk)
    if change.state != PlanChangeState.PROPOSED:
        raise Conflict(f"This change is {change.get_state_display().lower()} already.")
    return change


def _differences(plan: Plan, changes: Mapping[str, Any]) -> tuple[Content, Content]:
    """Return the changed fields as they are and as they shall be."""
    content = content_of(plan)
    before: Content = {}
    after: Content = {}
    for name, value in changes.items():
        if name not in content:
            raise Invalid(f"{name!r} is not a field of a plan.")
        told = plain(name, checked_limits(value) if name == "limits" else value)
        if told == content[name]:
            continue
        if name in FIXED:
            raise Invalid(f"{name} never changes once a plan is made: make a new plan for it.")
        before[name], after[name] = content[name], told
    assert set(after) <= set(CHANGEABLE)
    if not after:
        raise Invalid("Nothing of the plan would change.")
    return before, after


def _check(plan: Plan) -> None:
    try:
        plan.clean_fields()
    except ValidationError as problem:
        name, sentences = next(iter(problem.message_dict.items()))
        raise Invalid(f"{name}: {sentences[0]}") from None
    check_plan(plan)


def _decide(
    change: PlanChange, state: str, actor: Actor, note: str, revision: int | None = None
) -> None:
    change.state, change.decided_by, change.decision_note = state, actor.reference, note
    change.decided_at, change.revision = database_now(), revision
    change.save()


def _apply(plan: Plan, change: PlanChange, actor: Actor, reason: str) -> None:
    """Make the plan's next revision; what runs by the old one begins again."""
    assert change.revision is not None
    plan.revision = change.revision
    if "limits" in change.after:
        plan.limits_declared_at = database_now()
    if plan.state == PlanState.ENDED and _goes_on(plan):
        plan.state = PlanState.ACTIVE
    plan.save()
    derive_rules(plan=plan, actor=actor)
    _begin_again(plan)
    _record("applied", change, actor, reason)
    if material := sorted(set(change.after) - IMMATERIAL):
        words = ", ".join(name.replace("_", " ") for name in material)
        emit(
            MaterialChange(
                system_key=plan.system.key,
                what=f"plan:{plan.key}",
                sentence=f"The audit plan {plan.key} was changed: {words}.",
            )
        )


def _goes_on(plan: Plan) -> bool:
    schedule = schedule_of(plan)
    following = next(schedule.windows(first_unscheduled(plan)), None)
    return following is not None and schedule.holds(following)


def _begin_again(plan: Plan) -> None:
    """Take running audits from their workers: a result is measured by one revision, and says it.

    The claim locks the plan first, as this does, so that none slips through between.
    """
    for run in Run.objects.select_for_update().filter(plan=plan, state=RunState.RUNNING):
        Run.objects.filter(pk=run.pk).update(
            state=RunState.QUEUED,
            lease_until=None,
            enqueued_at=Now(),
            attempts_before=F("attempt"),
        )
        enqueue_run(run)


def _maker_of(reference: str) -> str | None:
    """The person who made the key that proposed, where a key did."""
    kind, _, prefix = reference.partition(":")
    if kind != "key":
        return None
    return ApiKey.objects.filter(prefix=prefix).values_list("created_by", flat=True).first()


def _tell_deciders(change: PlanChange) -> None:
    system = change.plan.system
    notify(
        recipients=[f"role:{role}@{system.key}" for role in DECIDERS],
        subject=f"A change would weaken the audit plan {change.plan.key}",
        body=f"{' '.join(change.reasons)} Another person than the proposer decides.",
        link=f"/audits/plans/{change.plan.key}/",
    )


def _record(what: str, change: PlanChange, actor: Actor, reason: str) -> None:
    record_entry(
        verb=f"audits.plan_change_{what}",
        object_type="plan",
        object_id=str(change.plan_id),
        actor=actor,
        facts={
            "plan": change.plan.key,
            "change": str(change.pk),
            "fields": sorted(change.after),
            "weakens": list(change.reasons),
            "revision": change.revision,
        },
        personal={"reason": reason} if reason else None,
    )
