"""What the overview says: systems in words, and what waits for the one who looks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from consent.selectors import consent_rates
from governance.core.actors import Actor
from governance.core.ports import AgendaItem, registered_agenda_sources
from governance.registry.models import System
from governance.registry.selectors import SystemState, system_states, systems_for
from methods.statistics.proportions import wilson

WORDS = {
    "may_personalise": ("may personalise", "may personalise"),
    "held": ("is held", "are held"),
    "not_approved": ("waits for approval", "wait for approval"),
    "off": ("is off", "are off"),
}


@dataclass(frozen=True)
class SystemRow:
    """One system and the state the decision would find it in."""

    system: System
    state: SystemState


def system_rows(actor: Actor) -> list[SystemRow]:
    """The actor's systems, those that may not personalise first."""
    systems = list(systems_for(actor).select_related("owner"))
    states = system_states(systems)
    rows = [SystemRow(system=system, state=states[system.key]) for system in systems]
    return sorted(rows, key=lambda row: (row.state.state == "may_personalise", row.system.title))


def headline(rows: list[SystemRow]) -> str:
    """One sentence: "12 of 14 systems may personalise; 1 is held, 1 waits for approval."."""
    if not rows:
        return "No system is registered yet."
    counts = Counter(row.state.state for row in rows)
    noun = "system" if len(rows) == 1 else "systems"
    start = f"{counts['may_personalise']} of {len(rows)} {noun} may personalise"
    rest = [
        f"{count} {WORDS[state][count != 1]}"
        for state, count in counts.items()
        if state != "may_personalise"
    ]
    return f"{start}; {', '.join(rest)}." if rest else f"{start}."


@dataclass(frozen=True)
class RateRow:
    """Of those who chose about a purpose, the share that said yes, with Wilson's interval."""

    title: str
    n: int
    value: float | None
    low: float | None
    high: float | None


def consent_rows(actor: Actor) -> list[RateRow]:
    """The rate of every purpose the actor may see; people who never chose are not counted."""
    rows = []
    for rate in consent_rates(actor):
        low, high = wilson(rate.consent, rate.chose) if rate.chose else (None, None)
        rows.append(RateRow(rate.purpose.title, rate.chose, rate.share, low, high))
    return rows


def agenda_for(actor: Actor) -> list[AgendaItem]:
    """What every room says waits for this actor, soonest due first, undated last."""
    items = [item for source in registered_agenda_sources() for item in source.items(actor)]
    return sorted(items, key=_due)


def _due(item: AgendaItem) -> datetime:
    if item.due is None:
        return datetime.max.replace(tzinfo=UTC)
    if isinstance(item.due, datetime):
        return item.due
    day: date = item.due
    return datetime.combine(day, time.min, tzinfo=UTC)
