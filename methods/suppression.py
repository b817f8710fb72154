"""A report without its small cells: what few people stand behind is not shown, nor deducible.

Verdicts stay as they were judged. Which further cells must go is worked out in `protection`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from methods.fairness.rates import CONTRASTS, DENOMINATORS, OUTCOMES, RATES, SCALARS
from methods.protection import Cell, Place, protect
from methods.report import Chart, Measurement, Report, Table

HIDDEN = "hidden: too few people stand behind it, or behind what it would give away"
# Sums of (tp, fp, fn, tn) that show selections alone, whatever is known of the truth.
SELECTIONS = ((1.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 1.0))
# In tables of other methods: the column that counts people, after the columns that name a cell.
PEOPLE = ("subjects", "rows", "lists with both classes", "decisions")


@dataclass(frozen=True)
class Layers:
    """Hidden places: of whole cells, and of those where only what needs the truth is hidden."""

    whole: frozenset[Place]
    truth: frozenset[Place]

    def hides(self, place: Place, *, truth: bool) -> bool:
        """Whether a number at a place may not be shown."""
        return place in self.whole or (truth and place in self.truth)


def suppress(report: Report, below: int) -> Report:
    """Return the report without cells of fewer than `below` units and what would betray them.

    A hidden cell has neither value nor interval nor n, in measurements, tables and charts; its
    verdicts stay. Of every hidden cell the published numbers leave at least `below` possible
    numbers of people, and leave open each count in it, as far as the totals allow.

    Parameters
    ----------
    report : as it was judged
    below : units, people where there is a subject column; 0 hides nothing
    """
    if below <= 1:
        return report
    layers = _layers(report, below)
    if not layers.whole and not layers.truth:
        return report
    hidden = [_is_hidden(one, report, layers) for one in report.measurements]
    measurements = tuple(
        _emptied(one) if gone else one
        for one, gone in zip(report.measurements, hidden, strict=True)
    )
    gone = [one for one, hide in zip(report.measurements, hidden, strict=True) if hide]
    cells = len(layers.whole | layers.truth)
    said = (
        f"{cells:,} {'cell is' if cells == 1 else 'cells are'} hidden, in whole or in part: fewer "
        f"than {below} {_unit(report)} stand behind {'it' if cells == 1 else 'them'}, or another "
        "hidden cell could be worked out from the rest. Verdicts were reached before."
    )
    return replace(
        report,
        measurements=measurements,
        tables=tuple(_table(table, report, layers) for table in report.tables),
        charts=tuple(_chart(chart, gone, layers, report) for chart in report.charts),
        limits=(*_sentences(report, layers), said),
    )


def _unit(report: Report) -> str:
    return report.measurements[0].unit if report.measurements else "rows"


def _layers(report: Report, below: int) -> Layers:
    """Return what must be hidden."""
    if report.method == "fairness.groups":
        return _of_groups(report, below)
    return Layers(_of_table_cells(report, below), frozenset())


def _of_groups(report: Report, below: int) -> Layers:
    """Hide small groups whole; where only positives, negatives or selected are few, the errors."""
    places: list[Place] = []
    units: list[float] = []
    counts: list[tuple[float, ...]] = []
    for table in report.tables:
        columns = table["columns"]
        if not set(OUTCOMES) <= set(columns):
            continue
        start = columns.index(OUTCOMES[0])
        for row in table["rows"]:
            places.append(frozenset(zip(columns[: start - 1], row[: start - 1], strict=True)))
            units.append(float(row[start - 1]))
            counts.append(tuple(float(part) for part in row[start : start + len(OUTCOMES)]))
    whole = [Cell(*part) for part in _wholes(places, units, counts, report)]
    # Where a row is not a person, people are a count of their own beside the rows.
    same = all(abs(cell.people - sum(cell.counts)) < 1e-9 for cell in whole)
    size = (1.0, 1.0) if same else (0.0, 0.0, 1.0)
    cells = [
        replace(
            cell,
            counts=(
                cell.counts[0] + cell.counts[1],
                cell.counts[2] + cell.counts[3],
                *(() if same else (cell.people,)),
            ),
            small=(size,) if cell.people < below else (),
        )
        for cell in whole
    ]
    hidden = protect(cells, below, frozenset())
    gone = frozenset(cells[i].place for i in hidden)
    if not any(RATES[name].needs_truth for name in _rates(report)):
        return Layers(gone, frozenset())
    among = _denominators(report)
    errors = [
        replace(
            cell,
            small=_few(among.get(cell.place, {}), below),
            known=() if cell.place in gone else SELECTIONS,
        )
        for cell in whole
    ]
    deeper = protect(errors, below, hidden)
    return Layers(gone, frozenset(errors[i].place for i in deeper) - gone)


def _denominators(report: Report) -> dict[Place, dict[str, int]]:
    """Return how many units stand in each denominator of every cell."""
    found: dict[Place, dict[str, int]] = {}
    for one in report.measurements:
        if one.comparison is None and one.metric in RATES:
            own = found.setdefault(frozenset(one.slice.items()), {})
            own[RATES[one.metric].among] = one.n
    return found


def _few(units: Mapping[str, int], below: int) -> tuple[tuple[float, ...], ...]:
    """Return the forms of counts whose units are too few; a denominator of nobody hides none."""
    forms: list[tuple[float, ...]] = []
    for name, size in units.items():
        if not 0 < size < below:
            continue
        # How many were selected is shown by the selection rate; how many of them rightly is not.
        form = (1, 0, 0, 0) if name == "selected" else DENOMINATORS[name]
        forms.append(tuple(float(part) for part in form))
    return tuple(forms)


def _wholes(
    places: Sequence[Place],
    units: Sequence[float],
    counts: Sequence[tuple[float, ...]],
    report: Report,
) -> Iterator[tuple[Place, float, tuple[float, ...]]]:
    """Return the cells of the tables and, summed from them, everyone in each stratum."""
    yield from zip(places, units, counts, strict=True)
    controls = set(report.inputs["columns"].get("control", ()))
    one = min({frozenset(name for name, _ in p) for p in places}, key=len, default=frozenset())
    sums: dict[Place, list[Any]] = {}
    for place, people, own in zip(places, units, counts, strict=True):
        names = frozenset(name for name, _ in place)
        if names == one:
            at = frozenset(part for part in place if part[0] in controls)
            total = sums.setdefault(at, [0.0, np.zeros(len(OUTCOMES))])
            total[0] += people
            total[1] += np.array(own)
    for at, (people, own) in sums.items():
        yield at, people, tuple(float(part) for part in own)


def _of_table_cells(report: Report, below: int) -> frozenset[Place]:
    """Hide small cells of any other method, by the people its rows and tables count."""
    counted: dict[Place, float] = {}
    for one in report.measurements:
        if one.comparison is None and set(one.by) <= set(one.slice) and one.n:
            place = frozenset(one.slice.items())
            if set(one.slice) <= _cell_columns(report):
                counted[place] = min(counted.get(place, np.inf), float(one.n))
    for table in report.tables:
        for place, row, people in _table_cells(table, report):
            if people is not None and row[people] is not None:
                counted[place] = min(counted.get(place, np.inf), float(row[people]))
    cells = [Cell(place, n, (n,), ((1.0,),) if n < below else ()) for place, n in counted.items()]
    return frozenset(cells[i].place for i in protect(cells, below, frozenset()))


def _cell_columns(report: Report) -> set[str]:
    """Return the columns whose values name a group of people."""
    columns: Mapping[str, Sequence[str]] = report.inputs["columns"]
    roles = ("group", "control", "variant", "stratum", "model_version", "scenario")
    found = {name for role in roles for name in columns.get(role, ())}
    return found | {"scenario", "task", "from", "to"}


def _table_cells(table: Table, report: Report) -> Iterator[tuple[Place, list[Any], int | None]]:
    """Return the place of every row of a table that is about cells, and where it counts people."""
    columns: list[str] = table["columns"]
    named = _cell_columns(report)
    width = next((i for i, name in enumerate(columns) if name not in named), len(columns))
    people = next((i for i, name in enumerate(columns) if name in PEOPLE), None)
    if width == 0:
        return
    for row in table["rows"]:
        yield (
            frozenset((n, str(v)) for n, v in zip(columns[:width], row, strict=False)),
            row,
            people,
        )


def _places(one: Measurement) -> list[Place]:
    """Return the cells a measurement is about: its own, or both sides of its comparison."""
    if one.comparison is None:
        return [frozenset(one.slice.items())]
    return [
        frozenset({**one.slice, **side}.items()) for side in (one.comparison.of, one.comparison.to)
    ]


def _rates(report: Report) -> set[str]:
    return {one.metric for one in report.measurements} & set(RATES)


def _needs_truth(metric: str) -> bool:
    """Return whether a metric of groups says something of errors."""
    rates = SCALARS[metric].rates if metric in SCALARS else (CONTRASTS.get(metric, (metric,))[0],)
    return any(RATES[rate].needs_truth for rate in rates if rate in RATES)


def _is_hidden(one: Measurement, report: Report, layers: Layers) -> bool:
    truth = report.method == "fairness.groups" and _needs_truth(one.metric)
    if any(layers.hides(place, truth=truth) for place in _places(one)):
        return True
    # A worst disparity is of some pair: it shows the rate of a hidden group that makes it.
    return one.metric in SCALARS and _extreme_is_hidden(one, report, layers, truth=truth)


def _extreme_is_hidden(scalar: Measurement, report: Report, layers: Layers, *, truth: bool) -> bool:
    """Return whether the visible groups alone do not give a scalar's value."""
    of = _siblings(scalar, report)
    if not any(layers.hides(place, truth=truth) for place, _ in of):
        return False
    values = {
        rate: [
            v for place, (name, v) in of if name == rate and not layers.hides(place, truth=truth)
        ]
        for rate in SCALARS[scalar.metric].rates
    }
    if scalar.value is None or any(len(own) < 2 for own in values.values()):
        return True
    if report.parameters.get("method") == "to_overall":
        return True
    if SCALARS[scalar.metric].kind == "difference":
        visible = max(max(own) - min(own) for own in values.values())
    else:
        visible = min(min(own) / max(own) if max(own) else np.nan for own in values.values())
    # All equal would pin the hidden ones between them.
    even = any(max(own) - min(own) < 1e-9 for own in values.values())
    return even or not abs(visible - scalar.value) <= 1e-9


