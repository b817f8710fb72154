"""Reading findings: narrowed, ordered, overdue; and what is done about one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import F, OrderBy, Q, QuerySet

from audits.choices import UNDONE_STATES, FindingState
from audits.models import Finding, Remediation
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import NotFound

UNDONE = UNDONE_STATES
SETTLED = (FindingState.VERIFIED, FindingState.RISK_ACCEPTED, FindingState.FALSE_POSITIVE)
FINDING_ORDERS = {
    "newest": "Newest first",
    "oldest": "Oldest first",
    "due": "Due first",
    "n": "Most people first",
}


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """What the list is narrowed to; an empty field does not narrow."""

    q: str = ""
    state: str = "undone"
    system: str = ""
    owner: str = ""
    severity: str = ""
    due: str = ""
    sort: str = "newest"

    @classmethod
    def asked(cls, given: Mapping[str, str]) -> FindingFilter:
        """Read the query of a page; without a state those that wait are meant."""
        values = {name: given.get(name, "").strip() for name in cls.__slots__ if name in given}
        return cls(**values)


def findings_for(actor: Actor) -> QuerySet[Finding]:
    related = ("plan__system", "run__version", "owner")
    return Finding.objects.for_actor(actor).select_related(*related).defer("run__report")


def filtered_findings(actor: Actor, asked: FindingFilter) -> QuerySet[Finding]:
    """Findings that fit, in the order asked for."""
    found = findings_for(actor)
    if asked.state == "undone":
        found = found.filter(state__in=UNDONE)
    elif asked.state in FindingState.values:
        found = found.filter(state=asked.state)
    if asked.system:
        found = found.filter(plan__system__key=asked.system)
    if asked.severity:
        found = found.filter(severity=asked.severity)
    if asked.q:
        words = Q(sentence__icontains=asked.q) | Q(metric__icontains=asked.q)
        found = found.filter(words | Q(plan__title__icontains=asked.q) | Q(plan__key=asked.q))
    if asked.due == "overdue":
        found = found.filter(state__in=UNDONE, due_at__lt=database_now())
    elif asked.due == "none":
        found = found.filter(due_at=None)
    return _owned(found, asked.owner, actor).order_by(*_order(asked.sort))


def _owned(found: QuerySet[Finding], owner: str, actor: Actor) -> QuerySet[Finding]:
    if owner == "nobody":
        return found.filter(owner=None)
    if owner == "me":
        owner = actor.reference.removeprefix("user:")
    if not owner:
        return found
    try:
        return found.filter(owner_id=UUID(owner))
    except ValueError:
        return found.none()


def _order(sort: str) -> tuple[str | OrderBy, ...]:
    match sort:
        case "oldest":
            return ("created_at", "id")
        case "due":
            return (F("due_at").asc(nulls_last=True), "-created_at", "-id")
        case "n":
            return ("-n", "-id")
    return ("-created_at", "-id")


def overdue_findings(actor: Actor, now: datetime) -> QuerySet[Finding]:
    """Findings whose date has passed while they wait."""
    return findings_for(actor).filter(state__in=UNDONE, due_at__lt=now)


def find_finding(finding_id: UUID | str, actor: Actor) -> Finding:
    try:
        return findings_for(actor).get(pk=finding_id)
    except (Finding.DoesNotExist, ValidationError, ValueError):
        raise NotFound("There is no such finding that you may see.") from None


def find_remediation(
    finding_id: UUID | str, remediation_id: UUID | str, actor: Actor
) -> Remediation:
    try:
        return (
            Remediation.objects.for_actor(actor)
            .select_related("finding__plan__system", "finding__run")
            .defer("finding__run__report")
            .get(pk=remediation_id, finding__pk=finding_id)
        )
    except (Remediation.DoesNotExist, ValidationError, ValueError):
        raise NotFound("There is no such remediation that you may see.") from None
