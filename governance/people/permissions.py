"""The permission table: every action, who may do it, in one sentence. Code, docs and tests read it.

Each room declares its actions in its own `permissions.py`, imported when Django is ready.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from governance.people.choices import Role, Scope

EVERYONE = frozenset(Role)
ANY_SCOPE: Literal["any"] = "any"


@dataclass(frozen=True)
class Action:
    """One row: `roles` for people, `scope` for API keys (None: no key, ANY_SCOPE: every key)."""

    key: str
    roles: frozenset[Role]
    scope: Scope | Literal["any"] | None
    sentence: str

    def __init__(
        self,
        key: str,
        roles: Iterable[str],
        scope: str | None,
        sentence: str,
    ) -> None:
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "roles", frozenset(Role(role) for role in roles))
        known = scope if scope in (None, ANY_SCOPE) else Scope(scope)
        object.__setattr__(self, "scope", known)
        object.__setattr__(self, "sentence", sentence)


class UnknownActionError(LookupError):
    """Code asked for an action that no room declares."""


_TABLE: dict[str, Action] = {}


def declare_actions(*actions: Action) -> None:
    """Put actions into the table; a key declared twice with another meaning stops the start."""
    for action in actions:
        if _TABLE.setdefault(action.key, action) != action:
            raise ValueError(f"The action {action.key!r} is declared twice with different rows.")


def declared_actions() -> tuple[Action, ...]:
    """Every action, in the order of its key."""
    return tuple(_TABLE[key] for key in sorted(_TABLE))


def find_action(key: str) -> Action:
    """Return one row of the table."""
    try:
        return _TABLE[key]
    except KeyError:
        raise UnknownActionError(
            f"No room declares the action {key!r}; add it to that room's permissions.py."
        ) from None


declare_actions(
    Action(
        "people.view",
        {Role.ADMIN, Role.AUDITOR, Role.DPO, Role.PRIVACY_LEAD},
        "admin",
        "See people, their roles, systems and deputies.",
    ),
    Action(
        "people.edit",
        {Role.ADMIN},
        None,
        "Add people, give and take roles and systems, appoint deputies, end sessions.",
    ),
    Action(
        "keys.view",
        {Role.ADMIN, Role.AUDITOR, Role.PRIVACY_LEAD},
        "admin",
        "See API keys, their scopes and last use.",
    ),
    Action("keys.edit", {Role.ADMIN}, None, "Create and revoke API keys."),
    Action(
        "webhooks.view",
        {Role.ADMIN, Role.AUDITOR, Role.DPO, Role.PRIVACY_LEAD},
        "admin",
        "See webhook endpoints and what was sent to them.",
    ),
    Action(
        "webhooks.edit",
        {Role.ADMIN, Role.PRIVACY_LEAD},
        "admin",
        "Register, test, pause and replay webhooks, change their secrets.",
    ),
    Action(
        "evidence.view",
        {Role.ADMIN, Role.AUDITOR, Role.DPO, Role.PRIVACY_LEAD},
        "admin",
        "Search the ledger, see proofs and checkpoints, take bundles away.",
    ),
    Action("account.whoami", EVERYONE, ANY_SCOPE, "Ask who one is and what one may."),
    Action(
        "account.view",
        EVERYONE,
        None,
        "See one's own account and sessions, and end them.",
    ),
)
