"""The stock OpenFeature client, unmodified, against the decision's own door on a real port."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.flag_evaluation import Reason

from consent import services
from consent.slowpath.database import Database, parameters_from_settings
from consent.slowpath.wsgi import DecisionDoors
from governance.core.actors import SystemActor
from governance.registry.services import place_hold
from tests.consent.conftest import make_carousel, make_key, not_ours

if TYPE_CHECKING:
    from openfeature.client import OpenFeatureClient

pytestmark = pytest.mark.django_db(transaction=True)
STAGE = SystemActor("tests")


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (its signature)
        """Say nothing."""


@pytest.fixture
def door(transactional_db: None) -> Iterator[str]:
    """The doors on a free port, with their own database connections."""
    database = Database(parameters_from_settings)
    server: WSGIServer = make_server(
        "127.0.0.1", 0, DecisionDoors(not_ours, database=database), handler_class=Quiet
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()
    database.close_all()


@pytest.fixture
def client(door: str) -> Iterator[OpenFeatureClient]:
    secret = make_key("consent:check")
    provider = OFREPProvider(
        base_url=door, headers_factory=lambda: {"Authorization": f"Bearer {secret}"}
    )
    api.set_provider(provider)
    yield api.get_client()
    api.clear_providers()


ANNA = EvaluationContext(targeting_key="anna", attributes={"region": "DE"})


def say(status: str) -> None:
    services.record_choice(
        subject="anna", purpose="product_suggestions", status=status, actor=STAGE
    )


def test_the_stock_client_sees_consent_withdrawal_and_hold(client: OpenFeatureClient) -> None:
    system = make_carousel()
    say("given")
    told = client.get_boolean_details("system.carousel", False, ANNA)
    assert (told.value, told.variant, told.reason) == (True, "thompson", Reason.TARGETING_MATCH)
    assert client.get_string_value("system.carousel.version", "none", ANNA) == "thompson"

    say("withdrawn")
    told = client.get_boolean_details("system.carousel", True, ANNA)
    assert (told.value, told.variant) == (False, "uniform")
    assert told.flag_metadata["reason"] == "withdrawn"
    assert client.get_boolean_value("purpose.product_suggestions", True, ANNA) is False

    say("given")
    assert client.get_boolean_value("system.carousel", False, ANNA) is True
    place_hold(system=system, cause="incident:1", reason="Too concentrated.", actor=STAGE)
    told = client.get_boolean_details("system.carousel", True, ANNA)
    assert (told.value, told.reason, told.variant) == (False, Reason.DISABLED, "uniform")
    assert client.get_string_value("system.carousel.version", "none", ANNA) == "uniform"


def test_the_stock_client_gets_no_grant_from_an_unknown_flag(
    client: OpenFeatureClient,
) -> None:
    told = client.get_boolean_details("system.nothing", False, ANNA)
    assert told.value is False and told.error_code is not None
