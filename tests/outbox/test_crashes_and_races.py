"""A process that dies loses no message; relays that run side by side deliver once.

Each promise stands beside the naive way, which is seen failing in the same run.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections, transaction

from governance.core.actors import Actor, SystemActor
from governance.core.events import MaterialChange
from governance.ledger.models import LedgerLeaf
from governance.ledger.services import record_entry
from governance.outbox import relay, subscriptions
from governance.outbox.models import Delivery, EventRow, OutboxTask
from governance.outbox.services import emit, enqueue
from tests.ground_database import EmbeddedPostgres

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parents[2]


def database() -> str:
    return str(connection.settings_dict["NAME"])


def crash(server: EmbeddedPostgres, point: str, sent_to: Path) -> None:
    with server.outliving(database()):
        done = subprocess.run(
            [sys.executable, "-m", "tests.outbox.crash_points", point, str(sent_to)],
            cwd=ROOT,
            env=server.env_of(database()),
            capture_output=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


def recover(sent_to: Path) -> list[str]:
    """What a new relay sends after the crash, added to what was sent before it."""

    def publish(name: str, payload: dict[str, Any]) -> None:
        with sent_to.open("a", encoding="utf-8") as out:
            out.write(f"{payload['ids'][0]}\n")

    relay.send_tasks(publish)
    assert not OutboxTask.objects.filter(done_at__isnull=True).exists()
    return sent_to.read_text(encoding="utf-8").split() if sent_to.exists() else []


def test_a_process_killed_between_commit_and_send_loses_no_message(
    embedded_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    crash(embedded_postgres, "naive", tmp_path / "naive")
    assert EventRow.objects.filter(name="naive").exists()  # the fact was committed,
    assert recover(tmp_path / "naive") == []  # and its message is lost for ever

    crash(embedded_postgres, "before_publish", tmp_path / "before")
    assert recover(tmp_path / "before") == ["before_publish"]

    crash(embedded_postgres, "after_publish", tmp_path / "after")
    assert recover(tmp_path / "after") == ["after_publish", "after_publish"]  # at least once


RELAYS, EVENTS = 4, 30


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """One subscriber whose effect is a row for each event it hears."""
    monkeypatch.setattr(subscriptions, "_subscribers", {})

    @subscriptions.subscribes(MaterialChange)
    def effect(event: MaterialChange, *, actor: Actor) -> None:
        enqueue("effect.of", event.what)

    for number in range(EVENTS):
        with transaction.atomic():
            emit(MaterialChange(system_key="feed", what=f"{number:03}", sentence="Changed."))


def side_by_side(work: Callable[[], object]) -> list[str]:
    """Let RELAYS connections do the same work at once; return the effects in their order."""
    barrier = threading.Barrier(RELAYS)

    def one() -> None:
        try:
            barrier.wait(30)
            work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(RELAYS) as pool:
        for running in [pool.submit(one) for _ in range(RELAYS)]:
            running.result(120)
    return [task.payload["ids"][0] for task in OutboxTask.objects.order_by("id")]


def until_done(work: Callable[[], object]) -> Callable[[], None]:
    def loop() -> None:
        deadline = time.monotonic() + 60
        while (
            EventRow.objects.exclude(subscribers=[]).exists()
            or Delivery.objects.filter(done_at__isnull=True).exists()
        ):
            assert time.monotonic() < deadline
            work()

    return loop


def test_relays_side_by_side_deliver_each_event_once_and_in_order(counted: None) -> None:
    effects = side_by_side(until_done(relay.deliver_events))
    assert effects == [f"{number:03}" for number in range(EVENTS)]
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}


def test_relays_that_look_and_then_act_would_deliver_more_than_once(counted: None) -> None:
    """The naive twin: it reads what is open and marks it when it is done, without a claim."""
    relay.hand_out_events()

    def naive() -> None:
        for delivery in Delivery.objects.filter(done_at__isnull=True).select_related("event"):
            with transaction.atomic():
                enqueue("effect.of", delivery.event.payload["what"])
                relay._done(delivery)

    assert len(side_by_side(naive)) > EVENTS


def test_tasks_are_sent_once_by_relays_side_by_side() -> None:
    for number in range(EVENTS):
        with transaction.atomic():
            enqueue("audits.run", f"{number:03}")
    sent: list[str] = []
    side_by_side(lambda: relay.send_tasks(lambda name, payload: sent.append(payload["ids"][0])))
    assert sorted(sent) == [f"{number:03}" for number in range(EVENTS)]


def test_the_relay_sequences_within_a_second_and_ends_on_term(
    embedded_postgres: EmbeddedPostgres,
) -> None:
    process = subprocess.Popen(
        [sys.executable, "manage.py", "relay"],
        cwd=ROOT,
        env=embedded_postgres.env_of(database()),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )

    def wait_for_leaf(position: int, seconds: float) -> float:
        started = time.monotonic()
        pause = threading.Event()
        while not LedgerLeaf.objects.filter(position=position).exists():
            assert process.poll() is None
            assert time.monotonic() - started < seconds
            pause.wait(0.01)
        return time.monotonic() - started

    try:
        for position, patience in ((0, 90), (1, 10)):  # the first includes the start of Django
            with transaction.atomic():
                record_entry(
                    verb="outbox.tested",
                    object_type="thing",
                    object_id="1",
                    actor=SystemActor("test"),
                    facts={},
                )
            behind = wait_for_leaf(position, patience)
        assert behind < 1.0
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
