"""What a process leaves when it is killed: nothing of its temporary files."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.up.children import Child, Program
from config.up.guard import Guard

WRITES_AND_DIES = (
    "import os, pathlib, signal, sys, tempfile;"
    " folder = tempfile.mkdtemp(prefix='people-');"
    " pathlib.Path(folder, 'rows').write_text('personal');"
    " pathlib.Path(sys.argv[1]).write_text(folder);"
    " os.kill(os.getpid(), signal.SIGKILL)"
)


@pytest.fixture
def guard() -> Iterator[Guard]:
    made = Guard()
    yield made
    made.close()


def test_a_killed_process_leaves_no_temporary_file(guard: Guard, tmp_path: Path) -> None:
    told = tmp_path / "told"
    child = Child(Program("writer", 1, (sys.executable, "-c", WRITES_AND_DIES, str(told))), guard)
    for _start in range(2):
        told.unlink(missing_ok=True)
        deadline = time.monotonic() + 30
        said = None
        while said is None and time.monotonic() < deadline:
            said = child.tend()
        assert said is not None and "by signal 9" in said
        assert told.exists() and not Path(told.read_text()).exists()
