"""From a group cube to findings: measurements of rates, contrasts and scalars, each judged.

What is asked and at which level stands in `design`; arithmetic in `contrasts` and `oracle`.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from methods.fairness.composites import COMPOSITE_CONTRASTS
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
from methods.fairness.design import EXTREMES, Design, distance
from methods.fairness.oracle import Recorded, record
from methods.fairness.rates import CONTRASTS, KINDS, SCALARS, Scalar, contrast_metric
from methods.judging import joined
from methods.kinds import Findings
from methods.report import Comparison, Limit, Measurement, Missing, Threshold, limits_for
from methods.statistics.verdicts import Verdict, judge, units_to_decide

if TYPE_CHECKING:
    from methods.fairness.groups import ComparisonMethod, GroupParameters

ONE_GROUP = "there is only one group: nothing was compared"
NO_REFERENCE = "the reference group has no rows here: nothing was compared"
_RANK = {"fail": 0, "inconclusive": 1, "not_applicable": 2, "pass": 3, None: 4}


def measure(
    cube: GroupCube, parameters: "GroupParameters", limits: Sequence[Limit], seed: int
) -> Findings:
    """Return the findings of `fairness.groups`."""
    audit = Design(cube, parameters, limits, seed)
    recorded = record(cube, cube.attributes, audit.rates, audit.scalar_method)
    measurements: list[Measurement] = []
    for stratum in audit.strata():
        measurements += _overall(audit, stratum, recorded[cube.attributes[0]])
    for by in cube.attributes:
        measurements += _rates(audit, by, recorded[by])
    for by in cube.attributes:
        for stratum in audit.strata():
            measurements += _scalars(audit, by, stratum, recorded[by])
            measurements += _extremes(audit, by, stratum, recorded[by])
            measurements += _contrasts(audit, by, stratum, recorded[by])
    measurements += _not_applicable(audit)
    from methods.fairness import paradox
    from methods.fairness.presentation import charts, impact_ratios, limitations, tables

    turned = paradox.reversals(cube, audit.plain, audit.level)
    return Findings(
        tuple(measurements),
        (*tables(cube, audit.rates), *impact_ratios(cube), *paradox.tables(turned)),
        charts(measurements, limits),
        (*paradox.warnings(turned, cube.controls), *limitations(audit)),
    )


def _slice(audit: Design, by: Key, key: Key) -> dict[str, str]:
    return dict(zip((*audit.cube.controls, *by), key, strict=True))


def _overall(audit: Design, stratum: Key, recorded: Recorded) -> list[Measurement]:
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


def _rates(audit: Design, by: Key, recorded: Recorded) -> list[Measurement]:
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
                note = joined(note, _simultaneous(audit.judged_size))
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


def _contrasts(audit: Design, by: Key, stratum: Key, recorded: Recorded) -> list[Measurement]:
    found: list[Measurement] = []
    listed = audit.parameters.listed_pairs
    for rate in audit.rates:
        for kind in KINDS:
            metric = contrast_metric(rate, kind)
            limits = limits_for(metric, audit.limits)
            rows = []
            pairs = audit.pairs(by, stratum, rate, kind, audit.parameters.method)
            if not pairs and audit.compares(by):
                alone = len(stratum_indexes(audit.cube.margins[by], stratum)) < 2
                value = recorded.disparities[rate, kind, stratum] if alone else math.nan
                asked: Sequence[Limit | None] = limits or [None]
                found += [
                    _uncompared(audit, by, stratum, (metric, rate), value, limit) for limit in asked
                ]
            for place, pair in enumerate(pairs):
                if not limits and place >= listed and pair != audit.primary:
                    continue
                row = _contrast(audit, pair, metric, audit.parameters.method)
                few = min(pair_units(audit.cube, pair)) < audit.parameters.min_subjects
                rows += [
                    (pair, judged)
                    for judged in ([_judged(row, limit, few, audit) for limit in limits] or [row])
                ]
            kept = [
                row
                for place, (pair, row) in enumerate(rows)
                if place < listed * max(len(limits), 1)
                or pair == audit.primary
                or row.verdict == "fail"
            ]
            found += kept
    return found


def _contrast(audit: Design, pair: Pair, metric: str, method: "ComparisonMethod") -> Measurement:
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
        note = joined(_undefined(pair.rate), note)
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


def _stratum(audit: Design, key: Key) -> dict[str, str]:
    width = len(audit.cube.controls)
    return dict(zip(audit.cube.controls, key[:width], strict=True))


def _scalars(audit: Design, by: Key, stratum: Key, recorded: Recorded) -> list[Measurement]:
    found = []
    for scalar in SCALARS.values():
        if (scalar.name, stratum) in recorded.scalars:
            limits = limits_for(scalar.name, audit.limits)
            asked: Sequence[Limit | None] = limits or [None]
            for limit in asked:
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
    audit: Design,
    by: Key,
    stratum: Key,
    scalar: Scalar,
    value: float,
    limit: Limit | None,
) -> Measurement:
    """Return a min/max scalar judged on all its contrasts, with the deciding one's interval."""
    of_rates = [
        audit.pairs(by, stratum, rate, scalar.kind, audit.scalar_method) for rate in scalar.rates
    ]
    size = sum(map(len, of_rates))
    # The widest contrast of a rate comes first; without a limit no other can be shown.
    pairs = [pair for own in of_rates for pair in (own if limit is not None else own[:1])]
    rows: list[tuple[int, float, int, Measurement]] = []
    for pair in pairs:
        row = _contrast(audit, pair, scalar.name, audit.scalar_method)
        if limit is not None:
            few = min(pair_units(audit.cube, pair)) < audit.parameters.min_subjects
            row = _judged(row, limit, few, audit)
        rows.append(
            (
                _RANK[row.verdict],
                -distance(_number(row.value), scalar.kind),
                len(rows),
                row,
            )
        )
    if not rows:
        return _uncompared(audit, by, stratum, (scalar.name, scalar.rates[0]), value, limit)
    worst = min(rows)[-1]
    note = worst.note
    if size > 1:
        note = joined(f"judged on all {size} contrasts at once; interval of the widest", note)
    return Measurement(
        scalar.name,
        f"fairness.{scalar.name}/1",
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


def _uncompared(
    audit: Design,
    by: Key,
    stratum: Key,
    metric_and_rate: tuple[str, str],
    value: float,
    limit: Limit | None,
) -> Measurement:
    """Return a disparity where nothing could be compared: a limit on it is never met by that."""
    metric, rate = metric_and_rate
    alone = len(stratum_indexes(audit.cube.margins[by], stratum)) < 2
    return Measurement(
        metric,
        f"fairness.{metric}/1",
        by,
        _stratum(audit, stratum),
        None,
        value,
        None,
        None,
        None,
        None,
        whole(audit.cube, stratum).n(rate),
        audit.cube.unit,
        Threshold.of(limit) if limit else None,
        "not_applicable" if limit else None,
        note=ONE_GROUP if alone else NO_REFERENCE,
    )


def _extremes(audit: Design, by: Key, stratum: Key, recorded: Recorded) -> list[Measurement]:
    """Return the least and the greatest group of a rate, where a limit is put on them.

    The groups' intervals hold together, so the least of their ends bounds the least rate.
    """
    margin, found = audit.cube.margins[by], []
    for limit in audit.limits:
        if limit.metric not in EXTREMES:
            continue
        rate, end = EXTREMES[limit.metric]
        if rate not in audit.rates:
            continue
        choose = min if end == "min" else max
        places = stratum_indexes(margin, stratum)
        values = [recorded.by_group[rate, margin.keys[i]] for i in places]
        ends = [
            rate_interval(audit.cube, side(margin, i), rate, audit.judged_level)[0] for i in places
        ]
        sizes = [side(margin, i).n(rate) for i in places]
        at = values.index(choose(values))
        known = all(not math.isnan(interval.low) for interval in ends)
        row = Measurement(
            limit.metric,
            f"fairness.{limit.metric}/1",
            by,
            _slice(audit, by, margin.keys[places[at]]),
            None,
            values[at],
            choose(interval.low for interval in ends) if known else None,
            choose(interval.high for interval in ends) if known else None,
            audit.level,
            f"{end}_of_simultaneous",
            sizes[at],
            audit.cube.unit,
            note=_simultaneous(audit.judged_size),
        )
        found.append(_judged(row, limit, min(sizes) < audit.parameters.min_subjects, audit))
    return found


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _judged(row: Measurement, limit: Limit, few: bool, audit: Design) -> Measurement:
    """Return a measurement with its threshold, verdict and what would decide it."""
    verdict: Verdict = "inconclusive" if few else judge(row.low, row.high, limit.op, limit.value)
    missing, note = None, row.note
    if verdict == "inconclusive":
        units = None
        if row.value is not None and row.low is not None and row.high is not None:
            log = row.comparison is not None and row.comparison.kind == "ratio"
            units = units_to_decide(row.value, row.low, row.high, limit.value, row.n, log=log)
        if few:
            least = audit.parameters.min_subjects
            note = joined(f"fewer than {least} {row.unit} on a side", note)
            units = max(units or 0, least)
        missing = Missing(units)
    return replace(row, threshold=Threshold.of(limit), verdict=verdict, missing=missing, note=note)


def _not_applicable(audit: Design) -> list[Measurement]:
    """Return a row for every limit whose metric these data cannot give."""
    found = []
    for limit in audit.limits:
        name = limit.metric
        rate = (CONTRASTS | COMPOSITE_CONTRASTS | EXTREMES).get(name, (name,))[0]
        needed = SCALARS[name].rates if name in SCALARS else (rate,)
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
