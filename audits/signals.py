"""The facts this room publishes downward."""

from datetime import timedelta

from governance.signals.definitions import SignalDefinition, declare_signals

VERDICT = "audit.{plan}.verdict"

OVERDUE = "audits.overdue"

ALERT = "audit.{plan}.alert"

declare_signals(
    SignalDefinition(
        key=ALERT,
        owner="audits",
        unit="alert state",
        scope="version",
        direction="none",
        max_age=None,
        title="What the alerts of an audit plan say",
    ),
    SignalDefinition(
        key=VERDICT,
        owner="audits",
        unit="verdict",
        scope="version",
        direction="none",
        max_age=None,
        title="Last verdict of an audit plan",
    ),
    SignalDefinition(
        key=OVERDUE,
        owner="audits",
        unit="plans",
        scope="system",
        direction="lower_is_better",
        # The watchdog says so only while it runs: silence counts as missing.
        max_age=timedelta(hours=1),
        title="Audit plans that are overdue or stand still",
    ),
)
