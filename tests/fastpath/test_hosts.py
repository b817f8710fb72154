"""Several hosts: a write returns when no other host can answer with what was before it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from consent.fastpath import applier, hosts
from consent.fastpath.hosts import ALONE_SECONDS, QUIET_SECONDS, STAMP_SECONDS, WAIT_SECONDS
from consent.models import ServingHost
from consent.services import record_choice
from governance.core.actors import SystemActor
from tests.fastpath.conftest import HostTable

ACTOR = SystemActor("tests")
pytestmark = pytest.mark.django_db(transaction=True)


def choose(status: str) -> float:
    """Record Ada's choice; returns how long the write took to return."""
    began = time.monotonic()
    record_choice(subject="ada", purpose="product_suggestions", status=status, actor=ACTOR)
    return time.monotonic() - began


def says(host: HostTable) -> str | None:
    """What a door of this host reads in the table; None when it would ask PostgreSQL."""
    slot = host.read("ada")
    if not host.table.stamp_is_valid() or slot is None or slot.doubt:
        return None
    return str(slot.person(["product_suggestions"]).choices["product_suggestions"].status)


@contextmanager
def running(host: HostTable) -> Iterator[None]:
    """The host's applier at work beside the test."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            host.applier.cycle()
            stop.wait(0.01)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def other(new_host: Callable[[str], HostTable]) -> HostTable:
    """A second host; the writer's own is made after it."""
    return new_host("other")


@pytest.fixture
def own(other: HostTable, new_host: Callable[[str], HostTable]) -> HostTable:
    made = new_host("own")
    made.settle()
    other.settle()
    return made


def test_a_write_waits_until_the_other_host_has_read_it(own: HostTable, other: HostTable) -> None:
    with running(other):
        choose("given")
        assert says(other) == "given"
        took = choose("withdrawn")
        assert says(other) in ("withdrawn", None)
    assert took < STAMP_SECONDS
    assert not ServingHost.objects.filter(fenced=True).exists()


def test_a_host_that_does_not_read_has_stopped_before_the_write_returns(
    own: HostTable, other: HostTable
) -> None:
    with running(other):
        choose("given")
    other.settle()
    assert says(other) == "given"
    took = choose("withdrawn")
    assert says(other) is None
    assert WAIT_SECONDS <= took < WAIT_SECONDS + 1
    assert ServingHost.objects.get(name="other").fenced
    # Fenced, it costs the next writer nothing.
    assert choose("given") < WAIT_SECONDS / 2


def test_a_fenced_host_answers_only_after_it_caught_up(own: HostTable, other: HostTable) -> None:
    with running(other):
        choose("given")
    choose("withdrawn")
    assert ServingHost.objects.get(name="other").fenced
    heard = [says(other)]
    deadline = time.monotonic() + 5
    while heard[-1] is None and time.monotonic() < deadline:
        other.applier.cycle()
        heard.append(says(other))
    assert set(heard) == {None, "withdrawn"}


def test_what_was_read_before_it_came_back_is_never_stamped(
    own: HostTable, other: HostTable
) -> None:
    """A writer that saw the host fenced did not wait for it."""
    with running(other):
        choose("given")
    choose("withdrawn")
    choose("given")
    while ServingHost.objects.get(name="other").fenced:
        assert not other.applier.cycle()
    assert says(other) is None


@pytest.mark.parametrize("naive", [False, True])
def test_a_host_that_comes_back_keeps_quiet_for_writers_who_saw_none(
    naive: bool, new_host: Callable[[str], HostTable], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host that stamps as soon as it is back tells what such a writer has changed meanwhile."""
    monkeypatch.setattr(hosts._Alone, "seen", (0, 0))
    monkeypatch.setattr(hosts, "ALONE_SECONDS", 60.0)
    monkeypatch.setattr(applier, "QUIET_SECONDS", 0.0 if naive else 90.0)
    monkeypatch.setattr(applier, "STAMP_SECONDS", 60.0)  # no stamp ends while the test is slow
    other, _own = new_host("other"), new_host("own")
    choose("given")
    heard = []
    for _ in range(5):
        other.applier.cycle()
        heard.append(says(other))
    assert not ServingHost.objects.get(name="other").fenced
    assert heard[-1] == ("given" if naive else None)
    assert choose("withdrawn") < WAIT_SECONDS / 2
    assert says(other) == ("given" if naive else None)
    other.applier._quiet_ns = 0
    other.settle()
    assert says(other) == "withdrawn"


def test_a_writer_that_saw_no_other_host_looks_again_after_a_while(
    new_host: Callable[[str], HostTable], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts._Alone, "seen", (0, 0))
    monkeypatch.setattr(hosts, "ALONE_SECONDS", 60.0)
    assert QUIET_SECONDS > ALONE_SECONDS
    new_host("own").settle()
    asked = [questions(status) for status in ("given", "withdrawn", "given")]
    host, until = hosts._Alone.seen
    hosts._Alone.seen = (host, until - 60 * 10**9)
    asked.append(questions("withdrawn"))
    hosts._Alone.seen = (host + 1, until)
    asked.append(questions("given"))
    assert asked == [1, 0, 0, 1, 1]


def questions(status: str) -> int:
    """How often a write asks for other hosts."""
    asked: list[str] = []

    def note(execute: Any, statement: str, *given: Any) -> Any:
        asked.append(statement)
        return execute(statement, *given)

    with connection.execute_wrapper(note):
        choose(status)
    return sum("consent_servinghost" in statement for statement in asked)


def test_an_older_applier_of_the_same_host_cannot_renew(
    new_host: Callable[[str], HostTable],
) -> None:
    from consent.fastpath.hosts import Replaced

    first = new_host("one")
    first.settle()
    second = new_host("one")
    first.applier._renewed_ns = 0
    assert not first.applier.cycle()
    with pytest.raises(Replaced):
        first.applier.cycle()
    second.settle()


def test_the_writers_own_host_costs_no_wait(own: HostTable, other: HostTable) -> None:
    other.applier.close()
    assert choose("given") < WAIT_SECONDS / 2
    slot = own.read("ada")
    assert slot is not None and slot.doubt
