"""Faults of the fast path: whatever is killed or held open, no withdrawal is overlooked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from consent.fastpath.hosts import WAIT_SECONDS
from consent.services import record_choice
from governance.core.actors import SystemActor
from tests.fastpath.history import (
    Check,
    Fault,
    Write,
    not_linearizable,
    not_regular,
    stale_allows,
)
from tests.fastpath.stage import Host, wait_until
from tests.fastpath.web_process import PURPOSE
from tests.ground_database import EmbeddedPostgres

ROUNDS = 1_000
ACTOR = SystemActor("tests")
Judge = Callable[[list[Write], list[Check]], Iterator[Fault]]
HOLD = """
import fcntl, sys, time
lock = open(sys.argv[1])
fcntl.flock(lock, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(600)
"""

pytestmark = [
    pytest.mark.trust,
    pytest.mark.timeout(600),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def new_host(
    transactional_db: None, embedded_postgres: EmbeddedPostgres, tmp_path: Path
) -> Iterator[Callable[[str], Host]]:
    made: list[Host] = []

    def make(name: str) -> Host:
        made.append(Host(embedded_postgres, tmp_path / name))
        return made[-1]

    yield make
    for each in made:
        each.stop()


@pytest.fixture
def host(new_host: Callable[[str], Host]) -> Host:
    made = new_host("host")
    made.stage()
    return made


def judge(
    writes: list[Write],
    checks: list[Check],
    counts: dict[str, int],
    judges: Judge = not_linearizable,
) -> None:
    print(
        f"\n{len(writes)} writes, {len(checks)} checks: {counts['fast']} from the table, "
        f"{counts['slow']} from PostgreSQL"
    )
    assert list(stale_allows(writes, checks)) == []
    assert list(judges(writes, checks)) == []
    assert counts["fast"] > 0


def have_written(number: int, *hosts: Host) -> bool:
    return sum(host.writes() for host in hosts) >= number


def held_open(server: EmbeddedPostgres) -> psycopg.Connection[tuple[object, ...]]:
    """A write transaction elsewhere that does not end while the test runs."""
    other = psycopg.connect(server.url_of(str(connection.settings_dict["NAME"])))
    other.execute("INSERT INTO consent_change (kind) VALUES ('catalogue')")
    return other


def test_a_thousand_rounds_with_the_applier_paused_and_killed(
    host: Host, embedded_postgres: EmbeddedPostgres
) -> None:
    host.start_applier()
    webs = ["web-1", "web-2", "web-3"]
    for name in webs:
        host.start_web(name, seconds=500)
    host.wait_for_web(*webs)
    with held_open(embedded_postgres) as other:
        for share in range(1, 11):
            wait_until(partial(have_written, ROUNDS * share // 10, host), 300)
            if share % 3 == 1:
                host.send("applier", signal.SIGSTOP)
                time.sleep(1.5)
                host.send("applier", signal.SIGCONT)
            elif share % 3 == 2:
                host.send("applier", signal.SIGKILL)
                host.processes["applier"].wait()
                host.start("applier", "manage.py", "applier")
        other.rollback()
    writes, checks, counts = host.finish()
    assert len(writes) >= ROUNDS
    judge(writes, checks, counts)


def test_a_killed_web_process_leaves_nothing_worse_than_a_doubt(host: Host) -> None:
    host.start_applier()
    host.start_web("web-1", writers=0, seconds=300)
    host.wait_for_web("web-1")
    for number in range(12):
        name = f"dies-{number}"
        host.start_web(name, writers=2, seconds=300)
        host.wait_for_web(name)
        before = host.writes()
        wait_until(partial(have_written, before + 3, host))
        host.send(name, signal.SIGKILL)
        host.processes.pop(name).wait()
    writes, checks, counts = host.finish()
    # A killed writer may have committed what it never noted: those revisions are unknown writes.
    known = {(write.key, write.revision) for write in writes}
    checks = [check for check in checks if (check.key, check.revision) in known]
    judge(writes, checks, counts)
    wait_until(host.table.stamp_is_valid, 10)


@pytest.mark.parametrize(
    "step", ["before_doubt", "noted", "after_doubt", "before_commit", "after_commit"]
)
def test_a_writer_killed_at_any_step_of_a_withdrawal(host: Host, step: str) -> None:
    """The step's process is killed; the answer is then PostgreSQL's, at once and afterwards."""
    from tests.fastpath.conftest import lookup

    record_choice(subject="ada", purpose=PURPOSE, status="given", actor=ACTOR)
    host.start_applier()
    wait_until(lambda: told(host, lookup("ada")) == "given")
    process = host.start("dies", "-m", "tests.fastpath.dying_writer", step)
    assert process.wait(60) == -signal.SIGKILL
    happened = step == "after_commit"
    answer = told(host, lookup("ada"))
    assert answer in ("withdrawn", None) if happened else answer in ("given", None)
    expected = "withdrawn" if happened else "given"
    wait_until(lambda: told(host, lookup("ada")) == expected, 10)


def told(host: Host, lookup: int) -> str | None:
    """What the table says; None where PostgreSQL is asked."""
    if not host.table.stamp_is_valid():
        return None
    slot = host.table.read(lookup)
    if slot is None or slot.doubt:
        return None
    return str(slot.person([PURPOSE]).choices[PURPOSE].status)


def test_two_hosts_with_one_paused_tell_no_stale_allow(new_host: Callable[[str], Host]) -> None:
    """Both hosts write and check; each is paused in turn, longer than any stamp lives."""
    first, second = new_host("first"), new_host("second")
    first.stage()
    (second.folder / "secret").write_text((first.folder / "secret").read_text())
    for host in (first, second):
        host.start_applier()
        host.start_web("web-1", seconds=500)
        host.wait_for_web("web-1")
    for number in range(6):
        paused = (first, second)[number % 2]
        before = first.writes() + second.writes()
        paused.send("applier", signal.SIGSTOP)
        time.sleep(WAIT_SECONDS * 2)
        paused.send("applier", signal.SIGCONT)
        wait_until(partial(have_written, before + 60, first, second), 120)
    told_by = [first.finish(), second.finish()]
    writes = [write for each in told_by for write in each[0]]
    checks = [check for each in told_by for check in each[1]]
    counts = {kind: sum(each[2][kind] for each in told_by) for kind in ("fast", "slow")}
    # Across hosts an answer may see a write before it returns that another host does not yet.
    judge(writes, checks, counts, not_regular)


def test_a_process_that_stops_while_it_holds_the_lock_stops_nobody(host: Host) -> None:
    host.start_applier()
    host.start_web("web-1", writers=1, seconds=120)
    host.wait_for_web("web-1")
    wait_until(lambda: host.writes() > 5)
    lock = host.data_dir / "run" / "fastpath" / "writers.lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)], stdout=subprocess.PIPE, start_new_session=True
    )
    host.guard.watch(holder.pid)
    assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
    before = host.writes()
    wait_until(lambda: host.writes() >= before + 5, 60)
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    host.guard.forget(holder.pid)
    wait_until(host.table.stamp_is_valid, 20)
    before = host.writes()
    wait_until(lambda: host.writes() >= before + 20, 60)
    judge(*host.finish())
