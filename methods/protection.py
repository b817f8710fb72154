"""Which cells of additive tables must be hidden so that none that are small can be found again.

Small cells come first; then as many others as it takes until the published sums, taken together,
leave every hidden number a range. Knows counts and places only, no report.

Source: complementary cell suppression, audited by the feasible ranges of linear programmes
(M. Fischetti, J. J. Salazar, Management Science 47 (2001) 1008-1027).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Place = frozenset[tuple[str, str]]
Asked = tuple[int, tuple[float, ...]]

# No hidden count may be known to a person; a whole way of grouping goes when many cells are hidden.
LEAST_RANGE = 1.0
MANY = 40
SLACK = 1e-6
UNBOUNDED = 3  # of linprog's states


@dataclass(frozen=True)
class Cell:
    """One cell: where it stands, its people, and its counts, which sum over finer cells."""

    place: Place
    people: float
    counts: tuple[float, ...]
    small: tuple[tuple[float, ...], ...] = ()  # forms over the counts that are below the limit
    known: tuple[tuple[float, ...], ...] = ()  # forms over the counts published elsewhere

    @property
    def names(self) -> frozenset[str]:
        """The columns it is a cell of."""
        return frozenset(name for name, _ in self.place)


@dataclass(frozen=True)
class Sum:
    """A cell that is the sum of others; `whole` None is a total that everybody knows."""

    whole: int | None
    parts: tuple[int, ...]


def protect(cells: Sequence[Cell], below: float, hidden: frozenset[int]) -> frozenset[int]:
    """Return the positions of all cells to hide: `hidden`, the small ones, and their cover.

    The feasible range of a small form is then at least `below` wide, and that of every count of
    a hidden cell at least LEAST_RANGE, as far as the totals allow.
    """
    if not cells:
        return frozenset()
    found = set(hidden) | {i for i, cell in enumerate(cells) if cell.small}
    sums = sums_of(cells)
    # Hiding more only loosens what can be said: what is wide enough once stays so.
    wide: set[Asked] = set()
    while found:
        gone = _whole_ways(cells, found)
        added = _next(cells, sums, below, found - gone, wide)
        if added is None:
            break
        found.add(added)
    return frozenset(found)


def sums_of(cells: Sequence[Cell]) -> list[Sum]:
    """Return every cell as the sum of the finer ones below it, and the total of the coarsest."""
    ways: dict[frozenset[str], list[int]] = {}
    for i, cell in enumerate(cells):
        ways.setdefault(cell.names, []).append(i)
    found = []
    for coarse, fine in combinations(sorted(ways, key=len), 2):
        if not coarse < fine:
            continue
        below: dict[Place, list[int]] = {}
        for i in ways[fine]:
            inside = frozenset(part for part in cells[i].place if part[0] in coarse)
            below.setdefault(inside, []).append(i)
        found += [
            Sum(i, tuple(below[cells[i].place])) for i in ways[coarse] if cells[i].place in below
        ]
    if frozenset() not in ways:
        least = min(map(len, ways))
        found += [Sum(None, tuple(own)) for names, own in ways.items() if len(names) == least]
    return found


def _whole_ways(cells: Sequence[Cell], found: set[int]) -> set[int]:
    """Hide a whole way of grouping where much of it is hidden, and return all its cells.

    Of these nothing is shown but sums that are large enough to be shown themselves.
    """
    gone: set[int] = set()
    for names, hidden in Counter(cells[i].names for i in found).items():
        if hidden > MANY:
            gone.update(i for i, cell in enumerate(cells) if cell.names == names)
    found |= gone
    return gone


def _next(
    cells: Sequence[Cell],
    sums: Sequence[Sum],
    below: float,
    found: set[int],
    wide: set[Asked],
) -> int | None:
    """Return the cell to hide next; None when every hidden number is protected."""
    if not found:
        return None
    system = System(cells, sums, found)
    for i in sorted(found):
        touching = [each for each in sums if i in each.parts or i == each.whole]
        for form, least in _forms(cells[i], below):
            if (i, form) in wide:
                continue
            if touching and not system.is_wide(i, form, least):
                chosen = _cover(cells, touching, found, form)
                if chosen is not None:
                    return chosen
            # Wide enough, or nothing is left to hide: that is as far as the totals allow.
            wide.add((i, form))
    return None


def _forms(cell: Cell, below: float) -> list[tuple[tuple[float, ...], float]]:
    """Return what must stay unknown of a hidden cell, each with its least range."""
    size = len(cell.counts)
    single = [tuple(float(i == k) for i in range(size)) for k in range(size)]
    return [(form, below) for form in cell.small] + [(form, LEAST_RANGE) for form in single]


def _cover(
    cells: Sequence[Cell], touching: Sequence[Sum], found: set[int], form: tuple[float, ...]
) -> int | None:
    """Return the visible cell to hide that loosens one of the sums: the smallest, parts first.

    It depends on the counts alone, so that two reports on one cube hide the same.
    """
    siblings = {i for each in touching for i in each.parts if i not in found}
    wholes = {
        each.whole
        for each in touching
        if each.whole is not None and each.whole not in found and cells[each.whole].place
    }

    def rank(i: int) -> tuple[bool, bool, float]:
        gives = float(np.dot(form, cells[i].counts)) > 0
        return not gives, i in wholes, cells[i].people

    # A sum with a hidden part left alone is loosened by a sibling, or by the sum itself.
    return min(siblings | wholes, key=rank, default=None)


class System:
    """What is published, as equations on the counts of the hidden cells."""

    def __init__(self, cells: Sequence[Cell], sums: Sequence[Sum], found: set[int]) -> None:
        self._size = len(next(iter(cells)).counts)
        self._places = {cell: place for place, cell in enumerate(sorted(found))}
        self._truth = np.array([cells[i].counts for i in self._places], dtype=np.float64)
        rows: dict[tuple[tuple[int, int, float], ...], None] = {}
        for each in sums:
            terms = [(i, 1.0) for i in each.parts if i in found]
            if each.whole in found and each.whole is not None:
                terms.append((each.whole, -1.0))
            for k in range(self._size):
                row = tuple((self._places[i], k, sign) for i, sign in terms)
                if row:
                    rows[row] = None
        for i, place in self._places.items():
            for form in cells[i].known:
                rows[tuple((place, k, part) for k, part in enumerate(form) if part)] = None
        self._matrix = np.zeros((len(rows), len(found) * self._size))
        for number, row in enumerate(rows):
            for place, k, sign in row:
                self._matrix[number, place * self._size + k] += sign
        self._right = self._matrix @ self._truth.ravel()

    def is_wide(self, cell: int, form: tuple[float, ...], least: float) -> bool:
        """Return whether the published numbers leave a form of a cell's counts so wide a range."""
        from scipy.optimize import linprog

        if not self._matrix.size:
            return True
        place = self._places[cell]
        target = np.zeros(self._matrix.shape[1])
        target[place * self._size : (place + 1) * self._size] = form
        low = high = float(target @ self._truth.ravel())
        for sign in (-1.0, 1.0):
            solved = linprog(sign * target, A_eq=self._matrix, b_eq=self._right, bounds=(0, None))
            if solved.status == UNBOUNDED:
                return True
            if solved.status == 0:
                end = sign * float(solved.fun)
                low, high = min(low, end), max(high, end)
            if high - low >= least - SLACK:
                return True
        return False
