"""Files as a source: every format, the window alone, no way out of the open folders."""

from __future__ import annotations

import contextlib
import resource
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from audits.runner import perform_run
from audits.sources.opening import open_input
from governance.core.errors import Invalid
from tests.audits.conftest import DAY, START, Stage
from tests.audits.sources.conftest import (
    GROUPS,
    ROLES,
    changed_in_mid_run,
    decisions,
    expected,
    failure,
    opened_rows,
    rows_as_read,
    write,
)


@pytest.mark.parametrize(
    "name", ["a.csv", "a.tsv", "a.parquet", "a.jsonl", "a.arrow", "a.arrows", "a.feather"]
)
def test_files_of_every_format_give_the_rows_of_the_window(
    folder: Path, source_of: Any, run_of: Any, name: str
) -> None:
    write(folder / name, decisions())
    assert opened_rows(run_of(source_of("files", {"path": str(folder)}))) == rows_as_read()


def test_a_glob_reads_what_it_names_and_the_digest_names_each_file(
    folder: Path, source_of: Any, run_of: Any
) -> None:
    import hashlib

    rows = decisions()
    parts = [
        write(folder / "part-1.csv", rows[:150]),
        write(folder / "part-2.csv", rows[150:]),
    ]
    write(folder / "other.csv", rows)
    run = run_of(source_of("files", {"path": str(folder / "part-*.csv")}))
    assert opened_rows(run) == rows_as_read()
    lines = sorted(f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}\n" for p in parts)
    with open_input(run) as opened:
        assert opened.digest == hashlib.sha256("".join(lines).encode()).hexdigest()


