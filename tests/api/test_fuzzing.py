"""Whatever is sent, no door fails: schemathesis against the whole API and the standards' doors.

A few cases an operation with the tests, and many more with the fault injection (`make trust`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import DatabaseError, close_old_connections, connection, transaction
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.transport.wsgi import WSGI_TRANSPORT

from consent.slowpath.wsgi import DecisionDoors
from governance.core.actors import SystemActor
from governance.people.choices import Scope
from tests.consent.conftest import SameTransaction, make_carousel, make_key

STAGE = SystemActor("tests")
FEW, MANY = 2, 60
PHASES = (Phase.explicit, Phase.generate)


@cache
def api_schema() -> Any:
    from drf_spectacular.generators import SchemaGenerator
    from drf_spectacular.renderers import OpenApiJsonRenderer

    told = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return schemathesis.openapi.from_dict(json.loads(OpenApiJsonRenderer().render(told)))


@cache
def doors_schema() -> Any:
    text = (Path(__file__).parent / "doors.json").read_text("utf-8")
    return schemathesis.openapi.from_dict(json.loads(text))


@pytest.fixture
def application(db: None) -> Iterator[DecisionDoors]:
    """The web server's application, on this test's own transaction."""
    make_carousel()
    # A server lets go of old connections around a request; this one is the test's.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield DecisionDoors(get_wsgi_application(), database=SameTransaction())
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def operations(schema: Any) -> Iterator[Any]:
    for found in schema.get_all_operations():
        yield found.ok()


def fuzz(schema: Any, application: Any, secret: str, examples: int) -> list[str]:
    """Send generated requests to every operation; return what answered with a fault of ours."""
    faults: list[str] = []
    sent = {"headers": {"Authorization": f"Bearer {secret}"}, "app": application}
    for operation in operations(schema):
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _fuzz_one(operation, mode, sent, examples, faults.append)
    return faults


def _fuzz_one(
    operation: Any,
    mode: GenerationMode,
    sent: dict[str, Any],
    examples: int,
    fault: Callable[[str], None],
) -> None:
    @seed(0)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=PHASES,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode))
    def send(case: Any) -> None:
        with transaction.atomic():  # a fault must not spoil the cases after it
            status: int | str
            try:
                status = WSGI_TRANSPORT.send(case, **sent).status_code
            except (DatabaseError, AssertionError, ValueError, TypeError, KeyError) as problem:
                status = f"{type(problem).__name__}: {problem}"
            if not isinstance(status, int) or status >= 500 or connection.needs_rollback:
                transaction.set_rollback(True)
                fault(f"{status} {case.as_curl_command()[:400]}")

    try:
        send()
    except Unsatisfiable:  # nothing of this operation can be asked wrongly
        if mode is GenerationMode.POSITIVE:
            raise


def test_no_door_of_the_standards_fails_on_anything(application: DecisionDoors) -> None:
    assert len(list(operations(doors_schema()))) == 9
    assert not fuzz(doors_schema(), application, make_key("consent:check"), 15)


@pytest.mark.timeout(600)
def test_no_door_of_the_api_fails_on_anything(application: DecisionDoors) -> None:
    assert len(list(operations(api_schema()))) > 60
    assert not fuzz(api_schema(), application, make_key(*Scope.values), FEW)


@pytest.mark.trust
@pytest.mark.timeout(3600)
def test_no_door_fails_on_many_more_cases(application: DecisionDoors) -> None:
    assert not fuzz(doors_schema(), application, make_key("consent:check"), MANY * 10)
    assert not fuzz(api_schema(), application, make_key(*Scope.values), MANY)
