"""The relay: carries out what transactions left in the outbox.

Events reach each subscriber exactly once, in the transaction of its effect; tasks and outside
messages leave at least once. Loops and signals live in the command `relay`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from governance.core.clock import database_now
from governance.core.events import load_event
from governance.outbox.models import (
    Attempted,
    Delivery,
    Notice,
    Notification,
    OutboxTask,
)
from governance.outbox.ports import registered_address_book
from governance.outbox.subscriptions import subscriber_actor, subscriber_function

logger = logging.getLogger(__name__)

LONGEST_WAIT = 600.0
BATCH = 200
HANDED_AT_ONCE = 1_000

Publish = Callable[[str, dict[str, Any]], None]


def backoff(attempts: int) -> timedelta:
    """How long to wait after the n-th failure: 1 s, 2 s, 4 s, ... at most ten minutes."""
    return timedelta(seconds=min(LONGEST_WAIT, 2.0 ** min(attempts - 1, 20)))


def _fail(row: Attempted, problem: Exception) -> None:
    """Make a failure visible on its row and try again later; a row done meanwhile stays done."""
    logger.warning("%s failed: %s", row, problem)
    with transaction.atomic():
        type(row).objects.filter(pk=row.pk, done_at__isnull=True).update(  # type: ignore[attr-defined]
            attempts=F("attempts") + 1,
            last_error=f"{type(problem).__name__}: {problem}"[:2000],
            next_attempt_at=Now() + backoff(row.attempts + 1),
        )


def _done(row: Attempted) -> None:
    row.attempts += 1
    type(row).objects.filter(pk=row.pk).update(  # type: ignore[attr-defined]
        done_at=Now(), attempts=row.attempts, last_error=""
    )


def _claim(queryset: Any) -> Any:
    """The first row that is due and that no other relay holds, locked until the commit."""
    due = queryset.filter(done_at__isnull=True, next_attempt_at__lte=Now())
    return due.select_for_update(skip_locked=True, of=("self",)).first()


# --- events ---

_HAND_OUT = """
WITH due AS (
    SELECT id, created_at, subscribers FROM outbox_eventrow
    WHERE subscribers <> '{}' ORDER BY id LIMIT %s
), handed AS (
    INSERT INTO outbox_delivery (event_id, subscriber, created_at, attempts, last_error)
    SELECT id, unnest(subscribers), created_at, 0, '' FROM due ORDER BY id
)
UPDATE outbox_eventrow AS event SET subscribers = '{}' FROM due WHERE event.id = due.id
"""


def _take(work: str) -> bool:
    """Let one relay at a time do this work, until its transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"outbox:{work}"]
        )
        (taken,) = cursor.fetchone()
    return bool(taken)


def hand_out_events() -> int:
    """Make each announced event a delivery for each of its subscribers, oldest first.

    One relay at a time: deliveries become visible in the order of their events.
    """
    handed = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            if not _take(""):
                return handed
            cursor.execute(_HAND_OUT, [HANDED_AT_ONCE])
            now: int = cursor.rowcount
        handed += now
        if now < HANDED_AT_ONCE:
            return handed


def deliver_next(subscriber: str) -> bool:
    """Deliver the oldest due event of a subscriber; True when there was one to try."""
    delivery: Delivery | None = None
    try:
        with transaction.atomic():
            if not _take(subscriber):  # it hears events in their order
                return False
            rows = Delivery.objects.filter(subscriber=subscriber).select_related("event")
            delivery = _claim(rows.order_by("event_id"))
            if delivery is None:
                return False
            event = load_event(delivery.event.name, delivery.event.payload)
            receive = subscriber_function(delivery.event.name, subscriber)
            receive(event, actor=subscriber_actor(subscriber))
            _done(delivery)
    except Exception as problem:  # whatever a receiver raises stays its own trouble
        if delivery is None:
            raise
        _fail(delivery, problem)
    return True


def deliver_events() -> int:
    """Deliver what is due, subscriber by subscriber; one that fails holds up no other."""
    tried = 0
    hand_out_events()
    waiting = Delivery.objects.filter(done_at__isnull=True, next_attempt_at__lte=Now())
    for subscriber in list(waiting.order_by().values_list("subscriber", flat=True).distinct()):
        for _ in range(BATCH):
            if not deliver_next(subscriber):
                break
            tried += 1
    return tried


