"""What a run reads: an opened input, and the part of a source one run may see.

Plain values, shared by every origin; nothing is opened here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis


def _nothing_runs() -> None:
    """What has no engine has nothing to stop."""


@dataclass(frozen=True)
class OpenInput:
    """The input of one run while it is open."""

    table: ibis.Table | None  # rows on an engine; None when a cube came instead
    cube: bytes | None  # an aggregated cube that was handed in
    rows: int
    digest: str
    engine: str
    notes: tuple[str, ...] = ()
    stop: Callable[[], None] = field(default=_nothing_runs, repr=False, compare=False)

    def interrupt(self) -> None:
        """Stop the running query from another thread."""
        self.stop()


@dataclass(frozen=True)
class Place:
    """An opened origin: all its rows as one table, before a run's window is cut out of it."""

    table: ibis.Table
    interrupt: Callable[[], None]
    measure: Callable[[ibis.Table], tuple[int, str]]  # rows and digest of the part that is read
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class SourceCheck:
    """What a look at a source found; nothing of it but its problem is stored."""

    problem: str = ""
    tables: list[str] = field(default_factory=list)
    columns: list[tuple[str, str]] = field(default_factory=list)
    rows: int | None = None
    earliest: datetime | None = None
    latest: datetime | None = None
    without_time: int = 0
    notes: tuple[str, ...] = ()
    examples: list[dict[str, str]] = field(default_factory=list)