def _siblings(scalar: Measurement, report: Report) -> list[tuple[Place, tuple[str, float]]]:
    """Return places and rates of the groups a scalar is over."""
    controls = set(report.inputs["columns"].get("control", ()))
    stratum = {name: value for name, value in scalar.slice.items() if name in controls}
    return [
        (frozenset(one.slice.items()), (one.metric, one.value))
        for one in report.measurements
        if one.comparison is None
        and one.metric in SCALARS[scalar.metric].rates
        and one.by == scalar.by
        and one.value is not None
        and stratum.items() <= one.slice.items()
    ]


def _emptied(one: Measurement) -> Measurement:
    return replace(
        one, value=None, low=None, high=None, n=0, missing=None, interval=None, note=HIDDEN
    )


def _table(table: Table, report: Report, layers: Layers) -> Table:
    """Return a table whose rows about hidden cells keep only what names them."""
    columns: list[str] = table["columns"]
    if columns[:3] == ["metric", "of", "to"]:
        return {**table, "rows": [_pair_row(row, layers) for row in table["rows"]]}
    rows, cells = [], list(_table_cells(table, report))
    if not cells:
        return table
    width = len(next(iter(cells))[0])
    impact = columns.index("impact ratio") if "impact ratio" in columns else None
    highest_hidden = False
    for place, row, _ in cells:
        whole = layers.hides(place, truth=False)
        if impact is not None and whole and row[impact] == 1.0:
            highest_hidden = True
        shown = [
            part
            if i < width or not (whole or (truth_column(name) and place in layers.truth))
            else None
            for i, (name, part) in enumerate(zip(columns, row, strict=True))
        ]
        rows.append(shown)
    if impact is not None and highest_hidden:
        # Every ratio is to the most selected group: it would give its rate away.
        rows = [[None if i == impact else part for i, part in enumerate(row)] for row in rows]
    return {**table, "rows": rows}


