"""Some rounds of concurrent opt-in, opt-out and check over processes; `make trust` runs many."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from config.env import ROOT
from tests.fastpath.history import load, not_linearizable, stale_allows
from tests.fastpath.naive import KEYS, STORES, TABLE
from tests.fastpath.stage import Host, wait_until
from tests.ground_database import EmbeddedPostgres

ROUNDS = 50

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]


@pytest.fixture
def host(
    transactional_db: None, embedded_postgres: EmbeddedPostgres, tmp_path: Path
) -> Iterator[Host]:
    made = Host(embedded_postgres, tmp_path / "host")
    made.stage()
    yield made
    made.stop()


def test_a_withdrawal_is_seen_by_every_check_that_begins_after_it(host: Host) -> None:
    host.start_applier()
    for name in ("web-1", "web-2"):
        host.start_web(name)
    host.wait_for_web("web-1", "web-2")
    wait_until(lambda: host.writes() >= ROUNDS, 90)
    writes, checks, counts = host.finish()
    assert list(stale_allows(writes, checks)) == []
    assert list(not_linearizable(writes, checks)) == []
    assert counts["fast"] > 0 and len(checks) > ROUNDS


def test_without_doubts_the_same_rounds_show_stale_allows(host: Host) -> None:
    """The twin of the test above, whose writers raise no doubt: it must be found out."""
    host.environment["HISTORY_WITHOUT_DOUBTS"] = "1"
    host.start_applier()
    for name in ("web-1", "web-2"):
        host.start_web(name)
    host.wait_for_web("web-1", "web-2")
    wait_until(lambda: host.writes() >= 4 * ROUNDS, 90)
    writes, checks, _ = host.finish()
    assert list(not_linearizable(writes, checks))
    assert list(stale_allows(writes, checks))


@pytest.mark.parametrize("store", STORES)
def test_a_naive_store_fails_the_same_judge(
    store: str, transactional_db: None, embedded_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(TABLE)
    url = embedded_postgres.url_of(str(connection.settings_dict["NAME"]))
    for attempt in range(5):  # a race that is there shows sooner or later
        folder = tmp_path / str(attempt)
        folder.mkdir()
        (folder / "bytes").write_bytes(bytes(KEYS))
        processes = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.fastpath.naive", folder, str(one), store, url, "6"],
                cwd=ROOT,
            )
            for one in range(KEYS)
        ]
        assert [process.wait(60) for process in processes] == [0] * KEYS
        writes, checks = load(sorted(folder.glob("*.jsonl")))
        if any(stale_allows(writes, checks)):
            return
    raise AssertionError("the naive store was never seen to answer from before a withdrawal")
