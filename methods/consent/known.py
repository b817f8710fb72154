"""Known answers of `consent.coverage`: a small log counted by hand."""

from collections.abc import Sequence

from methods.kinds import KnownAnswer

# (served personalised, what the check answered, version), so many times.
LOG = (
    (1, "personalise", "new", 40),
    (1, "non_profiled", "new", 2),
    (1, None, "new", 3),
    (0, "non_profiled", "new", 5),
    (1, "personalise", "old", 30),
    (0, "deny", "old", 15),
    (0, None, "old", 5),
)


def measured(metric: str, slice_: dict[str, str]) -> float:
    """Return a value of a report on the log, run through the whole method."""
    import ibis
    import pyarrow as pa

    from methods.run import run_audit

    rows = [row[:3] for row in LOG for _ in range(row[3])]
    names = ("served", "answer", "version")
    table = ibis.memtable(pa.table(dict(zip(names, zip(*rows, strict=True), strict=True))))
    columns = {"y_pred": ["served"], "text": ["answer"], "model_version": ["version"]}
    report = run_audit("consent.coverage", table, columns, {}, [], 0, {})
    found = next(m for m in report.measurements if m.metric == metric and m.slice == slice_)
    return float("nan") if found.value is None else found.value


def known_answers() -> Sequence[KnownAnswer]:
    """Return the cases."""
    return (
        KnownAnswer(
            "servings without any check",
            "counted by hand: 8 of 100",
            0.08,
            lambda: measured("unchecked_share", {}),
        ),
        KnownAnswer(
            "personalised against the answer, or without one",
            "counted by hand: 5 of 75",
            5 / 75,
            lambda: measured("violation_rate", {}),
        ),
        KnownAnswer(
            "the same for one version",
            "counted by hand: 5 of 45",
            5 / 45,
            lambda: measured("violation_rate", {"version": "new"}),
        ),
        KnownAnswer(
            "cases in the log",
            "counted by hand: 2 refused and 3 unchecked",
            5.0,
            lambda: measured("violations", {}),
        ),
        KnownAnswer(
            "servings of one version without any check",
            "counted by hand: 5 of 50",
            0.1,
            lambda: measured("unchecked_share", {"version": "old"}),
        ),
    )