def truth_column(name: str) -> bool:
    """Return whether a column of a table of groups says something of errors."""
    return name in OUTCOMES or (name in RATES and RATES[name].needs_truth)


def _pair_row(row: list[Any], layers: Layers) -> list[Any]:
    """Return a row of a table of pairs, given in words, without the numbers of hidden groups."""
    ends = {row[1], row[2]}
    hidden = any(_words(place) & ends for place in layers.whole | layers.truth)
    return [*row[:3], *(None for _ in row[3:])] if hidden else row


def _words(place: Place) -> set[str]:
    """Return how a place may be named in words: its columns, with or without some."""
    parts = [f"{name} {value}" for name, value in place]
    pairs = {f"{a}, {b}" for a in parts for b in parts if a != b}
    return {*parts, *pairs}


def _sentences(report: Report, layers: Layers) -> list[str]:
    """Return the stated limits; one that gives numbers of hidden groups gives them no more."""
    named: set[str] = set()
    for place in layers.whole | layers.truth:
        named |= _words(place)
    return [
        "Simpson's paradox: a gap between groups turns round at equal controls; its numbers are "
        "hidden, small cells stand behind them."
        if line.startswith("Simpson's paradox:") and any(name in line for name in named)
        else line
        for line in report.limits
    ]


def _chart(chart: Chart, gone: Sequence[Measurement], layers: Layers, report: Report) -> Chart:
    """Return a chart without what was hidden."""
    if chart.get("kind") == "forest":
        marks = {
            (one.value, one.low, one.high, one.n) for one in gone if one.metric == chart["metric"]
        }

        def kept(row: dict[str, Any]) -> bool:
            return (row["value"], row["low"], row["high"], row["n"]) not in marks

        return {**chart, "rows": [row for row in chart["rows"] if kept(row)]}
    if chart.get("kind") == "reliability":
        return {**chart, "series": [_series(one, layers, report) for one in chart["series"]]}
    return chart


def _series(series: dict[str, Any], layers: Layers, report: Report) -> dict[str, Any]:
    """Return the points of one group whose bins are shown in the table too."""
    edges = _bin_starts(report)
    keep: list[int] = []
    for i, x in enumerate(series["x"]):
        start = max((edge for edge in edges if edge <= x + 1e-12), default=0.0)
        named = [
            place
            for place in layers.whole
            if dict(place).get("from") in (None, str(start)) and _label(place) == series["label"]
        ]
        if not named:
            keep.append(i)
    return {**series, **{axis: [series[axis][i] for i in keep] for axis in ("x", "y", "n")}}


def _bin_starts(report: Report) -> list[float]:
    return sorted(
        {
            float(row[table["columns"].index("from")])
            for table in report.tables
            if "from" in table["columns"]
            for row in table["rows"]
        }
    )


def _label(place: Place) -> str:
    found = {name: value for name, value in place if name not in ("from", "to")}
    return ", ".join(f"{name} {value}" for name, value in found.items()) or "all"
