"""Two reports side by side: the same measurement then and now, and what keeps them apart.

Pairs what is there; it tests nothing and gives no verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audits.reports.content import slice_words
from audits.reports.groups import Figure, is_scalar, rank
from governance.charts import Change

Measured = Mapping[str, Any]
Key = tuple[str, str, tuple[tuple[str, str], ...], tuple[Any, ...]]
CHART_ROWS = 24
_LEFT_OUT = ("version",)


@dataclass(frozen=True, slots=True)
class Pair:
    """One measurement in both reports; a side that has none is None."""

    metric: str
    label: str
    a: dict[str, Any] | None
    b: dict[str, Any] | None
    judged: bool

    @property
    def change(self) -> Change:
        """The pair as charts and tables read it."""
        return Change.of({"label": self.label, "a": self.a, "b": self.b})

    @property
    def apart(self) -> bool:
        return self.change.words.startswith("apart")


def paired(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[Pair]:
    """Return what both reports measured, the judged first, then what only one did."""
    first, second = _by_key(a["measurements"]), _by_key(b["measurements"])
    found = []
    taken = set()
    for key, one in first.items():
        other, where = _counterpart(key, second)
        if where is not None:
            taken.add(where)
        found.append(_pair(one, dict(one), other))
    found += [_pair(one, None, dict(one)) for key, one in second.items() if key not in taken]
    shown = [pair for pair in found if _has_value(pair.a) or _has_value(pair.b)]
    return sorted(shown, key=lambda pair: (not pair.judged, pair.a is None or pair.b is None))


def _has_value(side: Measured | None) -> bool:
    return side is not None and side["value"] is not None


def _pair(one: Measured, a: dict[str, Any] | None, b: dict[str, Any] | None) -> Pair:
    judged = any(side is not None and side["threshold"] is not None for side in (a, b))
    return Pair(str(one["metric"]), slice_words(one), a, b, judged)


def _by_key(measurements: Sequence[Measured]) -> dict[Key, Measured]:
    """Each measurement once; one judged by two limits keeps its first."""
    found: dict[Key, Measured] = {}
    for one in measurements:
        found.setdefault(_key(one), one)
    return found


def _key(one: Measured) -> Key:
    """What a measurement is of, however its report orders it."""
    compared, slice_ = one["comparison"], one["slice"]
    sides: tuple[Any, ...] = ()
    by = slice_
    if compared is not None:
        by = [name for name in compared["of"] if name not in slice_]
        # A scalar names the widest pair of its window, which may be another one in the next.
        if not is_scalar(one["metric"]):
            sides = (compared["kind"], _items(compared["of"]), _items(compared["to"]))
    return one["metric"], " ".join(sorted(by)), _items(slice_), sides


def _items(columns: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(columns.items()))


def counterpart_of(one: Measured, others: Sequence[Measured]) -> dict[str, Any] | None:
    """Return the same measurement among others; under several limits the gravest."""
    key = _key(one)
    same = [dict(other) for other in others if _key(other) == key]
    limited = [other for other in same if other["threshold"] == one["threshold"]] or same
    if limited:
        return min(limited, key=lambda other: rank(other["verdict"]))
    return _counterpart(key, _by_key(others))[0]


def _counterpart(
    key: Key, among: Mapping[Key, Measured]
) -> tuple[dict[str, Any] | None, Key | None]:
    """The same measurement of the other report, turned round where its pair stands reversed."""
    if key in among:
        return dict(among[key]), key
    metric, by, slice_, sides = key
    if sides:
        kind, of, to = sides
        other: Key = (metric, by, slice_, (kind, to, of))
        if other in among:
            one = among[other]
            turned = Figure.of(one).inverted(kind)
            ends = {"value": turned.value, "low": turned.low, "high": turned.high}
            return {**one, **ends}, other
    return None, None


def change_charts(pairs: Sequence[Pair], a: str, b: str) -> list[dict[str, Any]]:
    """Return a chart for each metric that was judged, or for the first one."""
    wanted = list(dict.fromkeys(pair.metric for pair in pairs if pair.judged))
    wanted = wanted or [pair.metric for pair in pairs[:1]]
    charts = []
    for metric in wanted:
        rows = [pair for pair in pairs if pair.metric == metric and pair.a and pair.b]
        if not rows:
            continue
        limit = next((p.b["threshold"] for p in rows if p.b and p.b["threshold"]), None)
        charts.append(
            {
                "kind": "change",
                "title": metric.replace("_", " ").capitalize(),
                "a": a,
                "b": b,
                "limits": [limit] if limit else [],
                "rows": [{"label": p.label, "a": p.a, "b": p.b} for p in rows[:CHART_ROWS]],
            }
        )
    return charts


def reservations(a: Mapping[str, Any], b: Mapping[str, Any], *, same_window: bool) -> list[str]:
    """Return what keeps the two reports from being compared like with like."""
    found = [
        (
            "Each interval was made for its own report. Two that leave each other out are apart "
            "beyond both; two that overlap may still differ: no test of the difference was made."
        )
    ]
    if not same_window:
        found.append(
            "The windows differ: people, seasons and traffic changed too, not the system alone."
        )
    else:
        found.append(
            "The same window under two versions: who was served by which was not drawn by lot "
            "unless an experiment says so."
        )
    if a["method"] != b["method"] or a["version"] != b["version"]:
        found.append(
            f"The methods differ: {a['method']} {a['version']} against "
            f"{b['method']} {b['version']}."
        )
    differing = sorted(
        name
        for name in {*a["parameters"], *b["parameters"]} - set(_LEFT_OUT)
        if a["parameters"].get(name) != b["parameters"].get(name)
    )
    if differing:
        found.append(f"The parameters differ: {', '.join(differing)}.")
    if a["inputs"]["columns"] != b["inputs"]["columns"]:
        found.append("The columns that were read differ.")
    if a["inputs"].get("sha256") and a["inputs"].get("sha256") == b["inputs"].get("sha256"):
        found.append("Both reports are of exactly the same input.")
    return found
