"""Base models of every room: public ids, keys, and the record of idempotent requests.

Rooms derive from `PublicModel`; append-only tables derive from `core.append_only.AppendOnly`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.validators import RegexValidator
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Now

from governance.core.ids import uuid7

if TYPE_CHECKING:
    _TextField = models.CharField[str, str]
else:
    _TextField = models.CharField  # generic for the type checker only

KEY_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,62}$"


class KeyField(_TextField):
    """A short name people type: lower-case letters, digits, `_` and `-`, at most 63 signs.

    The database refuses anything else, so that a key is always safe in a path and in a flag.
    """

    default_validators = [
        RegexValidator(
            KEY_PATTERN,
            "A key starts with a lower-case letter or a digit and goes on with those, '_' or '-', "
            "63 signs at most.",
        )
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 63)
        super().__init__(*args, **kwargs)

    def db_check(self, connection: BaseDatabaseWrapper) -> str:
        return f"{connection.ops.quote_name(str(self.column))} ~ '{KEY_PATTERN}'"


class PublicModel(models.Model):
    """A row people can point at: UUIDv7 id, made and changed when."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    # Bookkeeping only: facts carry their own time, taken from the database clock.
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    class Meta:
        abstract = True
        ordering = ["-id"]


class IdempotencyRecord(models.Model):
    """The first answer to a request that came with an Idempotency-Key."""

    actor_reference = models.CharField(max_length=80)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["actor_reference", "key"],
                name="core_idempotency_one_answer_per_key",
            )
        ]
        indexes = [models.Index(fields=["created_at"], name="core_idempotency_age")]

    def __str__(self) -> str:
        return f"{self.actor_reference} {self.key}"
