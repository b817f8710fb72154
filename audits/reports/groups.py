"""The groups of a report as a table: how many people first, then rate, difference, ratio, verdict.

Works on a report's measurements as plain data; computes no interval of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Measured = Mapping[str, Any]
Key = tuple[tuple[str, str], ...]

_SCALARS = {
    "demographic_parity": "selection_rate",
    "equal_opportunity": "true_positive_rate",
    "equalized_odds": "true_positive_rate",
}
_CONTRAST = re.compile(r"_(difference|ratio)$")
_RANK = {"fail": 0, "inconclusive": 1, "not_applicable": 2, "pass": 3}
TABLES = 12


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its interval."""

    value: float | None
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, one: Measured) -> Figure:
        return cls(one["value"], one["low"], one["high"])

    def inverted(self, kind: str) -> Figure:
        """The same contrast the other way round."""
        ends = (self.value, self.high, self.low)
        if kind == "difference":
            return Figure(*(None if end is None else -end for end in ends))
        return Figure(*(None if end is None or end <= 0 else 1 / end for end in ends))


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One group. `hidden` says why its figures are kept back, where they are."""

    label: str
    n: int
    rate: Figure
    difference: Figure | None
    ratio: Figure | None
    verdict: str | None
    is_reference: bool
    hidden: str


@dataclass(frozen=True, slots=True)
class GroupTable:
    """All groups of one grouping under one metric, within one stratum of the controls."""

    metric: str
    by: tuple[str, ...]
    stratum: str
    unit: str
    reference: str
    rows: tuple[GroupRow, ...]

    @property
    def title(self) -> str:
        place = f", {self.stratum}" if self.stratum else ""
        return f"{metric_name(self.metric)} by {' and '.join(self.by)}{place}"

    @property
    def has_difference(self) -> bool:
        return any(row.difference is not None for row in self.rows)

    @property
    def has_ratio(self) -> bool:
        return any(row.ratio is not None for row in self.rows)

    @property
    def figure_columns(self) -> int:
        """How many columns hold figures of a group, besides how many people it has."""
        return 1 + self.has_difference + self.has_ratio

    @property
    def hidden(self) -> int:
        """How many groups are kept back."""
        return sum(bool(row.hidden) for row in self.rows)


def metric_name(metric: str) -> str:
    return metric.replace("_", " ").capitalize()


def base_metrics(measurements: Sequence[Measured]) -> list[str]:
    """Return the rates that the limits are about, the gravest first, or else the first rate."""
    rates = list(dict.fromkeys(one["metric"] for one in measurements if is_rate(one)))
    judged = [one for one in measurements if one["threshold"] is not None]
    judged.sort(key=lambda one: rank(one["verdict"]))
    limited = dict.fromkeys(base_of(one["metric"]) for one in judged)
    return [metric for metric in limited if metric in rates] or rates[:1]


def base_of(metric: str) -> str:
    """`selection_rate_ratio` and `demographic_parity_ratio` are about `selection_rate`."""
    base = _CONTRAST.sub("", metric)
    return _SCALARS.get(base, base)


def is_scalar(metric: str) -> bool:
    """Whether a metric stands for many pairs at once, as demographic parity does."""
    return _CONTRAST.sub("", metric) in _SCALARS


def is_rate(one: Measured) -> bool:
    """Whether a measurement is a metric of one group, not a contrast of two."""
    return one["comparison"] is None and bool(one["by"]) and set(one["by"]) <= set(one["slice"])


def is_hidden(one: Measured) -> bool:
    """Whether a cell was kept back because too few people stand in it."""
    note = str(one.get("note") or "").lower()
    return one["value"] is None and ("suppress" in note or "hidden" in note)


def group_tables(
    measurements: Sequence[Measured], parameters: Mapping[str, Any] | None = None
) -> list[GroupTable]:
    """Return a table for each grouping, stratum and metric that the limits are about."""
    contrasts = _contrasts(measurements)
    found = []
    for metric in base_metrics(measurements):
        gathered: dict[tuple[tuple[str, ...], Key], list[Measured]] = {}
        for one in measurements:
            if one["metric"] == metric and is_rate(one) and "scenario" not in one["by"]:
                by = tuple(one["by"])
                stratum = _key((n, v) for n, v in one["slice"].items() if n not in by)
                gathered.setdefault((by, stratum), []).append(one)
        for (by, stratum), rows in gathered.items():
            if len(rows) > 1:
                found.append(_table(metric, by, stratum, _once(rows), contrasts, parameters or {}))
    return found[:TABLES]


def _once(rows: Sequence[Measured]) -> list[Measured]:
    """A rate under two limits stands twice in a report; its worst verdict is kept."""
    kept: dict[Key, Measured] = {}
    for one in rows:
        key = _key(one["slice"].items())
        if key not in kept or rank(one["verdict"]) < rank(kept[key]["verdict"]):
            kept[key] = one
    return list(kept.values())


def rank(verdict: str | None) -> int:
    """The gravest verdict first."""
    return _RANK.get(verdict or "", 4)


def _key(parts: Iterable[tuple[str, str]]) -> Key:
    return tuple(sorted((str(name), str(value)) for name, value in parts))


def _contrasts(
    measurements: Sequence[Measured],
) -> dict[tuple[str, str, Key, Key], list[Measured]]:
    """Contrasts of two groups by base metric, kind and the pair."""
    found: dict[tuple[str, str, Key, Key], list[Measured]] = {}
    for one in measurements:
        compared = one["comparison"]
        # A scalar such as demographic parity stands for many pairs and names the widest.
        if compared is None or is_scalar(one["metric"]):
            continue
        of, to = _key(compared["of"].items()), _key(compared["to"].items())
        found.setdefault((base_of(one["metric"]), compared["kind"], of, to), []).append(one)
    return found


def _table(
    metric: str,
    by: tuple[str, ...],
    stratum: Key,
    rows: list[Measured],
    contrasts: Mapping[tuple[str, str, Key, Key], list[Measured]],
    parameters: Mapping[str, Any],
) -> GroupTable:
    reference = _reference(rows, by, parameters)
    base = _key(reference["slice"].items())
    told = []
    for one in sorted(rows, key=lambda row: (-row["n"], _label(row, by))):
        own = _key(one["slice"].items())
        found = {
            kind: _against(contrasts, metric, kind, own, base) for kind in ("difference", "ratio")
        }
        verdicts = [one["verdict"], *(verdict for _, verdict in found.values())]
        told.append(
            GroupRow(
                label=_label(one, by),
                n=one["n"],
                rate=Figure.of(one),
                difference=found["difference"][0],
                ratio=found["ratio"][0],
                verdict=min((v for v in verdicts if v), key=rank, default=None),
                is_reference=own == base,
                hidden=str(one["note"]) if is_hidden(one) else "",
            )
        )
    return GroupTable(
        metric=metric,
        by=by,
        stratum=", ".join(f"{name} {value}" for name, value in stratum),
        unit=str(rows[0]["unit"]),
        reference=_label(reference, by),
        rows=tuple(told),
    )


def _reference(
    rows: Sequence[Measured], by: tuple[str, ...], parameters: Mapping[str, Any]
) -> Measured:
    """The group the plan names, else the largest: its own rate is known best."""
    named = parameters.get("reference")
    if isinstance(named, str) and len(by) == 1:
        named = {by[0]: named}
    if isinstance(named, Mapping):
        for one in rows:
            if all(one["slice"].get(name) == value for name, value in named.items()):
                return one
    return min(rows, key=lambda one: (-one["n"], _label(one, by)))


def _against(
    contrasts: Mapping[tuple[str, str, Key, Key], list[Measured]],
    metric: str,
    kind: str,
    own: Key,
    base: Key,
) -> tuple[Figure | None, str | None]:
    """The contrast of a group to the reference, turned round where the report holds the other."""
    for pair, turned in (((own, base), False), ((base, own), True)):
        rows = contrasts.get((metric, kind, *pair))
        if rows:
            figure = Figure.of(rows[0])
            verdict = min(
                (one["verdict"] for one in rows if one["verdict"]), key=rank, default=None
            )
            return (figure.inverted(kind) if turned else figure), verdict
    return None, None


def _label(one: Measured, by: tuple[str, ...]) -> str:
    return ", ".join(str(one["slice"][name]) for name in by)
