"""From a group cube to findings: which rates, pairs and scalars are reported and judged.

Families: the contrasts and rates under a limit are simultaneous together; the other contrasts
form a second family; the declared primary comparison stands alone.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from methods.fairness.contrasts import (
    Pair,
    pair_interval,
    pair_units,
    pair_value,
    rate_interval,
    side,
    stratum_indexes,
    whole,
)
from methods.fairness.cube import GroupCube, Key
from methods.fairness.families import member_level
from methods.fairness.oracle import Recorded, record
from methods.fairness.rates import (
    CONTRASTS,
    KINDS,
    RATES,
    SCALARS,
    Kind,
    Scalar,
    contrast_metric,
)
from methods.kinds import Findings
from methods.report import (
    Comparison,
    Limit,
    Measurement,
    Missing,
    Threshold,
    limits_for,
)
from methods.statistics.verdicts import Verdict, judge, units_to_decide

if TYPE_CHECKING:
    from methods.fairness.groups import ComparisonMethod, GroupParameters

_RANK = {"fail": 0, "inconclusive": 1, "not_applicable": 2, "pass": 3, None: 4}
SliceRate = tuple[Key, str, int]


@dataclass
class Audit:
    """One run of `measure`: the cube, what was asked, and the levels of the families."""

    cube: GroupCube
    parameters: "GroupParameters"
    limits: Sequence[Limit]
    seed: int

    def __post_init__(self) -> None:
        applicable = [n for n, r in RATES.items() if self.cube.has_truth or not r.needs_truth]
        asked = set(self.parameters.metrics or applicable)
        limited = {limit.metric for limit in self.limits}
        for metric in limited & set(CONTRASTS):
            asked.add(CONTRASTS[metric][0])
        asked |= limited & set(RATES)
        for metric in limited & set(SCALARS):
            asked |= set(SCALARS[metric].rates)
        if self.parameters.primary is not None:
            asked.add(CONTRASTS[self.parameters.primary.metric][0])
        self.rates = [name for name in applicable if name in asked]
        self.level = 1 - (1 - self.parameters.level) / self.parameters.looks
        self.scalar_method: ComparisonMethod = (
            "to_overall" if self.parameters.method == "to_overall" else "between_groups"
        )
        self.primary = self._primary_pair()
        self._form_families()

    def strata(self) -> list[Key]:
        """Return the strata of the controls; one empty stratum without controls."""
        return list(self.cube.margins[()].keys)

    def _primary_pair(self) -> Pair | None:
        declared = self.parameters.primary
        if declared is None:
            return None
        rate, kind = CONTRASTS[declared.metric]
        by = tuple(name for name in self.cube.groups if name in declared.of)
        keys = self.cube.margins[by].keys
        of, to = (tuple(part[name] for name in by) for part in (declared.of, declared.to))
        if rate not in self.rates or of not in keys or to not in keys:
            return None
        return Pair(by, rate, kind, keys.index(of), keys.index(to))

    def pairs(
        self, by: Key, stratum: Key, rate: str, kind: Kind, method: "ComparisonMethod"
    ) -> list[Pair]:
        """Return the contrasts of one rate, oriented and with the widest first."""
        margin = self.cube.margins[by]
        places = stratum_indexes(margin, stratum)
        values = {i: side(margin, i).value(rate) for i in places}

        def height(i: int) -> tuple[float, int]:
            return (0.0 if math.isnan(values[i]) else values[i], -i)

        ends: Iterable[tuple[int, int | None]]
        if method == "to_overall":
            ends = [(i, None) for i in places]
        elif method == "between_groups":
            ends = [
                (i, j)
                for i in places
                for j in places
                if i != j and (height(i) > height(j)) == (kind == "difference")
            ]
        else:
            base = (
                max(places, key=height)
                if method == "to_highest"
                else self._reference(by, stratum, places)
            )
            ends = [(i, base) for i in places if base is not None and i != base]
        found = [self._oriented(Pair(by, rate, kind, i, j)) for i, j in ends]
        return sorted(found, key=lambda pair: -_distance(pair_value(self.cube, pair), kind))

    def _oriented(self, pair: Pair) -> Pair:
        """Return the primary comparison in the direction it was declared in."""
        own = self.primary
        if own is None or (pair.by, pair.rate, pair.kind) != (
            own.by,
            own.rate,
            own.kind,
        ):
            return pair
        return own if {pair.of, pair.to} == {own.of, own.to} else pair

    def _reference(self, by: Key, stratum: Key, places: Sequence[int]) -> int | None:
        given = self.parameters.reference
        wanted = {by[0]: given} if isinstance(given, str) else dict(given or {})
        key = (*stratum, *(wanted.get(name, "") for name in by))
        keys = self.cube.margins[by].keys
        return next((i for i in places if keys[i] == key), None)

    def _form_families(self) -> None:
        limited = {limit.metric for limit in self.limits}
        judged: dict[Pair, None] = {}
        others: dict[Pair, None] = {}
        slices: list[SliceRate] = []
        for by in self.cube.attributes:
            for stratum in self.strata():
                for rate in self.rates:
                    if rate in limited:
                        slices += [
                            (by, rate, i) for i in stratum_indexes(self.cube.margins[by], stratum)
                        ]
                    for kind in KINDS:
                        own = self.pairs(by, stratum, rate, kind, self.parameters.method)
                        named = contrast_metric(rate, kind) in limited
                        target = judged if named else others
                        # The highest group is chosen by the data: all its rivals count.
                        if self.parameters.method == "to_highest":
                            every = self.pairs(by, stratum, rate, kind, "between_groups")
                            target |= dict.fromkeys(map(_canonical, every))
                        target |= dict.fromkeys(map(_canonical, own))
                        scalar = self.pairs(by, stratum, rate, kind, self.scalar_method)
                        by_scalar = any(
                            s.name in limited
                            for s in SCALARS.values()
                            if s.kind == kind and rate in s.rates
                        )
                        target = judged if by_scalar else others
                        target |= dict.fromkeys(map(_canonical, scalar))
        if self.primary is not None:
            judged.pop(_canonical(self.primary), None)
            others.pop(_canonical(self.primary), None)
        rest = [pair for pair in others if pair not in judged]
        self.judged_pairs, self.judged_size = judged, len(judged) + len(slices)
        self.other_size = len(rest)
        self.judged_level = member_level(self.cube, list(judged), slices, self.level, self.seed)
        self.other_level = member_level(self.cube, rest, [], self.level, self.seed)

    def pair_level(self, pair: Pair) -> tuple[float, int]:
        """Return the level a contrast's interval is built at, and the size of its family."""
        if pair == self.primary:
            return self.level, 1
        if _canonical(pair) in self.judged_pairs:
            return self.judged_level, self.judged_size
        return self.other_level, self.other_size


