"""The actors of people and API keys, seen by every room through `governance.core.actors.Actor`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Now

from governance.core.actors import Actor
from governance.core.errors import NotPermitted
from governance.people.choices import SEES_EVERYTHING
from governance.people.models import (
    ApiKey,
    Deputy,
    RoleAssignment,
    SystemMembership,
    User,
)
from governance.people.permissions import ANY_SCOPE, find_action

if TYPE_CHECKING:
    from django.http import HttpRequest


class PersonActor:
    """A signed-in person; roles and systems are read once, when first asked for."""

    kind = "person"
    scopes: frozenset[str] = frozenset()

    def __init__(self, user: User) -> None:
        self.user = user

    @property
    def reference(self) -> str:
        return self.user.reference

    @property
    def display(self) -> str:
        return str(self.user)

    @cached_property
    def _deputised(self) -> list[tuple[str, UUID]]:
        """(role, principal id) of every deputyship that has not ended and still stands."""
        active = Deputy.objects.filter(
            deputy_id=self.user.pk,
            ends_at__gt=Now(),
            principal__is_active=True,
            principal__role_assignments__role=F("role"),
        )
        return list(active.values_list("role", "principal_id"))

    @cached_property
    def roles(self) -> frozenset[str]:
        if not self.user.is_active:
            return frozenset()
        own = RoleAssignment.objects.filter(user_id=self.user.pk).values_list("role", flat=True)
        return frozenset(own) | {role for role, _ in self._deputised}

    @cached_property
    def system_keys(self) -> frozenset[str] | None:
        if self.roles & SEES_EVERYTHING:
            return None
        people = [self.user.pk, *(principal for _, principal in self._deputised)]
        keys = SystemMembership.objects.filter(user_id__in=people)
        return frozenset(keys.values_list("system_key", flat=True))

    def may(self, action: str) -> bool:
        return bool(find_action(action).roles & self.roles)

    def __repr__(self) -> str:
        return f"PersonActor({self.reference})"


@dataclass(frozen=True)
class KeyActor:
    """A program with an API key: rights by scopes, never by roles."""

    key: ApiKey
    kind: str = "api_key"
    roles: frozenset[str] = frozenset()

    @property
    def reference(self) -> str:
        return f"key:{self.key.prefix}"

    @property
    def display(self) -> str:
        return f"API key {self.key.name}"

    @property
    def scopes(self) -> frozenset[str]:
        return frozenset(self.key.scopes)

    @property
    def system_keys(self) -> frozenset[str] | None:
        return None if self.key.system_keys is None else frozenset(self.key.system_keys)

    def may(self, action: str) -> bool:
        scope = find_action(action).scope
        return scope == ANY_SCOPE or scope in self.scopes


def person_actor(user: User) -> PersonActor:
    """The actor of one person."""
    return PersonActor(user)


def request_actor(request: HttpRequest) -> Actor:
    """The actor of a request, put there by the middleware or by the API's authentication."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        raise NotPermitted("Sign in first.")
    return actor
