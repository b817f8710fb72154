"""What a preset is: a plan to start from, in which every number says where it comes from.

Plain frozen data. The five presets stand each in a file of its own; `PRESETS` gathers them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

CHECK = "check before you rely on it"


@dataclass(frozen=True)
class Citation:
    """Where a number or a sentence comes from.

    `address` is where it can be read; a choice of this product has none and says why instead.
    `read` tells whether the place was read when the preset was written; if not, or where the law
    is moving, the reader is told to check.
    """

    title: str
    address: str = ""
    read: bool = True

    def __str__(self) -> str:
        return self.title if self.read else f"{self.title} ({CHECK})"


@dataclass(frozen=True)
class PresetLimit:
    """One limit: metric, direction, value, what beyond it means, and where the value is from."""

    metric: str
    op: str
    value: float
    severity: str
    why: str
    source: Citation

    def declared(self) -> dict[str, Any]:
        """The limit as a plan keeps it."""
        return {
            "metric": self.metric,
            "op": self.op,
            "value": self.value,
            "severity": self.severity,
        }


@dataclass(frozen=True)
class PresetRole:
    """A role the plan expects, the column name it usually has, and why it is asked for."""

    name: str
    column: str
    why: str
    needed: bool = True


@dataclass(frozen=True)
class PresetSchedule:
    """When to look: windows, and how long to wait for rows and labels."""

    length: timedelta
    every: timedelta
    lateness: timedelta
    label_maturity: timedelta
    why: str


@dataclass(frozen=True)
class Evidence:
    """How much must be there before anything is judged, or shown."""

    min_subjects: int
    suppress_below: int
    why: str
    source: Citation


@dataclass(frozen=True)
class Reach:
    """One law or norm in plain words: what it says, and what it does not."""

    law: str
    says: str
    does_not_say: str
    source: Citation


@dataclass(frozen=True)
class Preset:
    """A plan to start from for one kind of surface."""

    key: str
    title: str
    question: str
    for_whom: str
    method: str
    kinds: tuple[str, ...]
    roles: tuple[PresetRole, ...]
    limits: tuple[PresetLimit, ...]
    schedule: PresetSchedule
    evidence: Evidence
    reach: tuple[Reach, ...]
    does_not_show: tuple[str, ...]
    on_breach: str = "finding"
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def declared_limits(self) -> list[dict[str, Any]]:
        """The limits as a plan keeps them."""
        return [limit.declared() for limit in self.limits]

    def declared_parameters(self) -> dict[str, Any]:
        """The parameters as a plan keeps them, the least evidence among them."""
        return {**self.parameters, "min_subjects": self.evidence.min_subjects}

    def columns(self) -> dict[str, list[str]]:
        """The columns of the roles that are needed, by their usual names."""
        return {role.name: [role.column] for role in self.roles if role.needed}

    def note(self) -> str:
        """How the limits were chosen, as a plan's note says it."""
        told = [
            f"{limit.metric.replace('_', ' ')} {limit.op} {limit.value:g}: {limit.source}"
            for limit in self.limits
        ]
        return f"Preset “{self.title}”. " + "; ".join(told) + "."


HOUSE = "A choice of this product, not a norm"


def house(reason: str) -> Citation:
    """A number this product chose, with the reason."""
    return Citation(f"{HOUSE}: {reason}")


SMALL_NUMBERS = Evidence(
    min_subjects=30,
    suppress_below=10,
    why=(
        "Fewer than 30 people on a side are never judged: the verdict is then inconclusive and "
        "says how many are missing. Cells of fewer than 10 people are not shown, so that nobody "
        "is singled out."
    ),
    source=house(
        "below 30 the intervals lean on approximations; 29 CFR 1607.4(D) warns of small numbers "
        "but names none"
    ),
)
