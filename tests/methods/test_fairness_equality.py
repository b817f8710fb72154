"""The recorded number is fairlearn's: on raw rows, on the cube, and in the kernel."""

import math
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import fairlearn.metrics as fl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    f1_score,
    matthews_corrcoef,
    precision_score,
    zero_one_loss,
)

from methods.fairness import kernel
from methods.fairness.rates import RATES, SCALARS
from methods.report import Limit, Measurement, Report, exit_code
from methods.run import run_audit
from tests.methods.conftest import as_table


def _refusal_rate(y_true: Any, y_pred: Any, sample_weight: Any = None) -> float:
    """fairlearn has none: its selection rate of the refused."""
    selected = fl.selection_rate(y_true, y_pred, pos_label=0, sample_weight=sample_weight)
    return float(selected)


OWN: dict[str, Callable[..., float]] = {
    "accuracy": accuracy_score,
    "precision": precision_score,
    "refusal_rate": _refusal_rate,
    "zero_one_loss": zero_one_loss,
}
ON_REQUEST: dict[str, Callable[..., float]] = {
    "f1_score": partial(f1_score, zero_division=0),
    "balanced_accuracy": balanced_accuracy_score,
    "matthews_corrcoef": matthews_corrcoef,
    "zero_one_loss": zero_one_loss,
    "mean_prediction": fl.mean_prediction,
}
FUNCTIONS: dict[str, Callable[..., float]] = {
    name: OWN.get(name) or getattr(fl, name) for name, rate in RATES.items() if not rate.on_request
}
CASES = [
    # table, y_true, y_pred, groups, controls
    ("loans", "approve", "debt_rule", ["black"], []),
    ("loans", "approve", "debt_rule", ["male"], []),
    ("loans", "approve", "debt_rule", ["black", "married"], []),
    ("loans", "approve", "debt_rule", ["black"], ["married"]),
    ("tumours", "benign", "called", ["texture"], []),
    ("tumours", "benign", "called", ["texture", "smooth"], []),
    ("tumours", "benign", "called", ["texture", "smooth"], ["symmetric"]),
]


@pytest.fixture(params=CASES, ids=lambda case: "-".join([case[0], *case[3], *case[4]]))
def case(request: pytest.FixtureRequest) -> dict[str, Any]:
    name, y_true, y_pred, groups, controls = request.param
    frame = request.getfixturevalue(name).copy()
    for column in (*groups, *controls):
        frame[column] = frame[column].fillna("(missing)")
    return {
        "raw": request.getfixturevalue(name),
        "frame": frame,
        "y_true": y_true,
        "y_pred": y_pred,
        "groups": groups,
        "controls": controls,
    }


def _audit(case: dict[str, Any], method: str) -> Report:
    columns = {"group": case["groups"], "y_true": [case["y_true"]], "y_pred": [case["y_pred"]]}
    if case["controls"]:
        columns["control"] = case["controls"]
    return run_audit("fairness.groups", as_table(case["raw"]), columns, {"method": method}, [], 0)


