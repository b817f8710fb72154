"""Evidence that may be looked at after every window: e-values, a change detector, sequences.

Nothing here knows alerts: rules, states and the expected delay stand in `alerts`. Everything is
valid at every look and at any stopping time, which a repeated 95 % test is not.

Sources: J. Ville 1939 (the inequality); A. Ramdas, P. Grunwald, V. Vovk, G. Shafer, Statistical
Science 38 (2023) 576-601; J. Shin, A. Ramdas, A. Rinaldo, NEJSDS 2 (2023) 229-260 (e-detectors);
I. Waudby-Smith, A. Ramdas, JRSS B 86 (2024) 1-27 (betting); I. Waudby-Smith et al., Annals of
Statistics 52 (2024) 2613-2640 (asymptotic confidence sequences); R. Wang, A. Ramdas, JRSS B 84
(2022) 822-852 (e-BH).
"""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from methods.statistics.proportions import Interval

Array = NDArray[np.float64]

# One window alone must not decide: a standardised reading and a bet are cut here.
STRONGEST_READING, BOLDEST_BET = 4.0, 2.5

Kind = Literal["e_sr", "e_cusum"]


class Detector(NamedTuple):
    """Evidence against `truth <= 0`, for many streams at once.

    `evidence` is its logarithm. `luck` is what the people who return differ from the population
    by, as far as the windows tell; `unknown` the share of its variance still unknown; `absorbed`
    the share of a change that has gone into `luck` since the evidence says it began.
    """

    evidence: Array
    luck: Array
    unknown: Array
    absorbed: Array


def start(size: int = 1) -> Detector:
    """Return detectors that have seen nothing: evidence 0."""
    nothing = np.zeros(size)
    return Detector(np.full(size, -np.inf), nothing, np.ones(size), nothing)


def observe(
    detector: Detector,
    reading: Array,
    variance: Array,
    shared: Array,
    shift: float,
    kind: Kind = "e_sr",
    lasting: float = 1.0,
) -> Detector:
    """Return the detector after one more window.

    Parameters
    ----------
    reading : estimate of the window minus the limit, so that the null is `truth <= 0`
    variance : its cluster-robust variance, people being the units
    shared : the part of that variance which stays from window to window because the same people
        return (their covariance between two windows); 0 when nobody does
    shift : how far beyond the limit is to be seen soon
    kind : `e_sr` (Shiryaev-Roberts) or `e_cusum`
    lasting : share of the returning people that is still there a window later

    Evidence M becomes (M + 1) e, or max(M, 1) e for the e-CUSUM, with the betting e-value
    e = exp(bet z - bet^2 / 2): a sum, or maximum, over all windows the change may have begun in.
    The bound on false alarms is that of the sum; the maximum is smaller, so it only alerts later
    for the same promise. Without
    returning people z is the standardised reading. With them the windows are not independent: a
    panel differs from the population by chance, every day in the same direction. That lasting
    part is predicted from the earlier windows (prior N(0, shared)) and taken out, so z is the
    innovation, standard normal given the past; the bet follows what a shift since the last start
    of evidence would still show. The prediction never credits people with more than one standard
    deviation of luck on the safe side, so a rise that stays inside the limit is not evidence.

    For any bet that the past decides, false alarms by window T have a probability of at most
    T / A, and the mean run length is at least A, when the alert is M >= A: the sum less t is a
    supermartingale (Shin, Ramdas, Rinaldo 2023).
    Source of the innovations: R. L. Brown, J. Durbin, J. M. Evans, JRSS B 37 (1975) 149-192.
    """
    shared = np.minimum(np.maximum(shared, 0.0), 0.999 * variance)
    own, kept = variance - shared, lasting * lasting
    unknown = kept * detector.unknown + 1 - kept
    gain = unknown * shared / (own + unknown * shared)
    luck = lasting * detector.luck
    # The change began earlier with weight M, or begins now with weight 1.
    absorbed = lasting * detector.absorbed / (1 + np.exp(-detector.evidence))
    spread = np.sqrt(own + unknown * shared)
    z = (reading - np.maximum(luck, -np.sqrt(shared))) / spread
    bet = np.minimum(shift * (1 - absorbed) / spread, BOLDEST_BET)
    before = np.logaddexp(detector.evidence, 0.0)
    if kind == "e_cusum":
        before = np.maximum(detector.evidence, 0.0)
    return Detector(
        before + bet * np.minimum(z, STRONGEST_READING) - bet * bet / 2,
        luck + gain * (reading - luck),
        (1 - gain) * unknown,
        absorbed + gain * (1 - absorbed),
    )


def false_alarm_bound(threshold: float, windows: int) -> float:
    """Return the most probable a false alarm within `windows` can be at this threshold."""
    return min(1.0, windows / threshold)


