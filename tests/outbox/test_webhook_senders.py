"""Promises of senders: one that hangs holds up nobody, one that dies loses nothing.

Each promise stands beside the naive way, which is seen failing in the same run.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.db.models.functions import Now

from governance.core.actors import SystemActor
from governance.outbox.webhooks import claiming, sending, services
from governance.outbox.webhooks.claiming import Outcome
from governance.outbox.webhooks.models import MessageState, WebhookEndpoint, WebhookMessage
from tests.ground_database import EmbeddedPostgres
from tests.outbox.streets import Street, street

pytestmark = pytest.mark.django_db(transaction=True)
STAGE = SystemActor("tests")
ROOT = Path(__file__).parents[2]
OTHERS = 49
PATIENCE = 60.0


@pytest.fixture(autouse=True)
def private(settings: Any) -> None:
    settings.WEBHOOK_PRIVATE = True


def order(street: Street, name: str, **more: Any) -> WebhookMessage:
    endpoint = WebhookEndpoint.objects.filter(name=name).first()
    if endpoint is None:
        endpoint, _ = services.register_endpoint(name=name, url=street.url(name), actor=STAGE)
    told = {"event_type": "tactful.hold.placed", "subject": "", "data": {}, **more}
    return services.send_to(endpoint=endpoint, **told)


def lease_is_over() -> None:
    """Let the lease of a sender that died run out, without the wait."""
    WebhookEndpoint.objects.update(busy_until=Now())


class Hung:
    """A receiver that does not answer until all others were served, or its caller gives up."""

    def __init__(self, doors: Street, others: int) -> None:
        self.served_meanwhile = -1
        self._count, self._others = 0, others
        self._lock, self._all = threading.Lock(), threading.Event()
        self.caller_gave_up = threading.Event()
        doors.at = self.answer

    def answer(self, name: str, _message_id: str) -> int:
        if name != "hung":
            with self._lock:
                self._count += 1
                if self._count == self._others:
                    self._all.set()
            return 200
        while not self._all.wait(0.01) and not self.caller_gave_up.is_set():
            pass
        with self._lock:
            self.served_meanwhile = self._count
        return 200


def test_one_hung_receiver_of_fifty_holds_up_none_of_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("governance.outbox.webhooks.posting.WHOLE_SECONDS", PATIENCE)
    monkeypatch.setattr("governance.outbox.webhooks.posting.CONNECT_SECONDS", PATIENCE)
    with street() as doors:
        hung = Hung(doors, OTHERS)
        order(doors, "hung")
        for number in range(OTHERS):
            order(doors, f"partner-{number}")
        assert sending.deliver_due() == OTHERS + 1
    assert hung.served_meanwhile == OTHERS
    assert not WebhookMessage.objects.exclude(state=MessageState.DELIVERED).exists()


def test_a_single_sender_in_turn_would_let_all_others_wait_for_the_hung_one() -> None:
    """The naive twin: one thread, one message after the other, in their order."""
    with street() as doors:
        hung = Hung(doors, OTHERS)
        order(doors, "hung")
        for number in range(OTHERS):
            order(doors, f"partner-{number}")
        naive = threading.Thread(
            target=in_turn,
            args=([each.endpoint.url for each in WebhookMessage.objects.order_by("created_at")],),
        )
        naive.start()
        while not doors.got:
            naive.join(0.01)
        naive.join(1.0)  # it may do what it can
        served = [name for name, _ in doors.got if name != "hung"]
        hung.caller_gave_up.set()
        naive.join(PATIENCE)
        assert served == [] and hung.served_meanwhile == 0


def in_turn(urls: list[str]) -> None:
    from governance.outbox.webhooks.posting import Undeliverable, post

    for url in urls:
        with contextlib.suppress(Undeliverable):
            post(url, b"{}", {"webhook-id": "naive"}, allow_private=True)


def test_endpoints_that_failed_take_half_of_the_room_so_that_others_find_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("governance.outbox.webhooks.posting.WHOLE_SECONDS", PATIENCE * 3)
    monkeypatch.setattr("governance.outbox.webhooks.posting.CONNECT_SECONDS", PATIENCE * 3)
    monkeypatch.setattr(sending, "WHOLE_SECONDS", PATIENCE)
    with street() as doors:
        one_hangs, all_well, over = threading.Event(), threading.Event(), threading.Event()

        def at(name: str, _message_id: str) -> int:
            if name.startswith("failing"):
                one_hangs.set()
                over.wait(PATIENCE * 2)
            elif sum(1 for each, _ in list(doors.got) if each.startswith("well")) == 4:
                all_well.set()
            return 200

        doors.at = at
        for number in range(6):
            order(doors, f"failing-{number}")
        WebhookEndpoint.objects.update(failures=3)
        sender = sending.Sender(at_once=4)
        sender.start()
        try:
            assert one_hangs.wait(PATIENCE)
            for number in range(4):
                order(doors, f"well-{number}")
            assert all_well.wait(PATIENCE)
            assert sum(1 for name, _ in doors.got if name.startswith("failing")) == 2
        finally:
            over.set()
            sender.stop()


def test_an_endpoint_is_called_by_one_sender_at_a_time_however_many_there_are() -> None:
    with street() as doors:
        for number in range(12):
            order(doors, "one", subject=str(number))
        barrier = threading.Barrier(4)

        def one() -> None:
            try:
                barrier.wait(30)
                while WebhookMessage.objects.filter(state=MessageState.PENDING).exists():
                    sending.deliver_due()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(4) as pool:
            for running in [pool.submit(one) for _ in range(4)]:
                running.result(120)
    ids = [message_id for _, message_id in doors.got]
    wanted = [str(each.pk) for each in WebhookMessage.objects.order_by("created_at")]
    assert ids == wanted, "each once, in order"
    assert doors.most_at_once == {"one": 1}


def test_senders_that_look_and_then_send_would_send_more_than_once() -> None:
    """The naive twin: it reads what waits, sends, and notes afterwards, without a lease."""
    with street() as doors:
        barrier = threading.Barrier(4)
        doors.at = lambda name, message_id: 200
        order(doors, "one")

        def one() -> None:
            try:
                found = list(WebhookMessage.objects.filter(state=MessageState.PENDING))
                barrier.wait(30)
                for message in found:
                    in_turn([message.endpoint.url])
                    WebhookMessage.objects.filter(pk=message.pk).update(
                        state=MessageState.DELIVERED, done_at=Now()
                    )
            finally:
                connections.close_all()

        with ThreadPoolExecutor(4) as pool:
            for running in [pool.submit(one) for _ in range(4)]:
                running.result(120)
    assert len(doors.got) == 4


def test_a_sender_that_lost_its_lease_writes_nothing_any_more() -> None:
    with street() as doors:
        message = order(doors, "one", idempotency_key="k")
        (late,) = claiming.take_due(1)
        assert sending.deliver_due() == 0, "leased"
        lease_is_over()
        assert sending.deliver_due() == 1
        claiming.note_outcome(late, Outcome(None, "The server did not answer."))
    message.refresh_from_db()
    assert (message.state, message.attempts, message.last_error) == (MessageState.DELIVERED, 2, "")


def environment(server: EmbeddedPostgres) -> dict[str, str]:
    name = str(connection.settings_dict["NAME"])
    return {**server.env_of(name), "TACTFUL_WEBHOOK_PRIVATE": "1"}


def test_a_sender_killed_between_its_request_and_its_note_sends_again_under_the_same_id(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    with street() as doors:
        message = order(doors, "partner", idempotency_key="k")
        sender = subprocess.Popen(
            [sys.executable, "-m", "tests.outbox.webhook_crash_points", "ours"],
            cwd=ROOT,
            env=environment(embedded_postgres),
        )

        def kill_the_caller(name: str, message_id: str) -> int:
            os.kill(sender.pid, signal.SIGKILL)
            sender.wait()
            return 200

        doors.at = kill_the_caller
        assert sender.wait(120) == -signal.SIGKILL
        message.refresh_from_db()
        assert message.state == MessageState.PENDING and len(doors.got) == 1
        doors.at = lambda name, message_id: 200
        assert sending.deliver_due() == 0, "the dead one still holds its lease"
        lease_is_over()
        assert sending.deliver_due() == 1
    message.refresh_from_db()
    assert message.state == MessageState.DELIVERED
    assert doors.got == [("partner", str(message.pk))] * 2


def test_a_sender_that_notes_first_and_is_killed_would_lose_the_message(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    with street() as doors:
        order(doors, "partner")
        done = subprocess.run(
            [sys.executable, "-m", "tests.outbox.webhook_crash_points", "naive"],
            cwd=ROOT,
            env=environment(embedded_postgres),
            timeout=120,
            check=False,
        )
        assert done.returncode == -signal.SIGKILL
        lease_is_over()
        assert sending.deliver_due() == 0
    assert doors.got == []


def test_a_commit_wakes_the_sender_that_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sender would sleep for an hour; the message arrives before the test loses patience."""
    monkeypatch.setattr(sending, "POLL_SECONDS", 3600)
    came = threading.Event()
    with street() as doors:

        def at(name: str, message_id: str) -> int:
            came.set()
            return 200

        doors.at = at
        order(doors, "first")
        sender = sending.Sender()
        sender.start()
        try:
            assert came.wait(PATIENCE), "what waited when it began"
            came.clear()
            for name in ("second", "third"):
                until_asleep(sender)
                order(doors, name)
                assert came.wait(PATIENCE), name
                came.clear()
        finally:
            sender.stop()
    assert [name for name, _ in doors.got] == ["first", "second", "third"]
    assert WebhookMessage.objects.filter(state=MessageState.DELIVERED).count() == 3


