"""When evidence becomes an alert: the rule of a stream, its states, and the delay to expect.

Pure: a state and a window give the next state. Statistics stand in `sequential`; whom an alert
reaches and what it pauses is not known here.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal, Self

import numpy as np

from methods.statistics import sequential
from methods.statistics.proportions import Interval
from methods.statistics.sequential import Array, Detector, Kind

Status = Literal["ok", "watch", "alert", "recovered", "insufficient_data"]
Side = Literal["<=", ">=", "within"]


@dataclass(frozen=True)
class Rule:
    """What is tolerated, what is to be seen soon, and how sure an alert must be.

    `within` tolerates values from -limit to limit. A ratio is given by `log=True`: limit, shift
    and windows then are ratios, worked on as logarithms (shift 1.1 is a tenth beyond the limit).
    The threshold 3,650 bounds false alarms by 180 / 3,650 = 4.9 % in 180 windows. `lasting` is the
    share of returning people who are still there a window later: 1 for a fixed panel.
    """

    limit: float
    shift: float
    side: Side = "<="
    log: bool = False
    threshold: float = 3_650.0
    watch: float = 20.0
    level: float = 0.95
    calm: int = 3
    least_subjects: int = 30
    detector: Kind = "e_sr"
    lasting: float = 1.0

    def __post_init__(self) -> None:
        if self.log and (self.limit <= 0 or self.shift <= 1):
            raise ValueError("A ratio's limit is above 0 and its shift above 1.")
        if self.beyond <= 0 or (self.side == "within" and self.tolerated < 0):
            raise ValueError("The shift is above 0, and a limit on both sides is not negative.")
        if not 1 < self.watch < self.threshold:
            raise ValueError("The watch level lies between 1 and the threshold.")
        if not 0.5 < self.level < 1 or self.calm < 1 or self.least_subjects < 2:
            raise ValueError("The level is 0.5 to 1, calm windows 1 or more, people 2 or more.")
        if not 0 <= self.lasting <= 1:
            raise ValueError("The lasting share of people lies between 0 and 1.")

    @property
    def tolerated(self) -> float:
        """The limit on the scale worked on."""
        return math.log(self.limit) if self.log else self.limit

    @property
    def beyond(self) -> float:
        """The shift on the scale worked on."""
        return math.log(self.shift) if self.log else self.shift

    @property
    def centres(self) -> Array:
        """The bounds of what is tolerated, each with a detector of its own."""
        both = [self.tolerated, -self.tolerated]
        return np.array(both if self.side == "within" else both[:1])

    @property
    def signs(self) -> Array:
        """The direction in which each bound is left."""
        return np.array({"<=": [1.0], ">=": [-1.0], "within": [1.0, -1.0]}[self.side])

    @property
    def calm_at(self) -> float:
        """How far from the limit, inwards, the sequence must lie for recovery.

        A fifth of the limit's distance from equality. A limit at equality itself has no inside:
        there half the shift must be ruled out.
        """
        return 0.2 * abs(self.tolerated) if self.tolerated else -self.beyond / 2


@dataclass(frozen=True)
class Window:
    """What one evidence window says of a stream; units are people.

    `variance` is cluster-robust by person. `shared` is the covariance of this window's estimate
    with the window before through people in both: the sum over them of influence here times
    influence there. `subjects` are those of the smaller side.
    """

    start: datetime
    version: str
    subjects: int
    estimate: float
    variance: float
    shared: float = 0.0


@dataclass(frozen=True)
class State:
    """Where a stream stands; plain numbers, so that it can be stored with each window.

    `origin` is the first window that counts: of the version, or after the last alert. `windows`
    carry evidence since then; `low` and `high` bound the level since then, at every look.
    """

    status: Status = "insufficient_data"
    version: str = ""
    origin: str = ""
    start: str = ""
    windows: int = 0
    log_evidence: float = 0.0
    detectors: tuple[tuple[float, float, float, float], ...] = ()
    shared: float = 0.0
    compared: int = 0
    precision: float = 0.0
    sum: float = 0.0
    low: float | None = None
    high: float | None = None
    calm: int = 0

    @property
    def evidence(self) -> float:
        """The evidence: how many times likelier the windows are beyond the limit than within."""
        return math.exp(min(self.log_evidence, 700.0))

    @property
    def e_value(self) -> float:
        """An e-value of "within the limit so far", for e-BH over streams."""
        return self.evidence / max(self.windows, 1)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        rows = tuple(tuple(map(float, row)) for row in data["detectors"])
        return cls(**{**data, "detectors": rows})


def step(state: State, window: Window, rule: Rule, *, may_alert: bool = True) -> State:
    """Return the state after a window.

    A window handed in twice changes nothing. A new version starts anew. Windows with too few
    people carry no evidence; they never end an alert. With `may_alert=False` the evidence only
    watches, however strong: other streams decide whether this one may speak.
    """
    begin = window.start.isoformat()
    if state.start and window.start == datetime.fromisoformat(state.start):
        return state
    if state.start and window.start < datetime.fromisoformat(state.start):
        raise ValueError(f"The window {begin} lies before {state.start}: windows go in order.")
    if window.version != state.version:
        state = State(version=window.version, origin=begin)
    state = replace(state, start=begin, origin=state.origin or begin)
    reading = _reading(window, rule)
    if window.subjects < rule.least_subjects or reading is None:
        kept: Status = "alert" if state.status == "alert" else "insufficient_data"
        return replace(state, status=kept)
    state = _leveled(_observed(state, window, reading, rule), rule)
    if state.status == "alert":
        return _in_alert(state, rule)
    if may_alert and state.evidence >= rule.threshold:
        # The level is asked anew from here on; what led to the alert must not lengthen it.
        return replace(
            State(version=state.version, start=begin),
            status="alert",
            log_evidence=state.log_evidence,
            shared=state.shared,
            compared=state.compared,
            windows=state.windows,
            low=state.low,
            high=state.high,
        )
    # A watch ends lower than it begins, so that a stream does not flicker.
    least = rule.watch / 4 if state.status == "watch" else rule.watch
    watching = state.evidence >= least
    return replace(state, status="watch" if watching else "ok")


def follow(windows: Iterable[Window], rule: Rule, state: State | None = None) -> list[State]:
    """Return the states along a path of windows."""
    path = []
    state = state or State()
    for window in windows:
        state = step(state, window, rule)
        path.append(state)
    return path


def _reading(window: Window, rule: Rule) -> tuple[float, float, float] | None:
    """Return estimate, variance and shared variance on the scale worked on, when usable."""
    if not (window.variance > 0 and math.isfinite(window.variance + window.estimate)):
        return None
    if not rule.log:
        return window.estimate, window.variance, window.shared
    if window.estimate <= 0:
        return None
    square = window.estimate**2
    return math.log(window.estimate), window.variance / square, window.shared / square


def _observed(
    state: State, window: Window, reading: tuple[float, float, float], rule: Rule
) -> State:
    estimate, variance, shared = reading
    compared = state.compared + (window.shared != 0)
    # People's lasting part is the same in every window: its estimates are averaged.
    lasting = state.shared + (shared - state.shared) / compared if window.shared else state.shared
    lasting = min(max(lasting, 0.0), 0.999 * variance)
    own = variance - lasting
    found = state
    if state.status != "alert":
        columns = (
            Detector(*np.array(state.detectors).T)
            if state.detectors
            else sequential.start(len(rule.signs))
        )
        after = sequential.observe(
            columns,
            (estimate - rule.centres) * rule.signs,
            np.full(len(rule.signs), variance),
            np.full(len(rule.signs), lasting),
            rule.beyond,
            rule.detector,
            rule.lasting,
        )
        rows = tuple(
            (float(a), float(b), float(c), float(d)) for a, b, c, d in zip(*after, strict=True)
        )
        mean = float(np.log(np.mean(np.exp(np.minimum(after.evidence, 700.0)))))
        found = replace(state, detectors=rows, log_evidence=mean)
    return replace(
        found,
        origin=found.origin or window.start.isoformat(),
        # Evidence stands still in an alert, so its windows do too: it stays the e-value it was.
        windows=found.windows + (state.status != "alert"),
        shared=lasting,
        compared=compared,
        precision=found.precision + 1 / own,
        sum=found.sum + estimate / own,
    )


def level_of(state: State, rule: Rule) -> Interval | None:
    """Return the confidence sequence of the level since the origin, on the rule's own scale."""
    if state.precision <= 0:
        return None
    variance = state.shared + 1 / state.precision
    mean = state.sum / state.precision
    low, high = sequential.mixture_sequence(mean, variance, rule.level, rule.beyond)
    if rule.log:
        return Interval(math.exp(max(low, -700.0)), math.exp(min(high, 700.0)))
    return Interval(low, high)


