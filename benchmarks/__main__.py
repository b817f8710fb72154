"""Runs the benchmarks, each in a process of its own, writes their results and prints a table.

python -m benchmarks [NAME ...] [--smoke] [--results FOLDER]
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.measuring import RESULTS, ROOT

#: Name -> whether it needs a database.
BENCHMARKS = {
    "fairness_groups": False,
    "bootstrap_replicates": False,
    "ledger_write": True,
    "consent_check": True,
    "consent_many": False,
    "consent_write": True,
    "webhooks": True,
    "containment": False,
}

#: Those that start a whole `up` of their own: their smoke is a test of `make trust`.
WITH_UP = {"containment"}


@contextmanager
def own_database() -> Iterator[dict[str, str]]:
    """Start a migrated embedded PostgreSQL; yields the environment that reaches it.

    It does not wait for the disk: durability costs waiting, not CPU.
    """
    from tests.ground_database import EmbeddedPostgres, prepare_environment

    data_dir = prepare_environment()
    from config.up.guard import Guard

    guard = Guard()
    guard.remove_folder(data_dir)
    try:
        server = EmbeddedPostgres(data_dir, guard)
        try:
            migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
            subprocess.run(migrate, cwd=ROOT, env=server.env, check=True)
            yield server.env
        finally:
            server.server.stop()
    finally:
        guard.close()


def run_one(name: str, *, smoke: bool, results: Path) -> None:
    """Measure in this process and write the result."""
    result = importlib.import_module(f"benchmarks.{name}").measure(smoke=smoke)
    results.mkdir(parents=True, exist_ok=True)
    (results / f"{name}.json").write_text(result.to_json())


def table(results: list[dict[str, Any]]) -> str:
    """Return the ratios and figures of all benchmarks as lines of text."""
    lines = []
    for result in results:
        size = ", ".join(
            f"{key.replace('_', ' ')} {value:,}" for key, value in result["size"].items()
        )
        lines.append(f"{result['name']} ({size})")
        for ratio in result["ratios"]:
            asked = f"  wanted {ratio['wanted']}" if ratio["wanted"] else ""
            verdict = {True: "  met", False: "  NOT MET", None: ""}[ratio["met"]]
            lines.append(f"  {ratio['name']:<34}{ratio['value']:>12,.2f}x{asked}{verdict}")
        lines += [f"    {key:<34}{value:>12,.4g}" for key, value in result["figures"].items()]
        lines += [f"    {note}" for note in result["notes"]]
    return "\n".join(lines)


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--smoke", action="store_true", help="small sizes: shows that all run")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder to write to")
    parser.add_argument("--in-this-process", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    names = asked.names or list(BENCHMARKS)
    if unknown := sorted(set(names) - set(BENCHMARKS)):
        parser.error(f"There is no benchmark {unknown[0]!r}: there is {', '.join(BENCHMARKS)}.")
    if asked.in_this_process:
        for name in names:
            run_one(name, smoke=asked.smoke, results=asked.results)
        return
    words = ["--in-this-process", "--results", str(asked.results.resolve())]
    words += ["--smoke"] if asked.smoke else []
    with ExitStack() as stack:
        environment = dict(os.environ)
        if any(BENCHMARKS[name] for name in names):
            environment = stack.enter_context(own_database())
        for name in names:
            print(f"Measuring {name} ...", file=sys.stderr, flush=True)
            command = [sys.executable, "-m", "benchmarks", name, *words]
            subprocess.run(command, cwd=ROOT, env=environment, check=True)
    found = [json.loads((asked.results / f"{name}.json").read_text()) for name in names]
    print(table(found))


if __name__ == "__main__":
    main()
