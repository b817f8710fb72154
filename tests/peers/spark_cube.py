"""Run in the environment of the `spark` extra: opens a source on Spark and prints its cube.

Arguments: Parquet below TACTFUL_SOURCE_ROOTS, the roles as JSON, how many sessions, one after
another. Prints one JSON line: what was read in each.
"""

from __future__ import annotations

import base64
import json
import sys
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any


def main() -> None:
    """Collect the cube of a window in every session and print them."""
    import django

    django.setup()
    from audits.sources.locations import SparkLocation
    from audits.sources.spark import open_spark
    from audits.sources.window import part_of_run
    from methods.run import collect_cube, cube_method, engine_of

    path, columns = sys.argv[1], json.loads(sys.argv[2])
    run: Any = SimpleNamespace(
        window_start=datetime(2026, 1, 5, tzinfo=UTC),
        window_end=datetime(2026, 1, 6, tzinfo=UTC),
        version=None,
        plan=SimpleNamespace(label_maturity=None, columns=columns),
    )
    told = []
    for _ in range(int(sys.argv[3])):  # a worker opens one session after another
        with open_spark(SparkLocation(path=path)) as place:
            table, notes = part_of_run(place.table, run, {"occurred_at": ["occurred_at"]})
            rows, digest = place.measure(table)
            cube = collect_cube("fairness.groups", table, columns, {})
            told.append(
                {
                    "rows": rows,
                    "digest": digest,
                    "notes": notes,
                    "engine": engine_of(table),
                    "cube": base64.b64encode(cube_method("fairness.groups").pack(cube)).decode(),
                }
            )
    print(json.dumps(told))


if __name__ == "__main__":
    main()
