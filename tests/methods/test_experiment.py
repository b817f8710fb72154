"""What an experiment promises: a frozen plan, a fair split, no early look, no harm unseen."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from methods import catalogue
from methods.errors import BadInput
from methods.report import Limit, Measurement, Report
from methods.run import run_audit
from methods.sentences import verdict_sentence
from tests.methods.conftest import as_table

PLAN: dict[str, Any] = {
    "hypothesis": "The new ranking is clicked more often.",
    "control": "old",
    "planned_subjects": 2_000,
}


def _audit(frame: pd.DataFrame, limits: tuple[Limit, ...] = (), **parameters: Any) -> Report:
    columns = {"variant": ["arm"], "subject": ["who"], "clicked": ["click"], "stratum": ["age"]}
    given = {**PLAN, **parameters}
    return run_audit("fairness.experiment", as_table(frame), columns, given, limits, 0)


def _of(report: Report, metric: str, **slice_: str) -> Measurement:
    return next(m for m in report.measurements if m.metric == metric and m.slice == slice_)


def _log(
    seed: int, effect: float = 0.0, harm: float = 0.0, people: int = 2_000, rows: int = 5
) -> pd.DataFrame:
    """Everyone has his own rate; the new arm adds `effect`, and `harm` less for the old."""
    generator = np.random.default_rng(seed)
    new, old = np.arange(people) % 2 == 1, generator.random(people) < 0.25
    rate = generator.beta(3, 7, people) + new * (effect - harm * old)
    repeats = generator.integers(1, 2 * rows, people)
    who = np.repeat(np.arange(people), repeats)
    clicks = generator.random(len(who)) < np.clip(rate, 0, 1)[who]
    frame = pd.DataFrame({"who": who, "click": clicks.astype(int)})
    frame["arm"] = np.where(new[who], "new", "old")
    frame["age"] = np.where(old[who], "65+", "under 65")
    return frame


def test_effects_are_ratios_of_sums_with_people_as_units() -> None:
    frame = _log(1)
    row = _of(_audit(frame), "effect_difference")
    means = frame.groupby("arm").click.mean()
    assert row.value == pytest.approx(means["new"] - means["old"], abs=1e-12)
    assert row.n == 2_000 and row.unit == "subjects"


def test_no_effect_is_covered_and_rows_taken_alone_would_not_be() -> None:
    runs, hits, naive = 30, 0, 0
    for seed in range(runs):
        frame = _log(100 + seed, people=300, rows=20)
        row = _of(_audit(frame, planned_subjects=300), "effect_difference")
        assert row.low is not None and row.high is not None and row.value is not None
        hits += row.low <= 0 <= row.high
        parts = frame.groupby("arm").click
        half = 1.96 * float(np.sqrt((parts.var() / parts.size()).sum()))
        naive += abs(row.value) <= half
    assert hits >= 0.95 * runs - 3 * np.sqrt(runs * 0.05 * 0.95) > naive


def test_a_planted_harm_in_one_stratum_is_found_though_the_whole_gains() -> None:
    frame = _log(2, effect=0.10, harm=0.22, people=4_000)
    report = _audit(frame, (Limit.parse("harm<=0.05"),))
    whole, part = _of(report, "harm"), _of(report, "harm", age="65+")
    assert whole.verdict == "pass" and part.verdict == "fail" and report.verdict == "fail"
    assert report.limits[0].startswith("Guard-rail: a variant does harm in age 65+ (new)")
    table = next(t for t in report.tables if t["title"] == "Effects by stratum")
    assert [row[-1] for row in table["rows"]] == ["harm", ""]
    # The guard-rail needs no limit to fail.
    guarded = _audit(frame)
    (guard,) = [m for m in guarded.measurements if m.metric == "harm_in_a_stratum_p"]
    assert (guarded.verdict, guard.verdict, guard.slice) == ("fail", "fail", {"age": "65+"})
    early = _audit(frame, planned_subjects=4_001)
    assert early.verdict is None


def test_the_guard_rail_seldom_fires_where_nobody_is_harmed() -> None:
    fired = sum(_audit(_log(300 + seed)).verdict == "fail" for seed in range(60))
    assert fired <= 60 * 0.05 + 3 * (60 * 0.05 * 0.95) ** 0.5


def test_people_who_were_not_split_as_planned_stop_the_analysis() -> None:
    frame = _log(3, effect=0.1)
    frame = frame[(frame.arm == "old") | (frame.who % 10 != 1)]
    report = _audit(frame, (Limit.parse("effect_ratio>=1"),), planned_subjects=100)
    assert report.verdict == "fail" and "not split as planned" in report.limits[0]
    assert _of(report, "effect_ratio").verdict == "not_applicable"
    shares = {"old": 1.0, "new": 0.8}
    fair = _audit(frame, (Limit.parse("effect_ratio>=1"),), planned_subjects=100, shares=shares)
    assert _of(fair, "sample_ratio_p").verdict is None and fair.verdict != "fail"


def test_nothing_is_judged_before_the_stop_rule_is_reached() -> None:
    report = _audit(_log(4, effect=0.3), (Limit.parse("effect_ratio>=1"),), planned_subjects=2_500)
    row = _of(report, "effect_ratio")
    assert report.verdict == "inconclusive" and row.missing is not None
    assert row.missing.units == 500 and "stop rule" in row.note


def test_a_plan_changed_after_it_was_frozen_is_refused() -> None:
    frame, limits = _log(5), (Limit.parse("effect_ratio>=1"),)
    plan = next(t for t in _audit(frame, limits).tables if t["title"] == "Plan")
    digest = dict(plan["rows"])["plan SHA-256"]
    assert len(digest) == 64
    _audit(frame, limits, frozen=digest)
    for changed in ({"planned_subjects": 1_999}, {"better": "less"}, {"hypothesis": "Otherwise."}):
        with pytest.raises(BadInput, match="not the frozen one"):
            _audit(frame, limits, frozen=digest, **changed)
    with pytest.raises(BadInput, match="not the frozen one"):
        _audit(frame, (Limit.parse("effect_ratio>=0.9"),), frozen=digest)


def test_people_seen_in_several_variants_are_left_out_and_counted() -> None:
    frame = _log(6)
    extra = frame[frame.who < 10].assign(arm="new")
    report = _audit(pd.concat([frame, extra]), planned_subjects=100)
    assert sum(m.n for m in report.measurements if m.metric == "sample_ratio_p") == 1_995
    assert any(text.startswith("5 people were seen in several variants") for text in report.limits)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"control": "none"}, "no variant 'none'"),
        ({"primary": "price"}, "primary metric is 'price'"),
        ({"hypothesis": "short"}, "'hypothesis' is not usable"),
        ({"shares": {"old": 1.0, "other": 1.0}}, "'new' has no planned share"),
    ],
)
def test_a_plan_that_does_not_fit_the_data_is_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        _audit(_log(7, people=40), **changed)


def test_known_answers_hold() -> None:
    for case in catalogue.get("fairness.experiment").known_answers():
        assert case.compute() == pytest.approx(case.expected, abs=case.tolerance), case.name


def test_an_effect_reads_as_one() -> None:
    report = _audit(_log(8))
    said = verdict_sentence(_of(report, "effect_ratio", age="65+"))
    assert said.startswith("The effect ratio of new against old is ") and " for age 65+ (" in said
