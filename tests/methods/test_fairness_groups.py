"""What an audit of groups promises: verdicts on evidence, honest groups, clear refusals."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from methods.errors import BadInput
from methods.fairness.contrasts import Pair, pair_interval, rate_interval, side
from methods.fairness.cube import collect
from methods.fairness.kernel import disparity
from methods.fairness.known import BERKELEY
from methods.report import Limit, Measurement, Report
from methods.run import run_audit
from tests.methods.conftest import as_table

FOUR_FIFTHS = Limit.parse("demographic_parity_ratio>=0.8")


def _audit(
    frame: pd.DataFrame,
    limits: tuple[Limit, ...] = (),
    parameters: dict[str, Any] | None = None,
    **columns: list[str],
) -> Report:
    columns = {"group": ["g"], "y_pred": ["p"], **columns}
    return run_audit("fairness.groups", as_table(frame), columns, parameters or {}, limits, 0)


def _of(report: Report, metric: str, **slice_: str) -> Measurement:
    return next(m for m in report.measurements if m.metric == metric and m.slice == slice_)


def _groups(seed: int, shares: list[float], size: int) -> pd.DataFrame:
    generator = np.random.default_rng(seed)
    parts = [
        pd.DataFrame({"g": f"group {i:02}", "p": generator.binomial(1, share, size)})
        for i, share in enumerate(shares)
    ]
    return pd.concat(parts)


def test_eighteen_equal_groups_do_not_fail_the_four_fifths_limit() -> None:
    only_rates = {"metrics": ["selection_rate"]}
    reports = [_audit(_groups(s, [0.3] * 18, 200), (FOUR_FIFTHS,), only_rates) for s in range(12)]
    # The point value breaks the limit nearly always; the verdict must not follow it.
    values = [_of(report, "demographic_parity_ratio").value or 1 for report in reports]
    assert sum(value < 0.8 for value in values) >= 11
    assert [report.verdict for report in reports] == ["inconclusive"] * 12
    missing = [_of(report, "demographic_parity_ratio").missing for report in reports]
    # Each says how many more people would decide it; for one in a while no number would.
    assert sum(one is not None and (one.units or 0) > 0 for one in missing) >= 11


def test_rates_of_one_half_and_three_tenths_of_3000_each_fail_the_four_fifths_limit() -> None:
    report = _audit(_groups(4, [0.5, 0.3], 3_000), (FOUR_FIFTHS,))
    row = _of(report, "demographic_parity_ratio")
    assert (report.verdict, row.n) == ("fail", 6_000)
    assert row.high is not None and row.high < 0.7


def test_a_group_truly_left_behind_fails_the_limit_among_eighteen() -> None:
    report = _audit(_groups(1, [0.5] * 17 + [0.2], 800), (FOUR_FIFTHS,))
    row = _of(report, "demographic_parity_ratio")
    assert report.verdict == row.verdict == "fail"
    assert row.comparison is not None and row.comparison.of == {"g": "group 17"}
    assert row.high is not None and row.high < 0.8


def test_large_equal_groups_pass() -> None:
    assert _audit(_groups(2, [0.5] * 4, 20_000), (FOUR_FIFTHS,)).verdict == "pass"


def test_an_open_verdict_says_how_many_more_would_decide_it() -> None:
    row = _of(_audit(_groups(3, [0.5, 0.44], 300), (FOUR_FIFTHS,)), "demographic_parity_ratio")
    assert row.verdict == "inconclusive"
    assert row.missing is not None and row.missing.units is not None
    bigger = 300 + row.missing.units
    frame = _groups(3, [0.5, 0.44], 300)
    exact = frame.loc[frame.index.repeat(1)]
    scaled = pd.concat([exact] * int(np.ceil(bigger / 300)))
    assert _of(_audit(scaled, (FOUR_FIFTHS,)), "demographic_parity_ratio").verdict != "inconclusive"


def test_too_few_people_are_never_judged() -> None:
    frame = pd.concat([_groups(4, [0.9], 1000), pd.DataFrame({"g": ["few"] * 12, "p": [0] * 12})])
    row = _of(_audit(frame, (FOUR_FIFTHS,)), "demographic_parity_ratio")
    assert row.verdict == "inconclusive" and "fewer than 30" in row.note


def test_the_primary_comparison_is_not_adjusted_and_keeps_its_direction() -> None:
    frame = _groups(5, [0.5, 0.4, 0.45, 0.42], 400)
    limit = Limit.parse("selection_rate_ratio>=0.8")
    primary = "selection_rate_ratio: g=group 00 to g=group 01"
    report = _audit(frame, (limit,), {"primary": primary})
    rows = [m for m in report.measurements if m.metric == "selection_rate_ratio" and m.comparison]
    own = next(m for m in rows if "primary" in m.note)
    assert own.comparison is not None and own.comparison.of == {"g": "group 00"}
    assert own.value is not None and own.value > 1
    alone = _audit(frame[frame.g.isin(["group 00", "group 01"])], (limit,), {"primary": primary})
    same = next(m for m in alone.measurements if "primary" in m.note)
    assert (own.low, own.high) == (same.low, same.high)
    assert sum("simultaneous" in m.note for m in rows) == 5


def test_planned_looks_widen_every_interval() -> None:
    frame = _groups(6, [0.5, 0.4], 400)
    once = _of(_audit(frame), "demographic_parity_ratio")
    week = _of(_audit(frame, parameters={"looks": 7}), "demographic_parity_ratio")
    assert week.level == pytest.approx(1 - 0.05 / 7)
    assert once.low is not None and week.low is not None and week.low < once.low


def test_missing_values_are_a_group_of_their_own() -> None:
    frame = pd.DataFrame({"g": ["a", None, "b", None] * 50, "p": [1, 0, 1, 1] * 50})
    report = _audit(frame)
    assert _of(report, "selection_rate", g="(missing)").value == 0.5
    assert any("(missing)" in text for text in report.limits)


def test_the_selection_rates_suffice_without_the_truth() -> None:
    report = _audit(_groups(0, [0.5, 0.5], 50), (Limit.parse("accuracy>=0.5"),))
    row = next(m for m in report.measurements if m.metric == "accuracy")
    assert row.verdict == "not_applicable" and report.verdict == "inconclusive"
    assert any("y_true" in text for text in report.limits)


def test_people_with_many_rows_widen_the_interval_and_are_counted_as_people() -> None:
    generator = np.random.default_rng(8)
    person = np.repeat(np.arange(300), 20)
    taste = generator.beta(0.5, 0.5, 300)[person]
    frame = pd.DataFrame(
        {"g": np.where(person % 2, "a", "b"), "p": generator.binomial(1, taste), "s": person}
    )
    rows = _of(_audit(frame), "demographic_parity_ratio")
    people = _of(_audit(frame, subject=["s"]), "demographic_parity_ratio")
    assert people.value == rows.value
    assert people.unit == "subjects" and people.n == 300 and people.interval == "delta_clustered"
    assert people.low is not None and rows.low is not None
    assert (1 - people.low) > 1.5 * (1 - rows.low)


def test_the_report_says_when_a_few_people_carry_a_group() -> None:
    generator = np.random.default_rng(14)
    person = np.concatenate([np.arange(400), np.repeat([0, 2, 4], 500)])
    frame = pd.DataFrame(
        {
            "g": np.where(person % 2, "even", "carried"),
            "p": generator.beta(0.5, 0.5, 400)[person] > generator.random(len(person)),
            "s": person,
        }
    )
    report = _audit(frame, subject=["s"])
    (said,) = (text for text in report.limits if text.startswith("A few subjects carry"))
    assert "g carried:" in said
    own, other = (_of(report, "selection_rate", g=group) for group in ("carried", "even"))
    assert own.n == other.n == 200
    assert None not in (own.low, own.high, other.low, other.high)
    assert own.high - own.low > 3 * (other.high - other.low)  # type: ignore[operator]


def test_one_row_a_person_gives_nearly_the_interval_of_rows() -> None:
    frame = _groups(9, [0.5, 0.4], 2000).reset_index(drop=True).assign(s=lambda f: f.index)
    rows, people = (
        _of(r, "demographic_parity_difference")
        for r in (_audit(frame), _audit(frame, subject=["s"]))
    )
    assert (people.low, people.high) == pytest.approx((rows.low, rows.high), abs=5e-4)


def test_people_in_both_groups_make_the_contrast_tighter_not_wider() -> None:
    generator = np.random.default_rng(10)
    person = np.repeat(np.arange(400), 10)
    taste = generator.beta(0.4, 0.4, 400)[person]
    frame = pd.DataFrame(
        {"g": np.tile(["a", "b"], 2000), "p": generator.binomial(1, taste), "s": person}
    )
    cube = collect(
        as_table(frame),
        {"group": ["g"], "y_pred": ["p"], "subject": ["s"]},
        positive=None,
        threshold=None,
    )
    margin = cube.margins[("g",)]
    interval, _ = pair_interval(cube, Pair(("g",), "selection_rate", "difference", 0, 1), 0.95)
    # The paired difference of people, by brute force.
    wide = frame.pivot_table(index="s", columns="g", values="p")
    paired = (wide["a"] - wide["b"]).std() / np.sqrt(400) * 1.966
    assert (interval.high - interval.low) / 2 == pytest.approx(paired, rel=0.02)
    assert margin.units[:, 0].tolist() == [400, 400]


def test_the_whole_minus_a_group_is_carried_over_exactly() -> None:
    frame = _groups(11, [0.6, 0.3], 500)
    report = _audit(frame, parameters={"method": "to_overall"})
    rows = [m for m in report.measurements if m.metric == "selection_rate_difference"]
    pair = _audit(frame)
    both = next(m for m in pair.measurements if m.metric == "selection_rate_difference")
    above = next(m for m in rows if m.value is not None and m.value > 0)
    assert above.value == pytest.approx((both.value or 0) / 2)
    assert above.comparison is not None and above.comparison.to == {}


def test_intervals_of_groups_cover_in_small_groups() -> None:
    hits = total = 0
    for seed in range(60):
        cube = collect(
            as_table(_groups(seed, [0.1, 0.5], 40)),
            {"group": ["g"], "y_pred": ["p"]},
            positive=None,
            threshold=None,
        )
        for index, share in enumerate((0.1, 0.5)):
            part = side(cube.margins[("g",)], index)
            low, high = rate_interval(cube, part, "selection_rate", 0.95)[0]
            hits, total = hits + (low <= share <= high), total + 1
    assert hits / total >= 0.90


def test_references_and_the_highest_group_can_be_the_yardstick() -> None:
    frame = _groups(12, [0.6, 0.3, 0.5], 500)
    report = _audit(frame, parameters={"method": "to_reference", "reference": "group 01"})
    rows = [m for m in report.measurements if m.metric == "selection_rate_ratio"]
    assert {tuple((m.comparison.to if m.comparison else {}).values()) for m in rows} == {
        ("group 01",)
    }
    report = _audit(frame, parameters={"method": "to_highest"})
    rows = [m for m in report.measurements if m.metric == "selection_rate_ratio"]
    assert all(m.comparison and m.comparison.to == {"g": "group 00"} for m in rows)


def test_any_label_value_can_be_the_positive_one() -> None:
    frame = pd.DataFrame({"g": ["a", "b"] * 50, "p": ["hire", "wait", "no", "hire"] * 25})
    report = _audit(frame, parameters={"positive": "hire"})
    assert _of(report, "selection_rate", g="a").value == 0.5


def test_scores_become_decisions_by_a_threshold() -> None:
    frame = pd.DataFrame({"g": ["a", "b"] * 50, "s": np.linspace(0, 1, 100)})
    report = run_audit(
        "fairness.groups",
        as_table(frame),
        {"group": ["g"], "score": ["s"]},
        {"threshold": 0.75},
        [],
        0,
    )
    assert _of(report, "selection_rate").value == pytest.approx(0.25, abs=0.01)


def test_the_worst_pair_is_found_by_the_kernel_too() -> None:
    values = np.array([0.2, 0.5, 0.4])
    assert disparity(values, np.array(0.4), "ratio", "between_groups") == pytest.approx(0.4)


def test_the_same_seed_gives_the_same_report() -> None:
    frame = _groups(13, [0.5, 0.4, 0.3], 200)
    first, second = (_audit(frame, (FOUR_FIFTHS,)).to_dict() for _ in range(2))
    first.pop("created_at"), second.pop("created_at")
    assert first == second


GOOD = pd.DataFrame({"g": ["a", "b"] * 20, "p": [1, 0] * 20, "t": [1, 1] * 20})


@pytest.mark.parametrize(
    ("frame", "columns", "parameters", "words"),
    [
        (GOOD, {"group": ["nope"]}, {}, "There is no column 'nope' (role group)"),
        (GOOD, {"y_pred": ["g"]}, {}, "not a 0/1 or false/true label"),
        (GOOD.assign(p=range(40)), {}, {}, "--set positive=VALUE"),
        (GOOD.assign(p=pd.Series([None, 1] * 20)), {}, {}, "is empty in some rows"),
        (GOOD.head(0), {}, {}, "have no rows"),
        (GOOD, {"item": ["g"]}, {}, "not a role of this method"),
        (GOOD, {"colour": ["g"]}, {}, "'colour' is no role"),
        (GOOD, {"y_pred": ["p", "t"]}, {}, "takes one column"),
        (GOOD, {"control": ["g"]}, {}, "both group and control"),
        (GOOD, {}, {"methd": "x"}, "'methd' is not a parameter of fairness.groups"),
        (GOOD, {}, {"method": "best"}, "The parameter 'method' is not usable"),
        (GOOD, {}, {"method": "to_reference"}, "needs --set reference=VALUE"),
        (GOOD, {}, {"reference": "c", "method": "to_reference"}, "has no value 'c'"),
        (GOOD, {}, {"positive": "yes"}, "No label has the positive value 'yes'"),
        (GOOD, {}, {"primary": "selection_rate_ratio: h=1 to h=2"}, "must name one group column"),
        (GOOD.assign(w=-1.0), {"weight": ["w"]}, {}, "negative or unusable"),
        (
            GOOD.assign(s=pd.Series([None, "x"] * 20)),
            {"subject": ["s"]},
            {},
            "(subject) is empty in 20 rows",
        ),
        (
            GOOD.assign(g=range(40))
            .merge(pd.DataFrame({"x": range(5)}), how="cross")
            .assign(g=lambda f: range(len(f))),
            {},
            {},
            "has 200 values",
        ),
    ],
)
def test_bad_input_is_one_clear_sentence(
    frame: pd.DataFrame, columns: dict[str, list[str]], parameters: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInput) as problem:
        _audit(frame, (), parameters, **columns)
    assert words in str(problem.value)
    assert "\n" not in str(problem.value)


def test_a_limit_on_an_unknown_metric_is_refused() -> None:
    with pytest.raises(BadInput, match="has no metric 'fairness'"):
        _audit(GOOD, (Limit.parse("fairness>=1"),))


def _berkeley() -> pd.DataFrame:
    rows = [
        (sex, department, admitted)
        for department, sexes in BERKELEY.items()
        for sex, counts in sexes.items()
        for admitted, count in zip((1, 0), counts, strict=True)
        for _ in range(count)
    ]
    return pd.DataFrame(rows, columns=["sex", "department", "admitted"])


@pytest.mark.parametrize("weighted", [False, True])
def test_the_berkeley_admissions_warn_of_simpsons_paradox(weighted: bool) -> None:
    """Bickel, Hammel and O'Connell 1975: men ahead overall, women at equal departments."""
    frame = _berkeley()
    columns = {"group": ["sex"], "control": ["department"], "y_pred": ["admitted"]}
    if weighted:
        frame = frame.groupby(list(frame.columns)).size().reset_index(name="n")
        columns["weight"] = ["n"]
    report = run_audit("fairness.groups", as_table(frame), columns, {}, ())
    warning = report.limits[0]
    assert warning.startswith("Simpson's paradox: the selection rate of sex Male is 0.142 above")
    assert "0.043 below it at equal department" in warning
    table = next(t for t in report.tables if t["title"].startswith("Simpson's paradox"))
    row = next(row for row in table["rows"] if row[0] == "selection_rate")
    assert row[1:3] == ["sex Male", "sex Female"] and row[3] > 0 > row[4]


