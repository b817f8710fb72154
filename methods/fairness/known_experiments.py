"""Known answers of `fairness.experiment`: published splits and closed forms."""

import math
from collections.abc import Sequence

from methods.fairness.units import Cell, effect, p_value, sample_ratio
from methods.kinds import KnownAnswer
from methods.statistics.clusters import Estimate
from methods.statistics.simultaneous import holm


def known_answers() -> Sequence[KnownAnswer]:
    """Return the cases."""
    # People with (rows, outcome) (1, 1) and (3, 1): ratio 2 / 4, residuals 0.5 and -0.5.
    two = Cell(2, 4.0, 2.0, 10.0, 4.0, 2.0)
    return (
        KnownAnswer(
            "821,588 people against 815,482 are no even split",
            "R. Kohavi, D. Tang, Y. Xu, Trustworthy Online Controlled Experiments, 2020, ch. 3",
            1.8e-6,
            lambda: sample_ratio({"a": 821_588, "b": 815_482}, {"a": 1.0, "b": 1.0}),
            5e-8,
        ),
        KnownAnswer(
            "variance of a ratio over two people",
            "closed form: (0.25 + 0.25) / 16 x 2 / 1",
            1 / 16,
            lambda: two.variance,
        ),
        KnownAnswer(
            "a variant equal to control has no effect",
            "closed form",
            0.0,
            lambda: effect(two, two, ratio=True).value,
        ),
        KnownAnswer(
            "two-sided p-value of 1.959964 standard errors",
            "closed form: 0.05",
            0.05,
            lambda: p_value(Estimate(1.959964, 1.0, math.inf)),
            1e-7,
        ),
        KnownAnswer(
            "Holm's correction of 0.01, 0.04, 0.03, 0.005: the second",
            "S. Holm, Scandinavian Journal of Statistics 6 (1979) 65-70: 2 x 0.03",
            0.06,
            lambda: holm([0.01, 0.04, 0.03, 0.005])[1],
        ),
    )