def _canonical(pair: Pair) -> Pair:
    """Return the pair with its ends in one order: a contrast and its mirror are one."""
    if pair.to is None or pair.of < pair.to:
        return pair
    return Pair(pair.by, pair.rate, pair.kind, pair.to, pair.of)


def _distance(value: float, kind: Kind) -> float:
    """Return how far a contrast lies from equality; nothing known comes last."""
    if math.isnan(value):
        return -1.0
    if kind == "difference":
        return abs(value)
    return math.inf if value <= 0 else abs(math.log(value))


def measure(
    cube: GroupCube, parameters: "GroupParameters", limits: Sequence[Limit], seed: int
) -> Findings:
    """Return the findings of `fairness.groups`."""
    audit = Audit(cube, parameters, limits, seed)
    recorded = {by: record(cube, by, audit.rates, audit.scalar_method) for by in cube.attributes}
    measurements: list[Measurement] = []
    for stratum in audit.strata():
        measurements += _overall(audit, stratum, recorded[cube.attributes[0]])
    for by in cube.attributes:
        measurements += _rates(audit, by, recorded[by])
    for by in cube.attributes:
        for stratum in audit.strata():
            measurements += _scalars(audit, by, stratum, recorded[by])
            measurements += _contrasts(audit, by, stratum)
    measurements += _not_applicable(audit)
    from methods.fairness.presentation import charts, limitations, tables

    return Findings(
        tuple(measurements),
        tables(cube, audit.rates),
        charts(measurements, limits),
        limitations(audit),
    )


