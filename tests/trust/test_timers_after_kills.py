"""Timers outlive everything: all is killed at once, and what was due is told within 30 seconds."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.trust.stagehand import Stagehand
from tests.trust.test_playbook_kills import keep_in_the_background
from tests.trust.up_process import (
    UpProcess,
    alive,
    environment,
    free_port,
    own_folder,
    wait_until,
)

pytestmark = [pytest.mark.trust, pytest.mark.timeout(600)]
EARLY, LATE = 8.0, 75.0  # while all is down, and after it is back
LATEST = 30.0


def test_every_timer_is_told_once_and_at_most_thirty_seconds_late(tmp_path: Path) -> None:
    with own_folder(tmp_path.resolve()) as data_dir:
        up = UpProcess(data_dir, free_port())
        up.wait_until_ready()
        keep_in_the_background(up, data_dir / "first.log")
        hand = Stagehand(up.layout, environment(data_dir, up.port))
        hand.do("people")
        wound_at = hand.do("wind_timers", early=EARLY, late=LATE)["now"]
        down = up.descendants()
        up.kill()
        assert wait_until(lambda: not alive(down), 60), alive(down)
        assert wait_until(lambda: time.time() > wound_at + EARLY, EARLY)
        again = UpProcess(data_dir, up.port)
        try:
            again.wait_until_ready()
            back_at = time.time()
            keep_in_the_background(again, data_dir / "second.log")
            told = hand.do("timers")
            assert back_at < wound_at + LATE, "the machine is too slow for the later timers"

            def all_are_told() -> bool:
                nonlocal told
                told = hand.do("timers")
                return all(timer["told"] is not None for timer in told)

            assert wait_until(all_are_told, LATE + LATEST), told
            lateness = {timer["name"]: timer["told"] - max(timer["due"], back_at) for timer in told}
            print(f"\nlate by (s): { {name: round(one, 1) for name, one in lateness.items()} }")
            assert max(lateness.values()) <= LATEST, lateness
            assert all(timer["told"] >= timer["due"] for timer in told), told
            in_order = sorted(told, key=lambda timer: timer["due"])
            early, late = in_order[:3], in_order[3:]
            assert {timer["name"] for timer in early} == {"rung 1", "hold", "50 %"}
            assert max(one["told"] for one in early) < min(one["told"] for one in late)
            assert hand.do("notices_of_timers") == {"escalation": 3, "clock": 2, "hold": 1}
        finally:
            hand.stop()
            again.stop()
