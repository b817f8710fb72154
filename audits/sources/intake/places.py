"""The profile of a source that is read where it is: its first rows, through its own engine.

Long texts are cut on the engine, so that a file of huge values cannot fill this process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from audits.models import Source
from audits.sources.intake.profile import LONGEST_CELL, FileProfile, profile_of
from audits.sources.locations import parse_location
from audits.sources.places import open_place
from governance.core.errors import Invalid

if TYPE_CHECKING:
    import ibis

ROWS = 50_000
SECONDS = 60.0


def profile_of_place(source: Source) -> FileProfile:
    """Look at the first rows of a place; raise `Invalid` with one sentence when that fails."""
    from methods.errors import BadInput

    try:
        with open_place(source, parse_location(source.origin, source.location), SECONDS) as place:
            table, opaque = _plain(place.table)
            rows = table.limit(ROWS + 1).to_pyarrow()
    except BadInput as problem:
        raise Invalid(str(problem)) from None
    if not rows.num_rows:
        raise Invalid("The source is there, but it holds no row.")
    profile = profile_of(rows.to_batches(), ROWS)
    for column in profile.columns:
        if column.name in opaque:
            column.kind = "no plain values"
    return profile


def _plain(table: ibis.Table) -> tuple[ibis.Table, set[str]]:
    """The table with texts cut and without what is no plain value, and the names of the latter."""
    import ibis

    columns: dict[str, ibis.Value] = {}
    opaque: set[str] = set()
    for name, kind in table.schema().items():
        if kind.is_string():
            columns[name] = table[name].left(LONGEST_CELL + 1)
        elif kind.is_numeric() or kind.is_boolean() or kind.is_timestamp() or kind.is_date():
            columns[name] = table[name]
        else:
            columns[name] = ibis.null("string")
            opaque.add(name)
    return table.select(**columns), opaque
