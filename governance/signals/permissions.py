"""The signals' row of the permission table."""

from governance.people.choices import Scope
from governance.people.permissions import EVERYONE, Action, declare_actions

declare_actions(
    Action(
        "signals.view",
        EVERYONE,
        Scope.REGISTRY_READ,
        "Read the facts that rooms publish about systems and versions.",
    ),
)
