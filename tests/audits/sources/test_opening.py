"""One door to what a run reads: pushed segments, with their digest, engine and rows."""

from __future__ import annotations

import pytest

from audits import services
from audits.models import Run
from audits.runner import perform_run
from audits.sources.opening import open_input
from governance.core.errors import Invalid
from tests.audits.conftest import Stage, impressions


def scheduled(stage: Stage) -> Run:
    services.schedule_due_runs()
    run = Run.objects.order_by("window_start").first()
    assert run is not None
    return run


def test_a_run_opens_the_pushed_rows_of_its_window(stage: Stage) -> None:
    stage.plan()
    stage.push(stage.serving, impressions("learned", rows=40))
    stage.push(stage.serving, impressions("learned", day=1, rows=30))
    stage.push(stage.fallback, impressions("uniform", rows=20))
    run = scheduled(stage)
    with open_input(run) as opened:
        assert opened.table is not None
        assert (opened.rows, opened.cube, opened.notes) == (40, None, ())
        assert int(opened.table.count().execute()) == 40
        assert opened.engine.startswith("duckdb ")
    assert perform_run(str(run.pk))
    run.refresh_from_db()
    assert run.report is not None
    assert run.report["inputs"]["sha256"] == opened.digest


def test_a_window_without_rows_says_what_to_do(stage: Stage) -> None:
    stage.plan()
    stage.push(stage.serving, impressions("learned", day=2, rows=30))
    with (
        pytest.raises(Invalid, match=r"No outputs of carousel version learned .* run again"),
        open_input(scheduled(stage)),
    ):
        pass
