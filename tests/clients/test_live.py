"""Published clients, unmodified, against the running processes: a withdrawal flips the value."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from decern import Client, DecernError
from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext

from consent import services
from governance.core.actors import SystemActor
from governance.registry.models import System
from governance.registry.services import place_hold
from tests.clients.node.conftest import installed
from tests.stream.conftest import Served, served

__all__ = ["installed", "served"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]
STAGE = SystemActor("tests")
PURPOSE = "purpose.product_suggestions"
SECONDS = 10.0


def say(status: str) -> None:
    services.record_choice(
        subject="anna", purpose="product_suggestions", status=status, actor=STAGE
    )


@pytest.fixture
def url(served: Served) -> Iterator[str]:
    yield f"http://127.0.0.1:{served.port}"
    api.clear_providers()


def test_the_python_clients_see_a_withdrawal_at_their_next_question(
    served: Served, url: str
) -> None:
    api.set_provider(OFREPProvider(url, headers_factory=lambda: {"X-API-Key": served.key}))
    flags, anna = api.get_client(), EvaluationContext(targeting_key="anna")
    point = Client(url, token=served.key)
    subject: Any = {"type": "user", "id": "anna"}
    resource: Any = {"type": "purpose", "id": "product_suggestions"}
    for status, allowed in (("given", True), ("withdrawn", False), ("given", True)):
        say(status)
        assert flags.get_boolean_value(PURPOSE, not allowed, anna) is allowed
        decision = point.evaluate(subject, "personalize", resource, {"region": "DE"})
        assert decision.allowed is allowed
        assert decision.context is not None and decision.context["reason"] == status


def test_the_authzen_client_is_told_what_was_wrong(served: Served, url: str) -> None:
    user: Any = {"type": "user", "id": "anna"}
    with pytest.raises(DecernError) as refused:
        Client(url, token="tct_live_nothing").evaluate(user, "personalize", user)
    assert refused.value.status_code == 401
    with pytest.raises(DecernError) as malformed:
        Client(url, token=served.key).evaluate({"type": "user"}, "personalize", user)
    assert malformed.value.status_code == 400
    assert json.loads(malformed.value.body) == "subject.id must be a non-empty text."


class Watching:
    """The stock web client with its stream; reads one line a value."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.process = subprocess.Popen(
            ["node", "watch.mjs", *words],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def next(self) -> dict[str, Any]:
        """The next value told, or what went wrong."""
        assert self.process.stdout is not None and self.process.stderr is not None
        late = threading.Timer(SECONDS, self.process.kill)
        late.start()
        line = self.process.stdout.readline()
        late.cancel()
        assert line, f"nothing was told within {SECONDS} s: {self.process.stderr.read()}"
        told: dict[str, Any] = json.loads(line)
        return told

    def until(self, **wanted: Any) -> dict[str, Any]:
        """Read values until one is as wanted; a refetch may find nothing new in between."""
        while not wanted.items() <= (told := self.next()).items():
            pass
        return told


@pytest.mark.node
@pytest.mark.parametrize("caller", ["browser", "server"])
def test_the_web_client_is_told_of_a_withdrawal_without_polling(
    caller: str, served: Served, url: str, installed: Path
) -> None:
    say("given")
    secret = served.key
    if caller == "browser":
        secret, _ = services.mint_subject_token(
            subject="anna", origin="https://shop.example", ttl=timedelta(minutes=5), actor=STAGE
        )
    watching = Watching(installed, url, secret, PURPOSE, "anna")
    system = Watching(installed, url, secret, "system.carousel", "anna")
    try:
        assert watching.next()["value"] is True and system.next()["value"] is True
        for status, value in (("withdrawn", False), ("given", True)):
            say(status)
            assert watching.until(value=value)["reason"] == "TARGETING_MATCH"
            system.until(value=value)
        place_hold(
            system=System.objects.get(key="carousel"),
            cause="incident:1",
            reason="Too concentrated.",
            actor=STAGE,
        )
        assert system.until(value=False) == {
            "value": False,
            "reason": "DISABLED",
            "variant": "uniform",
        }
    finally:
        for each in (watching, system):
            each.process.kill()
            each.process.wait()
