"""What happened in a drill: confirmations noted as they come, facts read at the end, the report.

Reads the same rows as any incident leaves; the judgement itself is pure, in `incidents.drills`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse

from governance.core.clock import database_now
from governance.core.errors import Conflict
from governance.outbox.models import Notification
from governance.people.selectors import people_with_role
from governance.registry.models import Hold, System
from incidents.choices import DrillVerdict
from incidents.confirmation import Standing
from incidents.drills.measures import (
    DrillFacts,
    Judgement,
    RoleFact,
    StepFact,
    TargetFact,
    in_words,
)
from incidents.models import DesiredState, Drill, DrillTarget
from incidents.selectors import target_standings

FORMAT = "drill-report/1"


def note_confirmations(system: System) -> int:
    """Note which targets of a running drill say for the first time that they have stopped."""
    waiting = DrillTarget.objects.filter(
        drill__system=system,
        drill__ended_at=None,
        drill__incident__containment_requested_at__isnull=False,
        confirmed_at=None,
    )
    if not waiting.exists() or not _was_changed_by_the_drill(system):
        return 0
    confirmed = [
        one.target.pk for one in target_standings(system) if one.standing == Standing.CONFIRMED
    ]
    return waiting.filter(target__in=confirmed).update(confirmed_at=database_now())


def refuse_while_rehearsing(system: System) -> None:
    """Refuse a target that serves people as long as its system is stopped for a drill."""
    if Drill.objects.filter(system=system, ended_at=None).exists():
        raise Conflict(
            f"A drill is running on {system.title}: end it before a target that serves people "
            "joins."
        )


def _was_changed_by_the_drill(system: System) -> bool:
    """Only what is said to the change that the drill asked for confirms anything."""
    desired = DesiredState.objects.filter(system=system).first()
    drill = Drill.objects.select_related("incident").get(system=system, ended_at=None)
    requested = drill.incident.containment_requested_at
    if desired is None or requested is None:
        return False
    return not desired.personalises and desired.since >= requested


def gather_drill_facts(drill: Drill, ended_at: datetime) -> DrillFacts:
    """Read what is known of a drill by now."""
    incident = drill.incident
    holds = holds_of(drill)
    lifted = [hold.released_at for hold in holds if hold.released_at is not None]
    return DrillFacts(
        started_at=drill.started_at,
        ended_at=ended_at,
        acknowledged_at=incident.acknowledged_at,
        requested_at=incident.containment_requested_at,
        released_at=max(lifted) if lifted and len(lifted) == len(holds) else None,
        targets=tuple(
            TargetFact(one.target.key, one.target.title, one.confirmed_at)
            for one in drill.targets.select_related("target")
        ),
        roles=tuple(RoleFact(role, _told_at(drill, role)) for role in drill.plan.roles),
        steps=tuple(
            StepFact(
                key=step.key,
                title=step.title,
                part=step.part,
                state=step.state,
                outcome=step.outcome,
                mandatory=step.mandatory,
                attempts=step.attempt,
                finished_at=step.finished_at,
            )
            for step in incident.steps.order_by("episode", "position")
        ),
    )


def holds_of(drill: Drill) -> list[Hold]:
    """The holds that the drill's own steps placed, oldest first."""
    reference = drill.incident.reference
    return list(Hold.objects.filter(incident_reference=reference).order_by("placed_at"))


def _told_at(drill: Drill, role: str) -> datetime | None:
    """When a message of this incident first stood before somebody who holds the role."""
    people = people_with_role(role, drill.system.key).values_list("pk", flat=True)
    first = (
        Notification.objects.filter(
            recipient__in=[f"user:{pk}" for pk in people],
            notice__link__startswith=reverse("incident", args=[drill.incident.reference]),
        )
        .order_by("created_at")
        .first()
    )
    return first.created_at if first else None


