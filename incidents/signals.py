"""Facts this room publishes for gates, cards and KPIs."""

from datetime import timedelta

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
    SignalDefinition(
        key="drill.last_passed",
        owner="incidents",
        unit="seconds",
        scope="system",
        direction="lower_is_better",
        max_age=timedelta(days=183),
        title="Last drill: seconds until every target had stopped",
    ),
    SignalDefinition(
        key="post_mortem.actions_overdue",
        owner="incidents",
        unit="actions",
        scope="system",
        direction="lower_is_better",
        max_age=None,
        title="Actions of post-mortems that are overdue",
    ),
)
