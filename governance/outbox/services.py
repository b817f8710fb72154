"""The only way out of a transaction: announce an event, enqueue a task, notify people.

Each writes a row in the caller's transaction; `governance.outbox.relay` carries it out after the
commit, so that nothing is sent for a fact that was rolled back and nothing is lost with a process.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from governance.core.clock import database_now
from governance.core.events import DomainEvent
from governance.outbox.models import EventRow, Notice, Notification, OutboxTask
from governance.outbox.subscriptions import subscribers_of


def _inside_transaction(door: str) -> None:
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            f"{door} belongs inside the transaction of the fact it follows."
        )


def emit(event: DomainEvent) -> None:
    """Announce an event to everyone who subscribes to its type."""
    _inside_transaction("emit")
    name = type(event).__name__
    payload = json.loads(json.dumps(event.payload(), cls=DjangoJSONEncoder, allow_nan=False))
    EventRow.objects.create(name=name, payload=payload, subscribers=subscribers_of(name))


def enqueue(task_name: str, *ids: str) -> None:
    """Have a Celery task run after the commit; its payload holds ids only."""
    _inside_transaction("enqueue")
    OutboxTask.objects.create(name=task_name, payload={"v": 1, "ids": [str(one) for one in ids]})


def notify(
    *, recipients: Sequence[str], subject: str, body: str, link: str = "", announce: bool = True
) -> None:
    """Tell people: "user:<id>", "role:<role>" or "role:<role>@<system_key>", resolved at send.

    Without `announce` it stays in the product: the addresses of TACTFUL_NOTIFY_URLS have had it.
    """
    _inside_transaction("notify")
    Notice.objects.create(
        recipients=sorted(set(recipients)),
        subject=subject[:200],
        body=body,
        link=link,
        announced_at=None if announce else database_now(),
    )


@transaction.atomic
def mark_read(*, notification: Notification) -> Notification:
    """Note that the recipient saw the notification; the first time counts."""
    Notification.objects.filter(pk=notification.pk, read_at__isnull=True).update(
        read_at=database_now()
    )
    notification.refresh_from_db()
    return notification
