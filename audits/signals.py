"""The facts this room publishes downward."""

from governance.signals.definitions import SignalDefinition, declare_signals

VERDICT = "audit.{plan}.verdict"

declare_signals(
    SignalDefinition(
        key=VERDICT,
        owner="audits",
        unit="verdict",
        scope="version",
        direction="none",
        max_age=None,
        title="Last verdict of an audit plan",
    )
)
