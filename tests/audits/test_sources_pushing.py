"""Pushing over REST: bodies stream to disk, their size is bounded, a source may be named."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from audits.api import batches
from audits.models import OutputBatch, Source
from audits.services import create_source, pushing
from governance.people.services import create_api_key
from tests.audits.conftest import STAGE, Stage, impressions, json_lines

JSON_LINES = "application/x-ndjson"
URL = "/api/v1/outputs?system=carousel&version=learned"


@pytest.fixture
def client(stage: Stage) -> Client:
    _, secret = create_api_key(name="program", scopes=["outputs:write"], actor=STAGE)
    return Client(headers={"Authorization": f"Bearer {secret}"})


@pytest.fixture
def source(stage: Stage) -> Callable[..., Source]:
    def make(**changes: Any) -> Source:
        return create_source(
            **{
                "system": stage.system,
                "key": "log",
                "title": "The log",
                "kind": "impressions",
                "actor": STAGE,
                **changes,
            }
        )

    return make


@pytest.mark.parametrize("says_so", [True, False], ids=["declared", "streamed"])
@pytest.mark.parametrize("door", ["outputs", "outcomes"])
def test_a_body_beyond_the_limit_is_a_413_problem(
    client: Client, monkeypatch: pytest.MonkeyPatch, says_so: bool, door: str
) -> None:
    monkeypatch.setattr(batches, "LARGEST_BODY", 5_000)
    body = json_lines(impressions("learned", rows=100))
    if not says_so:
        monkeypatch.setattr(batches, "_said_length", lambda request: 0)
    answer = client.post(f"/api/v1/{door}?system=carousel", body, content_type=JSON_LINES)
    assert answer.status_code == 413
    assert answer["Content-Type"] == "application/problem+json"
    assert "send smaller parts" in answer.json()["detail"]
    assert not OutputBatch.objects.exists()


def test_a_declared_body_beyond_the_limit_is_refused_before_it_is_read(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    monkeypatch.setattr(batches, "LARGEST_BODY", 5_000)
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", lambda **options: read.append(1))
    answer = client.post(URL, b" " * 6_000, content_type=JSON_LINES)
    assert (answer.status_code, read) == (413, [])


def test_a_body_is_read_in_pieces(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    parse = batches.RawBody.parse

    class Watched:
        def __init__(self, stream: Any) -> None:
            self.stream = stream

        def read(self, size: int = -1) -> bytes:
            asked.append(size)
            piece: bytes = self.stream.read(size)
            return piece

    monkeypatch.setattr(batches, "CHUNK", 1_000)
    monkeypatch.setattr(
        batches.RawBody,
        "parse",
        lambda self, stream, *given, **more: parse(self, Watched(stream), *given, **more),
    )
    body = json_lines(impressions("learned", rows=100))
    assert client.post(URL, body, content_type=JSON_LINES).status_code == 201
    assert set(asked) == {1_000} and len(asked) > len(body) // 1_000


def test_a_file_beyond_the_limit_is_refused_by_the_service_too(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(pushing, "LARGEST_BODY", 1024 * 1024)
    path = tmp_path / "large"
    path.write_bytes(b" " * (1024 * 1024 + 1))
    with pytest.raises(pushing.TooLarge, match="larger than 1 MB"):
        pushing.push_outputs(system=stage.system, data=path, media_type=JSON_LINES, actor=STAGE)


def test_outputs_may_name_the_source_they_belong_to(
    client: Client, source: Callable[..., Source]
) -> None:
    made = source()
    body = json_lines(impressions("learned", rows=5))
    assert client.post(f"{URL}&source=log", body, content_type=JSON_LINES).status_code == 201
    assert OutputBatch.objects.get().source == made


@pytest.mark.parametrize(
    ("key", "said"), [("none", "has no source 'none'"), ("lies", "nothing is sent to it")]
)
def test_outputs_go_to_no_source_that_does_not_take_them(
    client: Client, source: Callable[..., Source], key: str, said: str
) -> None:
    source(key="lies", origin="files", location={"path": "/data"})
    body = json_lines(impressions("learned", rows=5))
    answer = client.post(f"{URL}&source={key}", body, content_type=JSON_LINES)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]
    assert not OutputBatch.objects.exists()
