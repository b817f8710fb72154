"""What is done about a finding: planned, done, and measured by a later run.

A remediation changes no verdict; the finding's own way stands in `findings`.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from audits.choices import (
    REMEDIATION_MOVES,
    FindingState,
    RemediationKind,
    RemediationState,
)
from audits.effects import later_measurement
from audits.models import Finding, Remediation, Run
from governance.core.actors import Actor
from governance.core.errors import Conflict, Invalid
from governance.ledger.services import record_entry
from governance.registry.access import require

CLOSED = (FindingState.VERIFIED, FindingState.RISK_ACCEPTED, FindingState.FALSE_POSITIVE)


@transaction.atomic
def plan_remediation(
    *,
    finding: Finding,
    kind: str,
    description: str,
    due_at: datetime | None = None,
    actor: Actor,
) -> Remediation:
    """Say what will be done about a finding, and until when."""
    require(actor, "audits.decide", [finding.plan.system])
    finding = Finding.objects.select_for_update(of=("self",)).get(pk=finding.pk)
    if kind not in RemediationKind.values:
        raise Invalid(f"{kind!r} is no kind of remediation: {', '.join(RemediationKind.values)}.")
    if not description.strip():
        raise Invalid("Say what will be done.")
    if finding.state in CLOSED:
        raise Conflict(
            f"The finding is {finding.get_state_display().lower()}: there is nothing to remedy."
        )
    made = Remediation.objects.create(
        finding=finding,
        kind=kind,
        description=description.strip(),
        due_at=due_at,
        planned_by=actor.reference,
    )
    _record(made, "audits.remediation_planned", actor, {"kind": kind}, description.strip())
    return made


@transaction.atomic
def move_remediation(
    *, remediation: Remediation, state: str, note: str = "", actor: Actor
) -> Remediation:
    """Bring a remediation into its next state; dropping it needs a reason."""
    require(actor, "audits.decide", [remediation.finding.plan.system])
    if state not in RemediationState.values:
        raise Invalid(f"{state!r} is not a state of a remediation.")
    if state == RemediationState.DROPPED and not note.strip():
        raise Invalid("Say why it is dropped.")
    old = remediation.state
    if state not in REMEDIATION_MOVES[old]:
        raise Conflict(
            f"A remediation that is {RemediationState(old).label.lower()} cannot become "
            f"{RemediationState(state).label.lower()}."
        )
    done = state == RemediationState.DONE
    moved = Remediation.objects.filter(pk=remediation.pk, state=old).update(
        state=state,
        note=note,
        done_at=Now() if done else None,
        measured_run=None if old == RemediationState.DONE else F("measured_run"),
    )
    remediation.refresh_from_db()
    if moved != 1:
        raise Conflict("The remediation has changed meanwhile: look at it again.")
    _record(remediation, "audits.remediation_moved", actor, {"from": old, "to": state}, note)
    return remediation


@transaction.atomic
def measure_remediation(*, remediation: Remediation, run: Run, actor: Actor) -> Remediation:
    """Keep beside a remediation what a later run measured where the finding was made."""
    require(actor, "audits.decide", [remediation.finding.plan.system])
    measured = later_measurement(remediation.finding, run)
    kept = Remediation.objects.filter(pk=remediation.pk, state=RemediationState.DONE).update(
        measured_run=run.pk,
        after_value=measured["value"],
        after_low=measured["low"],
        after_high=measured["high"],
        after_n=measured["n"],
        after_verdict=measured["verdict"] or "",
    )
    if kept != 1:
        raise Conflict("Only a remediation that is done has an effect to measure.")
    remediation.refresh_from_db()
    facts = {"run": str(run.pk), "verdict": measured["verdict"]}
    _record(remediation, "audits.remediation_measured", actor, facts, "")
    return remediation


def _record(
    remediation: Remediation, verb: str, actor: Actor, facts: dict[str, object], words: str
) -> None:
    record_entry(
        verb=verb,
        object_type="finding",
        object_id=str(remediation.finding_id),
        actor=actor,
        facts={"remediation": str(remediation.pk), **facts},
        personal={"words": words} if words else None,
    )
