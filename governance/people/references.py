"""Where the rest of the house names a colleague: relations to an account, and references in text.

Found by walking the models, so that a room's new column is covered on the day it is added. The
account's own fields are `ports`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models

from governance.people.models import User

NAMES = ("scope_key", "key", "reference", "label")  # what a row calls itself, best first
MOMENTS = ("created_at", "at", "published_at")

Column = tuple[type[models.Model], models.Field[Any, Any]]


def relations() -> Iterator[Column]:
    """Every foreign key or one-to-one of an installed model to an account."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.concrete_fields:
            if field.related_model is User:
                yield model, field


def attributions() -> Iterator[Column]:
    """Every text column that holds who did something: `…_by`, or an actor's reference."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            written = isinstance(field, models.CharField) and model._meta.managed
            if written and (field.name.endswith("_by") or field.name == "actor_reference"):
                yield model, field


def mentions(user: User) -> Iterator[dict[str, Any]]:
    """One line for each row that names this person, wherever it stands."""
    named: list[tuple[Column, Any]] = [(column, user.pk) for column in relations()]
    named += [(column, user.reference) for column in attributions()]
    for (model, field), value in named:
        rows = model._default_manager.filter(**{field.attname: value})
        for row in rows.order_by("pk").iterator():
            yield {
                "kind": str(model._meta.verbose_name),
                "as": field.name.replace("_", " "),
                "which": _first(row, NAMES) or str(row.pk),
                "at": _first(row, MOMENTS),
            }


def release(user: User) -> int:
    """Take the person off what they answer for; rows about nobody else go with the account.

    Texts that say who did something keep the account's number, which then names nobody.
    """
    freed = 0
    for model, field in relations():
        rows = model._default_manager.filter(**{field.attname: user.pk})
        freed += rows.update(**{field.attname: None}) if field.null else rows.delete()[0]
    return freed


def _first(row: models.Model, names: tuple[str, ...]) -> str:
    return next((str(getattr(row, name)) for name in names if hasattr(row, name)), "")
