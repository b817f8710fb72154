"""S3 as a source, against a server that speaks S3: fetched, read, and nothing left."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audits.sources import buckets
from audits.sources.opening import open_input
from tests.audits.sources.conftest import (
    decisions,
    failure,
    opened_rows,
    rows_as_read,
    write,
)


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
