"""The child that decodes what came from outside: limited in memory, time and the size of files.

Run as `python -m audits.sources.decoder`; one order comes as JSON on standard input, one answer
leaves on standard output. It reads one file, writes one at most and opens no connection.
"""

from __future__ import annotations

import json
import resource
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any


def main() -> None:
    """Carry out the order and tell what was written, or why not in one sentence."""
    order = json.load(sys.stdin)
    _limit(order["limits"])
    # Imported under the limits already.
    from governance.core.errors import Invalid

    answer: dict[str, Any]
    try:
        answer = {"written": _carry_out(order)}
    except Invalid as refused:
        answer = {"refused": refused.sentence}
    except MemoryError:
        answer = {"exhausted": True}
    json.dump(answer, sys.stdout)


def _limit(limits: dict[str, int]) -> None:
    for name, value in {**limits, "RLIMIT_CORE": 0}.items():
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (most, most))


def _carry_out(order: dict[str, Any]) -> dict[str, Any]:
    import pyarrow as pa

    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    if order["task"].startswith("intake."):
        from audits.sources.intake.child import carry_out

        return carry_out(order)
    data, target = Path(order["data"]), Path(order["target"])
    if order["task"] == "parquet":
        from audits.sources.ingest import copy_as_parquet

        return {"rows": copy_as_parquet(data, order["media_type"], target)}
    from audits.sources.ingest import write_segment
    from consent.identity import pseudonym_of

    pepper = bytes.fromhex(order["pepper"])
    written = write_segment(
        data,
        order["media_type"],
        target,
        required=tuple(order["required"]),
        time_role=order["time_role"],
        pseudonymise=lambda subject: pseudonym_of(pepper, subject),
    )
    told = asdict(written)
    told["earliest"], told["latest"] = written.earliest.isoformat(), written.latest.isoformat()
    return told


if __name__ == "__main__":
    main()
