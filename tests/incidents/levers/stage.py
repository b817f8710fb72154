"""The stage of orders: a carousel with two versions of a model, its targets, a hold, the clock."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db.models.functions import Now

from governance.core.actors import SystemActor
from governance.outbox.webhooks.services import register_endpoint
from governance.registry import services as registry
from governance.registry.models import Hold, ModelVersion, System
from incidents.confirmation import PATIENCE, Standing
from incidents.models import DesiredState, ServingTarget, TargetOrder
from incidents.selectors import target_standings
from incidents.services.targets import (
    TargetSettings,
    register_target,
    renew_desired,
)
from tests.cast import Cast
from tests.incidents.levers.exchanges import Serving
from tests.outbox.receiving import Receiver

MACHINE = SystemActor("test")
ALIAS = TargetSettings(kind="mlflow", model_name="ranker", alias="champion", reports_itself=False)
DONE = (200, b"{}")
BROKEN = (500, b"{}")


def reads(number: int) -> tuple[int, bytes]:
    return 200, json.dumps({"model_version": {"version": str(number)}}).encode()


def carousel(cast: Cast) -> System:
    """A system that serves version 2 of its model and falls back to version 1."""
    made = registry.register_system(
        key="carousel", title="Carousel", on_pause="non_profiled", actor=MACHINE
    )
    cast.join("carousel")
    keys = {"uniform": ("approved", 1), "thompson": ("serving", 2)}
    for key, (state, number) in keys.items():
        version = registry.register_version(
            system=made, key=key, mlflow_uri=f"models:/ranker/{number}", actor=MACHINE
        )
        ModelVersion.objects.filter(pk=version.pk).update(state=state)
    System.objects.filter(pk=made.pk).update(
        serving_version=ModelVersion.objects.get(key="thompson"),
        fallback_version=ModelVersion.objects.get(key="uniform"),
    )
    return System.objects.get(pk=made.pk)


def alias_of(system: System, server: Serving, cast: Cast, **more: Any) -> ServingTarget:
    return register_target(
        system=system,
        key="ranker",
        title="Ranker",
        settings=replace(ALIAS, tracking_url=server.url, **more),
        actor=cast.actor("max"),
    )


def told_by_webhook(system: System, receiver: Receiver, cast: Cast) -> tuple[ServingTarget, str]:
    endpoint, secret = register_endpoint(name="shop", url=receiver.url, actor=MACHINE)
    target = register_target(
        system=system,
        key="shop",
        title="Shop",
        settings=TargetSettings(kind="webhook", endpoint=endpoint),
        actor=cast.actor("max"),
    )
    return target, secret


def hold(system: System, effect: str | None = None) -> Hold:
    made = registry.place_hold(
        system=system,
        cause="breach:a",
        reason="Too concentrated.",
        incident_reference="INC-0007",
        effect=effect,
        actor=MACHINE,
    )
    renew_desired([System.objects.get(pk=system.pk)])
    return made


def present(target: ServingTarget) -> TargetOrder:
    return TargetOrder.objects.filter(target=target).order_by("-revision")[0]


def stands(system: System, after: timedelta = timedelta()) -> tuple[Standing, str]:
    since = DesiredState.objects.get(system=system).since
    (one,) = target_standings(system, since + after)
    return one.standing, one.sentence


def late() -> timedelta:
    return PATIENCE + timedelta(seconds=1)


def due_now(**changes: Any) -> None:
    TargetOrder.objects.update(next_attempt_at=Now() - timedelta(seconds=1), **changes)
