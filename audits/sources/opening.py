"""Opens what a run reads, wherever it is: one door for every origin of a source.

Each origin stands in a module of its own; which method reads the rows is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from audits.choices import SourceOrigin
from audits.models import Run
from audits.sources.reading import OpenInput
from audits.sources.segments import open_segments
from audits.sources.selection import nothing_there, select_segments
from governance.core.errors import Invalid

__all__ = ["OpenInput", "open_input"]


@contextmanager
def open_input(run: Run) -> Iterator[OpenInput]:
    """Open the rows of a run's window, or the cube that came instead; closed on leaving.

    Publish after leaving: what changed while it was read is found then.

    Raises
    ------
    Invalid : with one sentence, when nothing is there, the source refuses, or something changed
    """
    source = run.plan.source
    origin = source.origin if source is not None else SourceOrigin.PUSHED
    if origin != SourceOrigin.PUSHED:
        raise Invalid(f"Sources of the origin {origin!r} are not read here.")
    with _pushed(run) as opened:
        if not opened.rows:
            raise Invalid(nothing_there(run))
        yield opened


@contextmanager
def _pushed(run: Run) -> Iterator[OpenInput]:
    selection, digest = select_segments(run)
    with open_segments(selection) as opened:
        yield OpenInput(
            table=opened.table,
            cube=None,
            rows=opened.rows,
            digest=digest,
            engine=opened.engine,
            stop=opened.interrupt,
        )
