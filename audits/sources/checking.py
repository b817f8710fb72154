"""One look at a source: does it answer, what columns has it, how many rows, of which times.

Reads a few rows to show; what is kept of a look is decided by the service that asked for it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from audits.choices import SourceOrigin
from audits.models import OutputBatch, Source
from audits.sources.databases import list_tables
from audits.sources.locations import parse_location
from audits.sources.places import open_place
from audits.sources.reading import SourceCheck
from audits.sources.window import instants
from governance.core.errors import Invalid
from methods.errors import BadInput

if TYPE_CHECKING:
    import ibis

LOOK_SECONDS = 60.0
EXAMPLES = 5
LONGEST = 80


def look_at(source: Source) -> SourceCheck:
    """Return what a source holds, or raise `Invalid` with the sentence that says why not."""
    if source.origin == SourceOrigin.PUSHED:
        return _look_at_segments(source)
    location = parse_location(source.origin, source.location)
    tally = source.origin == SourceOrigin.CUBE
    tables = list_tables(source) if source.origin == SourceOrigin.POSTGRESQL else []
    try:
        with open_place(source, location, LOOK_SECONDS) as place:
            table, notes = place.table, list(place.notes)
            _require_columns(source, table)
            told = _count(source, table, notes)
            examples = table.limit(EXAMPLES).to_pyarrow().to_pylist()
            return SourceCheck(
                tables=tables,
                columns=[(name, str(kind)) for name, kind in table.schema().items()],
                rows=place.measure(table)[0] if tally else told["rows"],
                earliest=_aware(told.get("earliest")),
                latest=_aware(told.get("latest")),
                without_time=int(told.get("without_time") or 0),
                notes=tuple(dict.fromkeys(notes)),
                examples=[_shown(row) for row in examples],
            )
    except BadInput as problem:
        raise Invalid(str(problem)) from None


def _require_columns(source: Source, table: ibis.Table) -> None:
    for role, names in source.columns.items():
        for name in names:
            if name not in table.columns:
                raise Invalid(
                    f"There is no column {name!r} (role {role}): the data have "
                    f"{', '.join(table.columns[:12])}."
                )


def _count(source: Source, table: ibis.Table, notes: list[str]) -> dict[str, Any]:
    measures: dict[str, Any] = {"rows": table.count()}
    for name in source.columns.get("occurred_at", [])[:1]:
        moment = instants(table[name], name, notes)
        measures |= {
            "earliest": moment.min(),
            "latest": moment.max(),
            "without_time": moment.isnull().sum(),
        }
    told: dict[str, Any] = table.aggregate(**measures).to_pyarrow().to_pylist()[0]
    if not told["rows"]:
        raise Invalid("The source is there, but it holds no row.")
    if told.get("without_time"):
        notes.append(f"{told['without_time']:,} rows have no time: no window will hold them.")
    return told


def _aware(moment: datetime | None) -> datetime | None:
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)


def _shown(row: dict[str, Any]) -> dict[str, str]:
    return {name: "" if value is None else str(value)[:LONGEST] for name, value in row.items()}


def _look_at_segments(source: Source) -> SourceCheck:
    batches = list(OutputBatch.objects.filter(system=source.system_id, source=source))
    if not batches:
        raise Invalid("Nothing has been sent to this source yet.")
    names = dict.fromkeys(name for batch in batches for name in batch.columns)
    return SourceCheck(
        columns=[(name, "") for name in names],
        rows=sum(batch.rows for batch in batches),
        earliest=min(batch.occurred_from for batch in batches),
        latest=max(batch.occurred_to for batch in batches),
    )
