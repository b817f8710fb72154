"""What the overview says: systems in words, and what waits for the one who looks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from audits.selectors import VerdictRow, find_plan
from audits.trends import plan_trends
from consent.selectors import consent_rates
from governance.charts import figures
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
    counts = Counter(str(row.state.state) for row in rows)
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
    value: float
    low: float
    high: float


def consent_rows(actor: Actor) -> list[RateRow]:
    """The rate of every purpose somebody chose about; people who never chose are not counted."""
    rows = []
    for rate in consent_rates(actor):
        if rate.chose:
            low, high = wilson(rate.consent, rate.chose)
            rows.append(
                RateRow(rate.purpose.title, rate.chose, rate.consent / rate.chose, low, high)
            )
    return rows


@dataclass(frozen=True)
class Tile:
    """One figure of the top row, with what makes it readable."""

    title: str
    value: str
    note: str
    href: str
    unit: str = ""
    interval: str = ""
    n: int | None = None


def tiles(
    rows: list[SystemRow], verdicts: Sequence[VerdictRow], rates: list[RateRow], incidents: int
) -> list[Tile]:
    """Systems, verdicts, incidents and consent in one row."""
    able = sum(row.state.state == "may_personalise" for row in rows)
    counts = Counter(verdict.verdict for verdict in verdicts)
    words = [f"{counts[word]} {word}" for word in ("fail", "inconclusive", "pass") if counts[word]]
    return [
        Tile("Systems that may personalise", f"{able} of {len(rows)}", headline(rows), "/systems/"),
        Tile(
            "Latest audits",
            str(counts["fail"]),
            ", ".join(words) or "No audit has run yet.",
            "/audits/",
            unit="beyond a limit",
        ),
        Tile(
            "Open incidents",
            str(incidents),
            "Each holds or watches a system." if incidents else "Nothing is burning.",
            "/incidents/",
        ),
        _consent_tile(rates),
    ]


def worst_trend(actor: Actor, verdicts: Sequence[VerdictRow]) -> dict[str, Any] | None:
    """The longest series of the first failing plan (else of the newest), where there is one."""
    chosen = next((one for one in verdicts if one.verdict == "fail"), None)
    chosen = chosen or next(iter(verdicts), None)
    if chosen is None:
        return None
    series = plan_trends(find_plan(chosen.plan_key, actor))
    longest = max(series, key=lambda one: len(one["points"]), default=None)
    if longest is None or len(longest["points"]) < 2:
        return None
    return {**longest, "plan_key": chosen.plan_key, "plan_title": chosen.plan_title}


def _consent_tile(rates: list[RateRow]) -> Tile:
    """The purpose most people chose about."""
    title, href = "People who said yes", "/consent/"
    if not rates:
        return Tile(title, "none yet", "Nobody has chosen; defaults apply by region.", href)
    rate = max(rates, key=lambda one: one.n)
    return Tile(
        title,
        figures.share(rate.value),
        rate.title,
        href,
        interval=f"{figures.share(rate.low)} to {figures.share(rate.high)}",
        n=rate.n,
    )


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
