"""Who is told next when nobody takes command: ladders by severity, as data.

Rows of the ladder are written when an episode begins, so that a restart forgets none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from governance.people.choices import Role
from incidents.choices import Severity

SATURDAY = 5


@dataclass(frozen=True)
class Rung:
    """After how long without a commander which roles are told."""

    after: timedelta
    roles: tuple[str, ...]
    working_days: bool = False

    def due(self, begin: datetime) -> datetime:
        """Return when the rung is due; a working day skips Saturday and Sunday."""
        if not self.working_days:
            return begin + self.after
        due = begin
        for _ in range(self.after.days):
            due += timedelta(days=1)
            while due.weekday() >= SATURDAY:
                due += timedelta(days=1)
        return due


_COMMAND = (Role.INCIDENT_COMMANDER.value,)
_SECOND = (Role.ADMIN.value, Role.PRODUCT_OWNER.value)
_DUTY = (Role.DPO.value, Role.PRIVACY_LEAD.value)


def _minutes(*rungs: tuple[int, tuple[str, ...]]) -> tuple[Rung, ...]:
    return tuple(Rung(timedelta(minutes=after), roles) for after, roles in rungs)


LADDERS: dict[str, tuple[Rung, ...]] = {
    Severity.S1: _minutes((0, _COMMAND), (5, _COMMAND), (10, _SECOND), (15, _DUTY)),
    Severity.S2: _minutes((0, _COMMAND), (15, _COMMAND), (30, _SECOND), (60, _DUTY)),
    Severity.S3: _minutes((0, _COMMAND), (240, _COMMAND)),
    Severity.S4: (
        Rung(timedelta(0), _COMMAND),
        Rung(timedelta(days=1), _COMMAND, working_days=True),
    ),
}
