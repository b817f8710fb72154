"""Opens what a run reads, wherever it is: one door for every origin of a source.

Each origin stands in a module of its own; which method reads the rows is not known here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from audits.choices import SourceOrigin
from audits.models import Run, Source
from audits.schedule_words import duration_in_words
from audits.sources.files import engine_errors
from audits.sources.locations import CubeLocation, parse_location
from audits.sources.places import open_place
from audits.sources.reading import OpenInput
from audits.sources.segments import open_segments
from audits.sources.selection import nothing_there, select_segments
from audits.sources.tallies import refuse_noise, rows_of
from audits.sources.window import part_of_run
from governance.core.errors import Invalid
from methods.errors import BadInput

if TYPE_CHECKING:
    import ibis

__all__ = ["OpenInput", "open_input"]


@contextmanager
def open_input(run: Run) -> Iterator[OpenInput]:
    """Open the rows of a run's window, or the cube that came instead; closed on leaving.

    Publish after leaving: what changed while it was read is found then.

    Raises
    ------
    Invalid : with one sentence, when nothing is there, the source refuses, something changed
        while it was read, or the plan's time limit ran out
    """
    source = run.plan.source
    if source is None or source.origin == SourceOrigin.PUSHED:
        with _pushed(run) as opened:
            yield opened
    else:
        with _elsewhere(run, source) as opened:
            yield opened


@contextmanager
def _pushed(run: Run) -> Iterator[OpenInput]:
    selection, digest = select_segments(run)
    try:
        with (
            engine_errors(selection.files),
            open_segments(selection) as opened,
            _stopped_after(run.plan.time_limit, opened.interrupt),
        ):
            if not opened.rows:
                raise Invalid(nothing_there(run))
            yield OpenInput(
                table=opened.table,
                cube=None,
                rows=opened.rows,
                digest=digest,
                engine=opened.engine,
                stop=opened.interrupt,
            )
    except BadInput:
        if any(not file.exists() for file in selection.files):
            raise Invalid(
                "Outputs of the window were rewritten or removed while they were read, because "
                "a person was erased or their time had come: run the audit again."
            ) from None
        raise


@contextmanager
def _elsewhere(run: Run, source: Source) -> Iterator[OpenInput]:
    from methods.run import engine_of

    if source.paused_at is not None:
        raise Invalid(f"The source {source.key} is paused: {source.paused_reason}")
    location = parse_location(source.origin, source.location)
    tally = location if isinstance(location, CubeLocation) else None
    if tally:
        refuse_noise(tally, run.plan.method)
    limit = run.plan.time_limit
    with (
        open_place(source, location, limit.total_seconds()) as place,
        _stopped_after(limit, place.interrupt),
    ):
        part, notes = part_of_run(place.table, run, source.columns, timed=tally is None)
        rows, digest = place.measure(part if tally else _used(part, run))
        if not rows:
            raise Invalid(nothing_there(run))
        yield OpenInput(
            table=rows_of(part, tally.count) if tally else part,
            cube=None,
            rows=rows,
            digest=digest,
            engine=engine_of(part),
            notes=(*place.notes, *notes),
            stop=place.interrupt,
        )


def _used(part: ibis.Table, run: Run) -> ibis.Table:
    """Return the columns the plan reads: the digest is over them."""
    names = {name for columns in run.plan.columns.values() for name in columns}
    used = [name for name in part.columns if name in names]
    return part.select(used) if used else part


@contextmanager
def _stopped_after(limit: timedelta, interrupt: Callable[[], None]) -> Iterator[None]:
    """Interrupt whatever the engine computes once `limit` has passed, and say so."""
    closed, over = threading.Event(), threading.Event()

    def watch() -> None:
        pause = limit.total_seconds()
        while not closed.wait(pause):
            over.set()
            interrupt()
            pause = 0.5  # the next query is not to begin anew

    thread = threading.Thread(target=watch, daemon=True, name="audit-time-limit")
    thread.start()
    try:
        yield
    except Exception:
        if over.is_set():
            told = duration_in_words(limit)
            raise Invalid(f"Reading the data took longer than the plan's {told}.") from None
        raise
    finally:
        closed.set()
        thread.join()
