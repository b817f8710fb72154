"""What the operator's commands promise: a backup comes back whole, the doctor tells what is ill."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config.env import ROOT
from config.up import database as preparation
from tests.ground_database import EmbeddedPostgres

pytestmark = pytest.mark.django_db


class Installation:
    """One database and one DATA_DIR, used through the command line alone."""

    def __init__(self, server: EmbeddedPostgres, database: str, data_dir: Path) -> None:
        self.server = server
        self.database = database
        self.data_dir = data_dir

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {**self.server.env_of(self.database), "DATA_DIR": str(self.data_dir)}
        environment.pop("TACTFUL_AS_OWNER")
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.server.url_of(self.database)) as connection:
            return connection.execute(statement).fetchall()


@pytest.fixture(scope="module")
def prepared(
    embedded_postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A database that `prepare_database` made ready; each test works on a clone of it."""
    name = embedded_postgres.new_database()
    made = Installation(embedded_postgres, name, tmp_path_factory.mktemp("made")).run(
        "prepare_database"
    )
    assert made.returncode == 0, made.stderr
    yield name
    embedded_postgres.drop(name)


@pytest.fixture
def filled(
    embedded_postgres: EmbeddedPostgres, prepared: str, tmp_path: Path
) -> Iterator[tuple[Installation, Installation]]:
    """An installation with one row and one stored file, and an empty one."""
    here = Installation(
        embedded_postgres, embedded_postgres.new_database(prepared), tmp_path / "here"
    )
    there = Installation(embedded_postgres, embedded_postgres.new_database(), tmp_path / "there")
    assert here.run("check").returncode == 0  # the first command makes the keys
    with psycopg.connect(embedded_postgres.url_of(here.database)) as connection:
        connection.execute("INSERT INTO django_content_type (app_label, model) VALUES ('k', 'v')")
    (here.data_dir / "storage" / "a").mkdir(parents=True)
    (here.data_dir / "storage" / "a" / "outputs.parquet").write_bytes(b"rows")
    yield here, there
    embedded_postgres.drop(here.database)
    embedded_postgres.drop(there.database)


def test_a_backup_comes_back_whole_into_an_empty_installation(
    filled: tuple[Installation, Installation], tmp_path: Path
) -> None:
    here, there = filled
    file = tmp_path / "tactful.backup"
    assert here.run("backup", str(file)).returncode == 0
    assert file.stat().st_mode & 0o077 == 0

    refused = there.run("restore", str(file))
    assert refused.returncode == 1
    assert "are not the ones the backup was made with: secret_key" in refused.stderr

    there.data_dir.mkdir(exist_ok=True)
    subprocess.run(["cp", "-r", here.data_dir / "keys", there.data_dir / "keys.new"], check=True)
    subprocess.run(["rm", "-rf", there.data_dir / "keys"], check=True)
    (there.data_dir / "keys.new").rename(there.data_dir / "keys")
    restored = there.run("restore", str(file))
    assert restored.returncode == 0, restored.stderr
    assert there.rows("SELECT model FROM django_content_type WHERE app_label = 'k'") == [("v",)]
    stored = there.data_dir / "storage" / "a" / "outputs.parquet"
    assert stored.read_bytes() == b"rows"

    again = there.run("restore", str(file))
    assert again.returncode == 1
    assert "already holds tables" in again.stderr


def test_a_backup_holds_no_key(filled: tuple[Installation, Installation], tmp_path: Path) -> None:
    here, _ = filled
    file = tmp_path / "tactful.backup"
    assert here.run("backup", str(file)).returncode == 0
    keys = [path.read_bytes().strip() for path in (here.data_dir / "keys").iterdir()]
    assert keys
    held = file.read_bytes()
    assert not [key for key in keys if key in held or bytes.fromhex(key.decode()) in held]


def test_a_backup_never_overwrites(
    filled: tuple[Installation, Installation], tmp_path: Path
) -> None:
    file = tmp_path / "kept"
    file.write_text("kept")
    ended = filled[0].run("backup", str(file))
    assert ended.returncode == 1
    assert file.read_text() == "kept"


def test_a_file_that_is_no_backup_is_refused_in_one_line(
    filled: tuple[Installation, Installation], tmp_path: Path
) -> None:
    file = tmp_path / "note.txt"
    file.write_text("hello")
    ended = filled[1].run("restore", str(file))
    assert (ended.returncode, ended.stderr) == (
        1,
        f"CommandError: {file} is not a backup of Tactful.\n",
    )


def test_the_doctor_finds_a_prepared_installation_sound(
    filled: tuple[Installation, Installation],
) -> None:
    ended = filled[0].run("doctor")
    assert ended.returncode == 0, ended.stdout
    assert "Every migration is applied." in ended.stdout
    assert "The broker answers (pgmq)." in ended.stdout


def test_the_doctor_names_what_to_mend(filled: tuple[Installation, Installation]) -> None:
    here, empty = filled
    (here.data_dir / "keys" / "secret_key").chmod(0o644)
    ended = here.run("doctor")
    assert ended.returncode == 1
    assert "Others may read secret_key" in ended.stdout
    ended = empty.run("doctor")
    assert ended.returncode == 1
    assert "run manage.py prepare_database" in ended.stdout


def test_preparing_twice_changes_nothing(filled: tuple[Installation, Installation]) -> None:
    here, _ = filled
    before = here.rows("SELECT count(*) FROM django_migrations")
    assert here.run("prepare_database").returncode == 0
    assert here.rows("SELECT count(*) FROM django_migrations") == before


def test_a_database_of_another_release_is_left_alone(
    filled: tuple[Installation, Installation], embedded_postgres: EmbeddedPostgres
) -> None:
    here, _ = filled
    with psycopg.connect(embedded_postgres.url_of(here.database)) as connection:
        connection.execute(
            "INSERT INTO django_migrations (app, name, applied)"
            " VALUES ('incidents', '0099_to_come', now())"
        )
    before = here.rows("SELECT count(*) FROM django_migrations")
    ended = here.run("prepare_database")
    assert ended.returncode == 1
    assert ended.stderr.strip() == (
        "CommandError: Another release of Tactful made this database (incidents.0099_to_come), and"
        " this one leaves it as it is. Run that release, or begin with an empty database."
    )
    assert here.rows("SELECT count(*) FROM django_migrations") == before


def test_too_small_a_connection_budget_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert preparation.budget_problem() is None
    monkeypatch.setenv("TACTFUL_WEB_THREADS", "500")
    problem = preparation.budget_problem()
    assert problem is not None
    assert "PostgreSQL allows 97" in problem
