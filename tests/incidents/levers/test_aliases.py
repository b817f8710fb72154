"""A hold moves an alias and reads it back; whatever goes wrong is tried again or told in words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from governance.core.errors import Conflict, Invalid
from governance.ledger.models import LedgerEntry
from governance.outbox.models import Notice
from governance.registry.models import Hold, ModelVersion, System
from incidents.choices import OrderState
from incidents.confirmation import Standing
from incidents.levers import runner
from incidents.levers.secrets import unseal
from incidents.models import ServingTarget, TargetOrder
from incidents.services.targets import (
    report_served,
)
from incidents.tasks import look_after_levers
from tests.cast import Cast
from tests.incidents.levers.exchanges import erring
from tests.incidents.levers.stage import (
    BROKEN,
    DONE,
    alias_of,
    due_now,
    hold,
    late,
    present,
    reads,
    stands,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inside")]


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


def test_a_task_carries_out_what_nobody_beside_the_relay_took(system: System, cast: Cast) -> None:
    with erring(reads(2)) as server:
        target = alias_of(system, server, cast)
        assert look_after_levers() == 0, "the threads beside the relay are given a moment"
        TargetOrder.objects.update(next_attempt_at=Now() - timedelta(seconds=6))
        assert look_after_levers() == 1
    assert present(target).state == OrderState.CONFIRMED


def test_two_orders_for_one_model_never_move_it_at_once(system: System, cast: Cast) -> None:
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


def test_a_credential_is_replaced_from_the_page_and_never_shown(system: System, cast: Cast) -> None:
    with erring(reads(2)) as server:
        target = alias_of(system, server, cast, credential="ops:swordfish")
    address = reverse("serving_target_credential", args=[target.pk])
    ada, max_ = cast.sign_in(Client(), "ada"), cast.sign_in(Client(), "max")
    assert ada.post(address, {"credential": "ops:mine"}).status_code == 403
    page = max_.post(address, {"credential": "ops:marlin"}, follow=True).content.decode()
    assert "has another credential" in page
    assert "marlin" not in page
    assert "swordfish" not in page
    target.refresh_from_db()
    assert unseal(target.tracking_secret, target.pk) == "ops:marlin"
