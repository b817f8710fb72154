"""Known answers of `fairness.pricing`: closed forms on small price lists."""

from collections.abc import Sequence

from methods.kinds import KnownAnswer

# (group, stratum, price): b pays 1 more in both strata, but buys more of the dear one.
PRICES = (
    *(("a", "short", p) for p in (9.0, 10.0, 11.0, 10.0, 9.0, 11.0)),
    *(("a", "long", p) for p in (19.0, 21.0)),
    *(("b", "short", p) for p in (10.0, 12.0)),
    *(("b", "long", p) for p in (20.0, 21.0, 22.0, 21.0, 20.0, 22.0)),
)


def measured(metric: str, strata: bool = True) -> float:
    """Return b against a, run through the whole method."""
    import ibis
    import pyarrow as pa

    from methods.run import run_audit

    names = ("who", "trip", "fare")
    table = ibis.memtable(pa.table(dict(zip(names, zip(*PRICES, strict=True), strict=True))))
    columns = {"group": ["who"], "price": ["fare"]} | ({"stratum": ["trip"]} if strata else {})
    report = run_audit("fairness.pricing", table, columns, {"reference": "a"}, [], 0, {})
    found = next(m for m in report.measurements if m.metric == metric)
    return float("nan") if found.value is None else found.value


def known_answers() -> Sequence[KnownAnswer]:
    """Return the cases."""
    return (
        KnownAnswer(
            "plain gap",
            "closed form: (22 + 126) / 8 - (60 + 40) / 8",
            6.0,
            lambda: measured("price_difference"),
        ),
        KnownAnswer(
            "gap at equal trips",
            "closed form: half of 11 - 10 and half of 21 - 20",
            1.0,
            lambda: measured("conditional_price_difference"),
        ),
        KnownAnswer(
            "ratio at equal trips",
            "closed form: (11 + 21) / (10 + 20)",
            32 / 30,
            lambda: measured("conditional_price_ratio"),
        ),
        KnownAnswer(
            "gap in standard deviations within strata",
            "closed form: 1 over the root of (4 + 2 + 2 + 4) / (16 - 4)",
            1.0,
            lambda: measured("standardised_price_gap"),
        ),
        KnownAnswer(
            "without strata the conditional gap is the plain one",
            "closed form",
            6.0,
            lambda: measured("conditional_price_difference", strata=False),
        ),
    )
