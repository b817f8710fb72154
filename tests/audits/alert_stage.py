"""Short ways of the tests of alerts: feed days, weigh them, read what was announced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from audits import services
from audits.models import Alert, AlertStep, Plan
from governance.outbox.models import EventRow
from tests.audits.conftest import STAGE, Stage, impressions

RunDue = Callable[[], list[str]]


def events(name: str) -> list[dict[str, Any]]:
    return list(EventRow.objects.filter(name=name).order_by("id").values_list("payload", flat=True))


def weigh(plan: Plan) -> list[Alert]:
    return services.observe_plan(plan=plan, actor=STAGE)


def feed(stage: Stage, run_due: RunDue, *shares: float) -> None:
    for day, share in enumerate(shares):
        stage.push(stage.serving, impressions("learned", day=day, favourites=share))
    run_due()


def statuses(plan: Plan) -> list[str]:
    steps = AlertStep.objects.filter(stream__rule__plan=plan).order_by("window_start")
    return list(steps.values_list("status", flat=True))
