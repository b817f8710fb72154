"""Known answers of `fairness.calibration`: closed forms and a published ROC table."""

from collections.abc import Sequence
from typing import Any

from methods.kinds import KnownAnswer

# Ratings 1 to 5 of 109 CT images, 58 normal and 51 abnormal.
# J. A. Hanley, B. J. McNeil, Radiology 143 (1982) 29-36, table I.
NORMAL, ABNORMAL = (33, 6, 6, 11, 2), (3, 2, 2, 11, 33)
_HANLEY = "J. A. Hanley, B. J. McNeil, Radiology 143 (1982) 29-36, table I"


def measured(rows: Sequence[tuple[float, int]], metric: str, **parameters: Any) -> float:
    """Return a metric of (score, truth) rows, run through the whole method."""
    import ibis
    import pyarrow as pa

    from methods.run import run_audit

    scores, truths = zip(*rows, strict=True)
    table = ibis.memtable(pa.table({"score": list(map(float, scores)), "truth": list(truths)}))
    columns = {"score": ["score"], "y_true": ["truth"]}
    report = run_audit("fairness.calibration", table, columns, parameters, [], 0, {})
    found = next(m for m in report.measurements if m.metric == metric)
    return float("nan") if found.value is None else found.value


def ratings() -> list[tuple[float, int]]:
    """Return the published ratings as rows."""
    pairs = zip(NORMAL, ABNORMAL, strict=True)
    return [
        (rating / 5 - 0.1, truth)
        for rating, counts in enumerate(pairs, start=1)
        for truth, count in enumerate(counts)
        for _ in range(count)
    ]


def known_answers() -> Sequence[KnownAnswer]:
    """Return the cases."""
    quarter = [(0.25, 1), (0.25, 0), (0.25, 0), (0.25, 0)]
    return (
        KnownAnswer(
            "area under the curve of the rated images",
            _HANLEY,
            0.8932,
            lambda: measured(ratings(), "auc"),
            5e-5,
        ),
        KnownAnswer(
            "AUC of 0.1, 0.4 against 0.35, 0.8",
            "scikit-learn, documentation of roc_auc_score",
            0.75,
            lambda: measured([(0.1, 0), (0.4, 0), (0.35, 1), (0.8, 1)], "auc"),
        ),
        KnownAnswer(
            "ECE of a calibrated score", "closed form: 0", 0.0, lambda: measured(quarter, "ece")
        ),
        KnownAnswer(
            "ECE of two bins that err by 0.2 and 0.1",
            "closed form: (4 x 0.2 + 4 x 0.1) / 8",
            0.15,
            lambda: measured(
                [*((0.45, y) for y in (1, 0, 0, 0)), *((0.85, y) for y in (1, 1, 1, 0))], "ece"
            ),
        ),
        KnownAnswer(
            "mean score less the share of positives",
            "closed form: 0.65 - 0.5",
            0.15,
            lambda: measured(
                [*((0.45, y) for y in (1, 0, 0, 0)), *((0.85, y) for y in (1, 1, 1, 0))],
                "calibration_gap",
            ),
        ),
    )
