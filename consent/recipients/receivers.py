"""News of people's choices, passed on to those who received their data."""

from __future__ import annotations

from consent.decision.vocabulary import Status
from consent.recipients.services import tell_of_withdrawal
from governance.core.actors import Actor
from governance.core.events import ConsentChanged
from governance.outbox.subscriptions import subscribes

_SAID_NO = frozenset({Status.WITHDRAWN, Status.OBJECTED, Status.REFUSED})


@subscribes(ConsentChanged)
def on_consent_changed(event: ConsentChanged, *, actor: Actor) -> None:
    """A no after a yes, or at once, reaches everyone who received data for the purpose."""
    if event.status in _SAID_NO:
        tell_of_withdrawal(pseudonym=event.subject_pseudonym, purpose=event.purpose_key)
