"""Applying a set of field changes to a registry object and saying what changed, as plain facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from governance.core.errors import Invalid


def as_fact(value: Any) -> Any:
    """A value as JSON for the ledger: objects by their key or reference, never their content."""
    if isinstance(value, models.Model):
        for name in ("scope_key", "key", "reference"):
            if hasattr(value, name):
                return getattr(value, name)
        return str(value.pk)
    if isinstance(value, dt.date | dt.datetime):
        return value.isoformat()
    if isinstance(value, models.QuerySet | list | tuple | set):
        return sorted((as_fact(entry) for entry in value), key=str)
    return value


def apply_changes(instance: models.Model, changes: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Validate, save and return `{field: {"from": ..., "to": ...}}` for what really changed.

    A name that is a many-to-many relation takes a list of objects.
    """
    many = {field.name for field in instance._meta.many_to_many}
    changed: dict[str, dict[str, Any]] = {}
    new = instance._state.adding
    for name, value in changes.items():
        before: Any = None if new else getattr(instance, name)
        if name in many:
            before = [] if new else list(before.all())
        was, now = as_fact(before), as_fact(value)
        if was != now:
            changed[name] = {"to": now} if new else {"from": was, "to": now}
        if name not in many:
            setattr(instance, name, value)
    if changed or new:
        save_whole(instance)
        for name in many & changes.keys():
            getattr(instance, name).set(changes[name])
    return changed


def save_whole(instance: models.Model) -> None:
    """Save what is valid; refuse the rest with sentences a person can act on."""
    try:
        instance.full_clean()
    except ValidationError as error:
        raise Invalid(_sentences(error)) from error
    instance.save()


def _sentences(error: ValidationError) -> str:
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    parts = []
    for name, messages in error.message_dict.items():
        label = "" if name == "__all__" else f"{name.replace('_', ' ').capitalize()}: "
        parts.append(label + " ".join(messages))
    return " ".join(parts)
