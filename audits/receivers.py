"""News this room listens to: a run has finished, so its plan's windows are weighed."""

from __future__ import annotations

from audits.choices import RunPurpose
from audits.models import Run
from audits.services.alerting import observe_plan
from governance.core.actors import Actor
from governance.core.events import RunFinished
from governance.outbox.subscriptions import subscribes


@subscribes(RunFinished)
def weigh_window(event: RunFinished, *, actor: Actor) -> None:
    """Weigh what has ended; runs that people or incidents asked for are no evidence."""
    run = Run.objects.select_related("plan").defer("report").get(pk=event.run_id)
    if run.purpose == RunPurpose.SCHEDULED:
        observe_plan(plan=run.plan, actor=actor)
