"""Append-only tables: rows nobody may change, remove, back-date or choose the id of.

Triggers hold against every role but a superuser; `manage.py apply_grants` withholds the rights
from the application's role as well. What a superuser does is found by the ledger's checkpoints.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pgtrigger
from django.apps import apps
from django.core.checks import CheckMessage, Error, register
from django.db import models
from django.db.models import Func
from django.db.models.functions import Now


class DatabaseUuid7(Func):
    """A UUIDv7 made by the database (function of core's first migration)."""

    function = "tactful_uuid7"
    template = "%(function)s()"
    output_field = models.UUIDField()


REFUSAL = (
    "RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP "
    "USING ERRCODE = 'insufficient_privilege';"
)

REFUSALS = [
    pgtrigger.Trigger(
        name="append_only_rows",
        when=pgtrigger.Before,
        operation=pgtrigger.Update | pgtrigger.Delete,
        level=pgtrigger.Row,
        func=REFUSAL,
    ),
    pgtrigger.Trigger(
        name="append_only_table",
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        level=pgtrigger.Statement,
        func=REFUSAL,
    ),
]
STAMP = pgtrigger.Trigger(
    name="append_only_stamp",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert,
    level=pgtrigger.Row,
    func="NEW.id := tactful_uuid7(); NEW.at := clock_timestamp(); RETURN NEW;",
)


class Unchangeable(models.Model):
    """Base of rows that are written once and keep a natural key (tree nodes, leaves)."""

    class Meta:
        abstract = True
        triggers = REFUSALS


class AppendOnly(models.Model):
    """Base of append-only facts: the database gives the id and the time, whatever was sent.

    A subclass with a Meta of its own derives it from this Meta.
    """

    id = models.UUIDField(primary_key=True, db_default=DatabaseUuid7(), editable=False)
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        abstract = True
        triggers = [*REFUSALS, STAMP]


def append_only_models() -> Iterator[type[models.Model]]:
    """Every append-only model of the installation."""
    for model in apps.get_models():
        if issubclass(model, (AppendOnly, Unchangeable)):
            yield model


def _expected(model: type[models.Model]) -> set[str | None]:
    stamps = [STAMP] if issubclass(model, AppendOnly) else []
    return {trigger.name for trigger in (*REFUSALS, *stamps)}


@register()
def append_only_models_keep_their_triggers(**kwargs: Any) -> list[CheckMessage]:
    """A Meta that forgets `AppendOnly.Meta` would drop the triggers without a word."""
    return [
        Error(
            f"{model._meta.label} lost its append-only triggers.",
            hint="Write `class Meta(AppendOnly.Meta)`.",
            obj=model,
            id="core.E001",
        )
        for model in append_only_models()
        if not _expected(model) <= {trigger.name for trigger in model._meta.triggers}  # type: ignore[attr-defined]
    ]