def test_a_control_that_explains_nothing_and_one_within_chance_do_not_warn() -> None:
    generator = np.random.default_rng(3)
    frame = pd.DataFrame(
        {"g": generator.integers(0, 2, 3_000), "c": generator.integers(0, 3, 3_000)}
    )
    frame["p"] = (generator.random(3_000) < 0.3 + 0.1 * frame.g).astype(int)
    columns = {"group": ["g"], "control": ["c"], "y_pred": ["p"]}
    report = run_audit("fairness.groups", as_table(frame), columns, {}, ())
    assert not any("Simpson" in text for text in report.limits)
    few = pd.DataFrame({"g": [0, 0, 0, 1, 1, 1], "c": [0, 0, 1, 0, 1, 1], "p": [0, 1, 1, 0, 0, 1]})
    report = run_audit("fairness.groups", as_table(few), columns, {}, ())
    assert not any("Simpson" in text for text in report.limits)


def test_refusals_are_compared_beside_selections() -> None:
    """98 % and 99 % selected look alike; twice as many are refused."""
    frame = pd.DataFrame(
        [(g, int(i < k)) for g, k in (("a", 9_800), ("b", 9_900)) for i in range(10_000)],
        columns=["g", "p"],
    )
    report = run_audit(
        "fairness.groups", as_table(frame), {"group": ["g"], "y_pred": ["p"]}, {}, ()
    )
    found = {m.metric: m.value for m in report.measurements if m.comparison is not None}
    assert found["selection_rate_ratio"] == pytest.approx(0.98 / 0.99)
    assert found["refusal_rate_ratio"] == pytest.approx(0.5)


