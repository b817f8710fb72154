"""Reading findings."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from audits.models import Finding
from governance.core.actors import Actor
from governance.core.errors import NotFound


def findings_for(actor: Actor) -> QuerySet[Finding]:
    related = ("plan__system", "run__version", "owner")
    return Finding.objects.for_actor(actor).select_related(*related)


def find_finding(finding_id: UUID | str, actor: Actor) -> Finding:
    try:
        return findings_for(actor).get(pk=finding_id)
    except (Finding.DoesNotExist, ValidationError, ValueError):
        raise NotFound("There is no such finding that you may see.") from None
