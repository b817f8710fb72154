"""Steps that end because of a fact: the cause is written, duties are decided, a text is frozen."""

from __future__ import annotations

from governance.core.actors import Actor
from governance.core.clock import database_now
from incidents.choices import ENDED, StepState
from incidents.models import Incident
from incidents.selectors import present_steps


def settle_steps(*, incident: Incident, step_type: str, outcome: str, actor: Actor) -> int:
    """End the open steps of one type in the present episode; return how many."""
    waiting = present_steps(incident).filter(type=step_type)
    return waiting.exclude(state__in=ENDED).update(
        state=StepState.DONE,
        outcome=outcome,
        done_by=actor.display,
        finished_at=database_now(),
    )
