"""What becomes of findings: an owner, a due date, and states that follow one another.

A remedy is verified by a later run that passes on the same measurement, or by a second person.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.urls import reverse

from audits.choices import FINDING_MOVES, FindingState, Verdict
from audits.effects import later_measurement
from audits.models import Finding, Run
from audits.wording import finding_mail
from governance.core.actors import Actor
from governance.core.errors import Conflict, Invalid
from governance.ledger.services import record_entry
from governance.outbox.services import notify
from governance.people.models import User
from governance.registry.access import require

NEEDS_REASON = (FindingState.RISK_ACCEPTED, FindingState.FALSE_POSITIVE)


@transaction.atomic
def assign_finding(
    *, finding: Finding, owner: User | None, due_at: datetime | None, actor: Actor
) -> Finding:
    """Give a finding to a person, until when; somebody new is told."""
    require(actor, "audits.decide", [finding.plan.system])
    finding = Finding.objects.select_for_update(of=("self",)).get(pk=finding.pk)
    told = owner is not None and owner.pk != finding.owner_id
    finding.owner, finding.due_at = owner, due_at
    finding.save(update_fields=["owner", "due_at", "updated_at"])
    record_entry(
        verb="audits.finding_assigned",
        object_type="finding",
        object_id=str(finding.pk),
        actor=actor,
        facts={"due_at": due_at.isoformat() if due_at else None},
        personal={"owner": str(owner.pk)} if owner else None,
        about=[f"user:{owner.pk}"] if owner else (),
    )
    if told and owner is not None:
        mail = finding_mail(finding)
        link = reverse("audit_finding", args=[finding.pk])
        notify(recipients=[f"user:{owner.pk}"], subject=mail.subject, body=mail.body, link=link)
    return finding


@transaction.atomic
def move_finding(
    *, finding: Finding, state: str, note: str = "", run: Run | None = None, actor: Actor
) -> Finding:
    """Bring a finding into its next state; leaving it without a remedy needs a reason.

    To verify it, name the later `run` that passes on the same measurement; without one, a person
    other than the one who called it fixed says why.
    """
    require(actor, "audits.decide", [finding.plan.system])
    if state not in FindingState.values:
        raise Invalid(f"{state!r} is not a state of a finding.")
    if state in NEEDS_REASON and not note.strip():
        raise Invalid(f"Say why the finding becomes {FindingState(state).label.lower()}.")
    old = finding.state
    if state not in FINDING_MOVES[old]:
        raise Conflict(
            f"A finding that is {FindingState(old).label.lower()} cannot become "
            f"{FindingState(state).label.lower()}."
        )
    changes: dict[str, object] = {"state": state, "note": note}
    if state == FindingState.FIXED:
        changes["fixed_by"] = actor.reference
    if state == FindingState.VERIFIED:
        changes |= {"verified_by": actor.reference, "verified_run": _proof(finding, run)}
        if run is None:
            _check_second_person(finding, note, actor)
    moved = Finding.objects.filter(pk=finding.pk, state=old).update(**changes)
    finding.refresh_from_db()
    if moved != 1:
        raise Conflict(f"The finding has become {finding.get_state_display().lower()} meanwhile.")
    record_entry(
        verb="audits.finding_moved",
        object_type="finding",
        object_id=str(finding.pk),
        actor=actor,
        facts={"from": old, "to": state, **({"run": str(run.pk)} if run else {})},
        personal={"note": note} if note else None,
    )
    return finding


def _proof(finding: Finding, run: Run | None) -> object:
    """Return the run that shows the remedy works, or say why it does not show it."""
    if run is None:
        return None
    measured = later_measurement(finding, run)
    if measured["verdict"] != Verdict.PASS:
        word = str(measured["verdict"] or "not judged").replace("_", " ")
        raise Conflict(
            f"That run does not show a remedy: the same measurement is {word} there. "
            "Wait for a run that passes, or let a second person say why."
        )
    return run.pk


def _check_second_person(finding: Finding, note: str, actor: Actor) -> None:
    if not note.strip():
        raise Invalid(
            "Name a later run that passes on the same measurement, or say why the finding becomes "
            "verified without one."
        )
    if actor.reference == finding.fixed_by:
        raise Conflict(
            "You called this finding fixed yourself: without a passing run a second person "
            "verifies it."
        )
