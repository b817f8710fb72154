"""Promises of the audience: the same people as one by one, whole files or none, three formats."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from consent.audience.files import Format
from consent.audience.filtering import Audience, Question, number_states
from consent.fastpath import serving
from consent.fastpath.people import States
from consent.slowpath.wsgi import keys_from_settings
from tests.fastpath.front_stage import Stage, make_key, people_with_histories, registry

AUDIENCE = "/api/v1/consent/audience"


@pytest.fixture
def stage(transactional_db: None, settings: Any, tmp_path: Path) -> Iterator[Stage]:
    settings.DATA_DIR = tmp_path
    registry()
    stage = Stage(tmp_path)
    stage.secret = make_key("consent:check")
    yield stage
    stage.close()


@pytest.fixture(autouse=True)
def same_table(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The API of this process serves from the stage's table."""
    import os

    monkeypatch.setitem(serving._of_process, os.getpid(), stage.front.serving)


def _parquet(names: Sequence[str | None], column: str = "subject") -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({column: pa.array(names, pa.string())}), out)
    return out.getvalue()


def _arrow(names: Sequence[str | None]) -> bytes:
    out = io.BytesIO()
    table = pa.table({"id": pa.array(names, pa.large_string())})
    with pa.ipc.new_stream(out, table.schema) as stream:
        stream.write_table(table, max_chunksize=7)
    return out.getvalue()


def _lines(names: list[str]) -> bytes:
    return "".join(f"{name}\n" for name in names).encode()


def _ask(stage: Stage, sent: bytes, kind: str, query: str = "purpose=ads&region=DE") -> Any:
    stage.settle()
    return Client().post(
        f"{AUDIENCE}?{query}",
        sent,
        content_type=kind,
        headers={"Authorization": f"Bearer {stage.secret}"},
    )


