"""A real MLflow server: the lever moves its aliases, and its answers are recorded for every run."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from config import env
from tests.incidents.levers.exchanges import Exchange, recorded, recording, write_recording
from tests.incidents.levers.stories import MODEL, STORIES

pytestmark = [pytest.mark.peers, pytest.mark.timeout(900)]

PROGRAM = env.ROOT / ".venv-mlflow" / "bin" / "mlflow"
STARTS_WITHIN = 300


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def mlflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server of its own; its aliases are real, its artefacts are never read."""
    folder = tmp_path_factory.mktemp("mlflow")
    port = _free_port()
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [
                str(PROGRAM),
                "server",
                "--host=127.0.0.1",
                f"--port={port}",
                "--workers=1",
                f"--backend-store-uri=sqlite:///{folder / 'registry.db'}",
                f"--default-artifact-root={folder / 'artefacts'}",
            ],
            cwd=folder,
            env={**os.environ, **quiet},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url, server, folder / "log")
        yield url
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text()[-3000:]
        try:
            if httpx.get(f"{url}/health", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.5)
    pytest.fail(f"MLflow did not start: {log.read_text()[-3000:]}")


@pytest.fixture
def ranker(mlflow: str) -> Iterator[str]:
    """The server with a fresh model that has two versions and no alias."""
    api = f"{mlflow}/api/2.0/mlflow"
    with httpx.Client(timeout=60) as client:
        client.post(f"{api}/registered-models/create", json={"name": MODEL}).raise_for_status()
        for number in (1, 2):
            body = {"name": MODEL, "source": f"s3://models/{MODEL}/{number}"}
            client.post(f"{api}/model-versions/create", json=body).raise_for_status()
        yield mlflow
        client.request("DELETE", f"{api}/registered-models/delete", json={"name": MODEL})


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_a_real_server_does_what_every_run_replays(
    story: Callable[[str], None], ranker: str
) -> None:
    with recording(ranker) as server:
        story(server.url)
    stood = _recorded(story.__name__)
    write_recording(story.__name__, server.exchanges)
    if stood is not None:
        assert recorded(story.__name__) == stood, "MLflow answers otherwise than was recorded"


def _recorded(name: str) -> list[Exchange] | None:
    try:
        return recorded(name)
    except FileNotFoundError:
        return None
