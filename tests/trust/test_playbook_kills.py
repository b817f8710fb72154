"""Whatever is killed at whichever step of an incident: the same end, each effect once.

Each process of a real `up` is killed at the boundary of every step of the generic playbook: the
steps that run unattended always see the run's own victim, the steps of people see all in turn.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.trust.playbook_kills import EFFECTS, KINDS, walking
from tests.trust.proof_playbook import STEPS
from tests.trust.stagehand import Stagehand
from tests.trust.up_process import UpProcess, environment, free_port, own_folder

pytestmark = [pytest.mark.trust, pytest.mark.timeout(900)]
PRIVATE = {"TACTFUL_WEBHOOK_PRIVATE": "1"}


def keep(up: UpProcess, told: Path) -> None:
    """Write down what is said while processes die: nobody waits for a full pipe."""
    assert up.process.stdout is not None
    with told.open("w") as out, contextlib.suppress(ValueError):
        for line in up.process.stdout:
            out.write(line)
            out.flush()


def keep_in_the_background(up: UpProcess, told: Path) -> None:
    threading.Thread(target=keep, args=[up, told], daemon=True).start()


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UpProcess]:
    with own_folder(tmp_path_factory.mktemp("kills").resolve()) as data_dir:
        running = UpProcess(data_dir, free_port(), **PRIVATE)
        try:
            running.wait_until_ready()
            keep_in_the_background(running, data_dir / "up.log")
            yield running
        finally:
            running.stop()


@pytest.fixture(scope="module")
def hand(up: UpProcess) -> Iterator[Stagehand]:
    given = {**environment(up.layout.data_dir, up.port), **PRIVATE}
    stagehand = Stagehand(up.layout, given)
    yield stagehand
    stagehand.stop()


@pytest.fixture(scope="module")
def sessions(hand: Stagehand) -> dict[str, str]:
    made: dict[str, str] = hand.do("people")
    return made


@pytest.fixture(scope="module")
def undisturbed(
    up: UpProcess, hand: Stagehand, sessions: dict[str, str], tmp_path_factory: Any
) -> dict[str, Any]:
    """The end of a run that nobody disturbs."""
    with walking(up, tmp_path_factory.mktemp("calm"), sessions, hand, "calm") as walk:
        walk.go(lambda step, automatic: None)
        return walk.ended()


def test_a_run_that_nobody_disturbs_tells_the_target_of_each_effect_once(
    undisturbed: dict[str, Any],
) -> None:
    assert undisturbed["state"] == "closed"
    assert undisturbed["effects"] == dict.fromkeys(EFFECTS, 1)
    assert undisturbed["refused"] == 0
    assert undisturbed["served"][:2] == [["v1", True], ["plain", False]]
    assert set(undisturbed["steps"].values()) <= {"done", "skipped"}


@pytest.mark.parametrize("victim", KINDS)
def test_a_kill_at_each_step_changes_nothing_of_the_end(
    victim: str,
    up: UpProcess,
    hand: Stagehand,
    sessions: dict[str, str],
    undisturbed: dict[str, Any],
    tmp_path: Path,
) -> None:
    kinds = list(KINDS)

    def kind_at(step: str, automatic: bool) -> str:
        if automatic:
            return victim
        return kinds[(STEPS.index(step) + kinds.index(victim)) % len(kinds)]

    with walking(up, tmp_path, sessions, hand, victim) as walk:
        walk.go(kind_at)
        assert sorted(step for _kind, step in walk.killed) == sorted(STEPS)
        assert walk.ended() == undisturbed
