"""Heavy audits wait apart: a light one that has just come due is not held up by them."""

from __future__ import annotations

import pytest

from audits.choices import RunState
from audits.models import Run
from audits.services import schedule_run
from tests.audits.conftest import DAY, STAGE, START, Stage, impressions
from tests.brokers.conftest import Host
from tests.brokers.servers import Broker, messages_in

pytestmark = pytest.mark.django_db(transaction=True)


# The other two carry the same queues: `make trust` looks at them.
@pytest.mark.parametrize(
    "broker",
    [
        pytest.param("pgmq"),
        pytest.param("redis", marks=[pytest.mark.redis, pytest.mark.trust]),
        pytest.param("rabbitmq", marks=[pytest.mark.rabbitmq, pytest.mark.trust]),
    ],
    indirect=True,
)
def test_a_light_audit_does_not_wait_for_the_heavy_ones_asked_for_before_it(
    stage: Stage, host: Host, broker: Broker
) -> None:
    stage.push(stage.serving, impressions("learned"))
    heavy, light = (
        stage.plan(key=weight, weight=weight, on_breach="finding") for weight in ("heavy", "light")
    )
    for day in range(3):
        window = (START + day * DAY, START + (day + 1) * DAY)
        schedule_run(plan=heavy, window_start=window[0], window_end=window[1], actor=STAGE)
    asked = schedule_run(plan=light, window_start=START, window_end=START + DAY, actor=STAGE)

    host.start("relay", "audits")  # nobody works on the heavy ones at all
    host.wait_until(lambda: Run.objects.filter(pk=asked.pk, state=RunState.SUCCEEDED).exists())
    host.wait_until(lambda: messages_in(broker.url, "audits_heavy") == 3)
    assert set(Run.objects.filter(plan=heavy).values_list("state", flat=True)) == {"queued"}

    host.start("audits_heavy")
    host.wait_until(lambda: Run.objects.filter(plan=heavy, state=RunState.SUCCEEDED).exists())
