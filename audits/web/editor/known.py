"""What is known of a system's data before a plan is made: columns, roles, protected attributes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from audits.models import OutcomeBatch, OutputBatch, Source, VaultAttribute
from audits.vault.rules import why_not_usable
from governance.core.clock import database_now
from governance.registry.models import System

NEWEST_BATCHES = 20
#: Columns that say when and which, and are no role of any method.
BOOKKEEPING = frozenset({"output_id", "occurred_at"})


@dataclass(frozen=True)
class Known:
    """Columns of the newest batches, the source's own roles, and rows a day."""

    columns: tuple[str, ...] = ()
    roles: dict[str, list[str]] = field(default_factory=dict)
    protected: tuple[tuple[str, str], ...] = ()
    rows_a_day: float | None = None

    def guess(self, role: str) -> list[str]:
        """Return the columns that most likely have a role."""
        if role in self.roles:
            return list(self.roles[role])
        return [role] if role in self.columns else []


def known_of(system: System | None, source: Source | None) -> Known:
    """Read the manifest of a system's, or one source's, newest batches."""
    if system is None:
        return Known()
    batches = OutputBatch.objects.filter(system=system)
    if source is not None:
        batches = batches.filter(source=source)
    newest = list(
        batches.order_by("-created_at").values_list(
            "columns", "rows", "occurred_from", "occurred_to"
        )[:NEWEST_BATCHES]
    )
    roles = dict(source.columns) if source is not None else {}
    names = dict.fromkeys(name for found in roles.values() for name in found)
    names |= dict.fromkeys(name for columns, *_ in newest for name in columns)
    if OutcomeBatch.objects.filter(system=system).exists():
        names["y_true"] = None
    rows_a_day = None
    if newest:
        first, last = min(one[2] for one in newest), max(one[3] for one in newest)
        days = max((last - first) / timedelta(days=1), 1.0)
        rows_a_day = sum(one[1] for one in newest) / days
    return Known(
        tuple(name for name in names if name not in BOOKKEEPING),
        roles,
        protected_attributes(system, database_now()),
        rows_a_day,
    )


def protected_attributes(system: System, now: datetime) -> tuple[tuple[str, str], ...]:
    """Keys and titles of the vault's attributes that a plan of the system may name now."""
    return tuple(
        (one.key, one.title)
        for one in VaultAttribute.objects.filter(retired_at=None)
        if why_not_usable(one, system_key=system.key, now=now) is None
    )
