"""Every benchmark runs: small sizes, no timing is judged. The figures come from `make bench`."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.__main__ import BENCHMARKS, WITH_UP
from benchmarks.fairness_groups import extrapolate
from benchmarks.measuring import Ratio
from config import env

if TYPE_CHECKING:
    from tests.ground_database import EmbeddedPostgres


#: One of them with every test run; each starts many processes, so the others come by `make trust`.
WITH_DATABASE = [
    pytest.param(name, marks=() if name == "ledger_write" else pytest.mark.trust)
    for name, database in BENCHMARKS.items()
    if database
]
ALONE = [name for name, database in BENCHMARKS.items() if not database and name not in WITH_UP]


@pytest.mark.parametrize("name", ALONE)
def test_a_benchmark_of_methods_runs(name: str, tmp_path: Path) -> None:
    run_small(name, tmp_path, None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", WITH_DATABASE)
def test_a_benchmark_with_a_database_runs(
    name: str, tmp_path: Path, embedded_postgres: EmbeddedPostgres
) -> None:
    from django.db import connection

    database = str(connection.settings_dict["NAME"])
    run_small(name, tmp_path, embedded_postgres.env_of(database))


def run_small(name: str, folder: Path, environment: dict[str, str] | None) -> None:
    command = [sys.executable, "-m", "benchmarks", name, "--smoke", "--in-this-process"]
    command += ["--results", str(folder)]
    done = subprocess.run(
        command, cwd=env.ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    written = json.loads((folder / f"{name}.json").read_text())
    assert written["name"] == name and written["ratios"]
    # Small sizes are noise, and a line through noise may fall: only that there is a figure counts.
    assert all(math.isfinite(value) for value in written["figures"].values())


def test_a_line_through_two_sizes_gives_a_third() -> None:
    assert extrapolate({10: 3.0, 20: 5.0}, 100) == pytest.approx(21.0)
    assert extrapolate({10: 3.0, 20: 5.0}, 20) == 5.0


@pytest.mark.parametrize(
    ("value", "wanted", "met"),
    [(1.4, "<= 1.5", True), (1.6, "<= 1.5", False), (9.0, ">= 10", False), (3.0, "", None)],
)
def test_a_ratio_says_whether_it_is_met(value: float, wanted: str, met: bool | None) -> None:
    assert Ratio("ours / theirs", value, wanted).met is met
