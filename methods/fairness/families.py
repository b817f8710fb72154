"""Families of contrasts that must hold together, and the level each member is shown at.

The joint errors are simulated once on the finest cells of the cube; nothing is resampled by row.
"""

from collections.abc import Sequence

import numpy as np

from methods.fairness.composites import COMPOSITES
from methods.fairness.contrasts import Pair
from methods.fairness.cube import Array, GroupCube, Key
from methods.fairness.rates import RATES
from methods.statistics.simultaneous import Contrasts, bonferroni_level, max_t_level

# A rate of a key of a margin: (by, position, rate).
Slice = tuple[Key, int, str]


class JointErrors:
    """The errors of all rates of a cube as loadings on independent standard normals."""

    def __init__(self, cube: GroupCube, seed: int) -> None:
        self.cube, self.seed = cube, seed
        values, vectors = np.linalg.eigh(cube.finest.moments)
        # (cells, 4, 4): a square root of each cell's cross products.
        self._roots = vectors * np.sqrt(np.clip(values, 0, None))[:, None, :]
        self._rows: list[Array] = []
        self._values: list[float] = []
        self._places: dict[Slice, int] = {}
        self._members = {by: self._cells_of(by) for by in cube.margins}

    def member_level(
        self, pairs: Sequence[Pair], slices: Sequence[tuple[Key, str, int]], level: float
    ) -> float:
        """Return the level of each interval so that all of a family hold together with `level`.

        `pairs` are contrasts, `slices` single rates (by, rate, position). When some person stands
        in several groups the cells are not independent and Bonferroni's level is used.
        """
        size = len(pairs) + len(slices)
        if size <= 1:
            return level
        if self.cube.spanning:
            return bonferroni_level(level, size)
        first = [self._place(pair.by, pair.of, pair.rate) for pair in pairs]
        second = [self._other(pair) for pair in pairs]
        first += [self._place(by, index, rate) for by, rate, index in slices]
        second += [0] * len(slices)
        values, one, other = np.array(self._values), np.array(first), np.array(second)
        log = np.array([pair.kind == "ratio" for pair in pairs] + [False] * len(slices))
        alone = np.arange(size) >= len(pairs)
        contrasts = Contrasts(
            one,
            other,
            np.where(log, 1 / values[one], 1.0),
            np.where(alone, 0.0, np.where(log, 1 / values[other], 1.0)),
        )
        return max_t_level(np.array(self._rows), contrasts, level, seed=self.seed)

    def _cells_of(self, by: Key) -> list[list[int]]:
        """Return, for every key of a margin, the finest cells that make it up."""
        width = len(self.cube.controls)
        keep = [*range(width), *(width + self.cube.groups.index(name) for name in by)]
        cells: dict[Key, list[int]] = {key: [] for key in self.cube.margins[by].keys}
        for place, key in enumerate(self.cube.finest.keys):
            cells[tuple(key[i] for i in keep)].append(place)
        return list(cells.values())

    def _other(self, pair: Pair) -> int:
        if pair.to is not None:
            return self._place(pair.by, pair.to, pair.rate)
        stratum = self.cube.margins[pair.by].keys[pair.of][: len(self.cube.controls)]
        return self._place((), self.cube.margins[()].keys.index(stratum), pair.rate)

    def _place(self, by: Key, index: int, rate: str) -> int:
        """Return where a rate's loadings stand; made when first asked for."""
        wanted = (by, index, rate)
        if wanted not in self._places:
            part = self.cube.margins[by].sides[index]
            cells = self._members[by][index]
            row = np.zeros((len(self.cube.finest.keys), 4))
            row[cells] = part.effect(rate) @ self._roots[cells]
            # Half a success keeps the log scale defined where a rate is 0, as in `log_ratio`.
            if rate in COMPOSITES:
                value = max(part.value(rate), 1e-3) if part.below(rate) > 0 else 1.0
            else:
                form, counts = RATES[rate], part.counts
                below = float(form.denominator @ counts)
                value = (float(form.numerator @ counts) + 0.5) / (below + 0.5) if below else 1.0
            self._places[wanted] = len(self._rows)
            self._rows.append(row.ravel())
            self._values.append(value)
        return self._places[wanted]
