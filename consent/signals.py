"""The signals this room publishes: what share of those who chose said yes, and who withdrew."""

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
    SignalDefinition(
        key="consent.recipients_overdue",
        owner="consent",
        unit="notices",
        scope="organisation",
        direction="lower_is_better",
        max_age=timedelta(hours=1),
        title="Recipients of data that have not confirmed in time",
    ),
    SignalDefinition(
        key="consent.withdrawal_share",
        owner="consent",
        unit="share",
        scope="purpose",
        direction="none",
        max_age=timedelta(days=2),
        title="Share of people who chose and withdrew",
    ),
)
