"""Concentration measures of a vector of exposures, zeros of the catalogue included.

All functions take (..., items) arrays of non-negative exposures and the size of the catalogue,
and are vectorised over leading axes. Intervals are in `intervals`.
"""

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def top_count(fraction: float, catalogue: int) -> int:
    """Return how many items the top fraction of a catalogue holds: rounded up, at least one."""
    return max(1, math.ceil(round(fraction * catalogue, 9)))


def shares(shown: Array) -> Array:
    """Return exposures as shares of their sum."""
    total = shown.sum(axis=-1, keepdims=True)
    out: Array = np.zeros_like(shown, dtype=np.float64)
    np.divide(shown, total, out=out, where=total > 0)
    return out


def top_share(shown: Array, top: int) -> Array:
    """Return the share of exposure that the `top` most shown items hold."""
    items = shown.shape[-1]
    if top >= items:
        return np.ones(shown.shape[:-1])
    part = np.partition(shares(shown), items - top, axis=-1)
    return np.asarray(part[..., items - top :].sum(axis=-1))


def gini(shown: Array, catalogue: int) -> Array:
    """Return the Gini index over the whole catalogue, items never shown counted as 0.

    G = sum_k (2k - m - 1) x_(k) / (m sum x), x ascending, k = 1..m.

    Source: C. Gini 1912; as in LensKit's ListGini and RecBole's GiniIndex.
    """
    ordered = np.sort(shares(shown), axis=-1)
    ranks = np.arange(catalogue - ordered.shape[-1] + 1, catalogue + 1)
    return np.asarray((ordered * (2 * ranks - catalogue - 1)).sum(axis=-1) / catalogue)


def coverage(shown: Array, catalogue: int) -> Array:
    """Return the share of the catalogue shown at least once."""
    return np.asarray((shown > 0).sum(axis=-1) / catalogue)


def entropy(shown: Array) -> Array:
    """Return Shannon's entropy of the shares in nats (C. E. Shannon 1948)."""
    part = shares(shown)
    logs = np.log(part, out=np.zeros_like(part), where=part > 0)
    return np.asarray(-(part * logs).sum(axis=-1))


def average_popularity(shown: Array) -> Array:
    """Return the mean, over impressions, of the shown item's own share of impressions.

    It equals the sum of squared shares (E. H. Simpson, Nature 163 (1949) 688).
    """
    return np.asarray((shares(shown) ** 2).sum(axis=-1))
