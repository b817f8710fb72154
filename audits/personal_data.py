"""What this room holds about people and for how long: the ports of core, answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from audits import services, storage
from audits.models import Alert, Finding, OutcomeBatch, OutputBatch, Plan
from audits.services.erasing import rows_about
from audits.services.staging import KEPT, discard_expired
from audits.vault.holding import VaultHolder, VaultRetention
from governance.core.actors import SystemActor
from governance.core.ports import DeleteAfter, KeepForever

REPORTS_KEPT = timedelta(days=1826)


class SegmentHolder:
    """The rows of a person in segments; erasing rewrites each segment without them.

    Outcomes are a person's through the outputs they belong to.
    """

    label = "Outputs that systems served, and what became of them"
    models = frozenset({"audits.OutputBatch", "audits.OutcomeBatch"})

    def export(self, person: str) -> list[dict[str, Any]]:
        kind, _, pseudonym = person.partition(":")
        if kind != "subject":
            return []
        found: list[dict[str, Any]] = []
        for batch, row in rows_about(pseudonym):
            origin: dict[str, Any] = {"system": batch.system.key}
            if isinstance(batch, OutputBatch):
                origin["version"] = batch.version.key if batch.version else None
            found.append({**origin, **row})
        return found

    def erase(self, person: str) -> int:
        kind, _, pseudonym = person.partition(":")
        if kind != "subject":
            return 0
        return services.erase_subject(subject=pseudonym, actor=SystemActor("audits"))


class OwnershipHolder:
    """Which plans, findings and alerts a member of staff owns; erasing takes the name off them."""

    label = "Owned audit plans, findings and alerts"
    models = frozenset({"audits.Plan", "audits.Finding", "audits.Alert"})

    def export(self, person: str) -> list[dict[str, Any]]:
        kind, _, user = person.partition(":")
        if kind != "user":
            return []
        plans = Plan.objects.filter(owner_id=UUID(user)).values_list("key", flat=True)
        findings = Finding.objects.filter(owner_id=UUID(user)).values_list("sentence", flat=True)
        alerts = Alert.objects.filter(owner_id=UUID(user)).values_list("sentence", flat=True)
        return [
            *({"plan": key} for key in plans),
            *({"finding": text} for text in findings),
            *({"alert": text} for text in alerts),
        ]

    def erase(self, person: str) -> int:
        kind, _, user = person.partition(":")
        if kind != "user":
            return 0
        with transaction.atomic():
            plans = Plan.objects.filter(owner_id=UUID(user)).update(owner=None)
            plans += Alert.objects.filter(owner_id=UUID(user)).update(owner=None)
            return plans + Finding.objects.filter(owner_id=UUID(user)).update(owner=None)


@dataclass(frozen=True)
class StagedRetention:
    """Uploads that nobody mapped are forgotten after a day."""

    model: str = "audits.StagedUpload"
    keep: timedelta | None = KEPT
    reason: str = "They hold people's ids as sent, and a day is enough to name the columns."

    def apply(self, now: datetime) -> int:
        return discard_expired(now)


@dataclass(frozen=True)
class SegmentRetention:
    """Segments go when their date has come, with their file."""

    model: str
    batches: type[OutputBatch | OutcomeBatch]
    keep: timedelta | None = services.SEGMENTS_KEPT
    reason: str = "Two years of outputs show a yearly pattern twice; each batch carries its date."

    def apply(self, now: datetime) -> int:
        removed = 0
        for batch in self.batches.objects.filter(retention_until__lt=now):
            with transaction.atomic():
                place = batch.path
                batch.delete()
                transaction.on_commit(lambda place=place: storage.discard(place))  # type: ignore[misc]
            removed += 1
        return removed


HOLDERS = (SegmentHolder(), OwnershipHolder(), VaultHolder())
RETENTION = (
    KeepForever("audits.Source", "A kept report names where its rows came from."),
    KeepForever("audits.Plan", "A kept report is read beside the limits that were declared."),
    KeepForever("audits.PlanChange", "A kept report says by which revision it measured."),
    KeepForever("audits.Backfill", "A kept run says who asked for its window later, and why."),
    KeepForever("audits.VaultAttribute", "Says why values were held, after they are gone."),
    KeepForever("audits.VaultPermit", "Says who let a plan join an attribute, and why."),
    KeepForever("audits.VaultAccess", "Who touched protected attributes stays provable."),
    VaultRetention(),
    StagedRetention(),
    SegmentRetention("audits.OutputBatch", OutputBatch),
    SegmentRetention("audits.OutcomeBatch", OutcomeBatch),
    # Order matters: findings and measurements point at their run.
    DeleteAfter(
        "audits.Remediation",
        REPORTS_KEPT,
        "What was done about a kept finding, as long as the finding; then it goes first.",
        only="EXISTS (SELECT 1 FROM audits_finding f WHERE f.id = audits_remediation.finding_id "
        "AND f.state IN ('verified', 'risk_accepted', 'false_positive'))",
    ),
    DeleteAfter(
        "audits.Finding",
        REPORTS_KEPT,
        "Evidence of what was found and done, for five years.",
        only="state IN ('verified', 'risk_accepted', 'false_positive') AND NOT EXISTS (SELECT 1 "
        "FROM audits_remediation r WHERE r.finding_id = audits_finding.id)",
    ),
    DeleteAfter(
        "audits.Measurement", REPORTS_KEPT, "Trends over five years; the run keeps the report."
    ),
    KeepForever("audits.AlertRule", "A kept alert is read beside the rule it came from."),
    KeepForever("audits.AlertStream", "One a pair and rule; it says where the evidence stands."),
    DeleteAfter(
        "audits.AlertMute", REPORTS_KEPT, "Who silenced what, for five years.", only="until < now()"
    ),
    DeleteAfter(
        "audits.Alert",
        REPORTS_KEPT,
        "What fired and what was answered, for five years.",
        only="state = 'resolved'",
    ),
    DeleteAfter(
        "audits.AlertStep",
        REPORTS_KEPT,
        "The evidence path of five years; what raised a kept alert stays.",
        only="NOT EXISTS (SELECT 1 FROM audits_alert a WHERE a.raised_by_id = audits_alertstep.id)",
    ),
    DeleteAfter(
        "audits.AlertWindow",
        REPORTS_KEPT,
        "Which windows were weighed, as long as their runs: none is weighed twice.",
        only="NOT EXISTS (SELECT 1 FROM audits_finding f "
        "WHERE f.run_id = audits_alertwindow.run_id) AND NOT EXISTS (SELECT 1 FROM "
        "audits_alertstep s WHERE s.run_id = audits_alertwindow.run_id)",
    ),
    DeleteAfter("audits.RunCube", REPORTS_KEPT, "A report can be measured again as long as it."),
    DeleteAfter(
        "audits.Run",
        REPORTS_KEPT + timedelta(days=1),
        "Reports are evidence for five years; one with a kept finding stays.",
        only="finished_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM audits_finding f "
        "WHERE f.run_id = audits_run.id) AND NOT EXISTS (SELECT 1 FROM audits_measurement m "
        "WHERE m.run_id = audits_run.id) AND NOT EXISTS (SELECT 1 FROM audits_runcube c "
        "WHERE c.run_id = audits_run.id) AND NOT EXISTS (SELECT 1 FROM audits_alertstep s "
        "WHERE s.run_id = audits_run.id) AND NOT EXISTS (SELECT 1 FROM audits_alertwindow w "
        "WHERE w.run_id = audits_run.id)",
    ),
)
