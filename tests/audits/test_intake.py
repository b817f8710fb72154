"""Files with other names than ours become outputs without being edited, and say what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from audits import services, storage
from audits.models import Source, StagedUpload
from audits.services.staging import discard_expired, profile_of_staged
from audits.sources.intake.roles import suggest_roles
from audits.subjects import pseudonym
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotPermitted
from tests.audits.conftest import STAGE, Stage

MOMENT = datetime(2026, 1, 5, 12, tzinfo=UTC)
CSV = "applicant,race,decision,note\n" + "".join(
    f'00{n},{"a" if n % 2 else "b"},{int(n % 3 == 0)},"said, quoted"\n' for n in range(90)
)
ROLES = {"applicant": "subject", "race": "group", "decision": "y_pred"}


@pytest.fixture
def source(stage: Stage) -> Source:
    return services.create_source(
        system=stage.system, key="loans", title="Loans", kind="decisions", actor=STAGE
    )


def stage_file(
    source: Source,
    folder: Path,
    content: str | bytes = CSV,
    name: str = "a.csv",
    media_type: str = "text/csv",
) -> StagedUpload:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return services.stage_upload(
        source=source, data=file, name=name, media_type=media_type, actor=STAGE
    )


def rows_of(path: str) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    rows: list[dict[str, Any]] = pq.read_table(storage.locate(path)).to_pylist()
    return rows


def test_a_csv_with_its_own_names_becomes_outputs_without_being_edited(
    stage: Stage, source: Source, tmp_path: Path
) -> None:
    staged = stage_file(source, tmp_path)
    profile = profile_of_staged(staged)
    assert (profile.rows, profile.whole) == (90, True)
    suggested = suggest_roles(profile.columns, profile.rows)
    assert suggested == ROLES
    source = services.map_columns(source=source, profile=profile, roles=suggested, actor=STAGE)
    assert source.columns == {"subject": ["subject"], "group": ["race"], "y_pred": ["y_pred"]}
    staged = StagedUpload.objects.get()
    batch, created = services.take_in_staged(
        staged=staged, version=stage.serving, moment=MOMENT, actor=STAGE
    )
    assert created
    assert (batch.source, batch.version, batch.rows) == (source, stage.serving, 90)
    assert (batch.occurred_from, batch.occurred_to) == (MOMENT, MOMENT)
    rows = rows_of(batch.path)
    assert set(rows[0]) == {"subject", "race", "y_pred", "output_id", "occurred_at"}
    assert rows[1]["subject"] == pseudonym("001")
    assert (rows[1]["race"], rows[1]["y_pred"]) == ("a", 0)
    assert rows[0]["output_id"].endswith("-1")
    assert not StagedUpload.objects.exists()
    # The same file again is the same batch.
    again, created = services.take_in_staged(
        staged=stage_file(source, tmp_path), version=stage.serving, moment=MOMENT, actor=STAGE
    )
    assert (again, created) == (batch, False)


def test_json_lines_parquet_and_arrow_are_renamed_alike(
    stage: Stage, source: Source, tmp_path: Path
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        {"Request ID": f"r{n}", "When": f"2026-01-05T09:00:{n:02d}+01:00", "User": n, "ok": n % 2}
        for n in range(40)
    ]
    table = pa.Table.from_pylist(rows)
    pq.write_table(table, tmp_path / "p.parquet")
    with (
        pa.OSFile(str(tmp_path / "s.arrow"), "wb") as sink,
        pa.ipc.new_stream(sink, table.schema) as writer,
    ):
        writer.write_table(table)
    import json

    (tmp_path / "l.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    roles = {"Request ID": "output_id", "When": "occurred_at", "User": "subject", "ok": "y_pred"}
    stored = []
    for name, media_type in (
        ("l.jsonl", "application/x-ndjson"),
        ("p.parquet", "application/vnd.apache.parquet"),
        ("s.arrow", "application/vnd.apache.arrow.stream"),
    ):
        content = (tmp_path / name).read_bytes()
        staged = stage_file(source, tmp_path, content, name, media_type)
        source = services.map_columns(
            source=source, profile=profile_of_staged(staged), roles=roles, actor=STAGE
        )
        staged.refresh_from_db()
        batch, _ = services.take_in_staged(staged=staged, actor=STAGE)
        stored.append(rows_of(batch.path))
        batch.delete()
    assert stored[0] == stored[1] == stored[2]
    assert stored[0][3]["subject"] == pseudonym("3")
    assert stored[0][3]["occurred_at"] == datetime(2026, 1, 5, 8, 0, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("content", "roles", "sentence"),
    [
        ("a,b\n1,2\n1,3\n", {"a": "output_id"}, "'a' repeats"),
        ("a,b\n1,2026-01-05\n", {"b": "occurred_at"}, "times need a zone"),
        ("a,b\n1,2026-01-05T09:00:00\n", {"b": "occurred_at"}, "time without zone"),
        ("a,b\n1,2026-01-05T09:00:00Z\n2,\n", {"b": "occurred_at"}, "times may not be"),
        ("a,b\n1,x\n", {"b": "score"}, "must hold numbers to be score"),
        ("a,b\n1,2\n", {"b": "clicked"}, "must hold 0 or 1"),
        ("a,b\n1,2\n", {"a": "subject", "b": "subject"}, "one column can have it"),
        ("a,b\n1,2\n", {}, "at least one column"),
        ("a,b\n1,2\n", {"c": "group"}, "no column 'c'"),
        ("a,b\n1,2\n", {"a": "favourite"}, "is no role"),
        ("score,b\n1,2\n", {"score": "group", "b": "score"}, "the name of another role"),
    ],
)
def test_a_mapping_that_would_go_wrong_is_refused_with_the_reason(
    source: Source, tmp_path: Path, content: str, roles: dict[str, str], sentence: str
) -> None:
    staged = stage_file(source, tmp_path, content)
    with pytest.raises(Invalid, match=sentence):
        services.map_columns(
            source=source, profile=profile_of_staged(staged), roles=roles, actor=STAGE
        )
    source.refresh_from_db()
    assert source.columns == {}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "empty"),
        ("a,b\n", "holds no row"),
        ("a,a\n1,2\n", "comes twice"),
        ("a,\n1,2\n", "Column 2 has no name"),
        ("a,b\n1\n", "A row has 1 values"),
        (",".join(f"c{n}" for n in range(300)) + "\n" + "1," * 299 + "1\n", "300 columns"),
    ],
)
def test_a_file_that_cannot_be_looked_at_is_not_kept(
    source: Source, tmp_path: Path, content: str, sentence: str
) -> None:
    with pytest.raises(Invalid, match=sentence):
        stage_file(source, tmp_path, content)
    assert not StagedUpload.objects.exists()
    assert not list(storage.storage_folder().glob("staged/**/*.json"))


def test_a_later_file_without_a_mapped_column_is_refused_by_its_own_name(
    stage: Stage, source: Source, tmp_path: Path
) -> None:
    staged = stage_file(source, tmp_path)
    source = services.map_columns(
        source=source, profile=profile_of_staged(staged), roles=ROLES, actor=STAGE
    )
    other = tmp_path / "other.csv"
    other.write_text("applicant,race\n1,a\n")
    with pytest.raises(Invalid, match="no column 'decision'"):
        services.take_in(
            source=source, data=other, media_type="text/csv", moment=MOMENT, actor=STAGE
        )
    with pytest.raises(Invalid, match="say when all of them occurred"):
        services.take_in(source=source, data=other, media_type="text/csv", actor=STAGE)


def test_an_upload_that_nobody_mapped_is_forgotten_with_its_file(
    source: Source, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    staged = stage_file(source, tmp_path)
    path = storage.locate(staged.path)
    assert discard_expired(database_now()) == 0
    with django_capture_on_commit_callbacks(execute=True):
        assert discard_expired(database_now() + timedelta(days=2)) == 1
    assert not path.exists()
    assert not path.with_name(f"{path.name}.json").exists()


def test_a_paused_source_takes_nothing_in_and_one_in_use_is_not_deleted(
    stage: Stage, source: Source, cast: Any, tmp_path: Path
) -> None:
    cast.join("carousel")
    with pytest.raises(NotPermitted):
        services.pause_source(source=source, reason="x", actor=cast.actor("aud"))
    services.pause_source(source=source, reason="The feed repeats.", actor=cast.actor("max"))
    with pytest.raises(Conflict, match="is paused: The feed repeats"):
        stage_file(source, tmp_path)
    services.resume_source(source=source, actor=cast.actor("max"))
    plan = stage.plan(source=source)
    with pytest.raises(Conflict, match="1 plans read this source"):
        services.delete_source(source=source, actor=STAGE)
    type(plan).objects.filter(pk=plan.pk).update(source=None)
    services.delete_source(source=source, actor=STAGE)
    assert not Source.objects.exists()


def test_values_beyond_every_type_are_looked_at_without_harm(
    source: Source, tmp_path: Path
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    lines = '{"id": 1, "big": 1' + "0" * 30 + ', "mixed": "a"}\n{"id": 2, "big": 1, "mixed": [1]}\n'
    profile = profile_of_staged(
        stage_file(source, tmp_path, lines, "a.jsonl", "application/x-ndjson")
    )
    assert [one.kind for one in profile.columns] == ["number", "number", "text"]
    odd = pa.table(
        {
            "id": [1, 2],
            "raw": pa.array([b"\xff", b"\xfe"], pa.binary()),
            "many": pa.array([[1], [2]]),
            "span": pa.array([1, 2], pa.duration("s")),
        }
    )
    pq.write_table(odd, tmp_path / "odd.parquet")
    content = (tmp_path / "odd.parquet").read_bytes()
    staged = stage_file(source, tmp_path, content, "b.parquet", "application/vnd.apache.parquet")
    profile = profile_of_staged(staged)
    assert profile.columns[2].kind == "no plain values"
    with pytest.raises(Invalid, match="a role needs plain values"):
        services.map_columns(source=source, profile=profile, roles={"many": "group"}, actor=STAGE)