def _slice(audit: Audit, by: Key, key: Key) -> dict[str, str]:
    return dict(zip((*audit.cube.controls, *by), key, strict=True))


def _overall(audit: Audit, stratum: Key, recorded: Recorded) -> list[Measurement]:
    part, found = whole(audit.cube, stratum), []
    for rate in audit.rates:
        interval, name = rate_interval(audit.cube, part, rate, audit.level)
        found.append(
            Measurement(
                rate,
                f"fairness.{rate}/1",
                (),
                _slice(audit, (), stratum),
                None,
                recorded.overall[rate, stratum],
                interval.low,
                interval.high,
                audit.level,
                name,
                part.n(rate),
                audit.cube.unit,
            )
        )
    return found


def _rates(audit: Audit, by: Key, recorded: Recorded) -> list[Measurement]:
    found = []
    margin = audit.cube.margins[by]
    for rate in audit.rates:
        limits = limits_for(rate, audit.limits)
        for index, key in enumerate(margin.keys):
            part = side(margin, index)
            level = audit.judged_level if limits else audit.level
            interval, name = rate_interval(audit.cube, part, rate, level)
            note = "" if part.below(rate) > 0 else _undefined(rate)
            if limits:
                note = _joined(note, _simultaneous(audit.judged_size))
            row = Measurement(
                rate,
                f"fairness.{rate}/1",
                by,
                _slice(audit, by, key),
                None,
                recorded.by_group[rate, key],
                interval.low,
                interval.high,
                audit.level,
                name,
                part.n(rate),
                audit.cube.unit,
                note=note,
            )
            few = part.n(rate) < audit.parameters.min_subjects
            found += [_judged(row, limit, few, audit) for limit in limits] or [row]
    return found


def _contrasts(audit: Audit, by: Key, stratum: Key) -> list[Measurement]:
    found: list[Measurement] = []
    for rate in audit.rates:
        for kind in KINDS:
            metric = contrast_metric(rate, kind)
            limits = limits_for(metric, audit.limits)
            rows = []
            for pair in audit.pairs(by, stratum, rate, kind, audit.parameters.method):
                row = _contrast(audit, pair, metric, audit.parameters.method)
                few = min(pair_units(audit.cube, pair)) < audit.parameters.min_subjects
                rows += [
                    (pair, judged)
                    for judged in ([_judged(row, limit, few, audit) for limit in limits] or [row])
                ]
            kept = [
                row
                for place, (pair, row) in enumerate(rows)
                if place < audit.parameters.listed_pairs * max(len(limits), 1)
                or pair == audit.primary
                or row.verdict == "fail"
            ]
            found += kept
    return found


def _contrast(audit: Audit, pair: Pair, metric: str, method: "ComparisonMethod") -> Measurement:
    cube = audit.cube
    margin = cube.margins[pair.by]
    width = len(cube.controls)
    level, size = audit.pair_level(pair)
    interval, name = pair_interval(cube, pair, level)
    key = margin.keys[pair.of]
    to = {} if pair.to is None else _slice(audit, pair.by, margin.keys[pair.to])
    note = "primary comparison" if pair == audit.primary else _simultaneous(size)
    units = pair_units(cube, pair)
    if min(units) <= 0:
        note = _joined(_undefined(pair.rate), note)
    return Measurement(
        metric,
        f"fairness.{metric}/1",
        pair.by,
        dict(zip(cube.controls, key[:width], strict=True)),
        Comparison(pair.kind, method, _slice(audit, pair.by, key), to or _stratum(audit, key)),
        pair_value(cube, pair),
        interval.low,
        interval.high,
        audit.level,
        name,
        sum(units),
        cube.unit,
        note=note,
    )


def _stratum(audit: Audit, key: Key) -> dict[str, str]:
    width = len(audit.cube.controls)
    return dict(zip(audit.cube.controls, key[:width], strict=True))


