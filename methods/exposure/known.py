"""Known answers of `exposure.popularity`: closed forms on small catalogues."""

import math
from collections.abc import Sequence
from typing import Any

from methods.kinds import KnownAnswer


def measured(counts: Sequence[int], metric: str, **parameters: Any) -> float:
    """Return a metric of a log that shows item i counts[i] times, run through the whole method."""
    import ibis
    import pyarrow as pa

    from methods.run import run_audit

    items = [f"item {i}" for i, count in enumerate(counts) for _ in range(count)]
    table = ibis.memtable(pa.table({"item": items}))
    report = run_audit(
        "exposure.popularity",
        table,
        {"item": ["item"]},
        {"n_boot": 200, **parameters},
        [],
        0,
        {},
    )
    found = next(m for m in report.measurements if m.metric == metric)
    return float("nan") if found.value is None else found.value


def known_answers() -> Sequence[KnownAnswer]:
    """Return the cases."""
    ladder = range(1, 11)
    return (
        KnownAnswer(
            "top tenth of 1, 2, ..., 10",
            "closed form: 10 / 55",
            10 / 55,
            lambda: measured(ladder, "top_share"),
        ),
        KnownAnswer(
            "Gini of 1, 2, ..., m",
            "closed form: (m - 1) / (3 m)",
            9 / 30,
            lambda: measured(ladder, "gini"),
        ),
        KnownAnswer(
            "Gini of one item of m",
            "closed form: (m - 1) / m",
            19 / 20,
            lambda: measured([40], "gini", catalogue_size=20),
        ),
        KnownAnswer(
            "Gini of equal items, half the catalogue unseen",
            "closed form: 1 / 2",
            0.5,
            lambda: measured([5] * 10, "gini", catalogue_size=20),
        ),
        KnownAnswer(
            "entropy of 8 equal items",
            "closed form: ln 8 nats",
            math.log(8),
            lambda: measured([5] * 8, "entropy"),
        ),
        KnownAnswer(
            "coverage, 10 of 40",
            "closed form: 1 / 4",
            0.25,
            lambda: measured([5] * 10, "coverage", catalogue_size=40),
        ),
        KnownAnswer(
            "average popularity of 8 equal items",
            "closed form: 1 / 8",
            1 / 8,
            lambda: measured([5] * 8, "average_popularity"),
        ),
    )
