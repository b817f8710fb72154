"""Facts this room publishes for gates, cards and KPIs."""

from governance.signals.definitions import SignalDefinition, declare_signals

declare_signals(
    SignalDefinition(
        key="incident.open",
        owner="incidents",
        unit="incidents",
        scope="system",
        direction="lower_is_better",
        max_age=None,
        title="Open incidents",
    ),
)
