"""Which column has which role: choices made from what the source is known to hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.http import QueryDict

from audits.web.editor.known import Known
from audits.web.editor.parameters import ListField
from audits.web.editor.quiet import text

if TYPE_CHECKING:
    from methods.kinds import Role, Roles

#: Roles that a protected attribute may stand for.
PROTECTED_ROLES = frozenset({"group", "control"})


def column_fields(roles: Roles, known: Known, data: QueryDict) -> dict[str, forms.Field]:
    """Return a field for each role of the method."""
    return {f"col_{role.name}": _field(role, known, data) for role in roles.roles}


def _field(role: Role, known: Known, data: QueryDict) -> forms.Field:
    label = role.name.replace("_", " ").capitalize().replace("Y true", "What was right (y_true)")
    label = label.replace("Y pred", "Decision (y_pred)")
    shown: dict[str, Any] = {
        "label": label,
        "required": False,
        "help_text": role.meaning[:1].upper() + role.meaning[1:] + ".",
    }
    choices = [(name, name) for name in known.columns]
    if role.name in PROTECTED_ROLES:
        choices += [(key, f"{title}, from the vault") for key, title in known.protected]
    if not choices:
        shown["help_text"] += " The names of its columns, separated by commas." if role.many else ""
        return ListField(widget=text(), **shown)
    offered = {name for name, _ in choices}
    # What was typed stays, even where another source has no such column.
    typed = data.getlist(f"col_{role.name}")
    choices += [(one, one) for one in typed if one and one not in offered]
    if role.many:
        return forms.MultipleChoiceField(
            choices=choices, widget=forms.CheckboxSelectMultiple, **shown
        )
    return forms.ChoiceField(choices=[("", "none"), *choices], **shown)


def roles_of(roles: Roles, values: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return role to columns, as a plan keeps it."""
    found: dict[str, list[str]] = {}
    for role in roles.roles:
        given = values.get(f"col_{role.name}")
        names = [given] if isinstance(given, str) else list(given or ())
        if names := [name for name in names if name]:
            found[role.name] = names
    return found
