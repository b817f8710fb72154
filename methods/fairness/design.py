"""The design of one audit of groups: which rates, which contrasts, and which hold together.

Families: the contrasts and rates under a limit are simultaneous together; the other contrasts
form a second family; the declared primary comparison stands alone. No measurement is made here.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from methods.fairness.composites import COMPOSITE_CONTRASTS, COMPOSITES, FORMS
from methods.fairness.contrasts import Pair, pair_value, side, stratum_indexes
from methods.fairness.cube import GroupCube, Key
from methods.fairness.families import JointErrors
from methods.fairness.rates import CONTRASTS, KINDS, SCALARS, Kind, contrast_metric
from methods.report import Limit

if TYPE_CHECKING:
    from methods.fairness.groups import ComparisonMethod, GroupParameters

SliceRate = tuple[Key, str, int]

ENDS = ("min", "max")
# The worst and the best group of a rate, by fairlearn's names.
EXTREMES = {f"{name}_group_{end}": (name, end) for name in FORMS for end in ENDS}


@dataclass
class Design:
    """What was asked of a cube, the contrasts that answer it, and the levels of the families."""

    cube: GroupCube
    parameters: "GroupParameters"
    limits: Sequence[Limit]
    seed: int

    def __post_init__(self) -> None:
        applicable = [n for n, r in FORMS.items() if self.cube.has_truth or not r.needs_truth]
        usual = [name for name in applicable if not FORMS[name].on_request]
        asked = set(self.parameters.metrics or usual)
        limited = {limit.metric for limit in self.limits}
        contrasts = CONTRASTS | COMPOSITE_CONTRASTS
        asked |= {contrasts[metric][0] for metric in limited & set(contrasts)}
        asked |= {EXTREMES[metric][0] for metric in limited & set(EXTREMES)}
        asked |= limited & set(FORMS)
        for metric in limited & set(SCALARS):
            asked |= set(SCALARS[metric].rates)
        if self.parameters.primary is not None:
            asked.add(CONTRASTS[self.parameters.primary.metric][0])
        self.rates = [name for name in applicable if name in asked]
        self.plain = [name for name in self.rates if name not in COMPOSITES]
        self.level = 1 - (1 - self.parameters.level) / self.parameters.looks
        self.scalar_method: ComparisonMethod = (
            "to_overall" if self.parameters.method == "to_overall" else "between_groups"
        )
        self._found: dict[tuple[Key, Key, str, Kind, ComparisonMethod], list[Pair]] = {}
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
        asked = (by, stratum, rate, kind, method)
        if asked not in self._found:
            self._found[asked] = self._find_pairs(*asked)
        return self._found[asked]

    def _find_pairs(
        self, by: Key, stratum: Key, rate: str, kind: Kind, method: "ComparisonMethod"
    ) -> list[Pair]:
        margin = self.cube.margins[by]
        places = stratum_indexes(margin, stratum)
        values = {i: side(margin, i).value(rate) for i in places}

        def height(i: int) -> tuple[float, int]:
            return (0.0 if math.isnan(values[i]) else values[i], -i)

        ends: Iterable[tuple[int, int | None]]
        if len(places) < 2:
            ends = []  # a group alone in its stratum is the whole: nothing to compare it with
        elif method == "to_overall":
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
        return sorted(found, key=lambda pair: -distance(pair_value(self.cube, pair), kind))

    def compares(self, by: Key) -> bool:
        """Whether this way of grouping is to be compared: a reference may name only some."""
        given = self.parameters.reference
        if self.parameters.method != "to_reference" or isinstance(given, str):
            return True
        return set(by) <= set(given or {})

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
                    if rate in limited or any(f"{rate}_group_{end}" in limited for end in ENDS):
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
        errors = JointErrors(self.cube, self.seed)
        self.judged_level = errors.member_level(list(judged), slices, self.level)
        self.other_level = errors.member_level(rest, [], self.level)

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


def distance(value: float, kind: Kind) -> float:
    """Return how far a contrast lies from equality; nothing known comes last."""
    if math.isnan(value):
        return -1.0
    if kind == "difference":
        return abs(value)
    return math.inf if value <= 0 else abs(math.log(value))
