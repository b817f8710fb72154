"""What a rule watches in one window: each pair of groups or each measured slice, with its evidence.

Pure: a cube or measurements come in, one window a stream goes out. The heavier mathematics is
imported where it is needed, so that this module costs nothing at start.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from methods.fairness.contrasts import Pair
    from methods.fairness.cube import GroupCube
    from methods.statistics.alerts import Window

Slice = Mapping[str, str]


@dataclass(frozen=True)
class Watch:
    """The part of a rule that says what is compared: a metric, and of which groups.

    `of` and `to` name one declared pair; `reference` the group every other one is compared with.
    `within`: a pair has no declared direction, so that its mirror is the same stream.
    """

    metric: str
    log: bool = False
    within: bool = False
    of: Slice = field(default_factory=dict)
    to: Slice = field(default_factory=dict)
    reference: Slice = field(default_factory=dict)


@dataclass(frozen=True)
class Watched:
    """One stream: which measure, in which stratum, of which group against which."""

    metric: str
    rate: str
    slice: Slice
    of: Slice
    to: Slice

    @property
    def key(self) -> str:
        """The name of the stream, the same whatever order columns came in."""
        text = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def __hash__(self) -> int:
        return hash(self.key)

    def to_dict(self) -> dict[str, Any]:
        return {
            "metric": self.metric,
            "rate": self.rate,
            "slice": dict(self.slice),
            "of": dict(self.of),
            "to": dict(self.to),
        }

    @property
    def label(self) -> str:
        """`Selection rate difference, sex Female against sex Male`."""
        words = self.metric.replace("_", " ").capitalize()
        if self.rate and not self.metric.startswith(self.rate):
            words += f" ({self.rate.replace('_', ' ')})"
        sides = [_words(self.of)] if self.of else []
        sides += [f"against {_words(self.to)}"] if self.to else []
        place = f" for {_words(self.slice)}" if self.slice else ""
        return f"{words}, {' '.join(sides)}{place}" if sides else f"{words}{place}"


def group_windows(
    cube: GroupCube,
    watch: Watch,
    *,
    start: datetime,
    version: str,
    shared: Mapping[Pair, float] | None = None,
) -> dict[Watched, Window]:
    """Return what a window's group cube says of every pair a rule watches."""
    from methods.fairness.evidence import window_of

    found: dict[Watched, Window] = {}
    known = shared or {}
    for watched, pair in watched_pairs(cube, watch):
        window = window_of(cube, pair, start=start, version=version, shared=known.get(pair, 0.0))
        if window is not None:
            found[watched] = window
    return found


def watched_pairs(cube: GroupCube, watch: Watch) -> Iterator[tuple[Watched, Pair]]:
    """Yield the pairs of a cube that a rule watches; a pair and its mirror are one."""
    from methods.fairness.contrasts import Pair, stratum_indexes
    from methods.fairness.rates import CONTRASTS, SCALARS

    if watch.metric in CONTRASTS:
        rate, kind = CONTRASTS[watch.metric]
        rates = [rate]
    else:
        rates, kind = list(SCALARS[watch.metric].rates), SCALARS[watch.metric].kind
    width = len(cube.controls)
    for rate in rates:
        if not cube.has_truth and _needs_truth(rate):
            continue
        for by in cube.attributes:
            margin = cube.margins[by]
            for stratum in cube.margins[()].keys:
                places = stratum_indexes(margin, stratum)
                named = {p: dict(zip(by, margin.keys[p][width:], strict=True)) for p in places}
                ordered = sorted(places, key=lambda place: margin.keys[place])
                for own, other in _ends(ordered, named, watch):
                    yield (
                        Watched(
                            watch.metric,
                            rate,
                            dict(zip(cube.controls, stratum, strict=True)),
                            named[own],
                            named[other],
                        ),
                        Pair(by, rate, kind, own, other),
                    )


def measured_windows(
    measurements: Iterable[Mapping[str, Any]], watch: Watch, *, start: datetime, version: str
) -> dict[Watched, Window]:
    """Return what a report says of every slice a rule watches, from values and intervals.

    Judged measurements count; where a metric has none, all of it. A comparison whose direction
    the data chose is turned into one order, so that it stays one stream.
    """
    from methods.fairness.evidence import from_interval

    own = [one for one in measurements if one["metric"] == watch.metric]
    judged = [one for one in own if one["threshold"] is not None] or own
    found: dict[Watched, Window] = {}
    for one in judged:
        watched, (value, low, high) = _oriented(one, watch)
        if watched in found or not _wanted(watched, watch):
            continue
        window = from_interval(
            value,
            low,
            high,
            level=one["level"] or 0.95,
            subjects=one["n"],
            start=start,
            version=version,
            log=watch.log,
        )
        if window is not None:
            found[watched] = window
    return found


def _needs_truth(rate: str) -> bool:
    from methods.fairness.rates import RATES

    return RATES[rate].needs_truth


def _ends(places: list[int], named: Mapping[int, Slice], watch: Watch) -> Iterator[tuple[int, int]]:
    if watch.of:
        firsts = [place for place in places if named[place] == dict(watch.of)]
        seconds = [place for place in places if named[place] == dict(watch.to)]
        yield from zip(firsts, seconds, strict=False)
    elif watch.reference:
        base = next((p for p in places if _is_reference(named[p], watch.reference)), None)
        yield from ((place, base) for place in places if base is not None and place != base)
    else:
        for at, own in enumerate(places):
            yield from ((own, other) for other in places[at + 1 :])


def _is_reference(group: Slice, reference: Slice) -> bool:
    """Whether a group is the reference of its columns; a bare value has the column `""`."""
    if "" in reference:
        return list(group.values()) == [reference[""]]
    return all(reference.get(column) == value for column, value in group.items())


def _oriented(
    one: Mapping[str, Any], watch: Watch
) -> tuple[Watched, tuple[float | None, float | None, float | None]]:
    comparison = one["comparison"] or {}
    of, to = dict(comparison.get("of") or {}), dict(comparison.get("to") or {})
    value, low, high = one["value"], one["low"], one["high"]
    between = comparison.get("method") == "between_groups"
    if watch.within and between and sorted(to.items()) < sorted(of.items()):
        of, to = to, of
        if comparison["kind"] == "ratio":
            value, low, high = (_inverse(end) for end in (value, high, low))
        else:
            value, low, high = (None if end is None else -end for end in (value, high, low))
    rate = watch.metric if not comparison else ""
    return Watched(watch.metric, rate, dict(one["slice"]), of, to), (value, low, high)


def _inverse(value: float | None) -> float | None:
    return 1 / value if value else None


def _wanted(watched: Watched, watch: Watch) -> bool:
    return not watch.of or (watched.of == dict(watch.of) and watched.to == dict(watch.to))


def _words(group: Slice) -> str:
    return ", ".join(f"{column} {value}" for column, value in group.items()) or "everyone"
