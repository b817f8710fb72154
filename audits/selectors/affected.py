"""Who of the people somebody names is in the outputs that were sent of a system, in one window.

How many people there are in all is counted in `people`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from audits import storage
from audits.models import OutputBatch
from governance.registry.models import ModelVersion, System


def served_among(
    system: System,
    pseudonyms: Collection[str],
    *,
    since: datetime,
    until: datetime,
    version: ModelVersion | None = None,
) -> set[str]:
    """The pseudonyms that were served something in the window, by the version where one is named.

    Rows that name no version count for each. Nothing but an answer about the given ones leaves
    the engine.
    """
    batches = OutputBatch.objects.select_related("version").filter(
        system=system,
        occurred_from__lt=until,
        occurred_to__gte=since,
        columns__contains=["subject"],
    )
    wanted = [
        batch
        for batch in batches.order_by("id")
        if version is None or batch.version is None or batch.version_id == version.pk
    ]
    if not wanted or not pseudonyms:
        return set()
    return _served(wanted, pseudonyms, since, until, version.key if version else "")


def _served(
    batches: list[OutputBatch],
    pseudonyms: Collection[str],
    since: datetime,
    until: datetime,
    only: str,
) -> set[str]:
    from audits.sources.lockdown import locked_duckdb, quoted, quoted_list

    files = [storage.locate(batch.path) for batch in batches]
    named = ", ".join(f"({quoted(each)})" for each in sorted(pseudonyms))
    with locked_duckdb(files) as backend:
        backend.raw_sql(f"CREATE TEMP TABLE asked AS SELECT * FROM (VALUES {named}) AS t(person)")
        selects = []
        for batch, file in zip(batches, files, strict=True):
            own = only and batch.version is None and "model_version" in batch.columns
            by_row = f" AND coalesce(model_version::VARCHAR, {quoted(only)}) = {quoted(only)}"
            selects.append(
                f"SELECT subject::VARCHAR AS person FROM read_parquet({quoted_list([file])}) "
                f"WHERE occurred_at >= TIMESTAMPTZ {quoted(since.isoformat())} "
                f"AND occurred_at < TIMESTAMPTZ {quoted(until.isoformat())}"
                + (by_row if own else "")
            )
        found = backend.raw_sql(
            f"SELECT DISTINCT person FROM asked SEMI JOIN ({' UNION ALL '.join(selects)}) "
            "USING (person)"
        ).fetchall()
    return {str(person) for (person,) in found}
