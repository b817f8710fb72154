"""Some rounds of concurrent opt-in, opt-out and check over processes; `make trust` runs many."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fastpath.history import not_linearizable, stale_allows
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
