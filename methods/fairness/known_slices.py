"""Known answers of `fairness.slices`: lists ranked by hand, the token reference's invariant."""

import math
from collections.abc import Sequence

import numpy as np

from methods.fairness.tokens import draw, forward
from methods.kinds import KnownAnswer

# (list, truth, score): AUC 3/4; ties, 1/2 of a pair: 3/4; one class: no AUC.
LISTS = (
    *((1, y, s) for y, s in ((0, 0.1), (0, 0.4), (1, 0.35), (1, 0.8))),
    *((2, y, s) for y, s in ((1, 0.5), (0, 0.5), (0, 0.2))),
    *((3, y, s) for y, s in ((0, 0.3), (0, 0.6))),
)


def measured(metric: str) -> float:
    """Return a metric of the lists, run through the whole method."""
    import ibis
    import pyarrow as pa

    from methods.run import run_audit

    who, truth, score = zip(*LISTS, strict=True)
    data = {"who": list(who), "y": list(truth), "p": list(score), "page": ["a"] * len(LISTS)}
    columns = {"scenario": ["page"], "subject": ["who"], "y_true": ["y"], "score": ["p"]}
    report = run_audit("fairness.slices", ibis.memtable(pa.table(data)), columns, {}, [], 0, {})
    found = next(m for m in report.measurements if m.metric == metric)
    return float("nan") if found.value is None else found.value


def inactive_change() -> float:
    """Return how far scores move when a scenario that is not active changes."""
    block = draw(4, 3, 2, 8, seed=0)
    generator = np.random.default_rng(1)
    features, scenarios, tasks = (generator.normal(size=(n, 8)) for n in (4, 4, 2))
    before = forward(block, features, scenarios, tasks, active=0)[3]
    scenarios[1] += 5.0
    return float(np.abs(forward(block, features, scenarios, tasks, active=0)[3] - before).max())


def features_change() -> float:
    """Return how far features move when every scenario and task token changes."""
    block = draw(4, 3, 2, 8, seed=0)
    generator = np.random.default_rng(1)
    features, scenarios, tasks = (generator.normal(size=(n, 8)) for n in (4, 4, 2))
    before = forward(block, features, scenarios, tasks, active=0)[0]
    after = forward(block, features, scenarios + 5.0, tasks - 5.0, active=0)[0]
    return float(np.abs(after - before).max())


def known_answers() -> Sequence[KnownAnswer]:
    """Return the cases."""
    return (
        KnownAnswer(
            "mean AUC of two lists, ties by average ranks, one class left out",
            "closed form: (3/4 + 3/4) / 2",
            0.75,
            lambda: measured("qauc"),
        ),
        KnownAnswer(
            "sum of scores over clicks",
            "closed form: 3.75 / 3",
            3.75 / 3,
            lambda: measured("pcoc"),
        ),
        KnownAnswer(
            "log loss of the nine predictions",
            "closed form: - ln of the product of their likelihoods / 9",
            -math.log(0.9 * 0.6 * 0.35 * 0.8 * 0.5 * 0.5 * 0.8 * 0.7 * 0.4) / 9,
            lambda: measured("log_loss"),
        ),
        KnownAnswer(
            "token reference: features never hear from tokens",
            "MDL, equations 2-18",
            0.0,
            features_change,
            0.0,
        ),
        KnownAnswer(
            "token reference: a scenario that is not active changes no score",
            "MDL, equations 2-18",
            0.0,
            inactive_change,
            0.0,
        ),
    )
