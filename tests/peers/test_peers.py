"""Our numbers are those of aequitas and holisticai on the same data, in their own environment."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from config import env
from methods.report import Report
from methods.run import run_audit
from tests.methods.conftest import as_table

pytestmark = pytest.mark.peers

PYTHON = env.ROOT / ".venv-peers" / "bin" / "python"
HERE = Path(__file__).parent
EXACT = 1e-12
ROLES = {"group": ["region"], "y_true": ["deserved"], "y_pred": ["decided"]}


def _ask(script: str, *words: str) -> Any:
    command = [str(PYTHON), str(HERE / script), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HERE)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


def _drawn() -> pd.DataFrame:
    """4,000 decisions whose rates differ by region."""
    generator = np.random.default_rng(11)
    region = generator.choice(["north", "south", "west"], 4_000, p=[0.5, 0.35, 0.15])
    lean = pd.Series(region).map({"north": 0.15, "south": 0.0, "west": -0.1}).to_numpy()
    deserved = (generator.random(4_000) < 0.4 + lean / 2).astype(int)
    decided = (generator.random(4_000) < 0.25 + 0.4 * deserved + lean).astype(int)
    return pd.DataFrame({"region": region, "deserved": deserved, "decided": decided})


def _tumours() -> pd.DataFrame:
    """569 real tumours with a simple decision rule, grouped by texture."""
    from sklearn.datasets import load_breast_cancer

    table = load_breast_cancer(as_frame=True).frame
    texture = pd.cut(table["mean texture"], [0, 17, 22, 100], labels=["north", "south", "west"])
    decided = (table["mean radius"] < 15).astype(int)
    return pd.DataFrame(
        {"region": texture.astype(str), "deserved": table["target"], "decided": decided}
    )


@pytest.fixture(params=[_drawn, _tumours], ids=["drawn", "tumours"])
def frame(request: pytest.FixtureRequest) -> pd.DataFrame:
    made: pd.DataFrame = request.param()
    return made


@pytest.fixture
def csv(frame: pd.DataFrame, tmp_path: Path) -> str:
    path = tmp_path / "rows.csv"
    frame.to_csv(path, index=False)
    return str(path)


def _audit(frame: pd.DataFrame) -> Report:
    return run_audit("fairness.groups", as_table(frame), ROLES, {}, [], 0)


def _groups(report: Report) -> dict[str, dict[str, float]]:
    table = next(each for each in report.tables if each["title"] == "Groups by region")
    return {row[0]: dict(zip(table["columns"], row, strict=True)) for row in table["rows"]}


def _scalar(report: Report, metric: str) -> float:
    found = [m.value for m in report.measurements if m.metric == metric and m.by == ("region",)]
    assert len(found) == 1 and found[0] is not None
    return found[0]


def test_counts_and_rates_are_those_of_aequitas(frame: pd.DataFrame, csv: str) -> None:
    ours = _groups(_audit(frame))
    told = _ask("aequitas_numbers.py", csv, "deserved", "decided", "north", "region")
    assert set(ours) == set(told["groups"]) == {"north", "south", "west"}
    for group, theirs in told["groups"].items():
        mine = ours[group]
        for count in ("tp", "fp", "fn", "tn"):
            assert mine[count] == theirs[count]
        assert mine["rows"] == theirs["group_size"]
        for name, theirs_name in (
            ("selection_rate", "pprev"),
            ("true_positive_rate", "tpr"),
            ("false_positive_rate", "fpr"),
            ("false_negative_rate", "fnr"),
            ("precision", "precision"),
        ):
            assert mine[name] == pytest.approx(theirs[theirs_name], abs=EXACT)


def test_disparities_to_a_reference_are_those_of_aequitas(frame: pd.DataFrame, csv: str) -> None:
    ours = _groups(_audit(frame))
    told = _ask("aequitas_numbers.py", csv, "deserved", "decided", "north", "region")
    reference = ours["north"]
    for group, theirs in told["groups"].items():
        mine = ours[group]
        for name, theirs_name in (
            ("selection_rate", "pprev_disparity"),
            ("true_positive_rate", "tpr_disparity"),
            ("false_positive_rate", "fpr_disparity"),
        ):
            ratio = mine[name] / reference[name]
            assert ratio == pytest.approx(theirs[theirs_name], abs=EXACT)
        selected = (mine["tp"] + mine["fp"]) / (reference["tp"] + reference["fp"])
        assert selected == pytest.approx(theirs["ppr_disparity"], abs=EXACT)


def test_the_worst_ratio_is_the_worst_disparity_of_aequitas(frame: pd.DataFrame, csv: str) -> None:
    report = _audit(frame)
    told = _ask("aequitas_numbers.py", csv, "deserved", "decided", "north", "region")["groups"]
    for metric, theirs_name in (
        ("demographic_parity_ratio", "pprev_disparity"),
        ("equal_opportunity_ratio", "tpr_disparity"),
    ):
        disparities = [group[theirs_name] for group in told.values()]
        worst = min(disparities) / max(disparities)
        assert _scalar(report, metric) == pytest.approx(worst, abs=EXACT)


def test_contrasts_of_two_groups_are_those_of_holisticai(frame: pd.DataFrame, csv: str) -> None:
    ours = _groups(_audit(frame))
    told = _ask("holisticai_numbers.py", csv, "deserved", "decided", "region", "south", "north")
    a, b = ours["south"], ours["north"]
    expected = {
        "statistical_parity": a["selection_rate"] - b["selection_rate"],
        "disparate_impact": a["selection_rate"] / b["selection_rate"],
        "equal_opportunity_diff": a["true_positive_rate"] - b["true_positive_rate"],
        "false_positive_rate_diff": a["false_positive_rate"] - b["false_positive_rate"],
    }
    assert told == pytest.approx(expected, abs=EXACT)