def drill_report(
    drill: Drill, facts: DrillFacts, judgement: Judgement, *, ended_by: str, left_behind: list[str]
) -> dict[str, Any]:
    """Put a drill into the document that is kept: times in seconds since it began."""
    plan, incident = drill.plan, drill.incident
    playbook = incident.steps.select_related("playbook").first()

    def after(moment: datetime | None) -> float | None:
        return None if moment is None else _seconds(moment - facts.started_at)

    return {
        "format": FORMAT,
        "reference": drill.reference,
        "sentence": verdict_sentence(facts, judgement),
        "verdict": judgement.verdict,
        "reasons": list(judgement.reasons),
        "plan": {
            "id": str(plan.pk),
            "title": plan.title,
            "scenario": plan.scenario,
            "kind": plan.kind,
            "severity": plan.severity,
            "unattended": plan.unattended,
            "roles": plan.roles,
            "every": plan.every,
        },
        "system": drill.system.key,
        "stands_for": plan.stands_for.key if plan.stands_for else None,
        "incident": incident.reference,
        "playbook": None
        if playbook is None
        else {"key": playbook.playbook.key, "version": playbook.playbook.version},
        "started_at": facts.started_at.isoformat(),
        "started_by": drill.started_by,
        "ended_at": facts.ended_at.isoformat(),
        "ended_by": ended_by,
        "lasted_seconds": after(facts.ended_at),
        "effect_seconds": effect_seconds(facts),
        "objectives": [
            {
                "key": one.objective.key,
                "title": one.objective.title,
                "limit_seconds": _seconds(one.limit),
                "begins_seconds": None if one.begins is None else _seconds(one.begins),
                "took_seconds": None if one.took is None else _seconds(one.took),
                "met": one.met,
            }
            for one in judgement.measured
        ],
        "moments": [
            {"key": "acknowledged", "after_seconds": after(facts.acknowledged_at)},
            {"key": "requested", "after_seconds": after(facts.requested_at)},
            {"key": "confirmed", "after_seconds": after(facts.confirmed_at)},
            {"key": "told", "after_seconds": after(facts.told_at)},
            {"key": "released", "after_seconds": after(facts.released_at)},
        ],
        "targets": [
            {
                "key": one.key,
                "title": one.title,
                "confirmed_after_seconds": after(one.confirmed_at),
            }
            for one in facts.targets
        ],
        "roles": [
            {"role": one.role, "told_after_seconds": after(one.told_at)} for one in facts.roles
        ],
        "escalations": [
            {"level": one.level, "roles": one.roles, "told_after_seconds": after(one.told_at)}
            for one in incident.escalations.exclude(told_at=None)
        ],
        "holds": [
            {
                "id": str(hold.pk),
                "target": f"{hold.target_kind}:{hold.target_key}",
                "effect": hold.effect,
                "placed_after_seconds": after(hold.placed_at),
                "proposed_by": hold.release_proposed_by,
                "released_by": hold.released_by,
                "released_after_seconds": after(hold.released_at),
            }
            for hold in holds_of(drill)
        ],
        "steps": [
            {
                "key": one.key,
                "title": one.title,
                "part": one.part,
                "state": one.state,
                "outcome": one.outcome,
                "attempts": one.attempts,
                "after_seconds": after(one.finished_at),
            }
            for one in facts.steps
        ],
        "left_behind": left_behind,
        "previous": _previous(drill),
    }


def effect_seconds(facts: DrillFacts) -> float | None:
    """From the beginning to the last target's word: how long people would have been harmed."""
    if facts.confirmed_at is None:
        return None
    return _seconds(facts.confirmed_at - facts.started_at)


def verdict_sentence(facts: DrillFacts, judgement: Judgement) -> str:
    """Say in a sentence how the drill went."""
    met = sum(one.met for one in judgement.measured)
    objectives = f"{met} of {len(judgement.measured)} objectives were met"
    effect = effect_seconds(facts)
    if effect is None:
        stop = "no stop was confirmed by every target"
    else:
        count = len(facts.targets)
        who = "the one target" if count == 1 else f"all {count} targets"
        stop = f"{who} confirmed the stop {in_words(timedelta(seconds=effect))} after the beginning"
    word = DrillVerdict(judgement.verdict).label
    return f"{word}: {objectives}; {stop}."


def _previous(drill: Drill) -> dict[str, Any] | None:
    """The last drill of the same plan that was judged, for comparison."""
    before = (
        Drill.objects.filter(plan=drill.plan, number__lt=drill.number)
        .filter(verdict__in=[DrillVerdict.PASSED, DrillVerdict.FAILED])
        .order_by("-number")
        .first()
    )
    if before is None or before.report is None:
        return None
    kept = ("reference", "verdict", "ended_at", "effect_seconds")
    return {name: before.report[name] for name in kept} | {
        "objectives": {one["key"]: one["took_seconds"] for one in before.report["objectives"]}
    }


def _seconds(length: timedelta) -> float:
    return round(length.total_seconds(), 3)
