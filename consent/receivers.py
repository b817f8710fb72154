"""What this room does when it hears news: keep the published consent rate of a purpose current."""

from __future__ import annotations

from datetime import timedelta

from consent.selectors import consent_rates
from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.events import ConsentChanged
from governance.outbox.subscriptions import subscribes
from governance.signals.models import CurrentSignal
from governance.signals.services import publish_signal

#: Counting a purpose's people for every single choice would grow with their square.
NOT_MORE_OFTEN_THAN = timedelta(minutes=1)


@subscribes(ConsentChanged)
def on_consent_changed(event: ConsentChanged, *, actor: Actor) -> None:
    """Publish the purpose's consent rate, at most once a minute."""
    recent = CurrentSignal.objects.filter(
        key="consent.rate",
        scope_key=event.purpose_key,
        published_at__gt=database_now() - NOT_MORE_OFTEN_THAN,
    )
    if recent.exists():
        return
    for rate in consent_rates(actor, purpose=event.purpose_key):
        if rate.share is not None:
            publish_signal(
                key="consent.rate",
                scope_key=event.purpose_key,
                value=rate.share,
                state="ok",
                sentence=f"{rate.consent} of {rate.chose} people who chose consent now.",
                source="consent",
                actor=actor,
            )
            publish_signal(
                key="consent.withdrawal_share",
                scope_key=event.purpose_key,
                value=rate.withdrawn / rate.chose,
                state="ok",
                sentence=f"{rate.withdrawn} of {rate.chose} people who chose withdrew.",
                source="consent",
                actor=actor,
            )
