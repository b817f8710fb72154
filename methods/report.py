"""The report of an audit: measurements, comparisons, limits, and the verdict they add up to.

Plain frozen data that turns into JSON and back without loss. How it is shown is not here.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, Self, cast

from methods.errors import BadInput
from methods.statistics.verdicts import Operator, Verdict

Severity = Literal["fail", "warn"]
Table = dict[str, Any]
Chart = dict[str, Any]

EXIT_PASS, EXIT_FAIL, EXIT_BAD_INPUT, EXIT_INCONCLUSIVE = 0, 1, 2, 3

_LIMIT = re.compile(r"^\s*([A-Za-z_][\w.]*)\s*(>=|<=)\s*(\S+)\s*$")


@dataclass(frozen=True)
class Limit:
    """A limit declared before the run: `metric >= value` or `metric <= value`."""

    metric: str
    op: Operator
    value: float
    severity: Severity = "fail"

    @classmethod
    def parse(cls, text: str, severity: Severity = "fail") -> Self:
        """Read `metric>=0.8`."""
        match = _LIMIT.match(text)
        if match is None:
            raise BadInput(f"The limit {text!r} is not of the form 'metric>=0.8' or 'metric<=0.2'.")
        metric, op, number = match.groups()
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise BadInput(f"The limit {text!r} does not end in a number.")
        return cls(metric, cast("Operator", op), value, severity)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read `{metric, op, value, severity?}`."""
        if data.get("op") not in (">=", "<=") or data.get("severity", "fail") not in (
            "fail",
            "warn",
        ):
            raise BadInput(f"The limit {dict(data)!r} needs op >= or <= and severity fail or warn.")
        return cls(
            str(data["metric"]),
            data["op"],
            float(data["value"]),
            data.get("severity", "fail"),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the limit as plain data."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.metric} {self.op} {self.value:g}"


@dataclass(frozen=True)
class Threshold:
    """A limit as it stands on a measurement."""

    op: Operator
    value: float
    severity: Severity = "fail"

    @classmethod
    def of(cls, limit: Limit) -> Self:
        """Return the threshold of a limit."""
        return cls(limit.op, limit.value, limit.severity)


@dataclass(frozen=True)
class Comparison:
    """What was compared with what: `of` against `to`."""

    kind: Literal["difference", "ratio"]
    method: Literal["between_groups", "to_overall", "to_reference", "to_highest"]
    of: dict[str, str]
    to: dict[str, str]


@dataclass(frozen=True)
class Missing:
    """How many more units would decide; days when the rate of arrival is known."""

    units: int | None
    days: int | None = None


@dataclass(frozen=True)
class Measurement:
    """One metric on one slice, with its interval and, where a limit applies, its verdict."""

    metric: str
    definition: str
    by: tuple[str, ...]
    slice: dict[str, str]
    comparison: Comparison | None
    value: float | None
    low: float | None
    high: float | None
    level: float | None
    interval: str | None
    n: int
    unit: Literal["subjects", "rows"]
    threshold: Threshold | None = None
    verdict: Verdict | None = None
    missing: Missing | None = None
    note: str = ""

    def __post_init__(self) -> None:
        # Not a number and infinity have no place in JSON: nothing known is written as null.
        for name in ("value", "low", "high"):
            number = getattr(self, name)
            object.__setattr__(self, name, finite(number))

    def to_dict(self) -> dict[str, Any]:
        """Return the measurement as plain data."""
        return {**asdict(self), "by": list(self.by)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        values = {part.name: data[part.name] for part in fields(cls) if part.name in data}
        values["by"] = tuple(values["by"])
        for name, kind in (
            ("comparison", Comparison),
            ("threshold", Threshold),
            ("missing", Missing),
        ):
            if values.get(name) is not None:
                values[name] = kind(**values[name])
        return cls(**values)


def finite(number: float | None) -> float | None:
    """Return the number as a float, or None when it is missing, infinite or not a number."""
    if number is None or not math.isfinite(number):
        return None
    return float(number)


def clean(value: Any) -> Any:
    """Return plain JSON data: numbers that are not finite become null, tuples lists."""
    if isinstance(value, float):
        return finite(value)
    if isinstance(value, Mapping):
        return {str(key): clean(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(part) for part in value]
    return value


def combine(measurements: Iterable[Measurement]) -> Verdict | None:
    """Return the worst verdict (fail > inconclusive > pass); None when no limit was given.

    A limited metric that does not apply leaves the question open. Limits of severity `warn`
    never decide.
    """
    seen = {
        part.verdict
        for part in measurements
        if part.threshold is not None and part.threshold.severity == "fail"
    }
    if "fail" in seen:
        return "fail"
    if seen & {"inconclusive", "not_applicable", None}:
        return "inconclusive"
    return "pass" if seen else None


@dataclass(frozen=True)
class Report:
    """Everything a run found and everything needed to judge and repeat it."""

    method: str
    version: str
    title: str
    verdict: Verdict | None
    measurements: tuple[Measurement, ...]
    inputs: dict[str, Any]
    parameters: dict[str, Any]
    seed: int
    engine: str
    created_at: str
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()
    limits: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON data, fields in reading order."""
        plain: dict[str, Any] = clean(
            {
                "method": self.method,
                "version": self.version,
                "title": self.title,
                "verdict": self.verdict,
                "measurements": [part.to_dict() for part in self.measurements],
                "tables": self.tables,
                "charts": self.charts,
                "limits": self.limits,
                "inputs": self.inputs,
                "parameters": self.parameters,
                "seed": self.seed,
                "engine": self.engine,
                "created_at": self.created_at,
            }
        )
        return plain

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        values = {part.name: data[part.name] for part in fields(cls) if part.name in data}
        values["measurements"] = tuple(Measurement.from_dict(m) for m in data["measurements"])
        for name in ("tables", "charts", "limits"):
            values[name] = tuple(values.get(name, ()))
        return cls(**values)

    def judged(self) -> tuple[Measurement, ...]:
        """Return the measurements a limit was put on, the worst first."""
        rank = {"fail": 0, "inconclusive": 1, "not_applicable": 2, "pass": 3}
        limited = [part for part in self.measurements if part.threshold is not None]
        return tuple(sorted(limited, key=lambda part: rank.get(part.verdict or "pass", 4)))

    def warnings(self) -> tuple[Measurement, ...]:
        """Return the measurements beyond a limit of severity `warn`."""
        return tuple(
            part
            for part in self.judged()
            if part.verdict == "fail" and part.threshold and part.threshold.severity == "warn"
        )

    def with_units_per_day(self, units_per_day: float) -> "Report":
        """Return the report with `missing.days` worked out from the rate of arrival."""
        if units_per_day <= 0:
            return self
        return replace(
            self,
            measurements=tuple(_with_days(m, units_per_day) for m in self.measurements),
        )


def _with_days(measurement: Measurement, units_per_day: float) -> Measurement:
    missing = measurement.missing
    if missing is None or missing.units is None:
        return measurement
    days = math.ceil(missing.units / units_per_day)
    return replace(measurement, missing=replace(missing, days=days))


def exit_code(report: Report) -> int:
    """Return the process exit code of a report: 0 pass or no limit, 1 fail, 3 inconclusive."""
    codes: dict[str | None, int] = {
        "fail": EXIT_FAIL,
        "inconclusive": EXIT_INCONCLUSIVE,
    }
    return codes.get(report.verdict, EXIT_PASS)


def limits_for(metric: str, limits: Sequence[Limit]) -> list[Limit]:
    """Return the limits on one metric, in the order given."""
    return [limit for limit in limits if limit.metric == metric]