# --- tasks ---


def publish_task(name: str, payload: dict[str, Any]) -> None:
    """Hand a task to the broker; raises when the broker did not take it."""
    current_app.send_task(name, args=[payload], retry=False)


def send_tasks(publish: Publish = publish_task) -> int:
    """Send due tasks; each is marked only after the broker has it, so a crash sends it again."""
    sent = 0
    for _ in range(BATCH):
        task: OutboxTask | None = None
        try:
            with transaction.atomic():
                task = _claim(OutboxTask.objects.order_by("id"))
                if task is None:
                    break
                publish(task.name, task.payload)
                _done(task)
            sent += 1
        except Exception as problem:
            if task is None:
                raise
            _fail(task, problem)
            break  # a broker that is away is away for all: the next round tries again
    return sent


# --- notices ---


def _resolve(notice: Notice) -> None:
    book = registered_address_book()
    people = {
        address.reference for recipient in notice.recipients for address in book.resolve(recipient)
    }
    Notification.objects.bulk_create(
        [Notification(notice=notice, recipient=reference) for reference in sorted(people)],
        ignore_conflicts=True,
    )


def send_notices() -> int:
    """Turn due notices into notifications of the people meant now."""
    sent = 0
    for _ in range(BATCH):
        notice: Notice | None = None
        try:
            with transaction.atomic():
                notice = _claim(Notice.objects.order_by("id"))
                if notice is None:
                    break
                _resolve(notice)
                _done(notice)
            sent += 1
        except Exception as problem:
            if notice is None:
                raise
            _fail(notice, problem)
    return sent


def announce_outside(notice: Notice, urls: list[str]) -> None:
    """Pass a notice to the addresses of TACTFUL_NOTIFY_URLS (mail, chat) through Apprise."""
    import apprise

    sender = apprise.Apprise()
    for url in urls:
        if not sender.add(url):
            raise ValueError("TACTFUL_NOTIFY_URLS holds an address that Apprise does not know.")
    link = f"\n\n{settings.PUBLIC_URL}{notice.link}" if notice.link else ""
    if not sender.notify(title=notice.subject, body=f"{notice.body}{link}"):
        raise ConnectionError("An address of TACTFUL_NOTIFY_URLS did not take the message.")


def announce_notices() -> int:
    """Announce resolved notices outside; at least once, and never in the way of the product."""
    urls = list(settings.NOTIFY_URLS)
    if not urls:
        return 0
    tried = 0
    for _ in range(BATCH):
        with transaction.atomic():
            waiting = Notice.objects.filter(
                done_at__isnull=False, announced_at__isnull=True, next_attempt_at__lte=Now()
            )
            notice = waiting.order_by("id").select_for_update(skip_locked=True).first()
            if notice is None:
                break
            tried += 1
            try:
                announce_outside(notice, urls)
            except Exception as problem:  # noqa: BLE001  (whatever an outside service does)
                logger.warning("Notice %s did not leave: %s", notice.pk, problem)
                notice.last_error = f"{type(problem).__name__}: {problem}"[:2000]
                notice.attempts += 1
                wait = backoff(notice.attempts)
            else:
                notice.last_error, wait = "", timedelta()
                notice.announced_at = database_now()
            Notice.objects.filter(pk=notice.pk).update(
                attempts=notice.attempts,
                last_error=notice.last_error,
                announced_at=notice.announced_at,
                next_attempt_at=Now() + wait,
            )
    return tried


# --- all of it ---


def relay_once(publish: Publish = publish_task) -> int:
    """Carry out everything that is due; returns how many things were tried."""
    return deliver_events() + send_notices() + send_tasks(publish)


def drain(*, run_tasks: bool = False) -> int:
    """Carry out everything until nothing is due: for the demo's loader and for tests.

    With `run_tasks` a task runs here and now, by its registered name, instead of being sent.
    """
    total = 0
    while done := relay_once(run_task if run_tasks else publish_task):
        total += done
    return total


def run_task(name: str, payload: dict[str, Any]) -> None:
    """Run a Celery task in this process; its exception is the caller's."""
    current_app.tasks[name].apply(args=[payload], throw=True)