def test_a_run_on_files_reports_what_it_read(folder: Path, source_of: Any, run_of: Any) -> None:
    write(folder / "a.parquet", decisions())
    run = run_of(source_of("files", {"path": str(folder)}))
    assert perform_run(str(run.pk))
    run.refresh_from_db()
    assert run.error == ""
    assert run.report is not None
    assert run.report["inputs"]["rows"] == len(expected())
    rates = {
        row["slice"]["sex"]: row["value"]
        for row in run.report["measurements"]
        if row["metric"] == "selection_rate" and row["slice"]
    }
    for sex, rate in rates.items():
        called = [row["called"] for row in expected() if row["sex"] == sex]
        assert rate == pytest.approx(sum(called) / len(called), abs=1e-12)


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/etc/*.conf", "{open}/../secret.csv", "relative.csv", "/"]
)
def test_no_path_leads_out_of_the_open_folders(
    folder: Path, source_of: Any, run_of: Any, path: str
) -> None:
    write(folder.parent / "secret.csv", decisions())
    source = source_of("files", {"path": path.format(open=folder)})
    assert failure(run_of(source)).startswith(("The path of a source is absolute", repr(path)))


def test_a_link_that_leads_out_is_refused(folder: Path, source_of: Any, run_of: Any) -> None:
    write(folder.parent / "secret.csv", decisions())
    (folder / "inside.csv").symlink_to(folder.parent / "secret.csv")
    run = run_of(source_of("files", {"path": str(folder)}))
    assert "is a link that leads out" in failure(run)


def test_without_an_open_folder_no_file_is_read(
    stage: Stage, tmp_path: Path, source_of: Any, run_of: Any
) -> None:
    write(tmp_path / "a.csv", decisions())
    run = run_of(source_of("files", {"path": str(tmp_path / "a.csv")}))
    assert "TACTFUL_SOURCE_ROOTS" in failure(run)


def test_a_source_that_is_gone_is_said(folder: Path, source_of: Any, run_of: Any) -> None:
    path = write(folder / "a.csv", decisions())
    run = run_of(source_of("files", {"path": str(path)}))
    path.unlink()
    assert failure(run) == f"There is no file {str(path)!r}."


@pytest.mark.parametrize("way", ["replaced", "written over", "appended", "removed"])
@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_a_file_that_changes_during_the_run_makes_no_result(
    folder: Path,
    source_of: Any,
    run_of: Any,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
    name: str,
) -> None:
    path = write(folder / name, decisions())
    run = run_of(source_of("files", {"path": str(path)}))

    def change() -> None:
        if way == "replaced":
            write(folder / f"new-{name}", decisions()[::-1]).replace(path)
        elif way == "written over":
            content = path.read_bytes()
            path.write_bytes(content[::-1])
        elif way == "appended":
            with path.open("ab") as out:
                out.write(b"2026-01-05T00:00:00Z,learned,male,1\n")
        else:
            path.unlink()

    changed_in_mid_run(monkeypatch, change)
    said = failure(run)
    assert said.startswith(f"{name} was {'removed' if way == 'removed' else 'changed'}")
    assert run.report is None


def test_a_file_nobody_touches_is_no_changed_file(
    folder: Path, source_of: Any, run_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(folder / "a.csv", decisions())
    run = run_of(source_of("files", {"path": str(path)}))
    changed_in_mid_run(monkeypatch, path.read_bytes)
    assert perform_run(str(run.pk))
    run.refresh_from_db()
    assert run.error == ""


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"PK\x03\x04 no text", "looks like a zip archive"),
        ("a.parquet", b"PAR1 broken", "a.parquet cannot be read"),
        ("a.csv", b"at,served,sex,called\n", "No outputs of carousel"),
        ("a.csv", b"at,served,sex,called\nyesterday,learned,male,1\n", "a.csv cannot be read"),
        ("a.csv", ",".join(f"c{n}" for n in range(100_000)).encode(), "100,000 columns"),
        ("a.csv", ",".join(f"c{n}" for n in range(1_000_000)).encode(), "longer than a million"),
        ("a.jsonl", b'{"at":"' + b"a" * 40_000_000 + b'"}\n', "a.jsonl cannot be read"),
        ("a.csv", b"when,sex\n2026-01-05T00:00:00Z,male\n", "has no column 'at'"),
        ("a.arrow", b"ARROW1\0\0 broken", "not readable as application/vnd.apache.arrow.file"),
        ("a.txt", b"hello", "does not end in one of"),
    ],
    ids=["zip", "parquet", "empty", "time", "wide", "wider", "line", "column", "arrow", "suffix"],
)
def test_a_file_that_cannot_be_used_says_why_in_one_sentence(
    folder: Path, source_of: Any, run_of: Any, name: str, content: bytes, said: str
) -> None:
    (folder / name).write_bytes(content)
    assert said in failure(run_of(source_of("files", {"path": str(folder / name)})))


def test_times_without_a_zone_are_utc_and_the_report_says_so(
    folder: Path, source_of: Any, run_of: Any
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pylist(decisions())
    naive = table["at"].cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
    pq.write_table(table.set_column(0, "at", naive), folder / "a.parquet")
    run = run_of(source_of("files", {"path": str(folder)}))
    assert opened_rows(run) == rows_as_read()
    with open_input(run) as opened:
        assert opened.notes == ("The times in 'at' were read as UTC.",)


def test_labels_observed_too_late_are_left_out(folder: Path, source_of: Any, run_of: Any) -> None:
    rows = [
        {**row, "seen": (START + (DAY if place % 2 else 9 * DAY)).isoformat(), "good": 1}
        for place, row in enumerate(decisions())
    ]
    write(folder / "a.csv", rows)
    roles = {**ROLES, "observed_at": ["seen"]}
    run = run_of(
        source_of("files", {"path": str(folder)}, columns=roles),
        columns={**GROUPS, "y_true": ["good"]},
        label_maturity=2 * DAY,
    )
    with open_input(run) as opened:
        assert opened.table is not None
        known = int(opened.table.good.count().execute())
    assert known == sum(row["sex"] == "female" for row in expected())


def test_a_version_the_source_does_not_name_is_said(
    folder: Path, source_of: Any, run_of: Any
) -> None:
    write(folder / "a.csv", decisions())
    source = source_of("files", {"path": str(folder)}, columns={"occurred_at": ["at"]})
    with open_input(run_of(source)) as opened:
        assert opened.rows == len([r for r in decisions() if r["at"] < (START + DAY).isoformat()])
        assert opened.notes == (
            "The source does not tell versions apart; its rows were taken as learned's.",
        )


def test_a_run_that_takes_longer_than_its_limit_is_stopped_in_words(
    folder: Path, source_of: Any, run_of: Any
) -> None:
    write(folder / "a.csv", decisions())
    run = run_of(source_of("files", {"path": str(folder)}))
    run.plan.time_limit = timedelta(milliseconds=300)

    def take_long() -> None:
        with open_input(run) as opened:
            assert opened.table is not None
            connection = opened.table.get_backend().con
            connection.execute("SELECT count(*) FROM range(1000000) a, range(1000000) b").fetchall()

    with pytest.raises(Invalid, match=r"took longer than the plan's 0\.3 seconds"):
        take_long()


def test_without_spark_the_run_says_what_to_install(
    folder: Path, source_of: Any, run_of: Any
) -> None:
    try:
        import pyspark  # noqa: F401
    except ImportError:
        write(folder / "a.parquet", decisions())
        run = run_of(source_of("spark", {"path": str(folder)}))
        assert "requirements-spark.txt" in failure(run)
    else:
        pytest.skip("Spark is installed here")


@pytest.mark.parametrize("group", ["sex", "text"])
def test_a_parquet_bomb_in_a_folder_is_a_sentence_or_a_result_in_bounded_memory(
    folder: Path, source_of: Any, run_of: Any, group: str
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = 1_000_000
    table = pa.table(
        {
            "at": ["2026-01-05T00:00:00Z"] * rows,
            "served": ["learned"] * rows,
            "sex": ["female", "male"] * (rows // 2),
            "called": [0, 0, 1, 1] * (rows // 4),
            # 200 GB of text, stored once.
            "text": pa.DictionaryArray.from_arrays(
                pa.array([0] * rows, pa.int32()), pa.array(["x" * 200_000])
            ),
        }
    )
    pq.write_table(table, folder / "bomb.parquet")
    assert (folder / "bomb.parquet").stat().st_size < 2_000_000
    del table
    columns = {"group": [group], "y_pred": ["called"]}
    run = run_of(source_of("files", {"path": str(folder)}), columns=columns, limits=[])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with contextlib.suppress(Invalid), open_input(run) as opened:
        assert opened.table is not None
        counts = opened.table.group_by(group).agg(n=opened.table.count()).to_pyarrow().to_pylist()
        assert sum(row["n"] for row in counts) == rows
    # DuckDB may use 1 GB; dense, one block of this column alone were 24 GB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1_500_000
