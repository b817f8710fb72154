"""Opens the place of a source that is not sent here: files, S3, PostgreSQL, Spark, counts.

One function for every origin; windows and runs are not known here.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from audits.models import Source
from audits.sources.buckets import open_bucket
from audits.sources.databases import open_table
from audits.sources.folders import open_folder
from audits.sources.locations import (
    CubeLocation,
    FilesLocation,
    Location,
    PostgresqlLocation,
    S3Location,
    SparkLocation,
)
from audits.sources.reading import Place
from audits.sources.spark import open_spark
from audits.sources.tallies import open_tally
from governance.core.errors import Invalid


def open_place(source: Source, location: Location, seconds: float) -> AbstractContextManager[Place]:
    """Open a source's rows as one table; a statement on a server ends after `seconds`."""
    if isinstance(location, FilesLocation):
        return open_folder(location)
    if isinstance(location, S3Location):
        return open_bucket(source, location)
    if isinstance(location, PostgresqlLocation):
        return open_table(source, location, seconds)
    if isinstance(location, SparkLocation):
        return open_spark(location)
    if isinstance(location, CubeLocation):
        return open_tally(location)
    raise Invalid(f"The source {source.key} is sent here: it has no other place.")
