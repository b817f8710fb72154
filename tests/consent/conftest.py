"""The stage of the consent tests: one served system, API keys, and a client of the doors."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from consent.slowpath.database import Database
from consent.slowpath.wsgi import DecisionDoors
from governance.core.actors import SystemActor
from tests.consent import standards

if TYPE_CHECKING:
    from governance.registry.models import System

STAGE = SystemActor("tests")
Result = TypeVar("Result")


def make_version(system: Any, key: str, *, profiled: bool) -> Any:
    """Register a version and approve it."""
    from governance.registry import services

    version = services.register_version(system=system, key=key, profiled=profiled, actor=STAGE)
    for state in ("in_review", "approved"):
        services.set_version_state(version=version, state=state, actor=STAGE, reason="tests")
    return version


def make_carousel() -> System:
    """`carousel` serves `thompson`, falls back to `uniform`, for product suggestions."""
    from governance.registry import services
    from governance.registry.models import Purpose, System

    system = services.register_system(
        key="carousel", title="Carousel", on_pause="non_profiled", actor=STAGE
    )
    system.purposes.add(Purpose.objects.get(key="product_suggestions"))
    thompson = make_version(system, "thompson", profiled=True)
    uniform = make_version(system, "uniform", profiled=False)
    services.set_serving_version(system=system, version=thompson, actor=STAGE, reason="tests")
    services.set_fallback_version(system=system, version=uniform, actor=STAGE, reason="tests")
    return System.objects.get(key="carousel")


def make_key(*scopes: str, systems: list[str] | None = None) -> str:
    """Return the secret of a new API key."""
    from governance.core.clock import database_now
    from governance.people import services

    more = {} if systems is None else {"system_keys": systems}
    _, secret = services.create_api_key(
        name="tests",
        scopes=list(scopes),
        expires_at=database_now() + timedelta(days=1),
        actor=STAGE,
        **more,
    )
    return secret


@pytest.fixture
def carousel(db: None) -> System:
    return make_carousel()


@pytest.fixture
def server_key(db: None) -> str:
    return make_key("consent:check", "consent:write", "consent:read", "consent:token")


class SameTransaction(Database):
    """Reads through Django's connection, so that a test sees what it has not committed."""

    def __init__(self) -> None:
        super().__init__(dict)

    def read(self, ask: Callable[[Any], Result]) -> Result:
        from django.db import connection

        with connection.cursor() as cursor:
            return ask(cursor)


@dataclass
class Told:
    """An answer of a door."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass
class DoorClient:
    """Calls the WSGI function as a server would; `secret` goes into the Authorization header."""

    doors: DecisionDoors
    secret: str = ""

    def __call__(
        self,
        path: str,
        body: Any = None,
        *,
        method: str = "POST",
        raw: bytes | None = None,
        content_type: str = "application/json",
        query: str = "",
        **headers: str,
    ) -> Told:
        sent = raw if raw is not None else (json.dumps(body).encode() if body is not None else b"")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": content_type,
            "CONTENT_LENGTH": str(len(sent)),
            "wsgi.input": io.BytesIO(sent),
            **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
        }
        if self.secret:
            environ.setdefault("HTTP_AUTHORIZATION", f"Bearer {self.secret}")
        seen: dict[str, Any] = {}

        def start_response(status: str, sent_headers: list[tuple[str, str]]) -> None:
            seen["status"], seen["headers"] = int(status[:3]), dict(sent_headers)

        text = b"".join(self.doors(environ, start_response))
        told = Told(seen["status"], seen["headers"], json.loads(text) if text else None)
        standards.check(path, told.status, told.headers, told.body)
        if request_id := environ.get("HTTP_X_REQUEST_ID"):
            assert told.headers["X-Request-ID"] == request_id
        return told

    def flag(self, key: str, **context: Any) -> Told:
        return self(f"/ofrep/v1/evaluate/flags/{key}", {"context": context})


def not_ours(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "application/json")])
    return [b'"django"']


@pytest.fixture
def ask(db: None, server_key: str) -> DoorClient:
    """A server with an API key at the doors, inside the test's transaction."""
    return DoorClient(DecisionDoors(not_ours, database=SameTransaction()), server_key)
