"""What people register at the ports below: personal data, retention, search, the address book."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from governance.core import ports
from governance.core.actors import Actor
from governance.outbox.ports import Address, register_address_book
from governance.people import references, selectors
from governance.people.models import Deputy, SignIn, User


class PeopleRecords:
    """The personal fields of colleagues, and every row of the house that names them."""

    label = "people"
    models = frozenset({"people.User", "people.Deputy", "people.SignIn"})

    def export(self, person: str) -> list[dict[str, Any]]:
        user = selectors.user_by_reference(person)
        if user is None:
            return []
        account = {
            "kind": "account",
            "email": user.email,
            "name": user.name,
            "zone": user.zone,
            "created_at": user.created_at.isoformat(),
            "roles": sorted(user.role_assignments.values_list("role", flat=True)),
            "systems": sorted(user.memberships.values_list("system_key", flat=True)),
        }
        deputies = Deputy.objects.filter(Q(principal=user) | Q(deputy=user))
        return [
            account,
            *(
                {
                    "kind": "deputy",
                    "role": row.role,
                    "reason": row.reason,
                    "until": str(row.ends_at),
                }
                for row in deputies
            ),
            *(
                {
                    "kind": "session",
                    "browser": row.browser,
                    "last_seen_at": str(row.last_seen_at),
                }
                for row in SignIn.objects.filter(user=user)
            ),
            *references.mentions(user),
        ]

    @transaction.atomic
    def erase(self, person: str) -> int:
        """Empty the account and keep its id: past decisions stay attributed to a number."""
        user = selectors.user_by_reference(person)
        if user is None:
            return 0
        removed = references.release(user)
        user.email = f"erased-{user.pk}@invalid"
        user.name = "Erased person"
        user.is_active = False
        user.set_unusable_password()
        user.save()
        return removed + 1


class PeopleSearch:
    """People by name or address, for those who may see them."""

    label = "people"

    def search(self, actor: Actor, query: str, limit: int) -> Sequence[ports.SearchHit]:
        if not actor.may("people.view"):
            return []
        found = selectors.people_for(actor).filter(
            Q(name__icontains=query) | Q(email__icontains=query)
        )[:limit]
        return [
            ports.SearchHit(
                title=person.name,
                url=reverse("people:person", args=[person.pk]),
                kind="Person",
                excerpt=person.email,
            )
            for person in found
        ]


class PeopleAddressBook:
    """Resolves recipients of a notice at the moment it is sent; nobody found means no address."""

    def resolve(self, recipient: str) -> Sequence[Address]:
        kind, _, rest = recipient.partition(":")
        if kind == "user":
            people = User.objects.filter(pk=UUID(rest), is_active=True)
        elif kind == "role":
            role, _, system_key = rest.partition("@")
            people = selectors.people_with_role(role, system_key or None)
        else:
            raise ValueError(f"{recipient!r} names neither user:<id> nor role:<role>.")
        return [Address(reference=person.reference, email=person.email) for person in people]


def register() -> None:
    """Called once when Django is ready."""
    ports.register_personal_data_holder(PeopleRecords())
    ports.register_search_source(PeopleSearch())
    register_address_book(PeopleAddressBook())
    ports.register_retention_rule(
        ports.DeleteAfter(
            "people.SignIn",
            timedelta(days=1),
            "a session ends after 12 hours",
            "last_seen_at",
        )
    )
    ports.register_retention_rule(
        ports.DeleteAfter(
            "people.SharedCacheEntry",
            timedelta(0),
            "an expired entry has no use",
            "expires",
        )
    )
    ports.register_retention_rule(
        ports.DeleteAfter(
            "people.Deputy",
            timedelta(days=730),
            "two years show who held a role",
            "ends_at",
        )
    )
    for model, reason in (
        ("people.ApiKey", "entries of the ledger name keys by their prefix"),
        ("people.User", "a past decision stays attributed; the personal fields are erasable"),
        ("people.RoleAssignment", "a few rows a person, removed with the role or the account"),
        ("people.SystemMembership", "a few rows a person, removed with the account"),
    ):
        ports.register_retention_rule(ports.KeepForever(model, reason))