def _leveled(state: State, rule: Rule) -> State:
    found = level_of(state, rule)
    return state if found is None else replace(state, low=found.low, high=found.high)


def _in_alert(state: State, rule: Rule) -> State:
    if state.low is None or state.high is None:
        return state
    low, high = state.low, state.high
    if rule.log:
        low, high = math.log(low), math.log(high)
    far = [
        sign * (centre - (high if sign > 0 else low)) >= rule.calm_at
        for centre, sign in zip(rule.centres, rule.signs, strict=True)
    ]
    calm = state.calm + 1 if all(far) else 0
    if calm < rule.calm:
        return replace(state, calm=calm)
    return replace(state, status="recovered", calm=0, log_evidence=0.0, detectors=(), windows=0)


@dataclass(frozen=True)
class Prospect:
    """What to expect of a rule before it is saved, in windows."""

    median_delay: float | None
    detected: float
    false_alarms: float
    false_alarm_bound: float


def prospect(
    rule: Rule,
    variance: float,
    *,
    shared: float = 0.0,
    before: int = 60,
    windows: int = 180,
    runs: int = 400,
    seed: int = 0,
) -> Prospect:
    """Return the delay and false alarms of streams simulated under a rule.

    Parameters
    ----------
    variance, shared : of one window's estimate, on the scale worked on
    before : windows at the limit before it is left by the rule's shift
    windows : windows in all, such as half a year of days
    runs, seed : of the draws

    The median delay counts windows from the change to the alert; None when half the streams are
    not found in the windows left.
    """
    generator = np.random.default_rng(seed)
    lasting = math.sqrt(shared)
    luck = generator.standard_normal(runs) * lasting
    calm, changed = _start(rule, runs), _start(rule, runs)
    never = windows + 1
    hits = [np.full(runs, never), np.full(runs, never)]
    for day in range(windows):
        noise = luck + generator.standard_normal(runs) * math.sqrt(variance - shared)
        for place, detectors in enumerate((calm, changed)):
            drift = rule.beyond if place == 1 and day >= before else 0.0
            evidence = _simulated(detectors, noise + drift, variance, shared, rule)
            over = (hits[place] == never) & (evidence >= rule.threshold)
            hits[place] = np.where(over, day + 1, hits[place])
        fresh = generator.standard_normal(runs) * lasting
        luck = rule.lasting * luck + math.sqrt(1 - rule.lasting**2) * fresh
    late = hits[1][hits[1] > before]
    delay = float(np.median(late)) - before if late.size else math.inf
    return Prospect(
        delay if delay <= windows - before else None,
        float((late <= windows).mean()) if late.size else 0.0,
        float((hits[0] <= windows).mean()),
        sequential.false_alarm_bound(rule.threshold, windows),
    )


def _start(rule: Rule, runs: int) -> list[Detector]:
    """Return a detector for each bound of a rule."""
    return [sequential.start(runs) for _ in rule.signs]


def _simulated(
    detectors: list[Detector], reading: Array, variance: float, shared: float, rule: Rule
) -> Array:
    """Move the detectors on by a window that lies `reading` beyond the first bound."""
    size = len(reading)
    for place in range(len(detectors)):
        # At the one bound the other is twice the limit away.
        beyond = reading if place == 0 else -(reading + 2 * rule.tolerated)
        detectors[place] = sequential.observe(
            detectors[place],
            beyond,
            np.full(size, variance),
            np.full(size, shared),
            rule.beyond,
            rule.detector,
            rule.lasting,
        )
    logs = [np.minimum(detector.evidence, 700.0) for detector in detectors]
    return np.asarray(np.mean(np.exp(logs), axis=0))
