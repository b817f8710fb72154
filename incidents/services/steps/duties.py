"""Steps about duties to report: having one decided by people, and drafting its report.

No step starts a clock of law by itself: only a person states that the fact exists.
"""

from __future__ import annotations

from datetime import timedelta

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.people.choices import Role
from incidents.choices import ClockState
from incidents.clocks.forms import UNKNOWN, filled_form
from incidents.clocks.regimes import BY_KEY
from incidents.models import IncidentStep, RegulatorClock
from incidents.playbook.params import OfRegime
from incidents.selectors import barred_duties
from incidents.services.steps.evidence import keep
from incidents.services.steps.results import StepResult, done, params_of, waits
from incidents.services.steps.telling import tell_roles

LOOKS_AGAIN = timedelta(minutes=1)


def have_duty_decided(step: IncidentStep, actor: Actor) -> StepResult:
    """Ask those who decide, once, and end when the clock runs or is ruled out."""
    regime, incident = BY_KEY[params_of(step, OfRegime).regime], step.incident
    if incident.drill:
        return done(f"This is a drill: {regime.article} starts no clock.")
    if hindered := dict(_barred(step)).get(regime.key):
        return done(hindered)
    clock = _standing(step)
    if clock is not None and clock.state == ClockState.NOT_APPLICABLE:
        return done(f"{regime.article} does not apply: {clock.statement}", clock=str(clock.pk))
    if clock is not None:
        return done(f"The clock of {regime.article} runs.", clock=str(clock.pk))
    if not step.effect.get("asked"):
        tell_roles(
            incident,
            (Role.PRIVACY_LEAD, Role.DPO),
            subject=f"decide whether {regime.article} applies",
            body=f"{regime.starts} {incident.title}.",
        )
    return waits(
        f"Waits for the privacy lead: does {regime.article} apply?",
        until=database_now() + LOOKS_AGAIN,
        asked=True,
    )


def draft_report(step: IncidentStep, actor: Actor) -> StepResult:
    """Keep the report to an authority with the incident, filled in as far as it is known."""
    regime, incident = BY_KEY[params_of(step, OfRegime).regime], step.incident
    clock = _standing(step) or RegulatorClock(
        incident=incident, regime_key=regime.key, statement=UNKNOWN
    )
    kept = keep(incident, title=f"Draft report: {regime.article}", content=filled_form(clock))
    return done(
        f"The report under {regime.article} is drafted; nothing is filed by that.",
        evidence=str(kept.pk),
    )


def _barred(step: IncidentStep) -> list[tuple[str, str]]:
    return [(regime.key, why) for regime, why in barred_duties(step.incident)]


def _standing(step: IncidentStep) -> RegulatorClock | None:
    regime = params_of(step, OfRegime).regime
    clocks = step.incident.clocks.filter(regime_key=regime)
    return clocks.exclude(state=ClockState.SUPERSEDED).first()
