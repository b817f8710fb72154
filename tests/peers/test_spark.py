"""The cube of Spark is DuckDB's, byte for byte, and the report on it is fairlearn's."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from config import env
from methods.run import collect_cube, cube_method, report_on
from tests.audits.conftest import START
from tests.audits.sources.test_equality import METHOD, Case, compared_with_fairlearn, synthetic
from tests.methods.conftest import as_table, loans, tumours, wheels  # noqa: F401  (fixtures)
from tests.optional_parts import are_required

pytestmark = pytest.mark.peers

PYTHON = env.ROOT / ".venv-spark" / "bin" / "python"
SCRIPT = Path(__file__).parent / "spark_cube.py"


@pytest.fixture(autouse=True, scope="module")
def java() -> None:
    """Spark runs on the machine's Java."""
    if shutil.which("java") is None:
        if are_required():
            pytest.fail("Java 17 is required here and was not found", pytrace=False)
        pytest.skip("Java was not found on this machine, so Spark did not run")


@pytest.fixture(params=["loans", "tumours", "synthetic"])
def case(request: pytest.FixtureRequest) -> Case:
    if request.param == "loans":
        frame = request.getfixturevalue("loans").drop(columns="obrat")
        return Case(frame, "approve", "debt_rule", ["black", "male"], ["married"])
    if request.param == "tumours":
        frame = request.getfixturevalue("tumours")
        return Case(frame, "benign", "called", ["texture", "smooth"], [])
    return Case(synthetic(), "truth", "called", ["group", "sex"], ["region"])


def _on_spark(folder: Path, columns: dict[str, list[str]], sessions: int) -> Any:
    environment = {
        **os.environ,
        "DATA_DIR": str(folder / "data"),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(env.ROOT),
        "TACTFUL_SOURCE_ROOTS": str(folder),
    }
    done = subprocess.run(
        [
            str(PYTHON),
            str(SCRIPT),
            str(folder / "rows.parquet"),
            json.dumps(columns),
            str(sessions),
        ],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_spark_gives_duckdbs_cube_and_fairlearns_numbers(case: Case, tmp_path: Path) -> None:
    rows = case.rows()
    # Half of them lie after the window, which Spark has to leave out.
    later = rows.assign(occurred_at=rows["occurred_at"] + timedelta(days=1))
    path = tmp_path / "rows.parquet"
    import pandas as pd

    pd.concat([rows, later]).to_parquet(path, index=False)
    first, *others = _on_spark(tmp_path, case.columns, 1 + ("texture" in case.groups))
    assert all(other == first for other in others)
    assert first["rows"] == len(rows)
    assert first["engine"].startswith("pyspark 4")
    assert first["digest"] == hashlib.sha256(path.read_bytes()).hexdigest()
    method = cube_method(METHOD)
    packed = base64.b64decode(first["cube"])
    assert packed == method.pack(collect_cube(METHOD, as_table(rows), case.columns, {}))
    report = report_on(
        METHOD, method.unpack(packed), columns=case.columns, parameters={}, limits=[]
    )
    assert compared_with_fairlearn(case, report) >= 50
    assert rows["occurred_at"].min() == START
