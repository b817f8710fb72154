"""Subject tokens handed out, and the writes made with them."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from governance.core.models import KeyField, PublicModel


class IssuedToken(PublicModel):
    """A subject token handed out: who asked for it, what it is bound to. Never the token."""

    jti = models.UUIDField(unique=True)
    subject_pseudonym = models.CharField(max_length=64)
    purposes = ArrayField[Any, Any](KeyField(), default=list)
    origin = models.CharField(max_length=200)
    issued_by = models.CharField(max_length=100)
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="issued_token_age")]

    def __str__(self) -> str:
        return str(self.jti)


class TokenUse(PublicModel):
    """A write made with a subject token; the same (token, idempotency key) never writes twice."""

    jti = models.UUIDField()
    idempotency_key = models.CharField(max_length=100)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["jti", "idempotency_key"], name="token_write_once"),
        ]
        indexes = [models.Index(fields=["expires_at"], name="token_use_age")]

    def __str__(self) -> str:
        return f"{self.jti} {self.idempotency_key}"
