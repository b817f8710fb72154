"""What `manage.py up` refuses, each in one clear sentence and before anything has started."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from config.env import ROOT
from config.up.supervisor import is_loopback


def up(data_dir: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", "up", *words],
        cwd=ROOT,
        env={**kept, "DATA_DIR": str(data_dir), **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        ended = up(tmp_path, PORT=str(port))
    assert ended.returncode == 1
    assert ended.stderr == (
        f"Port {port} of 127.0.0.1 cannot be used (Address already in use):"
        " stop what holds it, or set PORT.\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["up.lock"]


def test_the_demo_refuses_an_address_that_others_can_reach(tmp_path: Path) -> None:
    ended = up(tmp_path, "--demo", HOST="0.0.0.0")
    assert ended.returncode == 1
    assert ended.stderr.startswith("The demo signs anybody in, so it only listens on this machine")
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.4", False),
        ("example.org", False),
    ],
)
def test_only_loopback_counts_as_this_machine(host: str, local: bool) -> None:
    assert is_loopback(host) is local
