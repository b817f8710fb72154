"""The profile of a source that is read where it is: its first rows, through its own engine."""

from __future__ import annotations

from audits.models import Source
from audits.sources.intake.profile import FileProfile, profile_of
from audits.sources.locations import parse_location
from audits.sources.places import open_place
from governance.core.errors import Invalid

ROWS = 50_000
SECONDS = 60.0


def profile_of_place(source: Source) -> FileProfile:
    """Look at the first rows of a place; raise `Invalid` with one sentence when that fails."""
    from methods.errors import BadInput

    try:
        with open_place(source, parse_location(source.origin, source.location), SECONDS) as place:
            rows = place.table.limit(ROWS + 1).to_pyarrow()
    except BadInput as problem:
        raise Invalid(str(problem)) from None
    if not rows.num_rows:
        raise Invalid("The source is there, but it holds no row.")
    return profile_of(rows.to_batches(), ROWS)