def _scalars(audit: Audit, by: Key, stratum: Key, recorded: Recorded) -> list[Measurement]:
    found = []
    for scalar in SCALARS.values():
        if (scalar.name, stratum) in recorded.scalars:
            limits = limits_for(scalar.name, audit.limits)
            for limit in limits or [None]:
                found.append(
                    _scalar(
                        audit,
                        by,
                        stratum,
                        scalar,
                        recorded.scalars[scalar.name, stratum],
                        limit,
                    )
                )
    return found


def _scalar(
    audit: Audit,
    by: Key,
    stratum: Key,
    scalar: Scalar,
    value: float,
    limit: Limit | None,
) -> Measurement:
    """Return a min/max scalar judged on all its contrasts, with the deciding one's interval."""
    pairs = [
        pair
        for rate in scalar.rates
        for pair in audit.pairs(by, stratum, rate, scalar.kind, audit.scalar_method)
    ]
    rows = []
    for pair in pairs:
        row = _contrast(audit, pair, scalar.name, audit.scalar_method)
        if limit is not None:
            few = min(pair_units(audit.cube, pair)) < audit.parameters.min_subjects
            row = _judged(row, limit, few, audit)
        rows.append(
            (
                _RANK[row.verdict],
                -_distance(_number(row.value), scalar.kind),
                len(rows),
                row,
            )
        )
    definition = f"fairness.{scalar.name}/1"
    if not rows:
        return Measurement(
            scalar.name,
            definition,
            by,
            _stratum(audit, stratum),
            None,
            value,
            None,
            None,
            None,
            None,
            whole(audit.cube, stratum).n(scalar.rates[0]),
            audit.cube.unit,
            Threshold.of(limit) if limit else None,
            "not_applicable" if limit else None,
            note="there is only one group",
        )
    worst = min(rows)[-1]
    note = worst.note
    if len(rows) > 1:
        note = _joined(f"judged on all {len(rows)} contrasts at once; interval of the widest", note)
    return Measurement(
        scalar.name,
        definition,
        by,
        worst.slice,
        worst.comparison,
        value,
        worst.low,
        worst.high,
        worst.level,
        worst.interval,
        worst.n,
        worst.unit,
        worst.threshold,
        worst.verdict,
        worst.missing,
        note,
    )


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _judged(row: Measurement, limit: Limit, few: bool, audit: Audit) -> Measurement:
    """Return a measurement with its threshold, verdict and what would decide it."""
    from dataclasses import replace

    verdict: Verdict = "inconclusive" if few else judge(row.low, row.high, limit.op, limit.value)
    missing, note = None, row.note
    if verdict == "inconclusive":
        units = None
        if row.value is not None and row.low is not None and row.high is not None:
            log = row.comparison is not None and row.comparison.kind == "ratio"
            units = units_to_decide(row.value, row.low, row.high, limit.value, row.n, log=log)
        if few:
            least = audit.parameters.min_subjects
            note = _joined(f"fewer than {least} {row.unit} on a side", note)
            units = max(units or 0, least)
        missing = Missing(units)
    return replace(row, threshold=Threshold.of(limit), verdict=verdict, missing=missing, note=note)


def _not_applicable(audit: Audit) -> list[Measurement]:
    """Return a row for every limit whose metric these data cannot give."""
    found = []
    for limit in audit.limits:
        name = limit.metric
        needed = SCALARS[name].rates if name in SCALARS else (CONTRASTS.get(name, (name,))[0],)
        if not set(needed) <= set(audit.rates):
            found.append(
                Measurement(
                    name,
                    f"fairness.{name}/1",
                    (),
                    {},
                    None,
                    None,
                    None,
                    None,
                    None,
                    None,
                    0,
                    audit.cube.unit,
                    Threshold.of(limit),
                    "not_applicable",
                    note="needs the role y_true",
                )
            )
    return found


def _undefined(rate: str) -> str:
    return f"no row in the denominator of {rate}; recorded as 0, as fairlearn does"


def _simultaneous(size: int) -> str:
    return f"simultaneous over {size} comparisons" if size > 1 else ""


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
