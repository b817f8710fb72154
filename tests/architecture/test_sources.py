"""What every source file keeps to: length, a first sentence, no settings read elsewhere."""

import ast
import re

from tests.architecture.sources import ROOT, modules, shown

LONGEST = 400
SHELVES = {"utils.py", "helpers.py", "common.py", "manager.py", "managers.py", "handler.py"}


def test_no_module_is_longer_than_four_hundred_lines() -> None:
    long = {
        shown(path): count
        for path in [*modules(), *sorted((ROOT / "tests").rglob("*.py"))]
        if "migrations" not in path.parts  # written by makemigrations
        and (count := len(path.read_text("utf-8").splitlines())) > LONGEST
    }
    assert not long


def test_every_module_says_in_its_first_lines_what_lives_in_it() -> None:
    silent = [
        shown(path)
        for path in modules()
        if path.read_text("utf-8").strip()
        and "migrations" not in path.parts
        and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert not silent


def test_no_module_is_a_shelf_for_odds_and_ends() -> None:
    assert not [shown(path) for path in modules() if path.name in SHELVES]


def test_only_the_settings_table_reads_the_environment() -> None:
    reading = re.compile(r"os\.environ\.get|os\.environ\[[^\]]+\](?!\s*=)|os\.getenv|getenv\(")
    found = [
        shown(path)
        for path in modules()
        if path != ROOT / "config" / "env.py" and reading.search(path.read_text("utf-8"))
    ]
    assert not found
