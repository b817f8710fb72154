"""Workers as `up` starts them: ready when they take work, warm, and taken over in time."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import connection

from audits.choices import RunState
from audits.models import Run
from config import env
from config.up.database import prepare
from config.up.guard import Guard
from tests.audits.conftest import Stage, make_stage
from tests.brokers.conftest import Host
from tests.brokers.test_delivery import have_ended, is_running, plan_one_window, results_of
from tests.ground_database import EmbeddedPostgres

TAKEN_OVER_SECONDS = 40.0

pytestmark = [
    pytest.mark.trust,
    pytest.mark.timeout(300),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def host(
    transactional_db: None, embedded_postgres: EmbeddedPostgres, settings: Any, tmp_path: Path
) -> Iterator[Host]:
    """A host with the default broker, whose lease nobody has set."""
    settings.STORAGE_URL = (tmp_path / "storage").as_uri()
    prepare()
    guard = Guard()
    host = Host(
        guard,
        {
            **embedded_postgres.env_of(str(connection.settings_dict["NAME"])),
            "TACTFUL_AS_OWNER": "0",
            "STORAGE_URL": settings.STORAGE_URL,
        },
    )
    yield host
    host.stop()
    guard.close()


@pytest.fixture
def stage(host: Host) -> Stage:
    return make_stage()


def test_a_worker_killed_in_the_middle_is_taken_over_within_forty_seconds(
    stage: Stage, host: Host
) -> None:
    assert "TACTFUL_LEASE_SECONDS" not in os.environ
    assert env.read("TACTFUL_LEASE_SECONDS") == configured.AUDIT_LEASE_SECONDS == 30
    plan_one_window(stage)
    host.start("relay", "desk", "audits", "beat")
    host.wait_until(is_running)
    host.kill_nine("audits")
    killed_at = time.monotonic()
    run = Run.objects.get()
    assert (run.state, run.attempt) == (RunState.RUNNING, 1)
    assert results_of(run) == (0, 0)

    host.wait_until(lambda: Run.objects.filter(attempt=2).exists())
    taken_over = time.monotonic() - killed_at
    host.wait_until(have_ended)
    ended = time.monotonic() - killed_at
    print(f"\ntaken over {taken_over:.1f} s after the kill, published after {ended:.1f} s")
    run.refresh_from_db()
    assert (run.state, run.verdict) == (RunState.SUCCEEDED, "fail")
    assert results_of(run) == (1, 1)
    assert taken_over <= TAKEN_OVER_SECONDS


def loaded(pid: int, package: str) -> bool:
    """Whether a process has mapped a compiled module of the package."""
    return f"/{package}/" in Path(f"/proc/{pid}/maps").read_text()


def children_of(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_worker_is_ready_once_it_takes_work_and_only_audits_pay_for_fairlearn(
    host: Host,
) -> None:
    host.start("audits", "desk")
    audits, desk = host.child("audits"), host.child("desk")
    assert not audits.is_ready()
    host.wait_until(lambda: audits.is_ready() and desk.is_ready())
    assert audits.pid is not None
    assert desk.pid is not None
    (process,) = children_of(audits.pid)
    host.wait_until(lambda: loaded(process, "pandas"))
    assert not loaded(audits.pid, "pandas")
    (process,) = children_of(desk.pid)
    assert not loaded(process, "pandas")
    host.kill_nine("audits")
    assert not audits.is_ready()
