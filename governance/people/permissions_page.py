"""The permission table as a Markdown page. Pure text; the table itself: `permissions.py`."""

from __future__ import annotations

from governance.people.choices import NEEDS_SECOND_FACTOR, SEES_EVERYTHING, Role, Scope
from governance.people.permissions import declared_actions


def permissions_page() -> str:
    """Return docs/permissions.md as the code would enforce it now."""
    everything = ", ".join(role.label for role in Role if role in SEES_EVERYTHING)
    second = ", ".join(role.label for role in Role if role in NEEDS_SECOND_FACTOR)
    lines = [
        "# Permissions",
        "",
        "Made by `manage.py render_permissions` from the table the code asks. People act by their",
        "roles, programs by the scopes of their API key; a dash means people only. Systems are",
        f"seen by their members; {everything} see all of them.",
        f"Sign-in asks a second factor of: {second}.",
        "",
        "| action | what it allows | roles | scope |",
        "|---|---|---|---|",
    ]
    for action in declared_actions():
        roles = "everyone" if action.roles == frozenset(Role) else _roles(action.roles)
        scope = f"`{action.scope}`" if action.scope else "-"
        lines.append(f"| `{action.key}` | {action.sentence.rstrip('.')} | {roles} | {scope} |")
    lines += ["", "## Scopes", "", "| scope | for |", "|---|---|"]
    lines += [f"| `{scope.value}` | {scope.label} |" for scope in Scope]
    return "\n".join(lines) + "\n"


def _roles(held: frozenset[Role]) -> str:
    return ", ".join(role.label for role in Role if role in held) or "nobody"
