"""Beat only ticks: every tick names a task that exists and that Celery agrees to schedule."""

from __future__ import annotations

import pytest

from config import celery_settings
from config.celery import app


@pytest.mark.parametrize("tick", sorted(celery_settings.beat_schedule))
def test_every_tick_can_be_sent(tick: str) -> None:
    app.loader.import_default_modules()
    task = app.tasks[celery_settings.beat_schedule[tick]["task"]]
    soft = task.soft_time_limit or app.conf.task_soft_time_limit
    hard = task.time_limit or app.conf.task_time_limit
    assert soft <= hard
