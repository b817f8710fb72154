"""What a bootstrap replicate costs when cells are drawn, beside drawing the rows themselves."""

from __future__ import annotations

from typing import Any

from benchmarks.measuring import Ratio, Result, cpu_seconds

FULL, SMOKE = (1_000_000, 10_000, 20), (20_000, 200, 5)  # rows, cell replicates, row replicates
CELLS = 72


def measure(*, smoke: bool) -> Result:
    """Measure one statistic (the share of cell 0) both ways on the same rows."""
    import numpy as np

    from methods.statistics.bootstrap import bootstrap_statistic

    rows, by_cell, by_row = SMOKE if smoke else FULL
    generator = np.random.default_rng(7)
    codes = generator.integers(0, CELLS, rows)
    counts = np.bincount(codes, minlength=CELLS).astype(np.float64)

    def share(drawn: Any) -> Any:
        return drawn[:, 0] / drawn.sum(axis=1)

    def cells() -> None:
        bootstrap_statistic(counts, share, replicates=by_cell, generator=generator)

    def resampled_rows() -> None:
        for _ in range(by_row):
            drawn = codes[generator.integers(0, rows, rows)]
            _ = np.bincount(drawn, minlength=CELLS)[0] / rows

    ours = cpu_seconds(cells) / by_cell
    theirs = cpu_seconds(resampled_rows) / by_row
    figures = {"cells_replicate_cpu_us": ours * 1e6, "rows_replicate_cpu_us": theirs * 1e6}
    size = {"rows": rows, "cells": CELLS, "replicates": by_cell}
    return Result("bootstrap_replicates", size, figures, (Ratio("rows / cells", theirs / ours),))
