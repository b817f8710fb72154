"""Decodes what came from outside in a child process of its own, so that no file can hurt this one.

The child may use so much memory, processor time and disk; beyond them it ends, and the file is
refused in one sentence. What it does stands in `decoder`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from audits.sources.ingest import Written, kind_of
from audits.sources.readers import ARROW, ARROW_FILE
from governance.core.errors import Invalid

MEMORY = 3 * 1024**3
PROCESSOR_SECONDS = 600
FILE_BYTES = 4 * 1024**3
WALL_SECONDS = 900.0
_ROOT = Path(__file__).resolve().parents[2]
_QUIET = {
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_ARENA_MAX": "2",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONUTF8": "1",
}


def decode_segment(
    data: Path,
    media_type: str,
    target: Path,
    *,
    required: tuple[str, ...],
    time_role: str,
    pepper: bytes,
) -> Written:
    """Write `data` to `target` as a segment; raise `Invalid` with one sentence when it cannot be.

    Subjects become pseudonyms under `pepper` before anything is written.
    """
    kind_of(media_type)
    written = _decoded(
        "The data",
        {
            "task": "segment",
            "data": str(data),
            "media_type": media_type,
            "target": str(target),
            "required": list(required),
            "time_role": time_role,
            "pepper": pepper.hex(),
        },
    )
    moments = {name: datetime.fromisoformat(written[name]) for name in ("earliest", "latest")}
    return Written(**{**written, **moments})


def decode_as_parquet(file: Path, target: Path, *, called: str) -> int:
    """Write an Arrow file or stream to `target` as Parquet; return how many rows it holds."""
    with file.open("rb") as start:
        kind = ARROW_FILE if start.read(6) == b"ARROW1" else ARROW
    order = {"task": "parquet", "data": str(file), "media_type": kind, "target": str(target)}
    return int(_decoded(called, order)["rows"])


def decode_in_child(called: str, order: dict[str, Any]) -> dict[str, Any]:
    """Have the child carry out an order; return what it tells, refuse in one sentence."""
    return _decoded(called, order)


def _decoded(called: str, order: dict[str, Any]) -> dict[str, Any]:
    limits = {
        "RLIMIT_AS": MEMORY,
        "RLIMIT_CPU": PROCESSOR_SECONDS,
        "RLIMIT_FSIZE": FILE_BYTES,
        "RLIMIT_NOFILE": 64,
    }
    environment = {"PATH": os.defpath, "TMPDIR": tempfile.gettempdir()}
    try:
        child = subprocess.run(
            [sys.executable, "-m", "audits.sources.decoder"],
            input=json.dumps({**order, "limits": limits}).encode(),
            capture_output=True,
            cwd=_ROOT,
            env={**environment, **_QUIET},
            timeout=WALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Invalid(f"{called} took too long to decode: send smaller parts.") from None
    try:
        answer: dict[str, Any] = json.loads(child.stdout)
    except ValueError:
        answer = {"exhausted": True}
        if not _ran_out(child.returncode, child.stderr):
            raise RuntimeError(
                f"The decoder ended with {child.returncode}: {child.stderr[-2000:]!r}"
            ) from None
    if "refused" in answer:
        raise Invalid(answer["refused"])
    if "exhausted" in answer:
        raise Invalid(
            f"{called} needs more memory or time to decode than one upload may use: its texts are "
            "far larger than the file. Send smaller parts."
        )
    written: dict[str, Any] = answer["written"]
    return written


def _ran_out(code: int, said: bytes) -> bool:
    """Whether a child without an answer was ended by its limits."""
    return code < 0 or b"bad_alloc" in said or b"MemoryError" in said or b"out of memory" in said
