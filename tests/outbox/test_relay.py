"""The outbox delivers what was committed, once, and a failure stays its own trouble."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from celery import shared_task
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from governance.core.actors import Actor
from governance.core.errors import Conflict
from governance.core.events import HoldReleased, MaterialChange
from governance.outbox import ports, relay, subscriptions
from governance.outbox.models import Delivery, EventRow, Notice, Notification, OutboxTask
from governance.outbox.personal_data import OutboxNotices
from governance.outbox.services import emit, enqueue, mark_read, notify

pytestmark = pytest.mark.django_db

NEWS = MaterialChange(system_key="feed", what="features", sentence="A feature was added.")


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """An empty register of subscribers for the test to fill."""
    empty: dict[str, dict[str, Any]] = {}
    monkeypatch.setattr(subscriptions, "_subscribers", empty)
    return empty


@pytest.fixture
def heard(register: dict[str, dict[str, Any]]) -> list[str]:
    """Two subscribers of MaterialChange; the second refuses what is called `broken`."""
    calls: list[str] = []

    @subscriptions.subscribes(MaterialChange)
    def first(event: MaterialChange, *, actor: Actor) -> None:
        calls.append(f"first {event.what}")

    @subscriptions.subscribes(MaterialChange)
    def second(event: MaterialChange, *, actor: Actor) -> None:
        enqueue("effect.of", event.what)
        if event.what == "broken":
            raise Conflict("The second cannot take this.")
        calls.append(f"second {event.what}")

    return calls


def news(what: str) -> None:
    with transaction.atomic():
        emit(MaterialChange(system_key="feed", what=what, sentence="It changed."))


def make_due() -> None:
    Delivery.objects.filter(done_at__isnull=True).update(next_attempt_at=Now())


def never(name: str, payload: dict[str, Any]) -> None:
    raise ConnectionError("the broker is away")


def test_each_subscriber_hears_each_event_once_and_in_order(heard: list[str]) -> None:
    for what in ("a", "b", "c"):
        news(what)
    assert relay.deliver_events() == 6
    assert relay.deliver_events() == 0
    for name in ("first", "second"):
        assert [one for one in heard if one.startswith(name)] == [f"{name} {x}" for x in "abc"]


def test_an_event_arrives_as_it_was_announced(register: dict[str, dict[str, Any]]) -> None:
    got: list[tuple[MaterialChange, str]] = []

    @subscriptions.subscribes(MaterialChange)
    def on_change(event: MaterialChange, *, actor: Actor) -> None:
        got.append((event, actor.kind))

    with transaction.atomic():
        emit(NEWS)
    relay.deliver_events()
    assert got == [(NEWS, "system")]


def test_news_of_a_rolled_back_fact_is_never_heard(heard: list[str]) -> None:
    def fact() -> None:
        news("a")
        raise Conflict("The fact did not happen.")

    with pytest.raises(Conflict), transaction.atomic():
        fact()
    assert relay.deliver_events() == 0
    assert heard == []


def test_a_failing_subscriber_holds_up_nobody_and_leaves_no_half_effect(heard: list[str]) -> None:
    news("broken")
    news("fine")
    relay.deliver_events()
    assert heard == ["first broken", "first fine", "second fine"]
    failed = Delivery.objects.get(done_at__isnull=True)
    assert failed.attempts == 1
    assert failed.last_error == "Conflict: The second cannot take this."
    assert list(OutboxTask.objects.values_list("payload__ids", flat=True)) == [["fine"]]


def test_a_failure_is_tried_again_later_and_each_time_after_a_longer_wait(
    heard: list[str],
) -> None:
    news("broken")
    waits = []
    for _ in range(4):
        make_due()
        relay.deliver_events()
        row = Delivery.objects.annotate(wait=F("next_attempt_at") - Now()).get(done_at__isnull=True)
        waits.append(row.wait.total_seconds())
    assert relay.deliver_events() == 0
    assert waits == sorted(waits)
    assert waits[0] == pytest.approx(1, abs=0.9)
    assert waits[3] == pytest.approx(8, abs=1)


def test_a_subscriber_whose_code_is_gone_stays_visible(
    heard: list[str], register: dict[str, dict[str, Any]]
) -> None:
    news("a")
    register["MaterialChange"].pop(min(register["MaterialChange"]))
    relay.deliver_events()
    assert "No code subscribes" in Delivery.objects.get(done_at__isnull=True).last_error
    assert heard == ["second a"]


def test_nothing_is_announced_enqueued_or_told_outside_a_transaction() -> None:
    # The test's own transaction would satisfy the guard, so the flag is looked at as services do.
    connection = transaction.get_connection()
    connection.in_atomic_block = False
    try:
        with pytest.raises(transaction.TransactionManagementError):
            emit(NEWS)
        with pytest.raises(transaction.TransactionManagementError):
            enqueue("audits.run", "1")
        with pytest.raises(transaction.TransactionManagementError):
            notify(recipients=["role:dpo"], subject="s", body="b")
    finally:
        connection.in_atomic_block = True
    assert not EventRow.objects.exists()


def test_a_task_is_marked_only_after_the_broker_has_it() -> None:
    with transaction.atomic():
        enqueue("audits.run", "r1")
        enqueue("audits.run", "r2")
    assert relay.send_tasks(never) == 0
    waiting = OutboxTask.objects.order_by("id")
    assert [task.attempts for task in waiting] == [1, 0]
    assert "the broker is away" in waiting[0].last_error
    OutboxTask.objects.update(next_attempt_at=Now())
    sent: list[Any] = []
    assert relay.send_tasks(lambda name, payload: sent.append((name, payload))) == 2
    assert sent == [("audits.run", {"v": 1, "ids": [one]}) for one in ("r1", "r2")]
    assert relay.send_tasks(never) == 0
    assert not OutboxTask.objects.filter(done_at__isnull=True).exists()


class Book:
    """Knows two privacy leads; who they are may change until the notice is sent."""

    def __init__(self) -> None:
        self.leads = ["user:pia", "user:dan"]

    def resolve(self, recipient: str) -> Sequence[ports.Address]:
        found = self.leads if recipient == "role:privacy_lead" else [recipient]
        return [ports.Address(reference) for reference in found]


@pytest.fixture
def book(monkeypatch: pytest.MonkeyPatch) -> Book:
    one = Book()
    monkeypatch.setitem(ports._books, "people", one)
    return one


def tell(*recipients: str) -> None:
    with transaction.atomic():
        notify(recipients=recipients, subject="A hold was placed", body="On feed.", link="/x/")


def test_a_notice_reaches_everyone_meant_at_the_time_of_sending_once(book: Book) -> None:
    tell("role:privacy_lead", "user:pia")
    book.leads = ["user:pia", "user:ada"]
    relay.send_notices()
    relay.send_notices()
    assert sorted(Notification.objects.values_list("recipient", flat=True)) == [
        "user:ada",
        "user:pia",
    ]
    seen = mark_read(notification=Notification.objects.first())  # type: ignore[arg-type]
    first_time = seen.read_at
    assert first_time
    assert mark_read(notification=seen).read_at == first_time


def test_a_notice_leaves_to_the_configured_addresses_and_waits_when_they_refuse(
    book: Book, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell("user:pia")
    relay.send_notices()
    settings.NOTIFY_URLS = ["nonsense://"]
    assert relay.announce_notices() == 1
    notice = Notice.objects.get()
    assert notice.announced_at is None
    assert "does not know" in notice.last_error
    assert notice.done_at  # the notification inside the product stands all the same
    assert relay.announce_notices() == 0


def test_an_event_nobody_subscribes_to_waits_for_nobody(
    register: dict[str, dict[str, Any]],
) -> None:
    with transaction.atomic():
        emit(HoldReleased(hold_id="1", target_kind="system", target_key="feed"))
    assert EventRow.objects.count() == 1
    assert relay.deliver_events() == 0


def test_a_person_gets_and_loses_the_notices_meant_for_them(book: Book) -> None:
    tell("user:pia", "user:ada")
    relay.send_notices()
    holder = OutboxNotices()
    assert [row["subject"] for row in holder.export("user:pia")] == ["A hold was placed"]
    assert holder.erase("user:pia") == 2
    assert holder.export("user:pia") == []
    assert Notice.objects.get().recipients == ["user:ada"]
    assert holder.export("user:ada")


def test_draining_runs_what_effects_enqueue_until_nothing_is_left(
    register: dict[str, dict[str, Any]],
) -> None:
    ran: list[list[str]] = []

    @shared_task(name="outbox.tests.noted")
    def noted(payload: dict[str, Any]) -> None:
        ran.append(payload["ids"])

    @subscriptions.subscribes(MaterialChange)
    def on_change(event: MaterialChange, *, actor: Actor) -> None:
        enqueue("outbox.tests.noted", event.what)

    news("a")
    assert relay.drain(run_tasks=True) == 2
    assert ran == [["a"]]
    assert relay.drain(run_tasks=True) == 0
