"""Orders to targets: one a change, in its transaction, carried out once, never believed alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from standardwebhooks.webhooks import Webhook

from governance.core.actors import SystemActor
from governance.core.errors import Conflict, Invalid, NotPermitted
from governance.ledger.models import LedgerEntry
from governance.outbox.models import Notice
from governance.outbox.relay import deliver_events
from governance.outbox.webhooks import sending
from governance.outbox.webhooks.models import Signing, WebhookEndpoint, WebhookMessage
from governance.outbox.webhooks.services import register_endpoint
from governance.registry import services as registry
from governance.registry.models import Hold, ModelVersion, System
from incidents.choices import OrderState
from incidents.confirmation import PATIENCE, Standing
from incidents.levers import runner
from incidents.levers.secrets import unseal
from incidents.models import DesiredState, ServingTarget, TargetOrder
from incidents.selectors import target_standings
from incidents.services.orders import give_up_tired, retry_order
from incidents.services.targets import (
    TargetSettings,
    register_target,
    renew_desired,
    report_served,
    set_target_active,
)
from tests.cast import Cast
from tests.incidents.levers.exchanges import Serving, erring
from tests.outbox.receiving import Receiver, receiving

pytestmark = pytest.mark.django_db
MACHINE = SystemActor("test")
ALIAS = TargetSettings(kind="mlflow", model_name="ranker", alias="champion", reports_itself=False)
DONE = (200, b"{}")
BROKEN = (500, b"{}")


def reads(number: int) -> tuple[int, bytes]:
    return 200, json.dumps({"model_version": {"version": str(number)}}).encode()


@pytest.fixture(autouse=True)
def inside(settings: Any) -> None:
    settings.MLFLOW_HOSTS = ["127.0.0.1"]
    settings.WEBHOOK_PRIVATE = True


@pytest.fixture
def system(cast: Cast) -> System:
    """A carousel that serves version 2 of its model and falls back to version 1."""
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


# --- aliases ---


def test_a_hold_moves_the_alias_to_the_fallback_and_reads_it_back(
    system: System, cast: Cast
) -> None:
    with erring(reads(2), reads(2), DONE, DONE, reads(2), DONE, reads(1), DONE) as server:
        target = alias_of(system, server, cast)
        assert runner.carry_out_due() == 1
        assert stands(system)[0] == Standing.CONFIRMED, "it serves what is wanted before the hold"
        hold(system)
        assert stands(system)[0] == Standing.WAITING, "an order alone confirms nothing"
        assert stands(system, late())[0] == Standing.UNCONFIRMED
        assert runner.carry_out_due() == 1
        assert stands(system) == (Standing.CONFIRMED, "The alias was read back after it was set.")
    order = present(target)
    assert (order.state, order.version, order.alias_before) == ("confirmed", "uniform", "2")
    moves = [one.asked for one in server.exchanges if one.path.endswith("registered-models/alias")]
    assert moves == [{"name": "ranker", "alias": "champion", "version": "1"}]
    tags = {
        (one.asked["version"], one.asked["key"]): one.asked["value"]
        for one in server.exchanges
        if one.path.endswith("set-tag")
    }
    assert tags["1", "gov.state"] == "fallback"
    assert tags["2", "gov.state"] == "held"
    assert tags["2", "gov.incident"] == "INC-0007"
    facts = LedgerEntry.objects.filter(verb="incidents.alias_moved").latest("pk").facts
    assert (facts["before"], facts["reads"]) == ("2", "1")


def test_what_loads_an_alias_has_to_say_so_itself_where_it_reports(
    system: System, cast: Cast
) -> None:
    with erring(reads(2), reads(2), DONE) as server:
        target = alias_of(system, server, cast, reports_itself=True)
        runner.carry_out_due()
    report_served(target=target, version="old", personalises=True, actor=cast.actor("max"))
    standing, sentence = stands(system, late())
    assert standing == Standing.UNCONFIRMED
    assert sentence == "The alias is right. Says it serves old."
    assert present(target).state == OrderState.APPLIED
    report_served(target=target, version="thompson", personalises=True, actor=cast.actor("max"))
    assert stands(system)[0] == Standing.CONFIRMED
    assert present(target).state == OrderState.CONFIRMED


def test_the_word_of_a_target_never_stands_for_an_alias_that_was_not_read_back(
    system: System, cast: Cast
) -> None:
    with erring(BROKEN) as server:
        target = alias_of(system, server, cast, reports_itself=True)
        runner.carry_out_due()
    report_served(target=target, version="thompson", personalises=True, actor=cast.actor("max"))
    assert stands(system, late()) == (Standing.UNCONFIRMED, "MLflow answered 500.")


def test_a_server_that_breaks_is_tried_again_on_the_ladder_and_then_handed_to_people(
    system: System, cast: Cast
) -> None:
    with erring(BROKEN) as server:
        target = alias_of(system, server, cast)
        for number in range(1, 21):
            assert runner.carry_out_due() == 1
            order = present(target)
            assert (order.state, order.attempts, order.rung) == ("pending", number, number)
            wait = order.next_attempt_at - order.updated_at
            assert runner.carry_out_due() == 0, "it waits for its rung"
            due_now()
        assert wait > timedelta(seconds=50), "the last rungs are a minute"
        assert runner.carry_out_due() == 1
    assert present(target).state == OrderState.GIVEN_UP
    assert Notice.objects.filter(subject__contains="has not confirmed").count() == 1
    assert "MLflow answered 500." in stands(system, late())[1]


def test_a_version_that_is_not_approved_never_moves_an_alias(system: System, cast: Cast) -> None:
    with erring(reads(2)) as server:
        target = alias_of(system, server, cast)
        runner.carry_out_due()
        ModelVersion.objects.filter(key="uniform").update(state="registered")
        hold(system)
        runner.carry_out_due()
    order = present(target)
    assert order.state == OrderState.GIVEN_UP
    assert order.last_error == (
        "The version uniform is not approved, so the alias stays where it is."
    )
    assert {one.method for one in server.exchanges if "alias" in one.path} == {"GET"}
    assert Hold.objects.filter(released_at=None).exists(), "the hold stays"


def test_a_version_without_its_mlflow_address_is_told_with_what_to_do(
    system: System, cast: Cast
) -> None:
    ModelVersion.objects.filter(key="thompson").update(mlflow_uri="s3://models/ranker")
    with erring(reads(2)) as server:
        target = alias_of(system, server, cast)
        runner.carry_out_due()
    assert "write models:/ranker/NUMBER" in present(target).last_error
    assert present(target).state == OrderState.GIVEN_UP


def test_two_orders_for_one_model_never_move_it_at_once(system: System, cast: Cast) -> None:
    from tests.ground_database import psycopg

    with erring(reads(2)) as server, psycopg.connect(**_database()) as other:
        target = alias_of(system, server, cast)
        lock = f"mlflow:{server.url}:ranker"
        other.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [lock])
        assert runner.carry_out_due() == 1
        assert server.exchanges == [], "nobody is asked while another holds the model"
        assert (present(target).state, present(target).rung) == ("pending", 0)
        other.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [lock])
        due_now()
        runner.carry_out_due()
    assert present(target).state == OrderState.CONFIRMED


def _database() -> dict[str, Any]:
    known = connection.get_connection_params()
    return {name: known[name] for name in ("dbname", "user", "host", "port") if name in known}


def test_who_lost_the_lease_writes_nothing(system: System, cast: Cast) -> None:
    with erring(reads(2)) as server:
        target = alias_of(system, server, cast)
        zombie = runner.take_order()
        assert zombie is not None
        assert runner.take_order() is None, "it is leased"
        due_now()
        assert runner.carry_out_due() == 1
        done = present(target)
        runner.carry_out(zombie)
        assert present(target).updated_at == done.updated_at
        assert present(target).state == OrderState.CONFIRMED


def test_a_newer_change_takes_the_place_of_an_order_that_is_still_due(
    system: System, cast: Cast
) -> None:
    with erring(reads(2), reads(2), DONE) as server:
        target = alias_of(system, server, cast)
        old = runner.take_order()
        assert old is not None
        hold(system)
        runner.carry_out(old)
    assert {one.method for one in server.exchanges} <= {"GET"}, "the old order moved nothing"
    states = dict(TargetOrder.objects.filter(target=target).values_list("revision", "state"))
    assert states == {1: "superseded", 2: "pending"}


def test_an_alias_that_somebody_moves_away_while_held_is_ordered_back(
    system: System, cast: Cast
) -> None:
    with erring(reads(2), reads(2), DONE, DONE, reads(1)) as server:
        target = alias_of(system, server, cast)
        runner.carry_out_due()
    with erring(reads(1)) as server:
        ServingTarget.objects.update(tracking_url=server.url)
        hold(system)
        runner.carry_out_due()
        assert runner.reread_aliases(timedelta()) == 0
        assert stands(system)[0] == Standing.CONFIRMED
    with erring(reads(2)) as server:
        ServingTarget.objects.update(tracking_url=server.url)
        assert runner.reread_aliases(timedelta()) == 1
    standing, sentence = stands(system, late())
    assert standing == Standing.UNCONFIRMED
    assert sentence == ("Somebody moved the alias champion to version 2 while the system is held.")
    assert present(target).state == OrderState.PENDING


def test_registering_an_alias_never_removes_it_where_nothing_is_served(
    system: System, cast: Cast
) -> None:
    System.objects.update(serving_version=None, fallback_version=None)
    with (
        erring(reads(2)) as server,
        pytest.raises(Conflict, match="its alias would be removed"),
    ):
        alias_of(System.objects.get(), server, cast)
    assert server.exchanges == []


def test_the_credential_of_a_tracking_server_is_sealed_for_its_own_target(
    system: System, cast: Cast
) -> None:
    with erring(reads(2)) as server:
        target = alias_of(system, server, cast, credential="ops:swordfish")
    stored = ServingTarget.objects.get(pk=target.pk).tracking_secret
    assert stored is not None
    assert b"swordfish" not in bytes(stored)
    assert unseal(stored, target.pk) == "ops:swordfish"
    with pytest.raises(Invalid, match="sealed with another key"):
        unseal(stored, system.pk)


# --- webhooks ---


def test_a_delivered_message_confirms_nothing_until_the_target_names_the_change(
    system: System, cast: Cast
) -> None:
    with receiving(204) as receiver:
        target, secret = told_by_webhook(system, receiver, cast)
        hold(system)
        assert sending.deliver_due() >= 1
        deliver_events()
    told = [json.loads(one.body) for one in receiver.got]
    last = told[-1]["data"]
    assert Webhook(secret).verify(receiver.got[-1].body, receiver.got[-1].headers)
    assert (last["version"], last["personalises"], last["revision"]) == ("uniform", False, 2)
    assert last["incident"] == "INC-0007"
    assert last["report_to"].endswith("/api/v1/targets/shop/reports")
    assert present(target).state == OrderState.APPLIED
    standing, sentence = stands(system, late())
    assert standing == Standing.UNCONFIRMED
    assert sentence.startswith("The message was delivered, which confirms nothing.")
    actor = cast.actor("max")
    said = report_served(
        target=target, version="uniform", personalises=False, revision=1, signed=True, actor=actor
    )
    assert said != Standing.CONFIRMED, "the word is of an older change"
    said = report_served(
        target=target, version="uniform", personalises=False, revision=2, signed=True, actor=actor
    )
    assert said == Standing.CONFIRMED
    assert present(target).state == OrderState.CONFIRMED


def test_only_the_newest_change_is_still_sent(system: System, cast: Cast) -> None:
    with receiving(200) as receiver:
        told_by_webhook(system, receiver, cast)
        hold(system)
        sending.deliver_due()
    assert [json.loads(one.body)["data"]["revision"] for one in receiver.got] == [2]


def test_an_order_leaves_only_if_the_change_stays(system: System, cast: Cast) -> None:
    with receiving(200) as receiver:
        told_by_webhook(system, receiver, cast)
        sending.deliver_due()
        before = WebhookMessage.objects.count()
        with pytest.raises(ZeroDivisionError):
            _hold_and_fail(system)
        assert WebhookMessage.objects.count() == before
        assert TargetOrder.objects.count() == 1


@transaction.atomic
def _hold_and_fail(system: System) -> None:
    hold(system)
    raise ZeroDivisionError


def test_an_order_that_cannot_be_delivered_is_handed_to_people_who_repeat_it(
    system: System, cast: Cast
) -> None:
    with receiving(410, 200) as receiver:
        target, _secret = told_by_webhook(system, receiver, cast)
        sending.deliver_due()
        deliver_events()
        order = present(target)
        assert (order.state, order.last_error) == ("given_up", "The server answered 410.")
        assert Notice.objects.filter(subject__contains="Shop of Carousel").count() == 1
        with pytest.raises(NotPermitted):
            retry_order(order=order, actor=cast.actor("ada"))
        WebhookEndpoint.objects.update(state="active")
        retry_order(order=order, actor=cast.actor("ivo"))
        sending.deliver_due()
        deliver_events()
    assert present(target).state == OrderState.APPLIED
    with pytest.raises(Conflict, match="not given up"):
        retry_order(order=present(target), actor=cast.actor("ivo"))


def test_a_target_that_never_answers_becomes_a_task_for_people_after_a_quarter_of_an_hour(
    system: System, cast: Cast
) -> None:
    with receiving(200) as receiver:
        target, _secret = told_by_webhook(system, receiver, cast)
        sending.deliver_due()
        deliver_events()
    assert give_up_tired() == 0
    DesiredState.objects.update(since=Now() - timedelta(minutes=16))
    TargetOrder.objects.update(give_up_at=Now() - timedelta(seconds=1))
    assert give_up_tired() == 1
    assert present(target).state == OrderState.GIVEN_UP
    assert give_up_tired() == 0, "people are asked once"
    said = report_served(
        target=target,
        version="thompson",
        personalises=True,
        revision=1,
        signed=True,
        actor=cast.actor("max"),
    )
    assert said == Standing.CONFIRMED, "a late word counts all the same"
    assert present(target).state == OrderState.CONFIRMED


def test_a_retired_target_is_told_nothing_any_more(system: System, cast: Cast) -> None:
    with receiving(200) as receiver:
        target, _secret = told_by_webhook(system, receiver, cast)
        set_target_active(target=target, active=False, actor=cast.actor("max"))
        sending.deliver_due()
        assert receiver.got == []
        set_target_active(target=target, active=True, actor=cast.actor("max"))
        sending.deliver_due()
    assert len(receiver.got) == 1


# --- registering ---


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (TargetSettings(kind="pigeon"), "kind is one of"),
        (TargetSettings(kind="mlflow", alias="champion"), "needs the tracking URL"),
        (replace(ALIAS, tracking_url="http://10.0.0.1:5000"), "TACTFUL_MLFLOW_HOSTS"),
        (TargetSettings(kind="ofrep", alias="champion"), "belong to an MLflow alias"),
        (TargetSettings(kind="stream", reports_itself=False), "without the target's own report"),
        (TargetSettings(kind="webhook"), "has an endpoint"),
    ],
)
def test_a_target_has_the_settings_of_its_kind_and_no_others(
    system: System, cast: Cast, given: TargetSettings, sentence: str
) -> None:
    with pytest.raises(Invalid, match=sentence):
        register_target(system=system, key="x", title="X", settings=given, actor=cast.actor("max"))
    assert not ServingTarget.objects.exists()


def test_a_webhook_target_needs_a_secret_that_signs_its_reports(system: System, cast: Cast) -> None:
    endpoint, _key = register_endpoint(
        name="shop", url="http://127.0.0.1:9/", signing=Signing.ED25519, actor=MACHINE
    )
    with pytest.raises(Invalid, match="shared secret"):
        register_target(
            system=system,
            key="shop",
            title="Shop",
            settings=TargetSettings(kind="webhook", endpoint=endpoint),
            actor=cast.actor("max"),
        )
