"""A measurement as one sentence for people: what was found, how sure, what the limit says.

The one place where verdicts become words; pages, mail and the command line use it.
"""

import re

from methods.report import Comparison, Measurement

_VERBS = {
    "selection_rate": "are selected",
    "true_positive_rate": "are selected, when they should be,",
    "false_positive_rate": "are selected wrongly",
    "false_negative_rate": "are wrongly passed over",
    "true_negative_rate": "are rightly not selected",
    "accuracy": "are decided rightly",
    "precision": "turn out right, once selected,",
}
_SCALARS = {
    "demographic_parity": "selection_rate",
    "equal_opportunity": "true_positive_rate",
}


def verdict_sentence(measurement: Measurement, subject_word: str = "people") -> str:
    """Return what a measurement found and what its limit makes of it."""
    return f"{_finding(measurement, subject_word)}{_judgement(measurement, subject_word)}."


def _finding(m: Measurement, subject_word: str) -> str:
    if m.value is None and m.verdict in ("fail", "pass"):
        sides = ""
        if m.comparison is not None:
            compared = m.comparison
            of, to = (_side(part, compared, m.slice) for part in (compared.of, compared.to))
            sides = f" of {of} to {to}"
        return f"{_name(m.metric)}{sides}{_where(m.slice)} is not shown ({m.note})"
    if m.verdict == "not_applicable" or m.value is None:
        reason = f" ({m.note})" if m.note else ""
        return f"{_name(m.metric)} could not be measured here{reason}"
    size = f"n = {m.n:,} {subject_word if m.unit == 'subjects' else _rows(subject_word)}"
    # A number without an interval says why: one group alone is no comparison.
    sure = f"{m.note}; {size}" if m.note and m.low is None and m.high is None else size
    if m.low is not None or m.high is not None:
        low = "below any bound" if m.low is None else _figure(m, m.low)
        high = "no upper bound" if m.high is None else _figure(m, m.high)
        sure = f"{_level(m.level)} interval {low} to {high}, {size}"
    return f"{_statement(m)} ({sure})"


def _rows(subject_word: str) -> str:
    # Rows may well be people; only the word the caller knows can say so.
    return subject_word or "rows"


def _statement(m: Measurement) -> str:
    compared = m.comparison
    if compared is None:
        return f"{_name(m.metric)} is {_figure(m, m.value or 0.0)}{_where(m.slice)}"
    of, to = (
        _side(compared.of, compared, m.slice),
        _side(compared.to, compared, m.slice),
    )
    place = _where(m.slice)
    verb = _verb(m.metric)
    if verb is None:
        return _measured(m, of, to, place)
    if compared.kind == "ratio":
        return f"{_capital(of)} {verb} {_figure(m, m.value or 0.0)} times as often as {to}{place}"
    points = abs(m.value or 0.0) * 100
    more = "more" if (m.value or 0.0) >= 0 else "less"
    return f"{_capital(of)} {verb} {points:.1f} percentage points {more} often than {to}{place}"


def _measured(m: Measurement, of: str, to: str, place: str) -> str:
    """Return the contrast of a measure that is not a share of people."""
    assert m.comparison is not None
    if not m.metric.endswith(("_difference", "_ratio")) or m.metric.startswith("effect"):
        return f"{_name(m.metric)} of {of} against {to} is {_figure(m, m.value or 0.0)}{place}"
    name = _name(re.sub(r"_(difference|ratio)$", "", m.metric))
    if m.comparison.kind == "ratio":
        return f"{name} of {of} is {_figure(m, m.value or 0.0)} times that of {to}{place}"
    return f"{name} of {of} lies {_figure(m, m.value or 0.0)} from that of {to}{place}"


def _verb(metric: str) -> str | None:
    base = re.sub(r"_(difference|ratio)$", "", metric)
    base = _SCALARS.get(base, base)
    return "are selected, rightly or wrongly," if base == "equalized_odds" else _VERBS.get(base)


def _side(slice_: dict[str, str], compared: Comparison, stratum: dict[str, str]) -> str:
    own = {column: value for column, value in slice_.items() if column not in stratum}
    if not own:
        return "everyone" if compared.method == "to_overall" else "the rest"
    # A word names its group by itself; a code needs its column.
    if all(len(value) > 2 and value[0].isalpha() for value in own.values()):
        return " ".join(own.values())
    parts = [
        f"no value of {column}" if value == "(missing)" else f"{column} {value}"
        for column, value in own.items()
    ]
    return f"those with {' and '.join(parts)}"


def _where(slice_: dict[str, str]) -> str:
    if not slice_:
        return ""
    return " for " + ", ".join(f"{column} {value}" for column, value in slice_.items())


def _judgement(m: Measurement, subject_word: str) -> str:
    if m.threshold is None:
        return ""
    limit = f"the limit is {_limit(m.threshold.value)}"
    if m.verdict != "inconclusive":
        return f"; {limit}: {(m.verdict or 'not judged').replace('_', ' ')}"
    if m.missing is None or m.missing.units is None:
        return f"; {limit}: inconclusive, and no number of {subject_word} would decide it as it is"
    more = f"about {_round(m.missing.units):,} more {subject_word} would decide it"
    if m.missing.days is not None:
        more += f" ({m.missing.days:,} day{'s' if m.missing.days != 1 else ''})"
    return f"; {limit}: inconclusive, {more}"


def _figure(m: Measurement, value: float) -> str:
    if m.comparison is not None and m.comparison.kind == "difference":
        return f"{value:+.3f}"
    return f"{value:.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.3g}"


def _limit(value: float) -> str:
    return f"{value:.2f}" if round(value, 2) == value else f"{value:g}"


def _level(level: float | None) -> str:
    percent = (level or 0.95) * 100
    return f"{percent:.4g} %"


def _round(units: int) -> int:
    """Return the number to two significant digits: it is an estimate."""
    digits = len(str(units)) - 2
    return units if digits <= 0 else round(units, -digits)


def _name(metric: str) -> str:
    return _capital("the " + metric.replace("_", " "))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
