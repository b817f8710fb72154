"""Critical values for many intervals at once: Bonferroni, Holm and max-T.

They answer: how wide must each interval be so that all of them hold together?
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def bonferroni_level(level: float, comparisons: int) -> float:
    """Level of each of `comparisons` intervals that together hold with probability `level`."""
    return 1 - (1 - level) / max(comparisons, 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjusted p-values, in the order given.

    Source: S. Holm, Scandinavian Journal of Statistics 6 (1979) 65-70.
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted = [0.0] * len(p_values)
    running = 0.0
    for rank, index in enumerate(order):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = running
    return adjusted


def max_t_level(
    loadings: Array,
    noise: Array,
    level: float,
    *,
    chunk: int = 256,
) -> float:
    """Level at which each contrast must be shown so that all hold together with `level`.

    Parameters
    ----------
    loadings : (contrasts, components); row k dotted with the noise is contrast k's error
    noise : (components, draws), Gaussian draws with the components' covariance
    level : the level all contrasts must hold together

    The largest studentised error over all contrasts is simulated; its quantile c is translated
    to the two-sided normal level P(|Z| <= c), so any interval method can be asked for it. The
    result is never wider than Bonferroni's and never narrower than a single interval.

    Source: P. H. Westfall, S. S. Young, Resampling-Based Multiple Testing, 1993, section 2.3;
    T. Hothorn, F. Bretz, P. Westfall, Biometrical Journal 50 (2008) 346-363.
    """
    from scipy.special import ndtr

    largest = np.zeros(noise.shape[1])
    used = 0
    for start in range(0, len(loadings), chunk):
        errors = loadings[start : start + chunk] @ noise
        scale = errors.std(axis=1)
        live = scale > 0
        if live.any():
            used += int(live.sum())
            studentised = np.abs(errors[live]) / scale[live, None]
            np.maximum(largest, studentised.max(axis=0), out=largest)
    if used <= 1:
        return level
    critical = float(np.quantile(largest, level))
    simulated = float(2 * ndtr(critical) - 1)
    return min(max(simulated, level), bonferroni_level(level, used))
