"""DuckDB as audits use it: bounded in memory and threads, and able to open the named files only.

The order matters: once the configuration is locked nothing can widen it, from inside SQL either.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

MEMORY_LIMIT = "1GB"
THREADS = 2
SPILL_LIMIT = "16GB"


@contextmanager
def locked_duckdb(
    files: Sequence[Path], memory_limit: str = MEMORY_LIMIT, threads: int | None = THREADS
) -> Iterator[Backend]:
    """Give an engine that can read `files` and nothing else; what it spilled goes with it.

    Without `threads` it takes every core.
    """
    import ibis

    with tempfile.TemporaryDirectory(prefix="tactful-engine-") as spill:
        bounds = {"memory_limit": memory_limit, **({"threads": threads} if threads else {})}
        backend = ibis.duckdb.connect(**bounds)
        try:
            for statement in (
                "SET TimeZone = 'UTC'",
                "SET enable_progress_bar = false",
                "SET autoinstall_known_extensions = false",
                "SET autoload_known_extensions = false",
                # What a killed process spilled is unreadable: its key was in memory only.
                "SET temp_file_encryption = true",
                f"SET temp_directory = {quoted(spill)}",
                f"SET max_temp_directory_size = {quoted(SPILL_LIMIT)}",
                f"SET allowed_paths = {quoted_list(files)}",
                "SET enable_external_access = false",
                "SET lock_configuration = true",
            ):
                backend.raw_sql(statement)
            yield backend
        finally:
            backend.disconnect()


def quoted(value: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def quoted_list(files: Sequence[Path]) -> str:
    """Return paths as an SQL list of literals."""
    return "[" + ", ".join(quoted(str(path)) for path in files) + "]"
