"""A few of the decisions told to callers, kept for a month: what the doors really answered."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models.functions import Now

_REFUSAL = "RAISE EXCEPTION 'a sampled decision stays as it was told' "
_REFUSAL += "USING ERRCODE = 'insufficient_privilege';"


class DecisionSample(models.Model):
    """One decision as it was told. The person is known by lookup only; nobody where it is null.

    Rows are never changed; they go with time, and with the person.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=Now(), editable=False)
    lookup = models.BigIntegerField(null=True, db_index=True)
    door = models.CharField(max_length=10)
    flag = models.CharField(max_length=80)
    outcome = models.CharField(max_length=12)
    reason = models.CharField(max_length=32)
    revision = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["at"], name="decision_sample_age")]
        triggers = [
            pgtrigger.Trigger(
                name="sampled_decision_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                level=pgtrigger.Row,
                func=_REFUSAL,
            )
        ]

    def __str__(self) -> str:
        return f"{self.flag}: {self.outcome} ({self.reason})"
