"""Publishing a signal, inside the transaction of the fact it tells."""

from __future__ import annotations

from django.db import transaction

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Invalid
from governance.core.events import SignalChanged
from governance.outbox.services import emit
from governance.signals.choices import SignalState
from governance.signals.definitions import find_definition
from governance.signals.models import CurrentSignal, SignalRevision
from governance.signals.selectors import SignalReading, read


@transaction.atomic
def publish_signal(
    *,
    key: str,
    scope_key: str,
    value: float | str | None,
    state: str,
    sentence: str,
    source: str,
    actor: Actor,
) -> SignalReading:
    """Keep a revision and make it the current row; tell subscribers when the fact moved."""
    definition = find_definition(key)
    if state not in SignalState.values:
        raise Invalid(f"{state!r} is not a state of a signal.")
    number, text = (None, value) if isinstance(value, str) else (value, "")
    said = {
        "scope": definition.scope,
        "number": number,
        "text": text,
        "state": state,
        "sentence": sentence,
        "source": source,
        "published_by": actor.reference,
    }
    # The current row is locked before the revision is written, so that both agree on what
    # came last when two publish at once.
    CurrentSignal.objects.bulk_create(
        [CurrentSignal(key=key, scope_key=scope_key, published_at=database_now(), **said)],
        ignore_conflicts=True,
    )
    current = CurrentSignal.objects.select_for_update().get(key=key, scope_key=scope_key)
    earlier = SignalRevision.objects.filter(key=key, scope_key=scope_key).exists()
    moved = not earlier or (current.number, current.text, current.state) != (
        number,
        text,
        state,
    )
    SignalRevision.objects.create(key=key, scope_key=scope_key, **said)
    for name, content in said.items():
        setattr(current, name, content)
    current.published_at = database_now()
    current.save()
    if moved:
        shown = None if value is None else str(value)
        emit(SignalChanged(key=key, scope_key=scope_key, value=shown, state=state))
    return read(current, current.published_at)