def test_impact_ratios_divide_by_the_most_selected_category_that_counts() -> None:
    """NYC Local Law 144: a category below 2 % of the rows does not set the scale."""
    sizes = (("a", 500, 250), ("b", 480, 120), ("c", 10, 10))
    frame = pd.DataFrame(
        [(g, int(i < k)) for g, n, k in sizes for i in range(n)], columns=["g", "p"]
    )
    report = run_audit(
        "fairness.groups", as_table(frame), {"group": ["g"], "y_pred": ["p"]}, {}, ()
    )
    table = next(t for t in report.tables if t["title"].startswith("Impact ratios by g"))
    assert [row[3] for row in table["rows"]] == [1.0, 0.5, 2.0]
    assert [row[4] for row in table["rows"]] == ["", "", "below 2 % of rows"]
    assert any("sets no limit" in text for text in report.limits) and report.verdict is None


def test_scored_tools_count_who_is_above_the_median_of_all() -> None:
    frame = pd.DataFrame({"g": list("aaabbb"), "s": [1.0, 2.0, 5.0, 2.0, 2.0, 7.0]})
    report = run_audit(
        "fairness.groups",
        as_table(frame),
        {"group": ["g"], "score": ["s"]},
        {"above_median": True},
        (),
    )
    rates = [
        m.value for m in report.measurements if m.metric == "selection_rate" and m.by == ("g",)
    ]
    assert rates == pytest.approx([1 / 3, 1 / 3])  # those at the median are not above it
