"""Outputs and outcomes: any of four formats, once per digest, with subjects under a pseudonym."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from audits import services, storage
from audits.models import OutcomeBatch, OutputBatch, Run
from audits.personal_data import RETENTION, SegmentHolder
from audits.sources.segments import SegmentSelection, open_segments
from audits.subjects import pseudonym
from governance.core.errors import Conflict, Invalid, NotFound, NotPermitted
from tests.audits.conftest import DAY, STAGE, START, Stage, impressions, json_lines

JSON_LINES = "application/x-ndjson"


def in_format(rows: list[dict[str, Any]], media_type: str) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq
    from pyarrow import csv

    table = pa.Table.from_pylist(rows)
    times = table["occurred_at"].cast(pa.timestamp("us", "UTC"))
    typed = table.set_column(table.column_names.index("occurred_at"), "occurred_at", times)
    out = io.BytesIO()
    if media_type == "text/csv":
        csv.write_csv(table, out)
    elif media_type.endswith("parquet"):
        pq.write_table(typed, out)
    elif media_type.endswith("stream"):
        with pa.ipc.new_stream(out, typed.schema) as writer:
            writer.write_table(typed)
    else:
        return json_lines(rows)
    return out.getvalue()


def stored_rows(batch: OutputBatch) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    rows: list[dict[str, Any]] = pq.read_table(storage.locate(batch.path)).to_pylist()
    return rows


@pytest.mark.parametrize(
    "media_type",
    [
        "text/csv",
        JSON_LINES,
        "application/vnd.apache.parquet",
        "application/vnd.apache.arrow.stream",
    ],
)
def test_every_format_becomes_the_same_rows(stage: Stage, media_type: str) -> None:
    rows = impressions("learned", rows=50)
    batch, created = services.push_outputs(
        system=stage.system,
        version=stage.serving,
        data=in_format(rows, media_type),
        media_type=media_type,
        actor=STAGE,
    )
    assert created
    assert (batch.rows, batch.shown, batch.clicked) == (50, 50, 1)
    assert (batch.occurred_from, batch.occurred_to) == (START, START + timedelta(seconds=49))
    assert [row["output_id"] for row in stored_rows(batch)] == [row["output_id"] for row in rows]


def test_the_same_bytes_are_one_batch_and_never_another_versions(stage: Stage) -> None:
    rows = impressions("learned", rows=20)
    first, created = stage.push(stage.serving, rows)
    again, created_again = stage.push(stage.serving, rows)
    assert (created, created_again, again.pk) == (True, False, first.pk)
    with pytest.raises(Conflict, match="known as outputs of version learned"):
        stage.push(stage.fallback, rows)
    assert OutputBatch.objects.count() == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "The data is empty"),
        ("output_id,occurred_at\n", "holds no row"),
        ("id,occurred_at\n1,2026-01-01T00:00:00Z\n", "The column 'output_id' is missing"),
        ("output_id,occurred_at\n1,2026-01-01T00:00:00\n", "no time with a zone"),
        ("output_id,occurred_at\n1,yesterday\n", "no time with a zone"),
        ("output_id,occurred_at\n1,\n", "is empty in 1 rows"),
        ("output_id,occurred_at\n,2026-01-01T00:00:00Z\n", "is empty in 1 rows"),
        (
            "output_id,occurred_at\n1,2026-01-01T00:00:00Z\n1,2026-01-01T00:00:01Z\n",
            "'1' occurs more than once",
        ),
        ("output_id,occurred_at,clicked\n1,2026-01-01T00:00:00Z,2\n", "must hold 0 or 1"),
        ("output_id,occurred_at,score\n1,2026-01-01T00:00:00Z,high\n", "'score' is not usable"),
    ],
)
def test_bad_input_is_refused_in_one_sentence_and_leaves_nothing(
    stage: Stage, text: str, said: str
) -> None:
    with pytest.raises(Invalid, match=said) as refused:
        services.push_outputs(
            system=stage.system,
            version=stage.serving,
            data=text.encode(),
            media_type="text/csv",
            actor=STAGE,
        )
    assert refused.value.sentence.count("\n") == 0
    assert not OutputBatch.objects.exists()
    folder = storage.storage_folder()
    assert [path for path in folder.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "media_type", ["application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"]
)
def test_a_file_that_is_not_what_it_says_is_refused(stage: Stage, media_type: str) -> None:
    with pytest.raises(Invalid, match="not readable as"):
        services.push_outputs(
            system=stage.system, data=b"output_id\n1\n", media_type=media_type, actor=STAGE
        )


def test_only_engineers_of_the_team_push(stage: Stage, cast: Any) -> None:
    def push(name: str) -> bool:
        _, created = services.push_outputs(
            system=stage.system,
            data=json_lines(impressions("x")),
            media_type=JSON_LINES,
            actor=cast.actor(name),
        )
        return created

    with pytest.raises(NotFound):
        push("max")
    cast.join("carousel")
    for name in ("eve", "ada", "aud"):
        with pytest.raises(NotPermitted):
            push(name)
    assert push("max")


def test_a_customers_id_is_never_stored(stage: Stage) -> None:
    batch, _ = stage.push(stage.serving, impressions("learned", rows=10))
    subjects = {row["subject"] for row in stored_rows(batch)}
    assert pseudonym("person-3") in subjects
    assert b"person-3" not in storage.locate(batch.path).read_bytes()


def test_an_erased_person_is_gone_from_every_segment(
    stage: Stage, django_capture_on_commit_callbacks: Any
) -> None:
    batch, _ = stage.push(stage.serving, impressions("learned", rows=97 * 3))
    old = storage.locate(batch.path)
    person = f"subject:{pseudonym('person-0')}"
    holder = SegmentHolder()
    assert len(holder.export(person)) == 3
    with django_capture_on_commit_callbacks(execute=True):
        assert holder.erase(person) == 3
    assert not old.exists()
    batch.refresh_from_db()
    assert (batch.rows, batch.erased_rows, len(stored_rows(batch))) == (97 * 3 - 3, 3, 288)
    assert batch.clicked == sum(row["clicked"] for row in stored_rows(batch))
    assert holder.export(person) == []
    assert holder.erase(person) == 0


def test_a_segment_leaves_when_its_time_has_come(
    stage: Stage, django_capture_on_commit_callbacks: Any
) -> None:
    batch, _ = stage.push(stage.serving, impressions("learned", rows=5))
    path = storage.locate(batch.path)
    rule = next(one for one in RETENTION if one.model == "audits.OutputBatch")
    assert rule.apply(batch.retention_until - DAY) == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert rule.apply(batch.retention_until + DAY) == 1
    assert not path.exists()


def decisions(version: str, rows: int = 300) -> list[dict[str, Any]]:
    return [
        {
            "output_id": f"{version}-{number}",
            "occurred_at": (START + timedelta(seconds=number)).isoformat(),
            "sex": "female" if number % 2 else "male",
            "y_pred": int(number % 3 == 0),
        }
        for number in range(rows)
    ]


def outcomes(rows: int, *, after: timedelta) -> bytes:
    return json_lines(
        [
            {
                "output_id": f"learned-{number}",
                "y_true": int(number % 3 == 0),
                "observed_at": (START + timedelta(seconds=number) + after).isoformat(),
            }
            for number in range(rows)
        ]
    )


def test_outcomes_are_joined_once_they_are_mature(
    stage: Stage, run_due: Callable[[], list[str]]
) -> None:
    stage.plan(
        key="groups",
        method="fairness.groups",
        parameters={},
        columns={"group": ["sex"], "y_pred": ["y_pred"], "y_true": ["y_true"]},
        limits=["selection_rate_ratio>=0.5"],
        label_maturity=timedelta(days=2),
        ends_at=START + DAY,
        planned_looks=1,
        on_breach="finding",
    )
    stage.push(stage.serving, decisions("learned"))
    for part in (outcomes(200, after=DAY), outcomes(250, after=3 * DAY)):
        _, created = services.push_outcomes(
            system=stage.system, data=part, media_type=JSON_LINES, actor=STAGE
        )
        assert created
    assert OutcomeBatch.objects.count() == 2
    (run_id,) = run_due()
    run = Run.objects.get(pk=run_id)
    assert run.error == ""
    assert run.report is not None
    assert (run.report["inputs"]["rows"], run.report["inputs"]["without_label"]) == (200, 100)


def test_a_log_of_several_versions_is_told_apart_by_its_column(
    stage: Stage, run_due: Callable[[], list[str]]
) -> None:
    stage.plan(ends_at=START + DAY)
    mixed = [
        {**row, "model_version": "learned" if number % 4 else "uniform"}
        for number, row in enumerate(impressions("mixed", rows=400))
    ]
    services.push_outputs(
        system=stage.system, data=json_lines(mixed), media_type=JSON_LINES, actor=STAGE
    )
    (run_id,) = run_due()
    run = Run.objects.get(pk=run_id)
    assert run.report is not None
    assert run.report["inputs"]["rows"] == 300


def test_a_run_can_open_the_files_of_its_window_and_nothing_else(
    stage: Stage, tmp_path: Path
) -> None:
    batch, _ = stage.push(stage.serving, impressions("learned", rows=5))
    other = tmp_path / "other.json"
    other.write_text(json.dumps({"secret": 1}))
    selection = SegmentSelection([storage.locate(batch.path)], [], [], START, START + DAY)
    with open_segments(selection) as opened:
        assert opened.rows == 5
        for statement in (
            f"SELECT * FROM read_json('{other}')",
            f"COPY (SELECT 1) TO '{storage.locate(batch.path)}'",
            f"ATTACH '{tmp_path / 'x.db'}'",
            "SET enable_external_access = true",
            "INSTALL httpfs",
        ):
            with pytest.raises(Exception, match=r"(?i)disabled|locked|cannot|permission"):
                opened.backend.raw_sql(statement)
