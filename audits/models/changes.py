"""Changes of a plan: what it was, what it shall be, who asked and who decided."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q

from audits.choices import PlanChangeState
from audits.models.scoped import PlanScoped
from governance.core.models import PublicModel

FROZEN = (
    *("id", "created_at", "plan_id", "base_revision", "before", "after", "weakens", "reasons"),
    *("justification", "proposed_by"),
)


class PlanChange(PublicModel):
    """A proposal; `before` and `after` hold the changed fields alone, as a plan file writes them.

    What was proposed never changes, and a decision stands: the database refuses both.
    """

    plan = models.ForeignKey("audits.Plan", on_delete=models.PROTECT, related_name="changes")
    base_revision = models.PositiveIntegerField()
    before = models.JSONField()
    after = models.JSONField()
    weakens = models.BooleanField()
    reasons = models.JSONField(default=list, help_text="Each way in which it weakens the plan.")
    justification = models.TextField(blank=True, default="", help_text="Why it was proposed.")
    proposed_by = models.CharField(max_length=200)
    state = models.CharField(
        max_length=10, choices=PlanChangeState.choices, default=PlanChangeState.PROPOSED
    )
    decided_by = models.CharField(max_length=200, blank=True, default="")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.TextField(blank=True, default="")
    revision = models.PositiveIntegerField(
        null=True, blank=True, help_text="The revision of the plan that it made."
    )

    objects = PlanScoped.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan"],
                condition=Q(state=PlanChangeState.PROPOSED),
                name="plan_change_one_open",
            ),
            models.UniqueConstraint(
                fields=["plan", "revision"], name="plan_change_one_per_revision"
            ),
            models.CheckConstraint(
                condition=Q(state__in=PlanChangeState.values), name="plan_change_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=PlanChangeState.PROPOSED, decided_at__isnull=True, decided_by="")
                | (~Q(state=PlanChangeState.PROPOSED) & Q(decided_at__isnull=False)),
                name="plan_change_decided_once",
            ),
            models.CheckConstraint(
                condition=Q(state=PlanChangeState.APPLIED, revision__isnull=False)
                | (~Q(state=PlanChangeState.APPLIED) & Q(revision__isnull=True)),
                name="plan_change_applied_has_revision",
            ),
            models.CheckConstraint(
                condition=Q(weakens=False)
                | ~Q(state__in=[PlanChangeState.APPLIED, PlanChangeState.REFUSED])
                | ~Q(decided_by=F("proposed_by")),
                name="plan_change_two_people",
            ),
            models.CheckConstraint(
                condition=(Q(weakens=True) & ~Q(reasons=[])) | Q(weakens=False, reasons=[]),
                name="plan_change_weakens_for_reasons",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="plan_change_frozen",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func=(
                    "IF OLD.state <> 'proposed' OR "
                    f"({', '.join(f'NEW.{name}' for name in FROZEN)}) IS DISTINCT FROM "
                    f"({', '.join(f'OLD.{name}' for name in FROZEN)}) THEN "
                    "RAISE EXCEPTION 'a proposed change of a plan stands as it was written' "
                    "USING ERRCODE = 'insufficient_privilege'; END IF; RETURN NEW;"
                ),
            ),
            pgtrigger.Trigger(
                name="plan_change_kept",
                when=pgtrigger.Before,
                operation=pgtrigger.Delete,
                func=(
                    "RAISE EXCEPTION 'a change of a plan is kept' "
                    "USING ERRCODE = 'insufficient_privilege';"
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"change of {self.plan_id} at revision {self.base_revision}"
