"""A log of decisions in every form a source may have, and short ways to plan a run on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.audits.conftest import DAY, STAGE, START, Stage

if TYPE_CHECKING:
    from audits.models import Run, Source

GROUPS = {"group": ["sex"], "y_pred": ["called"]}
ROLES = {"occurred_at": ["at"], "model_version": ["served"]}


def decisions(rows: int = 400) -> list[dict[str, Any]]:
    """Decisions over two days by two versions; women are called half as often."""
    return [
        {
            "at": (START + timedelta(minutes=5 * number)).isoformat(),
            "served": "learned" if number % 4 else "uniform",
            "sex": "female" if number % 2 else "male",
            "called": int(number % (6 if number % 2 else 3) == 0),
        }
        for number in range(rows)
    ]


def expected() -> list[dict[str, Any]]:
    """What the first window of the serving version holds."""
    return [
        row
        for row in decisions()
        if row["at"] < (START + DAY).isoformat() and row["served"] == "learned"
    ]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Write rows in the format that the name says."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyarrow import csv

    table = pa.Table.from_pylist(rows)
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path
    if path.suffix == ".csv":
        csv.write_csv(table, path)
        return path
    if path.suffix == ".tsv":
        csv.write_csv(table, path, csv.WriteOptions(delimiter="\t"))
        return path
    times = table["at"].cast(pa.timestamp("us", "UTC"))
    table = table.set_column(0, "at", times)
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    elif path.suffix == ".arrows":
        with pa.OSFile(str(path), "wb") as out, pa.ipc.new_stream(out, table.schema) as writer:
            writer.write_table(table)
    else:
        with pa.OSFile(str(path), "wb") as out, pa.ipc.new_file(out, table.schema) as writer:
            writer.write_table(table)
    return path


@pytest.fixture
def folder(tmp_path: Path, settings: Any) -> Path:
    """A folder that is open to sources."""
    settings.SOURCE_ROOTS = [tmp_path / "open"]
    (tmp_path / "open").mkdir()
    return tmp_path / "open"


@pytest.fixture
def source_of(stage: Stage) -> Callable[..., Source]:
    from audits.services import create_source

    def make(origin: str, location: dict[str, Any], **more: Any) -> Source:
        return create_source(
            **{
                "system": stage.system,
                "key": "decisions",
                "title": "Decisions",
                "kind": "decisions",
                "columns": ROLES,
                "origin": origin,
                "location": location,
                "actor": STAGE,
                **more,
            }
        )

    return make


@pytest.fixture
def run_of(stage: Stage) -> Callable[..., Run]:
    from audits.services import schedule_due_runs

    def make(source: Source, **changes: Any) -> Run:
        stage.plan(
            **{
                "key": "groups",
                "source": source,
                "method": "fairness.groups",
                "parameters": {},
                "columns": GROUPS,
                "limits": ["selection_rate_ratio>=0.9"],
                "ends_at": START + DAY,
                "planned_looks": 1,
                "on_breach": "finding",
                **changes,
            }
        )
        (run,) = schedule_due_runs()
        return run

    return make


def opened_rows(run: Run) -> list[tuple[str, str]]:
    """Sex and label of what a run reads."""
    from audits.sources.opening import open_input

    with open_input(run) as opened:
        assert opened.table is not None
        table = opened.table.select("sex", "called").to_pyarrow().to_pylist()
        assert opened.rows == len(table)
    return sorted((row["sex"], str(row["called"])) for row in table)


def rows_as_read() -> list[tuple[str, str]]:
    return sorted((row["sex"], str(row["called"])) for row in expected())


def failure(run: Run) -> str:
    """Carry a run out that has to fail, and give the sentence it failed with."""
    from audits.runner import perform_run

    assert perform_run(str(run.pk))
    run.refresh_from_db()
    assert run.state == "error"
    assert "\n" not in run.error
    return run.error


def changed_in_mid_run(monkeypatch: pytest.MonkeyPatch, change: Callable[[], Any]) -> None:
    """Let something happen to the files while the run holds them open."""
    from audits.sources import opening, window

    joined = window.part_of_run

    def then(*given: Any, **more: Any) -> Any:
        change()
        return joined(*given, **more)

    monkeypatch.setattr(opening, "part_of_run", then)
