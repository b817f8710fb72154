"""What an audit of scores promises: sklearn's AUC within its bound, and intervals that hold."""

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


def _audit(
    frame: pd.DataFrame,
    limits: tuple[Limit, ...] = (),
    parameters: dict[str, Any] | None = None,
    **columns: list[str],
) -> Report:
    roles = {"score": ["score"], "y_true": ["y"], **columns}
    return run_audit("fairness.calibration", as_table(frame), roles, parameters or {}, limits, 0)


def _of(report: Report, metric: str, **slice_: str) -> Measurement:
    return next(m for m in report.measurements if m.metric == metric and m.slice == slice_)


def _people(seed: int, people: int = 400, rows: int = 8) -> pd.DataFrame:
    """Two equal groups; a person's rows share his own score and luck."""
    generator = np.random.default_rng(seed)
    score = np.repeat(generator.beta(2, 2, people), rows)
    luck = np.repeat(generator.normal(0, 0.15, people), rows)
    y = generator.random(people * rows) < np.clip(score + luck, 0.01, 0.99)
    who = np.repeat(np.arange(people), rows)
    return pd.DataFrame({"score": score, "y": y.astype(int), "who": who, "g": who % 2})


@pytest.mark.parametrize("bins", [20, 1_000])
def test_the_auc_of_every_group_is_sklearns_within_its_bound(bins: int) -> None:
    from sklearn.metrics import roc_auc_score

    frame = _people(1)
    frame["score"] = np.round(frame.score, 3)  # real ties too
    report = _audit(frame, parameters={"bins": bins}, group=["g"])
    for group, part in frame.groupby("g"):
        found = _of(report, "auc", g=str(group))
        bound = float(found.note.split("at most ")[1].split(";")[0])
        assert found.value == pytest.approx(roc_auc_score(part.y, part.score), abs=bound * 1.05)
        assert bound < (0.05 if bins == 20 else 0.005)


def test_the_mean_gap_and_the_calibration_error_are_exact() -> None:
    frame = _people(2)
    report = _audit(frame, group=["g"])
    part = frame[frame.g == 1]
    assert _of(report, "calibration_gap", g="1").value == pytest.approx(
        part.score.mean() - part.y.mean(), abs=1e-12
    )
    bins = np.minimum((part.score * 10).astype(int), 9)
    error = (part.score - part.y).groupby(bins).sum().abs().sum() / len(part)
    assert _of(report, "ece", g="1").value == pytest.approx(error, abs=1e-12)


def test_the_reliability_curve_is_sklearns() -> None:
    from sklearn.calibration import calibration_curve

    frame = _people(6)
    report = _audit(frame, group=["g"])
    (table,) = [one for one in report.tables if one["title"] == "Reliability by g"]
    for group, part in frame.groupby("g"):
        share, mean = calibration_curve(part.y, part.score, n_bins=10, strategy="uniform")
        rows = [row for row in table["rows"] if row[0] == str(group)]
        assert [row[4] for row in rows] == pytest.approx(list(mean), abs=1e-12)
        assert [row[5] for row in rows] == pytest.approx(list(share), abs=1e-12)
        assert sum(row[3] for row in rows) == len(part)


def test_the_variance_of_the_auc_is_delongs() -> None:
    """Against the sum over pairs of the definition."""
    frame = _people(3, people=60, rows=1)
    frame["score"] = np.round(frame.score, 2)
    yes, no = frame.score[frame.y == 1].to_numpy(), frame.score[frame.y == 0].to_numpy()
    wins = (yes[:, None] > no[None]) + 0.5 * (yes[:, None] == no[None])
    variance = wins.mean(1).var() / len(yes) + wins.mean(0).var() / len(no)
    report = _audit(frame, parameters={"bins": 1_000})
    found = _of(report, "auc")
    assert found.value == pytest.approx(wins.mean(), abs=1e-12)
    bound = float(found.note.split("at most ")[1])
    half = 1.959964 * np.sqrt(variance) + bound
    assert found.high == pytest.approx(min(wins.mean() + half, 1), abs=2e-3 * half)


@pytest.mark.trust
def test_differences_between_equal_groups_cover_zero_when_people_return() -> None:
    runs, hits, naive = 60, dict.fromkeys(("auc", "calibration_gap", "ece"), 0), 0
    for seed in range(runs):
        frame = _people(100 + seed, people=120)
        report = _audit(frame, parameters={"bins": 100}, group=["g"], subject=["who"])
        for name in hits:
            row = _of(report, f"{name}_difference")
            assert row.low is not None and row.high is not None and row.n == 120
            hits[name] += row.low <= 0 <= row.high
        rows = _of(
            _audit(frame, parameters={"bins": 100}, group=["g"]), "calibration_gap_difference"
        )
        naive += (rows.low or 0) <= 0 <= (rows.high or 0)
    assert min(hits.values()) >= 0.95 * runs - 3 * np.sqrt(runs * 0.05 * 0.95)
    assert naive < hits["calibration_gap"]


def test_a_score_that_means_less_for_one_group_fails_its_limit() -> None:
    frame = _people(4, people=3_000, rows=1)
    frame.loc[frame.g == 1, "score"] = (frame.score + 0.2).clip(upper=1)
    limit = Limit.parse("calibration_gap_difference<=0.1")
    assert _audit(frame, (limit,), group=["g"]).verdict == "fail"
    assert _audit(frame[frame.g == 0], (limit,), group=["g"]).verdict is None


def test_a_group_with_one_class_has_no_auc_and_leaves_the_question_open() -> None:
    frame = _people(5)
    frame.loc[frame.g == 1, "y"] = 1
    report = _audit(frame, (Limit.parse("auc>=0.5"),), group=["g"])
    row = _of(report, "auc", g="1")
    assert (row.value, row.verdict, row.low) == (None, "not_applicable", None)
    assert report.verdict == "inconclusive"


@pytest.mark.parametrize(
    ("score", "said"), [(1.2, "probabilities"), (np.nan, "is empty in 1 rows")]
)
def test_scores_that_are_no_probabilities_are_refused(score: float, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        _audit(pd.DataFrame({"score": [0.1, score], "y": [0, 1]}))


def test_known_answers_hold() -> None:
    for case in catalogue.get("fairness.calibration").known_answers():
        assert case.compute() == pytest.approx(case.expected, abs=case.tolerance), case.name


def test_people_who_return_widen_the_intervals() -> None:
    frame = _people(6)
    rows = _audit(frame, group=["g"])
    people = _audit(frame, group=["g"], subject=["who"])
    for name in ("auc", "calibration_gap"):
        alone, together = _of(rows, f"{name}_difference"), _of(people, f"{name}_difference")
        assert alone.value == together.value and together.unit == "subjects"
        assert (together.high or 0) - (together.low or 0) > 1.2 * (alone.high or 0) - 1.2 * (
            alone.low or 0
        )


def test_a_difference_of_a_measure_reads_as_one() -> None:
    row = _of(_audit(_people(6), group=["g"]), "auc_difference")
    said = verdict_sentence(row)
    assert said.startswith("The auc of those with g ") and " from that of those with g " in said
