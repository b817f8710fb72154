"""What targets say over REST: signed where they are told by webhook, and judged by their kind."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from governance.core.actors import SystemActor
from governance.core.ids import uuid7
from governance.outbox.webhooks.services import register_endpoint, rotate_secret
from governance.people.services import create_api_key
from governance.registry import services as registry
from governance.registry.models import System
from incidents.agenda import IncidentAgenda
from incidents.choices import OrderState, TargetKind
from incidents.confirmation import (
    PATIENCE,
    QUIET,
    Channel,
    Desired,
    Served,
    Standing,
    Told,
    judge,
    meaning,
)
from incidents.models import ServingTarget, TargetOrder
from incidents.services.orders import give_up_order
from incidents.services.targets import TargetSettings, register_target
from tests.cast import Cast
from tests.incidents.levers.exchanges import erring

MACHINE = SystemActor("test")
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
WANTED = Desired("uniform", False, NOON, revision=7)
RIGHT = Served("uniform", False, NOON + SECOND, revision=7)
WEBHOOK, ALIAS = Channel(TargetKind.WEBHOOK), Channel(TargetKind.MLFLOW)
ALIAS_ALONE = Channel(TargetKind.MLFLOW, reports=False)


# --- judging, by kind ---


@pytest.mark.parametrize(
    ("channel", "served", "told", "after", "expected"),
    [
        # A poller that names an older revision speaks of before the change.
        (Channel(), Served("uniform", False, NOON + SECOND, 6), None, 2, Standing.WAITING),
        (Channel(), Served("uniform", False, NOON + SECOND, 8), None, 2, Standing.CONFIRMED),
        # A 2xx alone confirms nothing; nor does a word that names no change.
        (WEBHOOK, None, Told(applied=True), 2, Standing.WAITING),
        (WEBHOOK, None, Told(applied=True), 11, Standing.UNCONFIRMED),
        (WEBHOOK, Served("uniform", False, NOON + SECOND), Told(True), 11, Standing.UNCONFIRMED),
        (WEBHOOK, None, Told(applied=False, given_up=True), 2, Standing.UNCONFIRMED),
        (WEBHOOK, RIGHT, Told(applied=False, given_up=True), 2, Standing.CONFIRMED),
        (WEBHOOK, RIGHT, Told(applied=True), 2, Standing.CONFIRMED),
        (WEBHOOK, RIGHT, Told(applied=False), 2, Standing.CONFIRMED),
        # Who is called speaks only then: a long silence before is no absence of traffic.
        (WEBHOOK, Served("old", True, NOON - 2 * QUIET), Told(True), 11, Standing.UNCONFIRMED),
        (WEBHOOK, Served("", False, NOON - SECOND), Told(True), 11, Standing.NO_TRAFFIC),
        # An alias has to be read back, whatever is said.
        (ALIAS, RIGHT, None, 2, Standing.WAITING),
        (ALIAS, RIGHT, Told(applied=False, problem="MLflow answered 500."), 11, "unconfirmed"),
        (ALIAS, RIGHT, Told(applied=True), 2, Standing.CONFIRMED),
        (ALIAS, None, Told(applied=True), 11, Standing.NO_TRAFFIC),
        (ALIAS, Served("old", True, NOON + SECOND), Told(True), 11, Standing.UNCONFIRMED),
        (ALIAS_ALONE, None, Told(applied=True), 2, Standing.CONFIRMED),
        (ALIAS_ALONE, RIGHT, Told(applied=False), 11, Standing.UNCONFIRMED),
    ],
)
def test_each_kind_is_confirmed_by_the_facts_it_owes(
    channel: Channel, served: Served | None, told: Told | None, after: int, expected: str
) -> None:
    found = judge(WANTED, served, NOON + after * SECOND, channel, told)
    assert found.standing == expected
    assert found.sentence.endswith(".")


@given(
    st.sampled_from([Channel(kind) for kind in TargetKind.values] + [ALIAS_ALONE]),
    st.none() | st.builds(Told, st.booleans()),
    st.none()
    | st.builds(
        Served,
        st.sampled_from(["uniform", "thompson", ""]),
        st.booleans(),
        st.integers(-2_000, 2_000).map(lambda seconds: NOON + seconds * SECOND),
        st.none() | st.integers(5, 9),
    ),
    st.integers(0, 3_000),
)
def test_nothing_is_confirmed_without_the_fact_and_red_comes_within_ten_seconds(
    channel: Channel, told: Told | None, served: Served | None, after: int
) -> None:
    found = judge(WANTED, served, NOON + after * SECOND, channel, told).standing
    if found == Standing.CONFIRMED:
        if channel.kind == TargetKind.MLFLOW:
            assert told is not None
            assert told.applied
        if channel.reports:
            assert served is not None
            assert served.at >= NOON
            assert (served.version, served.personalises) == ("uniform", False)
            assert served.revision is None or served.revision >= 7
    if found == Standing.WAITING:
        assert after * SECOND <= PATIENCE


def test_every_kind_says_what_confirms_it() -> None:
    told = {meaning(Channel(kind)) for kind in TargetKind.values} | {meaning(ALIAS_ALONE)}
    assert len(told) == 5


# --- over REST ---


@pytest.fixture
def system(cast: Cast) -> System:
    made = registry.register_system(
        key="carousel", title="Carousel", on_pause="non_profiled", actor=MACHINE
    )
    cast.join("carousel")
    return made


class Shop:
    """A shop that is told by webhook and reports with its key."""

    def __init__(self, system: System, cast: Cast) -> None:
        self.endpoint, self.secret = register_endpoint(
            name="shop", url="http://127.0.0.1:9/", actor=MACHINE
        )
        self.target = register_target(
            system=system,
            key="shop",
            title="Shop",
            settings=TargetSettings(kind="webhook", endpoint=self.endpoint),
            actor=cast.actor("max"),
        )
        _row, self.key = create_api_key(
            name="shop", scopes=["consent:check"], system_keys=["carousel"], actor=MACHINE
        )

    def report(
        self, *, secret: str = "", late: timedelta = timedelta(), altered: bool = False, **more: Any
    ) -> tuple[int, dict[str, Any]]:
        said = {"system": "carousel", "version": "", "personalises": False, "revision": 1} | more
        body = json.dumps(said)
        moment = datetime.now(UTC) - late
        identity = str(uuid7())
        headers = {
            "X-API-Key": self.key,
            "webhook-id": identity,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": Webhook(secret or self.secret).sign(identity, moment, body),
        }
        if altered:
            body = body.replace("false", "true")
        answer = Client().post(
            "/api/v1/targets/shop/reports", body, content_type="application/json", headers=headers
        )
        return answer.status_code, answer.json()


@pytest.fixture
def shop(system: System, cast: Cast, settings: Any) -> Shop:
    settings.WEBHOOK_PRIVATE = True
    return Shop(system, cast)


@pytest.mark.django_db
def test_a_report_signed_with_the_stock_library_confirms(shop: Shop) -> None:
    status, said = shop.report()
    assert status == 200, said
    assert said["standing"] == "confirmed"
    assert said["desired"]["revision"] == 1
    assert TargetOrder.objects.get().state == OrderState.CONFIRMED


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"secret": "whsec_" + "A" * 43 + "="}, "not of this report"),
        ({"altered": True}, "not of this report"),
        ({"late": timedelta(minutes=6)}, "five minutes"),
        ({"late": timedelta(minutes=-6)}, "five minutes"),
    ],
)
def test_a_report_that_is_not_signed_as_it_stands_is_refused(
    shop: Shop, how: dict[str, Any], sentence: str
) -> None:
    status, said = shop.report(**how)
    assert status == 403
    assert sentence in said["detail"]
    assert ServingTarget.objects.get().served_at is None


@pytest.mark.django_db
def test_the_key_alone_does_not_speak_for_a_target_that_signs(shop: Shop) -> None:
    answer = Client().post(
        "/api/v1/targets/shop/reports",
        {"system": "carousel", "version": "", "personalises": False, "revision": 1},
        content_type="application/json",
        headers={"X-API-Key": shop.key},
    )
    assert answer.status_code == 403
    assert "signed" in answer.json()["detail"]


@pytest.mark.django_db
def test_a_report_that_names_no_revision_answers_to_nothing(shop: Shop) -> None:
    status, said = shop.report(revision=None)
    assert status == 422 or status == 400
    assert "revision" in said["detail"]


@pytest.mark.django_db
def test_both_secrets_sign_while_one_replaces_the_other(shop: Shop) -> None:
    new = rotate_secret(endpoint=shop.endpoint, actor=MACHINE)
    assert shop.report()[0] == 200
    assert shop.report(secret=new)[0] == 200


@pytest.mark.django_db
def test_targets_are_registered_and_listed_over_rest(
    system: System, cast: Cast, settings: Any
) -> None:
    settings.MLFLOW_HOSTS = ["127.0.0.1"]
    System.objects.update(serving_version=None)
    registry.place_hold(system=system, cause="x", reason="Too concentrated.", actor=MACHINE)
    _row, secret = create_api_key(
        name="pipeline",
        scopes=["incidents:write", "registry:read"],
        system_keys=["carousel"],
        actor=MACHINE,
    )
    client, headers = Client(), {"X-API-Key": secret}
    with erring((200, b"{}")) as server:
        body = {
            "system": "carousel",
            "key": "ranker",
            "title": "Ranker",
            "kind": "mlflow",
            "tracking_url": server.url,
            "model_name": "ranker",
            "alias": "champion",
            "credential": "ops:swordfish",
        }
        answer = client.post(
            "/api/v1/targets", body, content_type="application/json", headers=headers
        )
    assert answer.status_code == 201, answer.json()
    assert "swordfish" not in answer.content.decode()
    (listed,) = client.get("/api/v1/targets", headers=headers).json()["results"]
    assert listed == answer.json() | {"standing": listed["standing"]}
    assert (listed["kind"], listed["order"]["state"]) == ("mlflow", "pending")
    assert listed["desired"]["revision"] == 1
    again = client.post("/api/v1/targets", body, content_type="application/json", headers=headers)
    assert again.status_code == 409
    _row, weak = create_api_key(
        name="weak", scopes=["registry:read"], system_keys=["carousel"], actor=MACHINE
    )
    denied = client.post(
        "/api/v1/targets",
        body | {"key": "other"},
        content_type="application/json",
        headers={"X-API-Key": weak},
    )
    assert denied.status_code == 403


@pytest.mark.django_db
def test_a_list_of_many_targets_asks_as_often_as_a_list_of_one(
    system: System, cast: Cast, django_assert_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def asked() -> int:
        client = cast.sign_in(Client(), "max")
        client.get("/api/v1/targets")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get("/api/v1/targets").status_code == 200
        return len(queries)

    register_target(system=system, key="one", title="One", actor=MACHINE)
    single = asked()
    for number in range(5):
        other = registry.register_system(
            key=f"feed-{number}", title="Feed", on_pause="off", actor=MACHINE
        )
        cast.join(other.key)
        register_target(system=other, key="more", title="More", actor=MACHINE)
    assert asked() == single


# --- pages ---


@pytest.mark.django_db
def test_the_page_asks_for_what_the_kind_needs(system: System, cast: Cast) -> None:
    client = cast.sign_in(Client(), "max")
    address = reverse("serving_targets")
    page = client.get(address, {"kind": "mlflow"}).content.decode()
    assert "Tracking URL" in page
    assert "Endpoint" not in page
    page = client.get(address, {"kind": "webhook"}).content.decode()
    assert "Endpoint" in page
    assert "webhook-signature" in page
    refused = client.post(
        f"{address}?kind=mlflow",
        {
            "system": system.pk,
            "key": "ranker",
            "title": "Ranker",
            "tracking_url": "http://10.0.0.1:5000",
            "model_name": "ranker",
            "alias": "champion",
        },
    )
    assert "TACTFUL_MLFLOW_HOSTS" in refused.content.decode()
    made = client.post(
        f"{address}?kind=stream", {"system": system.pk, "key": "app", "title": "App"}, follow=True
    )
    assert "App is registered. Confirmed when it was told by the stream" in made.content.decode()
    assert ServingTarget.objects.get().kind == "stream"


@pytest.mark.django_db
def test_an_order_that_was_given_up_is_repeated_from_the_page(shop: Shop, cast: Cast) -> None:
    order = TargetOrder.objects.get()
    assert give_up_order(order=order, sentence="The server answered 500.")
    address = reverse("serving_targets")
    ada, ivo = cast.sign_in(Client(), "ada"), cast.sign_in(Client(), "ivo")
    assert "Tell it again" not in ada.get(address).content.decode()
    page = ivo.get(address).content.decode()
    (item,) = [one for one in IncidentAgenda().items(cast.actor("ivo")) if "Shop" in one.title]
    assert "The server answered 500." in item.reason
    assert not [one for one in IncidentAgenda().items(cast.actor("ada")) if "Shop" in one.title]
    assert "Tell it again" in page
    assert "The server answered 500." in page
    repeat = reverse("target_order_repeat", args=[order.pk])
    assert ada.post(repeat).status_code == 403
    assert ivo.post(repeat).status_code == 302
    order.refresh_from_db()
    assert order.state == OrderState.PENDING
