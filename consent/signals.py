"""The signals this room publishes: what share of those who chose said yes."""

from datetime import timedelta

from governance.signals.definitions import SignalDefinition, declare_signals

declare_signals(
    SignalDefinition(
        key="consent.rate",
        owner="consent",
        unit="share",
        scope="purpose",
        direction="none",
        max_age=timedelta(days=2),
        title="Share of people who chose and consent now",
    ),
)
