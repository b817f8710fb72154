"""What waits for those who manage the vault: permits, decisions on inferences, ends of time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.urls import reverse

from audits.choices import AttributeKind, PlanState
from audits.models import Plan, VaultAttribute, VaultPermit
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.ports import AgendaItem

SOON = timedelta(days=30)


class VaultAgenda:
    """Plans that wait for a permit, inferences to decide on, attributes that end soon."""

    label = "Attribute vault"

    def items(self, actor: Actor) -> Sequence[AgendaItem]:
        if not actor.may("audits.vault"):
            return []
        held = {one.key: one for one in VaultAttribute.objects.filter(retired_at=None)}
        items = [*_permits(actor, held)]
        for one in held.values():
            undecided = one.kind == AttributeKind.INFERRED and not one.inferred_allowed_by
            if undecided and actor.may("audits.vault_inferred"):
                items.append(_item(one, "It is inferred: may it be used all the same?"))
            if one.subjects and one.expires_at <= database_now() + SOON:
                items.append(_item(one, "Its values are deleted at its end", due=True))
        return items


def _permits(actor: Actor, held: dict[str, VaultAttribute]) -> list[AgendaItem]:
    permitted = set(
        VaultPermit.objects.filter(revoked_at=None).values_list("plan_id", "attribute_id")
    )
    plans = Plan.objects.for_actor(actor).filter(state=PlanState.ACTIVE)
    return [
        AgendaItem(
            title=f"{plan.title} waits for {held[key].title.lower()}",
            url=reverse("audit_vault_attribute", args=[key]),
            reason="Nobody has permitted the plan to join the attribute; its runs stop",
            system_key=plan.system.key,
        )
        for plan in plans.exclude(vault_attributes=[]).select_related("system")
        for key in plan.vault_attributes
        if key in held and (plan.pk, held[key].pk) not in permitted
    ]


def _item(attribute: VaultAttribute, reason: str, *, due: bool = False) -> AgendaItem:
    return AgendaItem(
        title=attribute.title,
        url=reverse("audit_vault_attribute", args=[attribute.key]),
        reason=reason,
        due=attribute.expires_at if due else None,
    )
