"""The rates of group fairness as linear forms over the four outcomes, and fairlearn's scalars.

Definitions only: counting is in `cube`, arithmetic in `kernel`, intervals in `contrasts`.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from methods.statistics.clusters import Vector

OUTCOMES = ("tp", "fp", "fn", "tn")
# Which rows stand in a rate's denominator; units are counted once for each.
DENOMINATORS: dict[str, tuple[int, int, int, int]] = {
    "all": (1, 1, 1, 1),
    "positive": (1, 0, 1, 0),
    "negative": (0, 1, 0, 1),
    "selected": (1, 1, 0, 0),
}

Kind = Literal["difference", "ratio"]
KINDS: tuple[Kind, ...] = ("difference", "ratio")


@dataclass(frozen=True)
class Rate:
    """A share: the outcomes counted, out of the rows that could have been."""

    name: str
    counted: tuple[int, int, int, int]
    among: str
    needs_truth: bool
    words: str
    on_request: bool = False  # only where asked for: another name, or the complement, of another

    @property
    def numerator(self) -> Vector:
        """Return the coefficients of the numerator over (tp, fp, fn, tn)."""
        return np.array(self.counted, dtype=np.float64)

    @property
    def denominator(self) -> Vector:
        """Return the coefficients of the denominator over (tp, fp, fn, tn)."""
        return np.array(DENOMINATORS[self.among], dtype=np.float64)


RATES: dict[str, Rate] = {
    rate.name: rate
    for rate in (
        Rate("selection_rate", (1, 1, 0, 0), "all", False, "selected"),
        Rate(
            "true_positive_rate",
            (1, 0, 0, 0),
            "positive",
            True,
            "selected among the deserving",
        ),
        Rate("false_positive_rate", (0, 1, 0, 0), "negative", True, "selected wrongly"),
        Rate("false_negative_rate", (0, 0, 1, 0), "positive", True, "missed wrongly"),
        Rate("true_negative_rate", (0, 0, 0, 1), "negative", True, "rightly not selected"),
        Rate("accuracy", (1, 0, 0, 1), "all", True, "decided rightly"),
        Rate("precision", (1, 0, 0, 0), "selected", True, "deserving among the selected"),
        # Beside the selection ratio: small refusal rates may differ many times over unseen there.
        Rate("refusal_rate", (0, 0, 1, 1), "all", False, "refused"),
        Rate("zero_one_loss", (0, 1, 1, 0), "all", True, "decided wrongly", on_request=True),
        Rate("mean_prediction", (1, 1, 0, 0), "all", False, "selected", on_request=True),
    )
}


@dataclass(frozen=True)
class Scalar:
    """One of fairlearn's named disparities: the worst contrast of one rate or of two."""

    name: str
    family: str
    kind: Kind
    rates: tuple[str, ...]


SCALARS: dict[str, Scalar] = {
    f"{family}_{kind}": Scalar(f"{family}_{kind}", family, kind, rates)
    for family, rates in (
        ("demographic_parity", ("selection_rate",)),
        ("equalized_odds", ("true_positive_rate", "false_positive_rate")),
        ("equal_opportunity", ("true_positive_rate",)),
    )
    for kind in KINDS
}


def contrast_metric(rate: str, kind: Kind) -> str:
    """Return the name of a contrast of a base rate."""
    return f"{rate}_{kind}"


CONTRASTS: dict[str, tuple[str, Kind]] = {
    contrast_metric(rate, kind): (rate, kind) for rate in RATES for kind in KINDS
}
