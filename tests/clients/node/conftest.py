"""The stage of these tests: the published npm clients, installed by their lock file.

The doors they ask are the fixture `door` of the module that uses them.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this folder with the packages of its lock file, checked by their hashes."""
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "package-lock.json", "ask.mjs", "watch.mjs"):
        shutil.copy(HERE / name, folder)
    done = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


@dataclass
class NodeClient:
    """A running stock client; asking is one line in and one line out."""

    process: subprocess.Popen[str]

    def __call__(self, context: dict[str, Any], **defaults: bool | str) -> dict[str, Any]:
        """Details by flag key; a flag's `__` stands for a dot."""
        assert self.process.stdin is not None and self.process.stdout is not None
        flags = {name.replace("__", "."): default for name, default in defaults.items()}
        self.process.stdin.write(json.dumps({"context": context, "flags": flags}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            assert self.process.stderr is not None
            raise AssertionError(self.process.stderr.read())
        told: dict[str, Any] = json.loads(line)
        return told


Start = Callable[[str, str], NodeClient]


@pytest.fixture
def start(installed: Path, door: str) -> Iterator[Start]:
    """Start the `server` or the `web` client with a secret; it ends with the test."""
    with ExitStack() as running:

        def begin(client: str, secret: str) -> NodeClient:
            process = running.enter_context(
                subprocess.Popen(
                    ["node", "ask.mjs", client, door, secret],
                    cwd=installed,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            running.callback(process.kill)
            return NodeClient(process)

        yield begin
