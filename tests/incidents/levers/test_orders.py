"""Orders to targets: one a change, in its transaction, sent once, and never believed alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.db.models.functions import Now
from standardwebhooks.webhooks import Webhook

from governance.core.errors import Conflict, Invalid, NotPermitted
from governance.core.ports import registered_retention_rules
from governance.outbox.models import Notice
from governance.outbox.relay import deliver_events
from governance.outbox.webhooks import sending
from governance.outbox.webhooks.models import Signing, WebhookEndpoint, WebhookMessage
from governance.outbox.webhooks.services import register_endpoint
from governance.registry.models import System
from incidents.choices import OrderState
from incidents.confirmation import Standing
from incidents.models import DesiredState, ServingTarget, TargetOrder
from incidents.services.orders import give_up_tired, retry_order
from incidents.services.targets import (
    TargetSettings,
    register_target,
    report_served,
    set_target_active,
)
from tests.cast import Cast
from tests.incidents.levers.stage import (
    ALIAS,
    MACHINE,
    hold,
    late,
    present,
    stands,
    told_by_webhook,
)
from tests.outbox.receiving import receiving

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inside")]


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


def test_messages_are_deleted_when_their_time_is_over_and_the_order_stays(
    system: System, cast: Cast
) -> None:
    with receiving(200) as receiver:
        target, _secret = told_by_webhook(system, receiver, cast)
        sending.deliver_due()
        deliver_events()
    (rule,) = [one for one in registered_retention_rules() if one.model == "outbox.WebhookMessage"]
    assert rule.apply(datetime.now(UTC) + timedelta(days=400)) >= 1
    order = present(target)
    assert (order.state, order.tries, order.problem) == ("applied", 1, "")
    assert stands(system)[0] == Standing.WAITING


def test_a_retired_target_is_told_nothing_any_more(system: System, cast: Cast) -> None:
    with receiving(200) as receiver:
        target, _secret = told_by_webhook(system, receiver, cast)
        set_target_active(target=target, active=False, actor=cast.actor("max"))
        sending.deliver_due()
        assert receiver.got == []
        set_target_active(target=target, active=True, actor=cast.actor("max"))
        sending.deliver_due()
    assert len(receiver.got) == 1


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
