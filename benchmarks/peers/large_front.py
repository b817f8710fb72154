"""The front over a table of `benchmarks.large_table`, for batches: there is no slow path behind it.

LARGE_TABLE names the folder; a question that the table cannot answer is an error here.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks.large_table import benchmark_keys, serving_of
from consent.fastpath.front import Front
from consent.slowpath.wsgi import DecisionDoors


def _nothing(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("500 Not from the table", [("Content-Length", "0")])
    return [b""]


application = Front(
    DecisionDoors(_nothing, keys=benchmark_keys), serving_of(Path(os.environ["LARGE_TABLE"]))
)
