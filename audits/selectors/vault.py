"""Reading the vault's register: what is held and why, who read it; never a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from audits.models import Plan, VaultAccess, VaultAttribute, VaultPermit
from audits.vault.rules import why_not_usable
from governance.core.actors import Actor
from governance.core.errors import NotFound


@dataclass(frozen=True)
class PlanOfAttribute:
    """A plan that names an attribute, and whether a person has permitted it."""

    plan: Plan
    permit: VaultPermit | None


def attributes_for(actor: Actor) -> QuerySet[VaultAttribute]:
    if not actor.may("audits.vault_view"):
        return VaultAttribute.objects.none()
    return VaultAttribute.objects.select_related("owner")


def find_attribute(key: str, actor: Actor) -> VaultAttribute:
    try:
        return attributes_for(actor).get(key=key)
    except VaultAttribute.DoesNotExist:
        raise NotFound(f"The vault has no attribute {key!r} that you may see.") from None


def accesses_of(attribute: VaultAttribute) -> QuerySet[VaultAccess]:
    return VaultAccess.objects.filter(attribute=attribute)


def plans_of_attribute(attribute: VaultAttribute, actor: Actor) -> list[PlanOfAttribute]:
    """Plans that name the attribute or were permitted it."""
    live = VaultPermit.objects.filter(attribute=attribute, revoked_at=None)
    permits = {one.plan_id: one for one in live}
    seen = Plan.objects.for_actor(actor).select_related("system")
    naming = seen.filter(vault_attributes__contains=[attribute.key])
    plans = {one.pk: one for one in (*naming, *seen.filter(pk__in=permits))}
    return [PlanOfAttribute(one, permits.get(one.pk)) for one in plans.values()]


def usable_attributes(system_key: str, now: datetime) -> list[VaultAttribute]:
    """Attributes that plans of a system may name now; each pair still needs its permit."""
    return [
        one
        for one in VaultAttribute.objects.filter(retired_at=None, expires_at__gt=now)
        if why_not_usable(one, system_key=system_key, now=now) is None
    ]