def _one_by_one(stage: Stage, names: list[str], **question: Any) -> dict[str, str]:
    told = Client().post(
        "/api/v1/consent/check",
        json.dumps({"subjects": names, **question}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {stage.secret}"},
    )
    return {each["subject"]: each["outcome"] for each in told.json()["results"]}


def test_each_format_keeps_whom_the_check_would_personalise(stage: Stage) -> None:
    names = people_with_histories(80, seed=21)
    outcomes = _one_by_one(stage, names, purpose="ads", region="DE")
    allowed = [name for name in names if outcomes[name] == "personalise"]
    assert 0 < len(allowed) < len(names)
    told = _ask(stage, _parquet(names), Format.PARQUET)
    assert told.status_code == 200 and told["Content-Type"] == Format.PARQUET
    body = b"".join(told.streaming_content)
    assert pq.read_table(io.BytesIO(body))["subject"].to_pylist() == allowed
    assert int(told["Content-Length"]) == len(body)
    assert (told["Tactful-Asked"], told["Tactful-Allowed"]) == (str(len(names)), str(len(allowed)))
    body = b"".join(_ask(stage, _arrow(names), Format.ARROW).streaming_content)
    assert pa.ipc.open_stream(body).read_all()["id"].to_pylist() == allowed
    body = b"".join(_ask(stage, _lines(names), Format.LINES).streaming_content)
    assert body.decode().splitlines() == allowed


def test_everyone_comes_back_with_an_outcome_where_asked(stage: Stage) -> None:
    names = people_with_histories(40, seed=22)
    outcomes = _one_by_one(stage, names, system="carousel", region="US")
    query = "system=carousel&region=US&outcomes=1"
    body = b"".join(
        _ask(stage, _parquet([*names, None, ""]), Format.PARQUET, query).streaming_content
    )
    told = pq.read_table(io.BytesIO(body))
    assert (
        dict(zip(*(told[each].to_pylist() for each in told.column_names), strict=True)) == outcomes
    )


def test_the_doubtful_and_a_stale_table_are_asked_of_postgresql(stage: Stage) -> None:
    from consent import services
    from tests.consent.conftest import STAGE

    for name in ("anna", "bert"):
        services.record_choice(subject=name, purpose="ads", status="given", actor=STAGE)
    stage.settle()
    services.record_choice(subject="anna", purpose="ads", status="withdrawn", actor=STAGE)

    def kept() -> tuple[list[str], int]:
        audience = Audience(
            Question("purpose", "ads", "DE"),
            stage.front.serving,
            stage.doors.database,
            keys_from_settings(),
        )
        ids = pa.array(["anna", "bert", "nobody"])
        decided = audience.decide(ids)
        return ids.filter(pa.array(decided == 0)).to_pylist(), audience.counts.in_doubt

    assert kept() == (["bert"], 1)
    stage.applier.control.stop_serving()
    assert kept() == (["bert"], 3)


@pytest.mark.parametrize(
    ("sent", "kind", "query", "status"),
    [
        (b"PAR1 broken", Format.PARQUET, "purpose=ads", 400),
        (_parquet(["a"])[:-9], Format.PARQUET, "purpose=ads", 400),
        (_arrow(["a"] * 50)[:-60], Format.ARROW, "purpose=ads", 400),
        (b"\xff\xfe\n", Format.LINES, "purpose=ads", 400),
        (_parquet(["a"]), Format.PARQUET, "purpose=ads&column=other", 400),
        (b"{}", "application/json", "purpose=ads", 415),
        (_parquet(["a"]), Format.PARQUET, "", 422),
        (_parquet(["a"]), Format.PARQUET, "purpose=ads&system=carousel", 422),
        (_parquet(["a"]), Format.PARQUET, "purpose=unheard-of", 404),
        (_parquet(["a"]), Format.PARQUET, "system=unheard-of", 404),
    ],
)
def test_what_cannot_be_read_is_refused_whole(
    stage: Stage, sent: bytes, kind: str, query: str, status: int
) -> None:
    told = _ask(stage, sent, kind, query)
    assert told.status_code == status
    assert told["Content-Type"] == "application/problem+json" and told.json()["detail"]


def test_a_file_beyond_the_limit_is_refused(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consent.audience.files.MOST_ROWS", 2)
    for sent, kind in ((_parquet(["a"] * 3), Format.PARQUET), (_lines(["a"] * 3), Format.LINES)):
        assert _ask(stage, sent, kind).status_code == 413
    monkeypatch.setattr("consent.api.audience.MOST_BYTES", 10)
    assert _ask(stage, _parquet(["a"]), Format.PARQUET).status_code == 413


def test_without_the_scope_nobody_is_told(stage: Stage) -> None:
    stage.secret = make_key("consent:read")
    assert _ask(stage, _parquet(["a"]), Format.PARQUET).status_code == 403


def test_the_command_filters_a_file(stage: Stage, tmp_path: Path) -> None:
    from consent import services
    from tests.consent.conftest import STAGE

    services.record_choice(subject="anna", purpose="ads", status="given", actor=STAGE)
    stage.settle()
    source, target = tmp_path / "in.txt", tmp_path / "out.txt"
    source.write_text("anna\nbert\n")
    said = io.StringIO()
    call_command("filter_audience", source, target, purpose="ads", region="DE", stdout=said)
    assert target.read_text() == "anna\n"
    assert said.getvalue().startswith("1 of 2 may be personalised")
    broken = tmp_path / "in.parquet"
    broken.write_bytes(b"no")
    with pytest.raises(CommandError, match="parquet"):
        call_command("filter_audience", broken, tmp_path / "out.parquet", purpose="ads")
    assert not (tmp_path / "out.parquet").exists()


def test_states_are_numbered_as_they_differ() -> None:
    import numpy as np

    chance = np.random.default_rng(1)
    words = chance.choice(np.array([0, 1, 0x50003, 0xFFFFFFFF], np.uint32), 5_000)
    codes = chance.choice(np.array([0, 1, 900, 65_535], np.uint16), (5_000, 3))
    numbers, firsts = number_states(States(words, codes))
    rows = np.column_stack([words, codes])
    assert len(firsts) == len(np.unique(rows, axis=0))
    assert (rows[firsts[numbers]] == rows).all()
