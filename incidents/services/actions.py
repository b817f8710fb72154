"""Actions of post-mortems: promised, done, looked at by another person, open again if in vain.

What they put in place is made in `safeguards`.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import transaction

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid
from governance.ledger.services import record_entry
from governance.people.models import User
from governance.registry.access import require
from governance.registry.models import System
from governance.signals.selectors import current_signal
from governance.signals.services import publish_signal
from incidents.choices import ActionState, PostMortemState
from incidents.models import ActionVerification, PostMortem, PostMortemAction
from incidents.post_mortem.reading import overdue_actions
from incidents.services.clocks import systems_of

WRITES = "incidents.write_post_mortem"
LOOKS = (timedelta(days=30), timedelta(days=60))  # thirty and ninety days after it was done
AGAIN_WITHIN = timedelta(days=30)
OVERDUE = "post_mortem.actions_overdue"


@transaction.atomic
def add_action(
    *,
    post_mortem: PostMortem,
    title: str,
    owner: User,
    due_on: date,
    verification: str,
    actor: Actor,
) -> PostMortemAction:
    """Promise one thing that will be different, with an owner, a day and a way to see it."""
    require(actor, WRITES, systems_of(post_mortem.incident))
    found = PostMortem.objects.select_for_update(of=("self",)).get(pk=post_mortem.pk)
    if found.state != PostMortemState.DRAFT:
        raise Conflict(f"The post-mortem is not being written: {found.get_state_display()}.")
    if len(title.strip()) < 10:
        raise Invalid("Say what will be different, with a verb: 'Alert on ...'.")
    if len(verification.strip()) < 10:
        raise Invalid("Say how it will be seen that it worked.")
    made = PostMortemAction.objects.create(
        post_mortem=found,
        title=title.strip(),
        owner=owner,
        due_on=due_on,
        verification=verification.strip(),
    )
    _record(made, "incidents.action_promised", actor, {"due_on": due_on.isoformat()})
    return made


@transaction.atomic
def finish_action(*, action: PostMortemAction, actor: Actor) -> PostMortemAction:
    """Record that an action is done; whether it helped is for another person to see."""
    now = database_now()
    values = {
        "state": ActionState.DONE,
        "done_by": actor.reference,
        "done_at": now,
        "verified_by": "",
        "evidence": "",
        "look_again_on": now.date() + LOOKS[0],
    }
    return _move(action, (ActionState.OPEN, ActionState.INEFFECTIVE), values, actor)


@transaction.atomic
def verify_action(
    *, action: PostMortemAction, helped: bool, evidence: str, actor: Actor, method: str = ""
) -> PostMortemAction:
    """Record whether an action that is done helped, how that was looked at, and what shows it.

    Not by who did it. One that helped is looked at once more two months later; one that did not
    is open again, with thirty days to go.
    """
    if len(evidence.strip()) < 10:
        raise Invalid("Say what shows it: an audit, a number, a test.")
    current = PostMortemAction.objects.get(pk=action.pk)
    if current.done_by == actor.reference:
        raise Conflict("Whoever did it does not verify it.")
    values: dict[str, Any] = {
        "state": ActionState.VERIFIED if helped else ActionState.INEFFECTIVE,
        "evidence": evidence.strip(),
        "verified_by": actor.reference,
        "look_again_on": None,
    }
    today = database_now().date()
    since_done = current.verifications.filter(at__gte=current.done_at or current.created_at)
    if not helped:
        values["due_on"] = max(current.due_on, today + AGAIN_WITHIN)
    elif not since_done.filter(helped=True).exists():
        values["look_again_on"] = today + LOOKS[1]
    moved = _move(action, (ActionState.DONE, ActionState.VERIFIED), values, actor)
    ActionVerification.objects.create(
        action=moved,
        helped=helped,
        method=method.strip() or moved.verification,
        evidence=evidence.strip(),
        verified_by=actor.reference,
    )
    return moved


def publish_overdue_actions(*, actor: Actor) -> int:
    """Publish for each system with promises how many are overdue, where that has changed."""
    published = 0
    systems = System.objects.filter(incidents__post_mortem__actions__isnull=False).distinct()
    for system in systems:
        promises = PostMortemAction.objects.filter(post_mortem__incident__system=system)
        count = overdue_actions(promises, database_now().date()).count()
        reading = current_signal(OVERDUE, system.key)
        if reading is not None and reading.value == float(count):
            continue
        plural = "action is" if count == 1 else "actions are"
        publish_signal(
            key=OVERDUE,
            scope_key=system.key,
            value=float(count),
            state="warn" if count else "ok",
            sentence=f"{count} {plural} overdue" if count else "No promised action is overdue",
            source="incidents",
            actor=actor,
        )
        published += 1
    return published


def _move(
    action: PostMortemAction, before: tuple[str, ...], values: dict[str, Any], actor: Actor
) -> PostMortemAction:
    require(actor, WRITES, systems_of(action.post_mortem.incident))
    moved = PostMortemAction.objects.filter(pk=action.pk, state__in=before).update(**values)
    action.refresh_from_db()
    if moved != 1:
        raise Conflict(f"The action is {action.get_state_display().lower()}.")
    _record(action, "incidents.action_moved", actor, {"state": action.state})
    return action


def _record(action: PostMortemAction, verb: str, actor: Actor, facts: dict[str, Any]) -> None:
    record_entry(
        verb=verb,
        object_type="postmortem",
        object_id=str(action.post_mortem_id),
        actor=actor,
        facts={
            "reference": action.post_mortem.incident.reference,
            "action": str(action.pk),
            **facts,
        },
    )