def until_asleep(sender: sending.Sender) -> None:
    """Wait until its connection is idle and what it sent is noted."""
    deadline = threading.Event()
    for _ in range(int(PATIENCE / 0.02)):
        waiting = WebhookMessage.objects.filter(state=MessageState.PENDING).exists()
        if not waiting and WebhookEndpoint.objects.filter(busy_until=None).exists():
            return
        deadline.wait(0.02)
    raise AssertionError("The sender did not come to rest.")


def test_a_sender_told_to_stop_notes_what_is_under_way() -> None:
    with street() as doors:
        stopping, came = threading.Event(), threading.Event()

        def at(name: str, message_id: str) -> int:
            came.set()
            return 200 if stopping.wait(PATIENCE) else 500

        doors.at = at
        message = order(doors, "slow")
        sender = sending.Sender()
        sender.start()
        assert came.wait(PATIENCE)
        later = order(doors, "later")
        stopper = threading.Thread(target=sender.stop)
        stopper.start()
        stopping.set()
        stopper.join(PATIENCE)
    message.refresh_from_db()
    later.refresh_from_db()
    assert message.state == MessageState.DELIVERED
    assert later.state in (MessageState.DELIVERED, MessageState.PENDING)


def test_a_sender_outlives_a_database_that_goes_away() -> None:
    came = threading.Event()
    with street() as doors:

        def at(name: str, message_id: str) -> int:
            came.set()
            return 200

        doors.at = at
        order(doors, "first")
        sender = sending.Sender()
        sender.start()
        try:
            assert came.wait(PATIENCE)
            came.clear()
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            order(doors, "second")
            assert came.wait(PATIENCE)
        finally:
            sender.stop()
