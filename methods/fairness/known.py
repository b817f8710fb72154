"""Known answers of `fairness.groups`: published tables and figures. No code under test in here."""

from collections.abc import Sequence

from methods.kinds import KnownAnswer
from methods.statistics.proportions import log_ratio, newcombe, wilson

# Graduate admissions to Berkeley in 1973, six largest departments: (admitted, rejected) of men
# and women. P. J. Bickel, E. A. Hammel, J. W. O'Connell, Science 187 (1975) 398-404; R's
# UCBAdmissions.
BERKELEY: dict[str, dict[str, tuple[int, int]]] = {
    "A": {"Male": (512, 313), "Female": (89, 19)},
    "B": {"Male": (353, 207), "Female": (17, 8)},
    "C": {"Male": (120, 205), "Female": (202, 391)},
    "D": {"Male": (138, 279), "Female": (131, 244)},
    "E": {"Male": (53, 138), "Female": (94, 299)},
    "F": {"Male": (22, 351), "Female": (24, 317)},
}
_SOURCE = "Bickel, Hammel, O'Connell, Science 187 (1975) 398-404; R datasets UCBAdmissions"
_NEWCOMBE = "R. G. Newcombe, Statistics in Medicine 17 (1998) 857-872 and 873-890"


def berkeley(metric: str, slice_: dict[str, str], controls: Sequence[str] = ()) -> float:
    """Return a value of a report on the Berkeley table, run through the whole method."""
    import ibis
    import pyarrow as pa

    from methods.run import run_audit

    rows = [
        (sex, department, admitted, count)
        for department, sexes in BERKELEY.items()
        for sex, counts in sexes.items()
        for admitted, count in zip((1, 0), counts, strict=True)
    ]
    names = ("sex", "department", "admitted", "n")
    table = ibis.memtable(pa.table(dict(zip(names, zip(*rows, strict=True), strict=True))))
    columns = {"group": ["sex"], "y_pred": ["admitted"], "weight": ["n"]}
    if controls:
        columns["control"] = list(controls)
    report = run_audit("fairness.groups", table, columns, {}, [], 0, {})
    found = next(m for m in report.measurements if m.metric == metric and m.slice == slice_)
    return float("nan") if found.value is None else found.value


def _adjusted() -> float:
    """Return women's gap to men at equal departments, by hand."""
    total = weighted = 0.0
    for sexes in BERKELEY.values():
        people = {sex: sum(counts) for sex, counts in sexes.items()}
        gap = sexes["Female"][0] / people["Female"] - sexes["Male"][0] / people["Male"]
        total += sum(people.values())
        weighted += sum(people.values()) * gap
    return weighted / total


def turned_round() -> float:
    """Return women's gap to men at equal departments from the reversal the method warns of."""
    import ibis
    import pyarrow as pa

    from methods.fairness.cube import collect
    from methods.fairness.paradox import reversals

    rows = [
        (sex, department, admitted)
        for department, sexes in BERKELEY.items()
        for sex, counts in sexes.items()
        for admitted, count in zip((1, 0), counts, strict=True)
        for _ in range(count)
    ]
    names = ("sex", "department", "admitted")
    table = ibis.memtable(pa.table(dict(zip(names, zip(*rows, strict=True), strict=True))))
    columns = {"group": ["sex"], "control": ["department"], "y_pred": ["admitted"]}
    cube = collect(table, columns, positive=None, threshold=None)
    (found,) = reversals(cube, ["selection_rate"], 0.95)
    return found.adjusted if found.of == ("Female",) else -found.adjusted


def known_answers() -> Sequence[KnownAnswer]:
    """Return the cases."""
    return (
        KnownAnswer(
            "men admitted, all departments",
            _SOURCE,
            1198 / 2691,
            lambda: berkeley("selection_rate", {"sex": "Male"}),
        ),
        KnownAnswer(
            "women admitted, all departments",
            _SOURCE,
            557 / 1835,
            lambda: berkeley("selection_rate", {"sex": "Female"}),
        ),
        KnownAnswer(
            "demographic parity ratio, all departments",
            _SOURCE,
            (557 / 1835) / (1198 / 2691),
            lambda: berkeley("demographic_parity_ratio", {}),
        ),
        KnownAnswer(
            "the paradox: in department A women are ahead",
            _SOURCE,
            89 / 108 - 512 / 825,
            lambda: berkeley("selection_rate_difference", {"department": "A"}, ("department",)),
        ),
        KnownAnswer(
            "the paradox: how far women are ahead at equal departments",
            f"{_SOURCE}; closed form: department sizes as weights",
            _adjusted(),
            turned_round,
        ),
        KnownAnswer(
            "Wilson's interval, 81 of 263, lower end",
            _NEWCOMBE,
            0.2553,
            lambda: wilson(81, 263).low,
            5e-5,
        ),
        KnownAnswer(
            "Wilson's interval, 15 of 148, upper end",
            _NEWCOMBE,
            0.1605,
            lambda: wilson(15, 148).high,
            5e-5,
        ),
        KnownAnswer(
            "Newcombe's interval, 56/70 - 48/80, lower end",
            _NEWCOMBE,
            0.0524,
            lambda: newcombe(56, 70, 48, 80).low,
            5e-5,
        ),
        KnownAnswer(
            "Newcombe's interval, 56/70 - 48/80, upper end",
            _NEWCOMBE,
            0.3339,
            lambda: newcombe(56, 70, 48, 80).high,
            5e-5,
        ),
        KnownAnswer(
            "log ratio, equal samples, is symmetric about 1",
            "closed form",
            1.0,
            lambda: log_ratio(30, 90, 30, 90).low * log_ratio(30, 90, 30, 90).high,
        ),
    )
