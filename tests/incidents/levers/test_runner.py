"""Beside the relay: an order is carried out at once, and a server that hangs delays no other."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from governance.core.actors import SystemActor
from governance.outbox.subscriptions import begin_companions
from governance.registry import services as registry
from governance.registry.models import ModelVersion, System
from incidents.choices import OrderState
from incidents.models import TargetOrder
from incidents.services.targets import TargetSettings, register_target
from tests.cast import Cast
from tests.incidents.levers.exchanges import erring

MACHINE = SystemActor("test")
READS_2 = (200, json.dumps({"model_version": {"version": "2"}}).encode())


@contextmanager
def beside_a_relay() -> Iterator[None]:
    stop = threading.Event()
    threads = begin_companions(stop)
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
    assert not any(thread.is_alive() for thread in threads), "it ends when it is told to"


def system_with_alias(key: str, url: str, cast: Cast) -> System:
    system = registry.register_system(
        key=key, title=key.title(), on_pause="non_profiled", actor=MACHINE
    )
    version = registry.register_version(
        system=system, key="thompson", mlflow_uri="models:/ranker/2", actor=MACHINE
    )
    ModelVersion.objects.filter(pk=version.pk).update(state="serving")
    System.objects.filter(pk=system.pk).update(serving_version=version)
    register_target(
        system=System.objects.get(pk=system.pk),
        key="ranker",
        title="Ranker",
        settings=TargetSettings(
            kind="mlflow",
            tracking_url=url,
            model_name="ranker",
            alias="champion",
            reports_itself=False,
        ),
        actor=MACHINE,
    )
    return system


@pytest.mark.django_db(transaction=True)
def test_a_server_that_hangs_delays_no_order_to_another(cast: Cast, settings: Any) -> None:
    settings.MLFLOW_HOSTS = ["127.0.0.1"]
    with erring(60.0) as hanging, erring(READS_2) as well, beside_a_relay():
        system_with_alias("stuck", hanging.url, cast)
        system = system_with_alias("carousel", well.url, cast)
        begun = time.monotonic()
        orders = TargetOrder.objects.filter(target__system=system)
        while orders.get().state != OrderState.CONFIRMED:
            assert time.monotonic() - begun < 4, "it waited for the one that hangs"
            threading.Event().wait(0.05)
    stuck = TargetOrder.objects.get(target__system__key="stuck")
    assert stuck.state == OrderState.PENDING
    assert "did not answer within 5 seconds" in stuck.last_error
    assert stuck.lease_until is None
