"""How far a run or a backfill is, in per cent, words and time left as earlier runs suggest."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from audits.choices import ENDED_RUN_STATES, OPEN_RUN_STATES, RunState
from audits.models import Backfill, Run
from audits.schedule_words import duration_in_words
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import NotFound

EARLIER_RUNS = 10


@dataclass(frozen=True)
class RunProgress:
    """Where a run is now. `left` is None where no earlier run tells."""

    percent: int
    words: str
    elapsed: timedelta
    left: timedelta | None
    ahead: int  # runs of its queue asked for earlier, while it waits
    open: bool


@dataclass(frozen=True)
class BackfillProgress:
    """How many windows of a backfill have ended, and how."""

    windows: int
    ended: int
    succeeded: int
    errors: int
    cancelled: int

    @property
    def percent(self) -> int:
        return 100 * self.ended // self.windows

    @property
    def words(self) -> str:
        said = f"{self.ended} of {self.windows} windows audited"
        return f"{said}, {self.errors} stopped by an error" if self.errors else said


def run_progress(run: Run, now: datetime | None = None) -> RunProgress:
    """Return what the page of an open run shows; of an ended one, that it has ended."""
    moment = now or database_now()
    if run.state not in OPEN_RUN_STATES:
        elapsed = run.finished_at - run.started_at if run.finished_at and run.started_at else None
        words = run.get_state_display()
        return RunProgress(run.progress, words, elapsed or timedelta(0), None, 0, False)
    if run.state == RunState.QUEUED:
        ahead = _ahead_of(run)
        words = "Waiting for a worker"
        if ahead:
            words += f", behind {ahead} other run{'s' if ahead > 1 else ''}"
        return RunProgress(0, words, moment - run.enqueued_at, None, ahead, True)
    elapsed = max(timedelta(0), moment - (run.started_at or moment))
    expected = _usual_duration(run)
    left = None if expected is None else max(timedelta(0), expected - elapsed)
    words = run.progress_note or "Starting"
    if left is not None:
        words += f", {_left_in_words(left)}"
    return RunProgress(run.progress, words, elapsed, left, 0, True)


def _ahead_of(run: Run) -> int:
    same_queue = Run.objects.filter(state=RunState.QUEUED, plan__weight=run.plan.weight)
    return same_queue.filter(purpose=run.purpose, enqueued_at__lt=run.enqueued_at).count()


def _usual_duration(run: Run) -> timedelta | None:
    """The median of the plan's newest finished runs: one slow run moves it little."""
    ended = Run.objects.filter(plan=run.plan_id, state=RunState.SUCCEEDED, started_at__isnull=False)
    rows = ended.order_by("-finished_at").values_list("started_at", "finished_at")[:EARLIER_RUNS]
    seconds = [(end - start).total_seconds() for start, end in rows if start and end]
    return timedelta(seconds=median(seconds)) if seconds else None


def _left_in_words(left: timedelta) -> str:
    if left <= timedelta(seconds=1):
        return "about to end"
    seconds = left.total_seconds()
    if seconds < 90:
        return f"about {seconds:.0f} seconds left"
    return f"about {duration_in_words(timedelta(minutes=round(seconds / 60)))} left"


def backfills_for(actor: Actor) -> QuerySet[Backfill]:
    return Backfill.objects.for_actor(actor).select_related("plan__system")


def find_backfill(backfill_id: UUID | str, actor: Actor) -> Backfill:
    try:
        return backfills_for(actor).get(pk=backfill_id)
    except (Backfill.DoesNotExist, ValidationError, ValueError):
        raise NotFound("There is no such backfill that you may see.") from None


def backfill_progress(backfill: Backfill) -> BackfillProgress:
    """Count the runs of a backfill by how they ended."""
    states = Counter(Run.objects.filter(backfill=backfill).values_list("state", flat=True))
    return BackfillProgress(
        windows=backfill.windows,
        ended=sum(states[one] for one in ENDED_RUN_STATES),
        succeeded=states[RunState.SUCCEEDED],
        errors=states[RunState.ERROR],
        cancelled=states[RunState.CANCELLED],
    )
