"""What the alerts of a plan say, as a signal: published inside the transaction that weighs."""

from __future__ import annotations

from collections import Counter

from audits.alerts import words
from audits.choices import AlertStatus
from audits.models import AlertStream, Plan, Run
from governance.core.actors import SystemActor
from governance.signals.services import publish_signal

SIGNAL_STATES = (
    (AlertStatus.ALERT, "fail"),
    (AlertStatus.WATCH, "warn"),
    (AlertStatus.OK, "ok"),
    (AlertStatus.RECOVERED, "ok"),
    (AlertStatus.INSUFFICIENT_DATA, "inconclusive"),
)


def publish_alert_signal(plan: Plan, run: Run) -> None:
    """Tell lower rooms what the alerts of a plan say, of the version and of its system."""
    streams = AlertStream.objects.filter(rule__plan=plan, rule__active=True)
    counts = Counter(streams.values_list("status", flat=True))
    worst, state = next(
        ((status, state) for status, state in SIGNAL_STATES if counts[status]),
        (AlertStatus.INSUFFICIENT_DATA, "inconclusive"),
    )
    scopes = [] if run.version is None else [run.version.scope_key]
    if run.version is None or run.version.pk == plan.system.serving_version_id:
        scopes.append(plan.system.key)
    for scope in scopes:
        publish_signal(
            key=f"audit.{plan.key}.alert",
            scope_key=scope,
            value=str(worst),
            state=state,
            sentence=words.plan_sentence(plan, dict(counts)),
            source=f"run:{run.pk}",
            actor=SystemActor("audits"),
        )
