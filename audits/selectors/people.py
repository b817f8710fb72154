"""Counting the different people in the outputs that were sent of a system, in one window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audits import storage
from audits.models import OutputBatch
from consent.selectors.reach import minors_among
from governance.registry.models import ModelVersion, System

PORTION = 10_000


@dataclass(frozen=True)
class PeopleInOutputs:
    """Exact counts over the rows that were sent; `nameless` rows say of nobody whom they served."""

    rows: int
    people: int
    nameless: int
    minors: int
    of_known_age: int
    by_version: tuple[tuple[str, int], ...]


def people_in_outputs(
    system: System, *, since: datetime, until: datetime, version: ModelVersion | None = None
) -> PeopleInOutputs | None:
    """Count rows and distinct people of a window; None where nothing was sent for it.

    With a version: its rows alone. The people are pseudonyms in the files, and stay in the engine
    but for the question how many of them are minors.
    """
    batches = OutputBatch.objects.select_related("version").filter(
        system=system, occurred_from__lt=until, occurred_to__gte=since
    )
    parts: list[tuple[OutputBatch, str]] = []
    for batch in batches.order_by("id"):
        own = batch.version.key if batch.version else ""
        if version is None or own in ("", version.key):
            parts.append((batch, own))
    if not parts:
        return None
    return _count(parts, since, until, version.key if version else "")


def _count(
    parts: list[tuple[OutputBatch, str]], since: datetime, until: datetime, only: str
) -> PeopleInOutputs:
    from audits.sources.lockdown import locked_duckdb, quoted, quoted_list

    files = [storage.locate(batch.path) for batch, _ in parts]
    with locked_duckdb(files) as backend:
        selects = []
        for (batch, own), file in zip(parts, files, strict=True):
            subject = "subject::VARCHAR" if "subject" in batch.columns else "NULL::VARCHAR"
            told = "model_version::VARCHAR" if "model_version" in batch.columns else "NULL"
            named = quoted(own) if own else f"coalesce({told}, '')"
            selects.append(
                f"SELECT {subject} AS person, {named} AS version "
                f"FROM read_parquet({quoted_list([file])}) "
                f"WHERE occurred_at >= TIMESTAMPTZ {quoted(since.isoformat())} "
                f"AND occurred_at < TIMESTAMPTZ {quoted(until.isoformat())}"
            )
        wanted = f" WHERE version = {quoted(only)}" if only else ""
        backend.raw_sql(
            f"CREATE TEMP VIEW served AS SELECT * FROM ({' UNION ALL '.join(selects)}){wanted}"
        )
        totals = "SELECT count(*), count(DISTINCT person), count(*) - count(person) FROM served"
        ((rows, people, nameless),) = backend.raw_sql(totals).fetchall()
        versions = backend.raw_sql(
            "SELECT version, count(*) FROM served GROUP BY 1 ORDER BY 2 DESC, 1"
        ).fetchall()
        minors, known = minors_among(_portions(backend))
    return PeopleInOutputs(
        int(rows),
        int(people),
        int(nameless),
        minors,
        known,
        tuple((str(key), int(count)) for key, count in versions if key),
    )


def _portions(backend: Any) -> Iterator[list[str]]:
    """The distinct people, a portion at a time."""
    found: Any = backend.raw_sql("SELECT DISTINCT person FROM served WHERE person IS NOT NULL")
    while portion := found.fetchmany(PORTION):
        yield [str(person) for (person,) in portion]
