"""A look at a source: its tables, columns, rows and times; and what a source may say of itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from audits.models import Source
from audits.services import change_source, check_source, create_source
from audits.sources.credentials import unseal
from governance.core.errors import Conflict, Invalid, NotPermitted
from governance.ledger.models import LedgerEntry
from tests.audits.conftest import STAGE, START, Stage, impressions
from tests.audits.sources.conftest import decisions, write


def test_a_look_tells_columns_rows_and_times_and_keeps_when(folder: Path, source_of: Any) -> None:
    write(folder / "a.parquet", decisions())
    source = source_of("files", {"path": str(folder)})
    found = check_source(source=source, actor=STAGE)
    assert (found.problem, found.rows, found.without_time) == ("", 400, 0)
    assert [name for name, _ in found.columns] == ["at", "served", "sex", "called"]
    assert found.earliest == START
    assert found.examples[0]["served"] == "uniform" and len(found.examples) == 5
    source.refresh_from_db()
    assert source.problem == "" and source.checked_at is not None
    assert (timezone.now() - source.checked_at).total_seconds() < 60


def test_a_look_that_fails_is_kept_as_the_sources_problem(folder: Path, source_of: Any) -> None:
    source = source_of("files", {"path": str(folder / "none.csv")})
    found = check_source(source=source, actor=STAGE)
    source.refresh_from_db()
    assert found.problem == source.problem == f"There is no file {str(folder / 'none.csv')!r}."
    write(folder / "none.csv", decisions())
    check_source(source=source, actor=STAGE)
    source.refresh_from_db()
    assert source.problem == ""


def test_rows_without_a_time_are_counted(folder: Path, source_of: Any) -> None:
    rows: list[dict[str, Any]] = decisions()
    (folder / "a.csv").write_text(
        "at,served,sex,called\n"
        + "".join(f"{row['at']},learned,male,1\n" for row in rows[:10])
        + ",learned,male,1\n" * 3
    )
    found = check_source(source=source_of("files", {"path": str(folder)}), actor=STAGE)
    assert (found.rows, found.without_time) == (13, 3)
    assert "3 rows have no time: no window will hold them." in found.notes


def test_a_role_whose_column_is_not_there_is_a_problem(folder: Path, source_of: Any) -> None:
    write(folder / "a.csv", decisions())
    source = source_of("files", {"path": str(folder)}, columns={"occurred_at": ["when"]})
    assert "no column 'when' (role occurred_at)" in check_source(source=source, actor=STAGE).problem


def test_a_look_at_what_is_sent_here_reads_the_manifest(stage: Stage, source_of: Any) -> None:
    source = source_of("pushed", {})
    assert "Nothing has been sent" in check_source(source=source, actor=STAGE).problem
    batch, _ = stage.push(stage.serving, impressions("learned", rows=7))
    type(batch).objects.update(source=source)
    assert check_source(source=source, actor=STAGE).rows == 7


@pytest.mark.parametrize(
    ("origin", "location", "said"),
    [
        ("ftp", {}, "comes from one of"),
        ("files", {}, "path"),
        ("files", {"path": "/a", "sql": "SELECT 1"}, "'sql' does not belong"),
        ("s3", {"url": "https://a/b"}, "It must read s3://bucket"),
        ("s3", {"url": "s3://b/k", "endpoint": "file:///etc"}, "It must read https://host"),
        ("postgresql", {"schema": "public"}, "table"),
        ("spark", {"remote": "sc://host:15002"}, "Give `remote` and `table`"),
        ("spark", {"remote": "http://host", "table": "a"}, "`remote` must read sc://"),
        ("cube", {"path": "/a", "randomised": {"score": 1}}, "randomised"),
        ("pushed", {"path": "/a"}, "does not belong"),
    ],
)
def test_a_location_that_is_none_is_refused_in_one_sentence(
    source_of: Any, origin: str, location: dict[str, Any], said: str
) -> None:
    with pytest.raises(Invalid) as refused:
        source_of(origin, location)
    assert said in refused.value.sentence and "\n" not in refused.value.sentence
    assert not Source.objects.exists()


def test_a_source_changes_with_its_secret_kept_and_its_check_forgotten(
    folder: Path, source_of: Any
) -> None:
    keys = '{"access_key": "key", "secret_key": "hunter2"}'
    source = source_of("s3", {"url": "s3://outputs/day/"}, secret=keys)
    Source.objects.update(checked_at=timezone.now(), problem="It was down.")
    changed = change_source(source=source, location={"url": "s3://outputs/night/"}, actor=STAGE)
    changed.refresh_from_db()
    assert (changed.checked_at, changed.problem) == (None, "")
    assert changed.location == {"url": "s3://outputs/night/"}
    assert unseal(changed) == keys
    told = [str(entry.__dict__) for entry in LedgerEntry.objects.all()]
    assert told and not any("hunter2" in text for text in told)


def test_two_sources_of_a_system_have_two_keys(source_of: Any) -> None:
    source_of("pushed", {})
    with pytest.raises(Conflict, match="already has a source 'decisions'"):
        source_of("pushed", {})


def test_who_may_not_plan_neither_declares_nor_looks(stage: Stage, cast: Any) -> None:
    cast.join("carousel")
    made: dict[str, Any] = {"system": stage.system, "key": "x", "title": "X", "kind": "decisions"}
    source = create_source(**made, actor=cast.actor("ada"))
    for name in ("aud", "dan"):
        with pytest.raises(NotPermitted):
            check_source(source=source, actor=cast.actor(name))
        with pytest.raises(NotPermitted):
            create_source(**{**made, "key": name}, actor=cast.actor(name))
