"""Reading sources: what arrives, how late, how much of it has an outcome, who reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Count, Max, Q, Sum
from django.db.models.functions import TruncDate

from audits.models import OutcomeBatch, OutputBatch, Plan, Source, StagedUpload
from audits.selectors.outputs import sources_for
from governance.core.actors import Actor
from governance.core.errors import NotFound

DAYS = 30
NEWEST = 10


@dataclass(frozen=True)
class SourceOverview:
    """What a source's page shows."""

    rows: int
    batches: list[OutputBatch]
    per_day: list[int]
    last_at: datetime | None
    lateness: str
    outcome_rows: int
    outcomes_inside: bool
    plans: list[Plan]
    staged: list[StagedUpload]

    @property
    def coverage(self) -> float | None:
        """Rows of outcomes a row of outputs, when outcomes arrive apart."""
        if self.outcomes_inside or not self.rows:
            return None
        return min(1.0, self.outcome_rows / self.rows)


def in_words(span: timedelta) -> str:
    """A span in its largest unit: `3 h`, `2 days`."""
    seconds = span.total_seconds()
    for size, word in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {word}"
    return f"{seconds:.0f} s"


def find_source(system_key: str, key: str, actor: Actor) -> Source:
    try:
        return sources_for(actor).get(system__key=system_key, key=key)
    except Source.DoesNotExist:
        raise NotFound(f"There is no source {key!r} of {system_key!r} that you may see.") from None


def find_source_by_id(source_id: str | UUID, actor: Actor) -> Source:
    try:
        return sources_for(actor).get(pk=source_id)
    except (Source.DoesNotExist, ValidationError, ValueError):
        raise NotFound("There is no such source that you may see.") from None


def find_source_to_send(source_id: str | UUID, actor: Actor) -> Source:
    """A source for one who may send rows, whether or not they may read any."""
    found = Source.objects.select_related("system")
    if actor.system_keys is not None:
        found = found.filter(system__key__in=sorted(actor.system_keys))
    try:
        return found.get(pk=source_id)
    except (Source.DoesNotExist, ValidationError, ValueError):
        raise NotFound("There is no such source that you may send to.") from None


def find_staged(staged_id: str | UUID, actor: Actor) -> StagedUpload:
    found = StagedUpload.objects.for_actor(actor).select_related("source__system")
    try:
        return found.get(pk=staged_id)
    except (StagedUpload.DoesNotExist, ValidationError, ValueError):
        raise NotFound("This upload was taken in or forgotten; send the file again.") from None


def source_rows(actor: Actor) -> list[dict[str, Any]]:
    """Every visible source with what arrived last, for the list."""
    sources = sources_for(actor).annotate(
        rows=Sum("batches__rows"),
        last_at=Max("batches__created_at"),
        waiting=Count("staged", distinct=True),
    )
    readers = dict(
        Plan.objects.filter(source__in=sources)
        .values_list("source")
        .annotate(plans=Count("pk"))
        .order_by()
    )
    return [{"source": one, "plans": readers.get(one.pk, 0)} for one in sources]


def source_overview(source: Source, actor: Actor, now: datetime) -> SourceOverview:
    batches = OutputBatch.objects.filter(source=source)
    told = batches.aggregate(rows=Sum("rows"), last_at=Max("created_at"))
    newest = list(batches.select_related("version")[:NEWEST])
    lags = [max(timedelta(0), one.created_at - one.occurred_to) for one in newest]
    outcomes = OutcomeBatch.objects.filter(system=source.system).aggregate(rows=Sum("rows"))
    return SourceOverview(
        rows=int(told["rows"] or 0),
        batches=newest,
        per_day=_per_day(source, now),
        last_at=told["last_at"],
        lateness=in_words(timedelta(seconds=median(lag.total_seconds() for lag in lags)))
        if lags
        else "",
        outcome_rows=int(outcomes["rows"] or 0),
        outcomes_inside=batches.filter(columns__contains=["y_true"]).exists(),
        plans=list(
            Plan.objects.for_actor(actor)
            .filter(Q(source=source))
            .select_related("system")
            .order_by("key")
        ),
        staged=list(source.staged.all()),
    )


def _per_day(source: Source, now: datetime) -> list[int]:
    """Rows received on each of the last thirty days, today last."""
    today = now.date()
    counted = (
        OutputBatch.objects.filter(source=source, created_at__gte=now - timedelta(days=DAYS))
        .annotate(day=TruncDate("created_at"))
        .values_list("day")
        .annotate(rows=Sum("rows"))
        .order_by()
    )
    rows = dict(counted)
    days = [today - timedelta(days=DAYS - 1 - place) for place in range(DAYS)]
    return [int(rows.get(day) or 0) for day in days]
