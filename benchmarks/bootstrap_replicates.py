"""What a bootstrap replicate costs when cells are drawn, beside fairlearn's own `n_boot`.

A resample of the rows behind a cube is a multinomial draw on its cells, so a replicate's cost
does not depend on how many rows there are; fairlearn draws and groups the rows each time.
"""

from __future__ import annotations

import warnings
from typing import Any

from benchmarks.measuring import Ratio, Result, cpu_seconds

#: Rows of the cube, replicates of cells; rows and replicates of fairlearn.
FULL, SMOKE = (1_000_000, 20_000, 20_000, 20), (20_000, 200, 1_000, 5)
GROUPS = 18


def measure(*, smoke: bool) -> Result:
    """Measure the demographic parity difference of the same groups both ways."""
    import numpy as np
    from fairlearn.metrics import MetricFrame, selection_rate, true_positive_rate

    from methods.fairness.kernel import scalar
    from methods.statistics.bootstrap import bootstrap_statistic

    rows, by_cell, fewer, by_row = SMOKE if smoke else FULL
    generator = np.random.default_rng(7)
    group = generator.integers(0, GROUPS, rows)
    truth, chosen = generator.integers(0, 2, rows), generator.integers(0, 2, rows)
    outcome = np.where(truth == chosen, 0, 1) + np.where(chosen == 1, 0, 2)
    cells = np.bincount(4 * group + outcome, minlength=4 * GROUPS).astype(np.float64)

    def gap(drawn: Any) -> Any:
        return scalar("demographic_parity_difference", drawn.reshape(-1, GROUPS, 4))

    def of(counts: Any, replicates: int) -> float:
        return cpu_seconds(
            lambda: bootstrap_statistic(counts, gap, replicates=replicates, generator=generator)
        )

    def fairlearn(replicates: int | None) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return MetricFrame(
                metrics={"selection": selection_rate, "tpr": true_positive_rate},
                y_true=truth[:fewer],
                y_pred=chosen[:fewer],
                sensitive_features=group[:fewer],
                **({"n_boot": replicates, "ci_quantiles": [0.025, 0.975]} if replicates else {}),
            )

    ours, hundredfold = of(cells, by_cell) / by_cell, of(100 * cells, by_cell) / by_cell
    once = cpu_seconds(lambda: fairlearn(None), 1)
    theirs = (cpu_seconds(lambda: fairlearn(by_row), 1) - once) / by_row
    figures = {
        "cells_replicate_cpu_us": ours * 1e6,
        "cells_of_100_times_the_rows_cpu_us": hundredfold * 1e6,
        f"fairlearn_replicate_of_{fewer}_rows_cpu_ms": theirs * 1e3,
    }
    ratios = (
        Ratio("fairlearn n_boot / cells", theirs / ours, ">= 10000"),
        Ratio("100 x the rows / rows, by cells", hundredfold / ours, "<= 1.5"),
    )
    size = {"rows": rows, "cells": len(cells), "replicates": by_cell}
    return Result("bootstrap_replicates", size, figures, ratios)