def run_length(bet: float, mean: float, threshold: float) -> float:
    """Return the mean number of windows until an e-CUSUM reaches the threshold, by Siegmund.

    `mean` is that of the standardised reading: 0 at the limit (false alarms), `bet` at the shift
    the rule is built for (delay).

    Source: D. Siegmund, Sequential Analysis, 1985, (2.57): the mean run length of a CUSUM of
    normal variables with its overshoot correction 1.166.
    """
    height = math.log(threshold) / bet + 1.166
    drift = mean - bet / 2
    if abs(drift) < 1e-9:
        return height * height
    exponent = -2 * drift * height
    if exponent > 700:
        return math.inf
    return (math.exp(exponent) - exponent - 1) / (2 * drift * drift)


def mixture_sequence(estimate: float, variance: float, level: float, scale: float) -> Interval:
    """Return the confidence sequence of a level from all data so far; it holds at every look.

    `variance` is that of the estimate, people being the units; `scale` is the distance it shall
    be narrow for, chosen beforehand. Robbins' normal mixture in information 1 / variance: with
    I = 1 / variance the interval is estimate +- sqrt(2 (1 + s I) / (s I^2) log(sqrt(1 + s I) / a)),
    s = scale^2, a = 1 - level. Asymptotic: the estimate must be near normal.

    Source: H. Robbins, Ann. Math. Stat. 41 (1970) 1397-1409; Waudby-Smith et al. 2024, (2).
    """
    if not variance > 0 or not math.isfinite(variance):
        return Interval(-math.inf, math.inf)
    information, s = 1 / variance, scale * scale
    grown = 1 + s * information
    half = math.sqrt(2 * grown / s * math.log(math.sqrt(grown) / (1 - level))) / information
    return Interval(estimate - half, estimate + half)


def bernstein_sequence(values: Array, level: float = 0.95) -> tuple[Array, Array]:
    """Return lower and upper ends, after each value, of a sequence for a mean in [0, 1].

    Exact at any size: no normal approximation. One value a person (his own mean), or one a paired
    window. The ends are running intersections of the predictable plug-in empirical-Bernstein
    sequence.

    Source: Waudby-Smith, Ramdas 2024, Theorem 2.
    """
    x = np.asarray(values, dtype=np.float64)
    if x.size == 0:
        return np.empty(0), np.empty(0)
    if x.min() < 0 or x.max() > 1:
        raise ValueError("The values of an empirical-Bernstein sequence lie in [0, 1].")
    steps = np.arange(1, x.size + 1)
    means = (0.5 + np.cumsum(x)) / (steps + 1)
    spreads = (0.25 + np.cumsum((x - means) ** 2)) / (steps + 1)
    before, spread = np.r_[0.5, means[:-1]], np.r_[0.25, spreads[:-1]]
    target = math.log(2 / (1 - level))
    bets = np.minimum(np.sqrt(2 * target / (spread * steps * np.log1p(steps))), 0.5)
    total = np.cumsum(bets)
    centre = np.cumsum(bets * x) / total
    cost = np.cumsum((x - before) ** 2 * (-np.log1p(-bets) - bets))
    half = (target + cost) / total
    low = np.maximum.accumulate(np.maximum(centre - half, 0.0))
    high = np.minimum.accumulate(np.minimum(centre + half, 1.0))
    return low, high


def bernstein_contrast(
    first: Array, second: Array, level: float = 0.95, *, ratio: bool = False
) -> Interval:
    """Return the interval, valid at every look, of a difference or ratio of two groups' means.

    By union: each group's sequence holds with half the error, so both hold together.
    """
    ends = []
    for values in (first, second):
        low, high = bernstein_sequence(values, 1 - (1 - level) / 2)
        ends.append((float(low[-1]), float(high[-1])) if len(low) else (0.0, 1.0))
    (low1, high1), (low2, high2) = ends
    if not ratio:
        return Interval(low1 - high2, high1 - low2)
    return Interval(low1 / high2 if high2 > 0 else 0.0, high1 / low2 if low2 > 0 else math.inf)


def e_bh(e_values: Sequence[float], alpha: float = 0.05) -> list[int]:
    """Return which streams to report so that at most a share alpha of them is false on average.

    The k streams with the largest e-values, k the largest with e_(k) >= K / (alpha k); valid
    however the streams depend on each other (Wang, Ramdas 2022). A detector's evidence divided
    by its windows is an e-value.
    """
    order = sorted(range(len(e_values)), key=lambda i: -e_values[i])
    kept = 0
    for rank, index in enumerate(order, start=1):
        if e_values[index] * rank * alpha >= len(e_values):
            kept = rank
    return sorted(order[:kept])


def global_e_value(e_values: Sequence[float]) -> float:
    """Return the e-value of "no stream has changed": the mean, valid under any dependence."""
    return sum(e_values) / len(e_values) if e_values else 1.0