def _oracle(case: dict[str, Any]) -> fl.MetricFrame:
    frame = case["frame"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fl.MetricFrame(
            metrics=FUNCTIONS,
            y_true=frame[case["y_true"]],
            y_pred=frame[case["y_pred"]],
            sensitive_features=frame[case["groups"]],
            control_features=frame[case["controls"]] if case["controls"] else None,
        )


def _inside(row: Measurement) -> bool:
    assert row.low is not None and row.high is not None and row.value is not None
    return row.low - 1e-9 <= row.value <= row.high + 1e-9


def _rows(report: Report, metric: str, by: list[str]) -> list[Measurement]:
    return [row for row in report.measurements if row.metric == metric and row.by == tuple(by)]


@pytest.mark.parametrize("method", ["between_groups", "to_overall"])
def test_rates_and_disparities_equal_fairlearn_on_raw_rows(
    case: dict[str, Any], method: str
) -> None:
    report, oracle = _audit(case, method), _oracle(case)
    order = [*case["controls"], *case["groups"]]
    compared = 0
    for metric in FUNCTIONS:
        for row in _rows(report, metric, case["groups"]):
            key = tuple(row.slice[name] for name in order)
            expected = oracle.by_group[metric][key if len(key) > 1 else key[0]]
            assert row.value == pytest.approx(expected, abs=1e-12)
            compared += 1
        for kind in ("difference", "ratio"):
            scalar = getattr(oracle, kind)(method=method)
            strata = scalar.index if case["controls"] else [None]
            for stratum in strata:
                expected = scalar[metric] if stratum is None else scalar[metric][stratum]
                values = [
                    row.value
                    for row in _rows(report, f"{metric}_{kind}", case["groups"])
                    if stratum is None or stratum in row.slice.values()
                ]
                assert values
                known = [v for v in values if v is not None]
                worst = (
                    max(map(abs, known), default=math.nan)
                    if kind == "difference"
                    else min((min(v, 1 / v) if v else 0.0 for v in known), default=math.nan)
                )
                # The widest contrast is fairlearn's scalar.
                assert worst == pytest.approx(expected, abs=1e-12, nan_ok=True)
                compared += 1
    assert compared >= 7 * (len(oracle.by_group.dropna(how="all")) + 2)


@pytest.mark.parametrize("method", ["between_groups", "to_overall"])
def test_named_scalars_equal_fairlearn_on_raw_rows(case: dict[str, Any], method: str) -> None:
    report, frame = _audit(case, method), case["frame"]
    strata = frame.groupby(case["controls"]) if case["controls"] else [((), frame)]
    for stratum, part in strata:
        for name in SCALARS:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                expected = getattr(fl, name)(
                    part[case["y_true"]],
                    part[case["y_pred"]],
                    sensitive_features=part[case["groups"]],
                    method=method,
                )
            found = [
                row
                for row in _rows(report, name, case["groups"])
                if tuple(row.slice.values()) == tuple(stratum)
            ]
            assert len(found) == 1
            assert found[0].value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("method", ["between_groups", "to_overall"])
def test_measures_on_request_equal_fairlearn_on_raw_rows(case: dict[str, Any], method: str) -> None:
    columns = {"group": case["groups"], "y_true": [case["y_true"]], "y_pred": [case["y_pred"]]}
    columns |= {"control": case["controls"]} if case["controls"] else {}
    parameters = {"method": method, "metrics": list(ON_REQUEST)}
    report = run_audit("fairness.groups", as_table(case["raw"]), columns, parameters, [], 0)
    frame = case["frame"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle = fl.MetricFrame(
            metrics=ON_REQUEST,
            y_true=frame[case["y_true"]],
            y_pred=frame[case["y_pred"]],
            sensitive_features=frame[case["groups"]],
            control_features=frame[case["controls"]] if case["controls"] else None,
        )
        gaps = {kind: getattr(oracle, kind)(method=method) for kind in ("difference", "ratio")}
    order = [*case["controls"], *case["groups"]]
    for metric in ON_REQUEST:
        rows = _rows(report, metric, case["groups"])
        assert len(rows) == len(oracle.by_group.dropna(how="all"))
        for row in rows:
            key = tuple(row.slice[name] for name in order)
            expected = oracle.by_group[metric][key if len(key) > 1 else key[0]]
            assert row.value == pytest.approx(expected, abs=1e-12)
            assert row.low is None or _inside(row)
        for stratum in oracle.overall.index if case["controls"] else [None]:
            expected = gaps["difference"][metric]
            expected = expected if stratum is None else expected[stratum]
            widest = max(
                abs(row.value)
                for row in _rows(report, f"{metric}_difference", case["groups"])
                if row.value is not None and (stratum is None or stratum in row.slice.values())
            )
            assert widest == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("end", ["min", "max"])
def test_the_least_and_the_greatest_group_equal_fairlearn(case: dict[str, Any], end: str) -> None:
    columns = {"group": case["groups"], "y_true": [case["y_true"]], "y_pred": [case["y_pred"]]}
    columns |= {"control": case["controls"]} if case["controls"] else {}
    names = ["selection_rate", "true_positive_rate", "f1_score"]
    limits = [Limit.parse(f"{name}_group_{end}>=0.99") for name in names]
    report = run_audit("fairness.groups", as_table(case["raw"]), columns, {}, limits, 0)
    frame = case["frame"]
    oracle = fl.MetricFrame(
        metrics={name: {**FUNCTIONS, **ON_REQUEST}[name] for name in names},
        y_true=frame[case["y_true"]],
        y_pred=frame[case["y_pred"]],
        sensitive_features=frame[case["groups"]],
        control_features=frame[case["controls"]] if case["controls"] else None,
    )
    expected = getattr(oracle, f"group_{end}")()
    for name in names:
        rows = _rows(report, f"{name}_group_{end}", case["groups"])
        strata = expected.index if case["controls"] else [None]
        assert len(rows) == len(strata)
        for stratum in strata:
            value = expected[name] if stratum is None else expected[name][stratum]
            (row,) = [r for r in rows if stratum is None or r.slice[case["controls"][0]] == stratum]
            assert row.value == pytest.approx(value, abs=1e-12)
            assert row.verdict in ("fail", "inconclusive", "pass")
            # A group without a denominator leaves the worst one open.
            assert row.low is None or _inside(row)


def test_several_group_columns_are_reported_alone_and_crossed(loans: pd.DataFrame) -> None:
    columns = {"group": ["black", "male"], "y_pred": ["approve"]}
    report = run_audit("fairness.groups", as_table(loans), columns, {}, [], 0)
    found = {row.by for row in report.measurements}
    assert found == {(), ("black",), ("male",), ("black", "male")}


def test_weights_give_the_numbers_of_repeated_rows(tumours: pd.DataFrame) -> None:
    twice = tumours.copy()
    twice["w"] = np.where(twice["smooth"] == "yes", 3, 1)
    repeated = twice.loc[twice.index.repeat(twice["w"])]
    columns = {"group": ["texture"], "y_true": ["benign"], "y_pred": ["called"]}
    plain = run_audit("fairness.groups", as_table(repeated), columns, {}, [], 0)
    weighted = run_audit(
        "fairness.groups", as_table(twice), {**columns, "weight": ["w"]}, {}, [], 0
    )
    values = {
        (m.metric, *m.slice.items()): m.value for m in plain.measurements if m.by == ("texture",)
    }
    for m in weighted.measurements:
        if m.by == ("texture",) and m.comparison is None:
            assert m.value == pytest.approx(values[m.metric, *m.slice.items()], abs=1e-12)
            assert m.interval in ("delta_weighted", "wilson_effective")


@pytest.fixture
def lonely() -> pd.DataFrame:
    """Strata with two groups, with one, with one never selected, and without deserving rows."""
    cells = [
        ("both", "a", 1, 1, 40), ("both", "a", 0, 0, 30), ("both", "b", 1, 0, 35),
        ("both", "b", 0, 1, 45), ("one", "a", 1, 1, 50), ("one", "a", 0, 1, 20),
        ("never", "b", 1, 0, 60), ("never", "b", 0, 0, 40), ("undeserving", "a", 0, 1, 33),
        ("undeserving", "b", 0, 0, 44),
    ]  # fmt: skip
    rows = [cell[:4] for cell in cells for _ in range(cell[4])]
    return pd.DataFrame(rows, columns=["place", "g", "t", "p"])


@pytest.mark.parametrize("method", ["between_groups", "to_overall"])
def test_a_group_alone_in_its_stratum_has_fairlearns_number(
    lonely: pd.DataFrame, method: str
) -> None:
    case = {"raw": lonely, "frame": lonely, "y_true": "t", "y_pred": "p"}
    case |= {"groups": ["g"], "controls": ["place"]}
    report, oracle = _audit(case, method), _oracle(case)
    for metric in FUNCTIONS:
        for kind in ("difference", "ratio"):
            scalar = getattr(oracle, kind)(method=method)[metric]
            for stratum in ("one", "never"):
                (row,) = (
                    row
                    for row in _rows(report, f"{metric}_{kind}", ["g"])
                    if row.slice == {"place": stratum}
                )
                expected = scalar[stratum]
                assert row.value == (None if math.isnan(expected) else expected)
                assert (row.comparison, row.low, row.high) == (None, None, None)
                assert "only one group" in row.note
    assert any("stands alone" in text for text in report.limits)


@pytest.mark.parametrize("method", ["between_groups", "to_overall", "to_highest"])
@pytest.mark.parametrize("metric", ["selection_rate_difference", "demographic_parity_difference"])
def test_no_limit_is_met_where_nothing_was_compared(
    lonely: pd.DataFrame, method: str, metric: str
) -> None:
    columns = {"group": ["g"], "y_true": ["t"], "y_pred": ["p"], "control": ["place"]}
    report = run_audit(
        "fairness.groups",
        as_table(lonely[lonely.place.isin(["one", "never"])]),
        columns,
        {"method": method},
        [Limit.parse(f"{metric}<=0.1")],
        0,
    )
    judged = {row.slice["place"]: row.verdict for row in report.judged()}
    assert judged == {"one": "not_applicable", "never": "not_applicable"}
    assert (report.verdict, exit_code(report)) == ("inconclusive", 3)


def test_a_stratum_without_the_reference_leaves_its_limit_open(lonely: pd.DataFrame) -> None:
    columns = {"group": ["g"], "y_pred": ["p"], "control": ["place"]}
    parameters = {"method": "to_reference", "reference": "a"}
    limits = [Limit.parse("selection_rate_difference<=1")]
    others = pd.DataFrame({"place": "others", "g": ["b", "c"] * 40, "t": 1, "p": [0, 1] * 40})
    frame = pd.concat([lonely, others])
    report = run_audit("fairness.groups", as_table(frame), columns, parameters, limits, 0)
    judged = {row.slice["place"]: (row.verdict, row.value) for row in report.judged()}
    assert judged["both"][0] == "pass"
    assert judged["one"] == ("not_applicable", 0.0)
    assert judged["others"] == ("not_applicable", None)
    assert report.verdict == "inconclusive"


def _frame(counts: np.ndarray) -> pd.DataFrame:
    rows = []
    for group, (tp, fp, fn, tn) in enumerate(counts):
        rows += [(group, 1, 1, tp), (group, 0, 1, fp), (group, 1, 0, fn), (group, 0, 0, tn)]
    return pd.DataFrame(rows, columns=["g", "t", "p", "n"]).query("n > 0")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(*[st.integers(0, 40)] * 4).filter(lambda cell: sum(cell) > 0),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from(["between_groups", "to_overall"]),
)
def test_the_kernel_equals_fairlearn(cells: list[tuple[int, ...]], method: str) -> None:
    counts = np.array(cells, dtype=float)
    frame = _frame(counts)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle = fl.MetricFrame(
            metrics=FUNCTIONS,
            y_true=frame["t"],
            y_pred=frame["p"],
            sensitive_features=frame["g"],
            sample_params={name: {"sample_weight": frame["n"]} for name in FUNCTIONS},
        )
        for name in FUNCTIONS:
            values = kernel.rate(name, counts)
            assert values == pytest.approx(oracle.by_group[name].to_numpy(), abs=1e-12)
            overall = kernel.rate(name, counts.sum(axis=0))
            for kind in ("difference", "ratio"):
                expected = getattr(oracle, kind)(method=method)[name]
                found = float(kernel.disparity(values, overall, kind, method))
                assert found == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_the_kernel_is_vectorised_over_replicates(tumours: pd.DataFrame) -> None:
    counts = np.random.default_rng(0).integers(1, 50, (100, 4, 4)).astype(float)
    for name in SCALARS:
        for method in ("between_groups", "to_overall"):
            each = [float(kernel.scalar(name, part, method)) for part in counts]
            assert kernel.scalar(name, counts, method) == pytest.approx(each, abs=1e-15)
