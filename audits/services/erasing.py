"""A person's rows leave every segment: what systems served them, and what became of it.

Outcomes name no person; they are tied to one by the outputs they belong to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction

from audits import storage
from audits.models import OutcomeBatch, OutputBatch
from audits.models.outputs import Segment
from governance.core.actors import Actor
from governance.core.ids import uuid7
from governance.ledger.services import record_entry
from governance.registry.models import System

Batch = TypeVar("Batch", bound=Segment)


def erase_subject(*, subject: str, actor: Actor) -> int:
    """Remove every row of one person (a pseudonym) from all segments; return how many.

    Outcomes go first: as long as the outputs are there, an erasure that broke off finds its way
    to them again.
    """
    removed = 0
    for system_id, outputs in outputs_of(subject).items():
        for batch in OutcomeBatch.objects.filter(system=system_id).only("pk"):
            removed += _rewrite(OutcomeBatch, batch.pk, "output_id", outputs, actor)
    for batches in (OutcomeBatch, OutputBatch):
        theirs = batches.objects.filter(columns__contains=["subject"])
        for batch_id in theirs.values_list("pk", flat=True):
            removed += _rewrite(batches, batch_id, "subject", [subject], actor)
    return removed


def rows_about(subject: str) -> Iterator[tuple[OutputBatch | OutcomeBatch, dict[str, Any]]]:
    """Yield every row about one person with its segment: outputs, then their outcomes."""
    from audits.sources.rewriting import rows_with

    for outputs in OutputBatch.objects.filter(columns__contains=["subject"]).select_related(
        "system", "version"
    ):
        for row in rows_with(outputs.path, "subject", [subject]):
            yield outputs, row
    for system_id, ids in outputs_of(subject).items():
        for outcomes in OutcomeBatch.objects.filter(system=system_id).select_related("system"):
            for row in rows_with(outcomes.path, "output_id", ids):
                yield outcomes, row


def outputs_of(subject: str) -> dict[UUID, set[str]]:
    """Return the ids of one person's outputs, by system."""
    from audits.sources.rewriting import values_where

    found: dict[UUID, set[str]] = {}
    for batch in OutputBatch.objects.filter(columns__contains=["subject"]):
        if ids := values_where(batch.path, "output_id", "subject", subject):
            found.setdefault(batch.system_id, set()).update(ids)
    return found


@transaction.atomic
def _rewrite(
    model: type[Batch], batch_id: UUID, column: str, values: Collection[str], actor: Actor
) -> int:
    """Write one segment anew without the rows; the old file goes once that is committed."""
    from audits.sources.rewriting import rewrite_without

    batches: Any = model._default_manager.select_for_update(of=("self",))
    batch = batches.select_related("system").filter(pk=batch_id).first()
    if batch is None:
        return 0  # its time came while we looked
    system: System = batch.system
    old, new = batch.path, f"{_folder(model)}/{system.key}/{uuid7()}.parquet"
    gone = rewrite_without(old, new, column, values)
    if not gone.rows:
        return 0
    batch.path = new
    batch.size = storage.locate(new).stat().st_size
    batch.rows -= gone.rows
    batch.erased_rows += gone.rows
    if isinstance(batch, OutputBatch):
        batch.shown -= gone.shown
        batch.clicked -= gone.clicked
    batch.save()
    record_entry(
        verb="audits.segment_rewritten",
        object_type=str(model._meta.model_name),
        object_id=str(batch.pk),
        actor=actor,
        facts={"rows_removed": gone.rows},
    )
    transaction.on_commit(lambda: storage.discard(old))
    return gone.rows


def _folder(model: type[Segment]) -> str:
    return "outputs" if model is OutputBatch else "outcomes"
