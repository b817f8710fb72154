"""What to expect of a rule before it is saved: how late it sees its shift, how often it errs.

Simulated by `methods.statistics.alerts.prospect` with the variance the plan's windows really had,
or with that of a planned number of people.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from audits.alerts.gathering import RunEvidence, statistics_of
from audits.alerts.panels import window_before
from audits.alerts.weighing import FALSE_SHARE
from audits.choices import AlertKind, RunPurpose, RunState
from audits.models import AlertRule, Plan, Run
from audits.schedules import schedule_of

if TYPE_CHECKING:
    from methods.statistics.alerts import Rule

HALF_YEAR = timedelta(days=180)
# Half a year of daily windows at this threshold: 180 / 3,650 = 4.9 % false alarms at most.
THRESHOLD_A_WINDOW = 3_650 / 180
LONGEST_SIMULATED = 365
RUNS_READ = 3
ASSUMED_RATE = 0.3


@dataclass(frozen=True)
class Noise:
    """The variance of a window on the scale worked on, its shared part, whence it is known."""

    typical: float
    largest: float
    shared: float
    streams: int
    basis: str


@dataclass(frozen=True)
class Expectation:
    """Delay and false alarms to expect; delays in windows, None when most would not be found."""

    delay: float | None
    slowest: float | None
    days_a_window: float
    detected: float
    false_alarms: float
    bound: float
    windows: int
    streams: int
    basis: str

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def sentence(self) -> str:
        """What a person needs to know before the rule is saved."""
        if self.delay is None:
            return (
                f"A shift this small would mostly not be seen within {self.windows} windows: "
                "allow a larger one, or gather more people a window."
            )
        text = f"A shift this large is seen after about {self._told(self.delay)}"
        if self.streams > 1:
            slowest = (
                f"about {self._told(self.slowest)}"
                if self.slowest is not None
                else f"mostly not within {self.windows} windows"
            )
            text += f" in a typical one of {self.streams} streams, in the noisiest {slowest}"
        return (
            f"{text}. False alarms within {self.windows} windows: at most "
            f"{100 * self.bound:.1f} %, {100 * self.false_alarms:.1f} % in simulation."
        )

    def _told(self, delay: float) -> str:
        windows = max(1, round(delay))
        days = windows * self.days_a_window
        unit = f"{windows} window{'s' if windows != 1 else ''}"
        return unit if days == windows else f"{unit} ({days:.3g} days)"


def horizon(plan: Plan) -> int:
    """Return for how many windows a rule promises few false alarms: half a year at most."""
    in_half_year = max(1, round(HALF_YEAR / plan.every))
    planned = plan.planned_looks or schedule_of(plan).count()
    return min(in_half_year, planned) if planned else in_half_year


def threshold_for(windows: int) -> float:
    """Return the threshold that bounds false alarms in so many windows by 4.9 %."""
    return float(math.ceil(windows * THRESHOLD_A_WINDOW))


def prospect_of(rule: AlertRule, *, people: int | None = None) -> Expectation | None:
    """Return what to expect of a rule; None where neither windows nor people are known.

    `people` is a planned number of people a window, used until finished windows tell better.
    """
    from methods.statistics.alerts import prospect

    noise = measured_noise(rule) or (planned_noise(rule, people) if people else None)
    if noise is None:
        return None
    windows = min(horizon(rule.plan), LONGEST_SIMULATED)
    before = windows // 3
    used = _among(statistics_of(rule), noise.streams, before)
    shared = min(noise.shared, 0.999 * noise.typical)
    typical = prospect(used, noise.typical, shared=shared, before=before, windows=windows)
    slowest = typical
    if noise.streams > 1:
        share = shared / noise.typical
        slowest = prospect(
            used, noise.largest, shared=share * noise.largest, before=before, windows=windows
        )
    return Expectation(
        delay=typical.median_delay,
        slowest=slowest.median_delay,
        days_a_window=rule.plan.every / timedelta(days=1),
        detected=typical.detected,
        false_alarms=typical.false_alarms,
        bound=typical.false_alarm_bound,
        windows=windows,
        streams=noise.streams,
        basis=noise.basis,
    )


def _among(rule: Rule, streams: int, before: int) -> Rule:
    """The rule with the evidence e-BH asks of a stream that alerts alone among many."""
    needed = streams * (before + 30) / FALSE_SHARE
    return replace(rule, threshold=max(rule.threshold, needed)) if streams > 1 else rule


def measured_noise(rule: AlertRule) -> Noise | None:
    """Return the variance that the newest finished windows of the plan had."""
    runs = (
        Run.objects.filter(plan=rule.plan, purpose=RunPurpose.SCHEDULED, state=RunState.SUCCEEDED)
        .select_related("plan", "version")
        .order_by("-window_start")[:RUNS_READ]
    )
    variances: dict[str, list[float]] = {}
    shared: list[float] = []
    read = 0
    for run in runs:
        found = RunEvidence(run, window_before(run)).windows(rule)
        read += bool(found)
        for watched, window in found.items():
            scale = window.estimate**2 if rule.log else 1.0
            if window.subjects >= rule.least_subjects and window.variance > 0 and scale > 0:
                variances.setdefault(watched.key, []).append(window.variance / scale)
                if window.shared:
                    shared.append(max(window.shared / window.variance, 0.0))
    if not variances:
        return None
    levels = sorted(statistics.median(values) for values in variances.values())
    typical = statistics.median(levels)
    part = statistics.median(shared) if shared else 0.0
    basis = f"the variance of the last {read} finished window{'s' if read != 1 else ''}"
    return Noise(typical, levels[-1], part * typical, len(levels), basis)


def planned_noise(rule: AlertRule, people: int) -> Noise:
    """Return the variance to expect of so many people, half of them on each side of a pair."""
    rate = ASSUMED_RATE
    if rule.kind == AlertKind.VALUE:
        variance = rate * (1 - rate) / people
        told = f"{people:,} people a window and a rate of {rate:g}"
    else:
        each = rate * (1 - rate) / (people / 2)
        variance = 2 * each / rate**2 if rule.log else 2 * each
        told = f"{people:,} people a window, half in each group, and a rate of {rate:g}"
    return Noise(variance, variance, 0.0, 1, f"an assumption: {told}")
