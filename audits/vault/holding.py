"""The vault's answers to core's ports: what is held about a person, and when values must go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from audits.models import VaultAttribute
from audits.vault.values import delete_expired, erase_subject_values, values_of
from governance.core.actors import SystemActor

ACTOR = SystemActor("audits")


class VaultHolder:
    """A person's protected attributes; also which attributes a member of staff owns."""

    label = "Protected attributes"
    models = frozenset({"audits.VaultAttribute", "audits.VaultValue"})

    def export(self, person: str) -> list[dict[str, Any]]:
        kind, _, name = person.partition(":")
        if kind == "user":
            owned = VaultAttribute.objects.filter(owner_id=UUID(name))
            return [{"owned_attribute": key} for key in owned.values_list("key", flat=True)]
        return values_of(name, ACTOR) if kind == "subject" else []

    def erase(self, person: str) -> int:
        kind, _, name = person.partition(":")
        if kind == "user":
            with transaction.atomic():
                return VaultAttribute.objects.filter(owner_id=UUID(name)).update(owner=None)
        return erase_subject_values(name, ACTOR) if kind == "subject" else 0


@dataclass(frozen=True)
class VaultRetention:
    """Values go when the attribute's time has come, whatever else refers to it."""

    model: str = "audits.VaultValue"
    keep: timedelta | None = None
    reason: str = "Each attribute carries the end of its time; its values are deleted then."

    def apply(self, now: datetime) -> int:
        return delete_expired(now, ACTOR)
