"""The command line: exit codes, one line for bad input, formats, and no database."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from audits.management.commands import audit, selftest
from config import env


@dataclass(frozen=True)
class Done:
    """How a command ended and what it said."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command as the command line does, in this process: fairlearn loads once."""

    def command(name: str, *arguments: str | Path) -> Done:
        made = {"audit": audit.Command, "selftest": selftest.Command}[name]()
        code: object = 0
        try:
            made.run_from_argv(["manage.py", name, *map(str, arguments)])
        except SystemExit as end:
            code = end.code
        said = capsys.readouterr()
        assert isinstance(code, int)
        return Done(code, said.out, said.err)

    return command


def _process(*arguments: str | Path) -> Done:
    done = subprocess.run(
        [sys.executable, "manage.py", *map(str, arguments)],
        cwd=env.ROOT,
        # A port nobody listens on: a command that touched a database would fail.
        env={**os.environ, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"},
        capture_output=True,
        text=True,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Two groups of 400: 300 and 150 selected."""
    path = tmp_path / "people.csv"
    rows = [f"{g},{int(i < k)}" for g, k in (("men", 300), ("women", 150)) for i in range(400)]
    path.write_text("sex,hired\n" + "\n".join(rows) + "\n")
    return path


COLUMNS = ("--columns", "group=sex", "y_pred=hired")


@pytest.mark.parametrize(
    ("limit", "code"),
    [
        (None, 0),
        ("selection_rate>=0.1", 0),
        ("demographic_parity_ratio>=0.8", 1),
        ("demographic_parity_ratio>=0.5", 3),
        ("accuracy>=0.5", 3),
    ],
)
def test_the_exit_code_is_the_verdict(run: Run, people: Path, limit: str | None, code: int) -> None:
    limits = ("--limit", limit) if limit else ()
    done = run("audit", "fairness.groups", people, *COLUMNS, *limits, "--format", "json")
    assert (done.returncode, done.stderr) == (code, "")
    report = json.loads(done.stdout)
    assert report["inputs"]["rows"] == 800
    assert report["inputs"]["columns"] == {"group": ["sex"], "y_pred": ["hired"]}
    verdicts = {0: "pass" if limit else None, 1: "fail", 3: "inconclusive"}
    assert report["verdict"] == verdicts[code]


@pytest.mark.parametrize(
    "arguments",
    [
        ("fairness.nothing", "{people}", *COLUMNS),
        ("fairness.groups", "{people}", "--columns", "group=age", "y_pred=hired"),
        ("fairness.groups", "{people}", "--columns", "colour=sex", "y_pred=hired"),
        ("fairness.groups", "{people}", "--columns", "group"),
        ("fairness.groups", "{people}", *COLUMNS, "--limit", "beauty>=1"),
        ("fairness.groups", "{people}", *COLUMNS, "--limit", "selection_rate>1"),
        ("fairness.groups", "{people}", *COLUMNS, "--set", "colour=red"),
        ("fairness.groups", "{people}", *COLUMNS, "--seed", "x"),
        ("fairness.groups", "{people}", *COLUMNS, "--format", "pdf"),
        ("fairness.groups", "{people}", *COLUMNS, "--out", "/no/such/folder/x"),
        ("fairness.groups", "{people}", *COLUMNS, "--also", "report.docx"),
        ("fairness.groups", "/no/such/file.csv", *COLUMNS),
        ("fairness.groups",),
    ],
)
def test_bad_input_is_one_line_and_two(run: Run, people: Path, arguments: tuple[str, ...]) -> None:
    done = run("audit", *(part.format(people=people) for part in arguments))
    assert done.returncode == 2 and done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1 and "Traceback" not in done.stderr


def test_a_person_can_read_the_table(run: Run, people: Path) -> None:
    limit = ("--limit", "demographic_parity_ratio>=0.8")
    done = run("audit", "fairness.groups", people, *COLUMNS, *limit)
    assert "FAIL" in done.stdout and "What this does not show" in done.stdout
    assert "women are selected 0.50 times as often as men" in done.stdout.lower()
    assert max(map(len, done.stdout.splitlines())) <= 120


def test_the_page_stands_alone(run: Run, people: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    done = run("audit", "fairness.groups", people, *COLUMNS, "--format", "html", "--out", out)
    assert (done.returncode, done.stdout) == (0, "")
    page = out.read_text()
    assert page.startswith("<!doctype html>") and "<svg" in page
    assert not [word for word in ("<script", "src=", "href=", "url(") if word in page]


def test_selftest_finds_every_known_answer(run: Run) -> None:
    done = run("selftest", "fairness.groups")
    assert done.returncode == 0 and "MISSED" not in done.stdout
    assert run("selftest", "no.method").returncode == 2


def test_the_process_needs_no_database_and_shows_no_traceback(people: Path) -> None:
    done = _process("audit", "exposure.popularity", people, "--columns", "item=sex")
    assert (done.returncode, done.stderr) == (0, "") and "top_share" in done.stdout
    done = _process("audit", "exposure.popularity", people, "--columns", "item=none")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and not done.stdout
    assert _process("audit").returncode == 2
