"""News this room listens to: a run has finished, so its plan's windows are weighed."""

from __future__ import annotations

from importlib import import_module

from audits.choices import RunPurpose
from audits.models import Run
from audits.services.alerting import observe_plan
from governance.core.actors import Actor
from governance.core.events import RunFinished
from governance.outbox.subscriptions import prepares, subscribes


@prepares
def load_mathematics() -> None:
    """Load what weighing needs before the first window comes: a hold must not wait for imports."""
    for name in ("audits.alerts.gathering", "audits.alerts.weighing", "methods.fairness.evidence"):
        import_module(name)


@subscribes(RunFinished)
def weigh_window(event: RunFinished, *, actor: Actor) -> None:
    """Weigh what has ended; runs that people or incidents asked for are no evidence."""
    run = Run.objects.select_related("plan").defer("report").get(pk=event.run_id)
    if run.purpose == RunPurpose.SCHEDULED:
        observe_plan(plan=run.plan, actor=actor)
