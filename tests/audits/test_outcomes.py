"""Outcomes are a person's through their outputs: in every access answer, and gone when erased."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from audits import services, storage
from audits.models import OutcomeBatch, OutputBatch
from audits.personal_data import RETENTION, SegmentHolder
from audits.services import erasing
from audits.subjects import pseudonym
from tests.audits.conftest import DAY, STAGE, START, Stage, impressions, json_lines

JSON_LINES = "application/x-ndjson"


def became(outputs: list[dict[str, Any]]) -> bytes:
    rows = [
        {
            "output_id": row["output_id"],
            "y_true": place % 2,
            "observed_at": (START + timedelta(days=2)).isoformat(),
        }
        for place, row in enumerate(outputs)
    ]
    return json_lines(rows)


@pytest.fixture
def pushed(stage: Stage) -> tuple[OutputBatch, OutcomeBatch]:
    """Three rows of each of 97 people, and what became of them."""
    rows = impressions("learned", rows=97 * 3)
    outputs, _ = stage.push(stage.serving, rows)
    outcomes, _ = services.push_outcomes(
        system=stage.system, data=became(rows), media_type=JSON_LINES, actor=STAGE
    )
    return outputs, outcomes


def stored(batch: OutputBatch | OutcomeBatch) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    batch.refresh_from_db()
    rows: list[dict[str, Any]] = pq.read_table(storage.locate(batch.path)).to_pylist()
    return rows


def test_an_access_answer_holds_what_became_of_a_persons_outputs(
    pushed: tuple[OutputBatch, OutcomeBatch],
) -> None:
    rows = SegmentHolder().export(f"subject:{pseudonym('person-0')}")
    outcomes = [row for row in rows if "y_true" in row]
    assert [row["output_id"] for row in outcomes] == [f"learned-0-{n}" for n in (0, 97, 194)]
    assert [row["y_true"] for row in outcomes] == [0, 1, 0]
    assert len(rows) == 6


def test_an_erased_person_is_gone_from_outcomes_too(
    pushed: tuple[OutputBatch, OutcomeBatch], django_capture_on_commit_callbacks: Any
) -> None:
    outputs, outcomes = pushed
    old = storage.locate(outcomes.path)
    with django_capture_on_commit_callbacks(execute=True):
        assert SegmentHolder().erase(f"subject:{pseudonym('person-0')}") == 6
    assert not old.exists()
    left = {row["output_id"] for row in stored(outcomes)}
    assert len(left) == 97 * 3 - 3 and "learned-0-97" not in left
    assert left == {row["output_id"] for row in stored(outputs)}
    assert (outcomes.rows, outcomes.erased_rows) == (97 * 3 - 3, 3)
    assert SegmentHolder().export(f"subject:{pseudonym('person-0')}") == []


def test_an_erasure_that_broke_off_finds_the_outcomes_when_it_is_repeated(
    pushed: tuple[OutputBatch, OutcomeBatch], monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs, outcomes = pushed
    rewrite = erasing._rewrite
    calls = []

    def breaks_off(*given: Any) -> int:
        calls.append(given[0])
        if len(calls) == 2:
            raise ConnectionError("the server went away")
        return rewrite(*given)

    monkeypatch.setattr(erasing, "_rewrite", breaks_off)
    with pytest.raises(ConnectionError):
        SegmentHolder().erase(f"subject:{pseudonym('person-0')}")
    monkeypatch.undo()
    SegmentHolder().erase(f"subject:{pseudonym('person-0')}")
    gone = {f"learned-0-{n}" for n in (0, 97, 194)}
    for batch in (outputs, outcomes):
        assert not gone & {row["output_id"] for row in stored(batch)}


def test_erasing_somebody_rewrites_no_file_they_are_not_in(
    pushed: tuple[OutputBatch, OutcomeBatch], stage: Stage
) -> None:
    other, _ = stage.push(stage.fallback, impressions("uniform", rows=40))
    places = other.path, pushed[1].path
    assert SegmentHolder().erase(f"subject:{pseudonym('person-60')}") == 6
    other.refresh_from_db()
    pushed[1].refresh_from_db()
    assert other.path == places[0] and pushed[1].path != places[1]


def test_outcomes_leave_when_their_time_has_come(
    pushed: tuple[OutputBatch, OutcomeBatch], django_capture_on_commit_callbacks: Any
) -> None:
    _, outcomes = pushed
    path = storage.locate(outcomes.path)
    rule = next(one for one in RETENTION if one.model == "audits.OutcomeBatch")
    with django_capture_on_commit_callbacks(execute=True):
        assert rule.apply(outcomes.retention_until + DAY) == 1
    assert not path.exists()
