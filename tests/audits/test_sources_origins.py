"""Every origin gives the same rows: files, S3, PostgreSQL, counts; each with its own refusals."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from audits.models import Run, Source
from audits.runner import perform_run
from audits.services import schedule_due_runs
from audits.services.sources import check_source, create_source
from audits.sources import buckets, opening
from audits.sources.opening import open_input
from governance.core.errors import Invalid
from tests.audits.conftest import DAY, STAGE, START, Stage

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
    with open_input(run) as opened:
        assert opened.table is not None
        table = opened.table.select("sex", "called").to_pyarrow().to_pylist()
        assert opened.rows == len(table)
    return sorted((row["sex"], str(row["called"])) for row in table)


def rows_as_read() -> list[tuple[str, str]]:
    return sorted((row["sex"], str(row["called"])) for row in expected())


def failure(run: Run) -> str:
    """Carry a run out that has to fail, and give the sentence it failed with."""
    assert perform_run(str(run.pk))
    run.refresh_from_db()
    assert run.state == "error"
    assert "\n" not in run.error
    return run.error


# Files


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


def changed_in_mid_run(monkeypatch: pytest.MonkeyPatch, change: Callable[[], Any]) -> None:
    """Let something happen to the files while the run holds them open."""
    joined = opening.part_of_run

    def then(*given: Any, **more: Any) -> Any:
        change()
        return joined(*given, **more)

    monkeypatch.setattr(opening, "part_of_run", then)


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
        assert opened.notes == ("The times in 'at' carry no zone; they were read as UTC.",)


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


# PostgreSQL


@pytest.fixture
def database(embedded_postgres: Any, settings: Any) -> Iterator[dict[str, str]]:
    """A database of somebody else, with a table of decisions and a role that may read it."""
    name, role = "warehouse", "reader"
    layout = embedded_postgres.layout
    settings.SOURCE_HOSTS = [str(layout.socket_dir)]
    with embedded_postgres.as_superuser() as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    with embedded_postgres.as_superuser(name) as admin:
        admin.execute(
            "CREATE TABLE decisions (at timestamptz, served text, sex text, called int);"
            'CREATE TABLE secrets (word text); CREATE SCHEMA "odd \'; --";'
            'CREATE VIEW "odd \'; --".view AS SELECT * FROM decisions'
        )
        with admin.cursor().copy("COPY decisions FROM STDIN") as copy:
            for row in decisions():
                copy.write_row(list(row.values()))
        owner = layout.owner_role
        admin.execute(f'GRANT SELECT ON decisions TO "{owner}"')
        admin.execute(f'GRANT USAGE ON SCHEMA "odd \'; --" TO "{owner}"')
        admin.execute(f'GRANT SELECT ON "odd \'; --".view TO "{owner}"')
    yield {"host": str(layout.socket_dir), "port": str(layout.socket_port), "dbname": name,
           "user": layout.owner_role}  # fmt: skip
    with embedded_postgres.as_superuser() as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    del role


def dsn(parts: dict[str, str]) -> str:
    return psycopg.conninfo.make_conninfo(**parts)


def test_a_table_gives_the_rows_of_the_window_through_one_read_only_transaction(
    database: dict[str, str], source_of: Any, run_of: Any
) -> None:
    run = run_of(source_of("postgresql", {"table": "decisions"}, secret=dsn(database)))
    assert opened_rows(run) == rows_as_read()
    with open_input(run) as opened:
        assert opened.engine.startswith("postgres ")
        assert opened.table is not None
        connection = opened.table.get_backend().con
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("CREATE TABLE public.mine (a int)")


def test_a_run_on_a_table_is_judged_and_its_digest_is_of_the_rows(
    database: dict[str, str], source_of: Any, run_of: Any, embedded_postgres: Any
) -> None:
    run = run_of(source_of("postgresql", {"table": "decisions"}, secret=dsn(database)))
    with open_input(run) as first, open_input(run) as again:
        assert first.digest == again.digest
    assert perform_run(str(run.pk))
    run.refresh_from_db()
    assert run.error == ""
    assert run.report is not None
    assert run.report["inputs"]["sha256"] == first.digest
    with embedded_postgres.as_superuser("warehouse") as admin:
        admin.execute("UPDATE decisions SET called = 1 - called WHERE at = (SELECT min(at) "
                      "FROM decisions WHERE served = 'learned')")  # fmt: skip
    with open_input(run) as other:
        assert other.digest != first.digest


def test_names_come_from_the_servers_catalogue_and_are_never_sql(
    database: dict[str, str], source_of: Any, run_of: Any
) -> None:
    odd = source_of(
        "postgresql", {"schema": "odd '; --", "table": "view"}, secret=dsn(database), key="odd"
    )
    assert opened_rows(run_of(odd)) == rows_as_read()
    names = ["decisions; DROP TABLE decisions", "secrets", "pg_authid", "no_such"]
    for place, table in enumerate(names):
        source = source_of("postgresql", {"table": table}, secret=dsn(database), key=f"t{place}")
        assert "has no table public." in check_source(source=source, actor=STAGE).problem


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"port": "1"}, "refuses: "),
        ({"dbname": "nowhere"}, 'refuses: database "nowhere" does not exist'),
        ({"user": "nobody_here"}, "refuses: "),
        ({"host": "db.example.com"}, "is not open to sources"),
    ],
)
def test_a_database_that_is_down_or_closed_is_one_sentence(
    database: dict[str, str], source_of: Any, run_of: Any, change: dict[str, str], said: str
) -> None:
    run = run_of(source_of("postgresql", {"table": "decisions"}, secret=dsn(database | change)))
    sentence = failure(run)
    assert said in sentence
    assert "password" not in sentence


def test_a_database_that_breaks_off_in_mid_run_is_one_sentence(
    database: dict[str, str],
    source_of: Any,
    run_of: Any,
    embedded_postgres: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = run_of(source_of("postgresql", {"table": "decisions"}, secret=dsn(database)))

    def end_it() -> None:
        with embedded_postgres.as_superuser() as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'tactful-audit'"
            )

    changed_in_mid_run(monkeypatch, end_it)
    assert "warehouse on" in (said := failure(run)) and "broke off" in said


def test_a_slow_statement_is_ended_by_the_server(
    database: dict[str, str], source_of: Any, run_of: Any, embedded_postgres: Any
) -> None:
    with embedded_postgres.as_superuser("warehouse") as admin:
        admin.execute(
            "CREATE VIEW slow AS SELECT d.* FROM decisions d, pg_sleep(30);"
            f'GRANT SELECT ON slow TO "{database["user"]}"'
        )
    run = run_of(source_of("postgresql", {"table": "slow"}, secret=dsn(database)))
    run.plan.time_limit = timedelta(seconds=1)
    with pytest.raises(Invalid, match="longer than"), open_input(run):
        pass


def test_a_credential_is_stored_sealed_and_opens_for_its_source_alone(
    database: dict[str, str], source_of: Any
) -> None:
    secret = dsn({**database, "password": "hunter2hunter2"})
    one = source_of("postgresql", {"table": "decisions"}, secret=secret)
    two = source_of("postgresql", {"table": "decisions"}, secret=secret, key="other")
    assert "hunter2" not in one.secret and one.secret != two.secret
    from audits.sources.credentials import unseal

    assert unseal(one) == secret
    two.secret = one.secret
    with pytest.raises(Invalid, match="sealed with another key"):
        unseal(two)


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("", "needs a connection string"),
        ("host=a dbname=b user=c service=other", "may not say 'service'"),
        ("host=a dbname=b user=c passfile=/etc/shadow", "may not say 'passfile'"),
        ("host=a dbname=b user=c options=-csearch_path=x", "may not say 'options'"),
        ("host=a,b dbname=b user=c", "names one host"),
        ("dbname=b user=c", "does not say its 'host'"),
        ("postgresql://[", "is not readable"),
    ],
)
def test_a_connection_string_says_where_and_who_and_nothing_else(
    source_of: Any, secret: str, said: str
) -> None:
    with pytest.raises(Invalid, match=said):
        source_of("postgresql", {"table": "decisions"}, secret=secret)


# Counts


def counted(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    from collections import Counter

    cells = Counter((row["sex"], row["called"]) for row in rows)
    return [{"sex": sex, "called": called, "n": n} for (sex, called), n in cells.items()]


def test_counts_give_the_cube_of_the_rows_they_stand_for(
    folder: Path, source_of: Any, run_of: Any
) -> None:
    from methods.run import collect_cube, cube_method

    rows = decisions()
    (folder / "cube.jsonl").write_text("".join(json.dumps(one) + "\n" for one in counted(rows)))
    write(folder / "rows.csv", rows)
    packed = []
    for origin, path in (("cube", "cube.jsonl"), ("files", "rows.csv")):
        columns = {} if origin == "cube" else {"occurred_at": ["at"]}
        source = source_of(origin, {"path": str(folder / path)}, key=origin, columns=columns)
        run = run_of(source, key=origin, ends_at=START + 2 * DAY, length=2 * DAY, every=2 * DAY)
        with open_input(run) as opened:
            assert opened.table is not None
            assert opened.rows == len(rows)
            cube = collect_cube("fairness.groups", opened.table, GROUPS, {})
            packed.append(cube_method("fairness.groups").pack(cube))
            assert ("counts of rows" in " ".join(opened.notes)) == (origin == "cube")
    assert packed[0] == packed[1]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([{"sex": "female", "called": 1, "n": -1}], "no whole count"),
        ([{"sex": "female", "called": 1, "n": 1.5}], "no whole count"),
        ([{"sex": "female", "called": 1, "n": None}], "no whole count"),
        ([{"sex": "female", "called": 1}], "no column 'n' that counts"),
        ([{"sex": "female", "called": 1, "n": 10**13}], "stands for more than"),
    ],
)
def test_counts_that_are_none_are_refused(
    folder: Path, source_of: Any, run_of: Any, cells: list[dict[str, Any]], said: str
) -> None:
    (folder / "cube.jsonl").write_text("".join(json.dumps(one) + "\n" for one in cells))
    source = source_of("cube", {"path": str(folder / "cube.jsonl")}, columns={})
    assert said in failure(run_of(source))


# S3


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_server: str, settings: Any, tmp_path: Path) -> Iterator[Any]:
    import boto3

    settings.SOURCE_HOSTS = ["127.0.0.1"]
    client = boto3.client(
        "s3", endpoint_url=s3_server, region_name="us-east-1",
        aws_access_key_id="key", aws_secret_access_key="secret",
    )  # fmt: skip
    client.create_bucket(Bucket="outputs")
    for name in ("day/a.parquet", "day/b.parquet", "day/c.csv"):
        rows = decisions()[:150] if name.endswith("a.parquet") else decisions()[150:]
        path = write(tmp_path / Path(name).name, decisions() if name.endswith("csv") else rows)
        client.put_object(Bucket="outputs", Key=name, Body=path.read_bytes())
    yield client
    for one in client.list_objects_v2(Bucket="outputs").get("Contents", []):
        client.delete_object(Bucket="outputs", Key=one["Key"])
    client.delete_bucket(Bucket="outputs")


SECRET = json.dumps({"access_key": "key", "secret_key": "secret"})


@pytest.mark.parametrize("key", ["day/c.csv", "day/*.parquet"])
def test_objects_of_a_bucket_give_the_rows_of_the_window_and_leave_nothing(
    bucket: Any, s3_server: str, source_of: Any, run_of: Any, key: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    import tempfile

    fetched = tmp_path / "fetched"
    fetched.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(fetched))
    location = {"url": f"s3://outputs/{key}", "endpoint": s3_server}
    run = run_of(source_of("s3", location, secret=SECRET))
    with open_input(run):
        assert any(fetched.rglob("c.csv" if key.endswith("csv") else "a.parquet"))
    assert opened_rows(run) == rows_as_read()
    assert not any(fetched.iterdir())


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ({"url": "s3://outputs/day/none.csv"}, "There is no object s3://outputs/day/none.csv"),
        ({"url": "s3://outputs/none/"}, "There is no object"),
        ({"url": "s3://nowhere/day/"}, "There is no object s3://nowhere/day/"),
        ({"url": "s3://outputs/day/c.csv", "endpoint": "http://127.0.0.1:9"}, "does not answer"),
        (
            {"url": "s3://outputs/day/c.csv", "endpoint": "http://10.0.0.1"},
            "is not open to sources",
        ),
    ],
)
def test_a_bucket_that_has_it_not_or_does_not_answer_is_one_sentence(
    bucket: Any, s3_server: str, source_of: Any, run_of: Any, location: dict[str, str], said: str
) -> None:
    run = run_of(source_of("s3", {"endpoint": s3_server, **location}, secret=SECRET))
    assert said in failure(run)


def test_a_bucket_that_refuses_the_key_is_one_sentence(
    bucket: Any, s3_server: str, source_of: Any, run_of: Any
) -> None:
    import httpx

    run = run_of(
        source_of("s3", {"url": "s3://outputs/day/c.csv", "endpoint": s3_server}, secret=SECRET)
    )
    # From the next request on, moto checks who asks: our key is nobody's.
    httpx.post(f"{s3_server}/moto-api/reset-auth", content="0")
    try:
        said = failure(run)
    finally:
        httpx.post(f"{s3_server}/moto-api/reset-auth", content="Infinity")
    assert said.startswith("The bucket outputs refuses: ")
    assert "secret" not in said


def test_an_object_replaced_while_it_is_fetched_is_refused(
    bucket: Any, s3_server: str, source_of: Any, run_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = buckets._check_room

    def then_replace(*given: Any) -> None:
        listed(*given)
        bucket.put_object(Bucket="outputs", Key="day/c.csv", Body=b"at,served,sex,called\n")

    monkeypatch.setattr(buckets, "_check_room", then_replace)
    location = {"url": "s3://outputs/day/c.csv", "endpoint": s3_server}
    run = run_of(source_of("s3", location, secret=SECRET))
    assert "c.csv was changed while it was fetched" in failure(run)


def test_more_than_the_machine_has_room_for_is_not_fetched(
    bucket: Any, s3_server: str, source_of: Any, run_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buckets, "SPARE_BYTES", 2**60)
    location = {"url": "s3://outputs/day/c.csv", "endpoint": s3_server}
    assert "has no room" in failure(run_of(source_of("s3", location, secret=SECRET)))


# Spark


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
