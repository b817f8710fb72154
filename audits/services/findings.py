"""What becomes of findings: an owner, a due date, and states that follow one another."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from audits.choices import FINDING_MOVES, FindingState
from audits.models import Finding
from governance.core.actors import Actor
from governance.core.errors import Conflict, Invalid
from governance.ledger.services import record_entry
from governance.people.models import User
from governance.registry.access import require

NEEDS_REASON = (FindingState.RISK_ACCEPTED, FindingState.FALSE_POSITIVE, FindingState.VERIFIED)


@transaction.atomic
def assign_finding(
    *, finding: Finding, owner: User | None, due_at: datetime | None, actor: Actor
) -> Finding:
    """Give a finding to a person, until when."""
    require(actor, "audits.decide", [finding.plan.system])
    finding = Finding.objects.select_for_update(of=("self",)).get(pk=finding.pk)
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
    return finding


@transaction.atomic
def move_finding(*, finding: Finding, state: str, note: str = "", actor: Actor) -> Finding:
    """Bring a finding into its next state; leaving it without a remedy needs a reason."""
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
    moved = Finding.objects.filter(pk=finding.pk, state=old).update(state=state, note=note)
    finding.refresh_from_db()
    if moved != 1:
        raise Conflict(f"The finding has become {finding.get_state_display().lower()} meanwhile.")
    record_entry(
        verb="audits.finding_moved",
        object_type="finding",
        object_id=str(finding.pk),
        actor=actor,
        facts={"from": old, "to": state},
        personal={"note": note} if note else None,
    )
    return finding
