"""What an audit of consent checks promises: every unchecked serving counts, people not rows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from methods.errors import BadInput
from methods.report import Limit, Measurement, Report
from methods.run import run_audit
from methods.suppression import suppress
from tests.methods.conftest import as_table

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def log(size: int = 2_000, unchecked: float = 0.0, refused: float = 0.0) -> pd.DataFrame:
    """Servings, all personalised, of which these shares had no check or a refusing one."""
    generator = np.random.default_rng(1)
    answers = generator.choice(
        ["", "non_profiled", "personalise"], size, p=[unchecked, refused, 1 - unchecked - refused]
    )
    return pd.DataFrame(
        {
            "served": 1,
            "answer": pd.Series([a or None for a in answers], dtype=object),
            "who": np.arange(size),
            "surface": generator.choice(["home", "mail"], size),
        }
    )


def audited(frame: pd.DataFrame, *limits: str, **columns: Any) -> Report:
    parameters = columns.pop("parameters", {})
    roles = {"y_pred": ["served"], "text": ["answer"], "subject": ["who"], **columns}
    return run_audit(
        "consent.coverage", as_table(frame), roles, parameters, list(map(Limit.parse, limits))
    )


def of(report: Report, metric: str, **slice_: str) -> Measurement:
    return next(m for m in report.measurements if m.metric == metric and m.slice == slice_)


def test_a_serving_without_a_check_is_a_violation_and_counts_as_unchecked() -> None:
    frame = log(unchecked=0.1, refused=0.05)
    report = audited(frame, scenario=["surface"])
    none, against = (frame.answer.isna()).mean(), (frame.answer == "non_profiled").mean()
    assert of(report, "unchecked_share").value == pytest.approx(none)
    assert of(report, "violation_rate").value == pytest.approx(none + against)
    assert of(report, "violations").value == round((none + against) * len(frame))
    home = frame[frame.surface == "home"]
    assert of(report, "unchecked_share", surface="home").value == pytest.approx(
        home.answer.isna().mean()
    )


def test_a_limit_applies_to_every_version_and_surface() -> None:
    frame = log(unchecked=0.0)
    frame.loc[frame.surface == "mail", "answer"] = None
    report = audited(frame, "unchecked_share<=0.05", scenario=["surface"])
    verdicts = {m.slice.get("surface"): m.verdict for m in report.judged()}
    assert verdicts == {None: "fail", "mail": "fail", "home": "pass"}


def test_each_violation_is_a_case_however_many_servings_there_are() -> None:
    frame = log(20_000)
    assert audited(frame, "violations<=0").verdict == "pass"
    frame.loc[0, "answer"] = "deny"
    assert audited(frame, "violations<=0").verdict == "fail"


def test_nothing_personalised_breaks_nothing() -> None:
    report = audited(log(500, unchecked=0.2).assign(served=0), "violation_rate<=0.01")
    row = of(report, "violation_rate")
    assert (row.value, row.verdict) == (None, "not_applicable")
    assert "nothing was personalised" in row.note
    assert of(report, "violations").value == 0


def test_no_violation_seen_is_not_proof_that_there_is_none() -> None:
    row = of(audited(log(100), "violation_rate<=0.01"), "violation_rate")
    assert (row.value, row.verdict) == (0.0, "inconclusive")
    assert row.missing is not None and row.missing.units and row.missing.units > 100
    assert of(audited(log(2_000), "violation_rate<=0.01"), "violation_rate").verdict == "pass"


def test_people_with_many_servings_widen_the_interval() -> None:
    few = log(2_000, unchecked=0.3)
    # The same servings, but of forty people who are each always or never checked.
    few = few.sort_values("answer", ignore_index=True).assign(who=np.arange(2_000) // 50)
    many = log(2_000, unchecked=0.3)
    narrow, wide = (of(audited(frame), "unchecked_share") for frame in (many, few))
    assert narrow.value == wide.value
    assert narrow.low is not None and wide.low is not None
    assert wide.low < narrow.low - 0.05
    assert (wide.n, wide.unit) == (40, "subjects")


def test_a_check_that_is_too_old_or_came_afterwards_is_none() -> None:
    frame = log(400).assign(served_at=NOON)
    ages = [10, 3_600, 3_601, -1]
    frame["checked_at"] = [NOON - timedelta(seconds=ages[i % 4]) for i in range(400)]
    times = {"occurred_at": ["served_at"], "observed_at": ["checked_at"]}
    report = audited(frame, parameters={"max_age": 3_600}, **times)
    assert of(report, "unchecked_share").value == pytest.approx(0.5)
    assert of(audited(frame, **times), "unchecked_share").value == 0
    with pytest.raises(BadInput, match="observed_at"):
        audited(frame, parameters={"max_age": 60})


def test_answers_that_allow_are_named() -> None:
    frame = log(400).assign(answer="ja")
    assert of(audited(frame), "violation_rate").value == 1
    report = audited(frame, parameters={"allowing": "ja,yes"})
    assert of(report, "violation_rate").value == 0


def test_small_surfaces_are_hidden() -> None:
    frame = log(1_000, unchecked=0.2)
    frame.loc[:3, "surface"] = "kiosk"
    report = suppress(audited(frame, scenario=["surface"]), 10)
    assert of(report, "unchecked_share", surface="kiosk").value is None
    hidden = [m for m in report.measurements if m.metric == "unchecked_share" and m.value is None]
    assert len(hidden) == 2
