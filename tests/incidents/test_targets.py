"""A hold is confirmed by those who serve, in their own words; a delivered message is not enough."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from governance.core.actors import SystemActor
from governance.core.errors import Conflict, NotPermitted
from governance.people.services import create_api_key
from governance.registry import services as registry
from governance.registry.models import Hold, System
from incidents.choices import Kind, Severity, State
from incidents.confirmation import PATIENCE, QUIET, Desired, Served, Standing, standing
from incidents.models import DesiredState, Incident, ServingTarget
from incidents.selectors import target_standings
from incidents.services.opening import open_incident
from incidents.services.steps import run_automatic_steps
from incidents.services.targets import (
    register_target,
    renew_desired,
    report_served,
    set_target_active,
    settle_containment,
)
from tests.cast import Cast

MACHINE = SystemActor("test")
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
WANTED = Desired("uniform", False, NOON)
SECOND = timedelta(seconds=1)


@pytest.fixture
def system(cast: Cast) -> System:
    made = registry.register_system(
        key="carousel", title="Carousel", on_pause="non_profiled", actor=MACHINE
    )
    cast.join("carousel")
    return made


@pytest.fixture
def shop(system: System, cast: Cast) -> ServingTarget:
    return register_target(system=system, key="web-shop", title="Web shop", actor=cast.actor("max"))


def contain(system: System) -> Incident:
    incident, _created = open_incident(
        title="Too concentrated",
        summary="",
        kind=Kind.BIAS,
        severity=Severity.S2,
        cause_key="breach:a",
        system=system,
        unattended=True,
        actor=MACHINE,
    )
    run_automatic_steps(incident=incident, actor=MACHINE)
    incident.refresh_from_db()
    return incident


@pytest.mark.parametrize(
    ("served", "after", "expected"),
    [
        (Served("uniform", False, NOON + SECOND), 2 * SECOND, Standing.CONFIRMED),
        (Served("uniform", False, NOON - SECOND), 2 * SECOND, Standing.WAITING),
        (Served("thompson", True, NOON + SECOND), 2 * SECOND, Standing.WAITING),
        (Served("thompson", True, NOON + SECOND), PATIENCE, Standing.WAITING),
        (Served("thompson", True, NOON + SECOND), PATIENCE + SECOND, Standing.UNCONFIRMED),
        (Served("uniform", True, NOON + SECOND), PATIENCE + SECOND, Standing.UNCONFIRMED),
        (Served("uniform", False, NOON - SECOND), PATIENCE + SECOND, Standing.UNCONFIRMED),
        (Served("uniform", False, NOON - QUIET - SECOND), 2 * SECOND, Standing.NO_TRAFFIC),
        (None, 2 * SECOND, Standing.NO_TRAFFIC),
        # Who speaks again after a long silence is judged by what it says.
        (Served("thompson", True, NOON + 60 * SECOND), 61 * SECOND, Standing.UNCONFIRMED),
    ],
)
def test_a_target_is_judged_by_its_own_word_since_it_was_asked(
    served: Served | None, after: timedelta, expected: Standing
) -> None:
    assert standing(WANTED, served, NOON + after) == expected


@given(
    st.sampled_from(["uniform", "thompson", ""]),
    st.booleans(),
    st.integers(-2_000, 2_000),
    st.integers(0, 2_000),
)
def test_nothing_said_before_the_change_ever_confirms_it(
    version: str, personalises: bool, said: int, later: int
) -> None:
    served = Served(version, personalises, NOON + said * SECOND)
    found = standing(WANTED, served, NOON + max(said, later) * SECOND)
    if found == Standing.CONFIRMED:
        assert said >= 0
        assert (version, personalises) == ("uniform", False)


@pytest.mark.django_db
def test_an_incident_is_contained_only_when_its_target_says_so(
    system: System, shop: ServingTarget, cast: Cast
) -> None:
    report_served(target=shop, version="old", personalises=True, actor=cast.actor("max"))
    incident = contain(system)
    assert Hold.objects.filter(released_at=None).exists(), "the hold itself waits for nobody"
    assert incident.state == State.ACTIVE
    assert incident.containment_requested_at is not None
    assert incident.contained_at is None
    said = report_served(target=shop, version="old", personalises=True, actor=cast.actor("max"))
    assert said == Standing.WAITING
    waiting = Incident.objects.get(pk=incident.pk)
    assert waiting.contained_at is None, "another word than the wanted one confirms nothing"
    said = report_served(target=shop, version="", personalises=False, actor=cast.actor("max"))
    assert said == Standing.CONFIRMED
    contained = Incident.objects.get(pk=incident.pk)
    assert contained.state == State.MITIGATED
    assert contained.contained_at is not None


@pytest.mark.django_db
def test_every_target_with_traffic_has_to_say_so(
    system: System, shop: ServingTarget, cast: Cast
) -> None:
    max_ = cast.actor("max")
    app = register_target(system=system, key="app", title="App", actor=max_)
    silent = register_target(system=system, key="kiosk", title="Kiosk", actor=max_)
    for target in (shop, app):
        report_served(target=target, version="old", personalises=True, actor=max_)
    incident = contain(system)
    report_served(target=shop, version="", personalises=False, actor=max_)
    assert Incident.objects.get(pk=incident.pk).contained_at is None
    report_served(target=app, version="", personalises=False, actor=max_)
    assert Incident.objects.get(pk=incident.pk).contained_at is not None
    standings = {one.target.key: one.standing for one in target_standings(system)}
    assert standings[silent.key] == Standing.NO_TRAFFIC


@pytest.mark.django_db
def test_where_nobody_serves_the_hold_is_the_containment(
    system: System, shop: ServingTarget
) -> None:
    incident = contain(system)
    assert incident.state == State.MITIGATED


@pytest.mark.django_db
def test_a_target_gone_silent_stays_red_until_it_is_retired(
    system: System, shop: ServingTarget, cast: Cast
) -> None:
    report_served(target=shop, version="old", personalises=True, actor=cast.actor("max"))
    incident = contain(system)
    since = DesiredState.objects.get(system=system).since
    (late,) = target_standings(system, since + PATIENCE + SECOND)
    assert late.standing == Standing.UNCONFIRMED
    assert settle_containment(system) == 0
    set_target_active(target=shop, active=False, actor=cast.actor("max"))
    assert settle_containment(system) == 1
    incident.refresh_from_db()
    assert incident.contained_at is not None


@pytest.mark.django_db
def test_what_a_retired_target_says_is_refused(shop: ServingTarget, cast: Cast) -> None:
    set_target_active(target=shop, active=False, actor=cast.actor("max"))
    with pytest.raises(Conflict, match="retired"):
        report_served(target=shop, version="", personalises=False, actor=cast.actor("max"))
    shop.refresh_from_db()
    assert shop.served_at is None


@pytest.mark.django_db
def test_what_is_wanted_changes_only_when_it_does(system: System, shop: ServingTarget) -> None:
    before = DesiredState.objects.get(system=system)
    assert renew_desired([system]) == 0
    contain(system)
    registry.place_hold(system=system, cause="by hand", reason="To be sure.", actor=MACHINE)
    assert renew_desired([system]) == 0, "a second hold wants nothing else"
    after = DesiredState.objects.get(system=system)
    assert after.revision in (before.revision, before.revision + 1)


@pytest.mark.django_db
def test_the_server_key_of_a_system_reports_for_it_and_for_no_other(
    system: System, shop: ServingTarget, cast: Cast
) -> None:
    client = Client()
    body = {"system": "carousel", "version": "old", "personalises": True}
    address = "/api/v1/targets/web-shop/reports"

    def said(secret: str) -> int:
        answer = client.post(
            address, body, content_type="application/json", headers={"X-API-Key": secret}
        )
        return answer.status_code

    def key(scope: str, system: str) -> str:
        _row, secret = create_api_key(
            name="shop", scopes=[scope], system_keys=[system], actor=MACHINE
        )
        return secret

    registry.register_system(key="feed", title="Feed", on_pause="non_profiled", actor=MACHINE)
    assert said(key("consent:check", "feed")) == 404
    assert said(key("registry:read", "carousel")) == 403
    shop.refresh_from_db()
    assert shop.served_at is None
    assert said(key("consent:check", "carousel")) == 200
    shop.refresh_from_db()
    assert shop.served_version == "old"


@pytest.mark.django_db
def test_only_those_who_run_systems_register_targets(system: System, cast: Cast) -> None:
    with pytest.raises(NotPermitted):
        register_target(system=system, key="shop", title="Shop", actor=cast.actor("ada"))
    register_target(system=system, key="shop", title="Shop", actor=cast.actor("ivo"))
    with pytest.raises(Conflict, match="already"):
        register_target(system=system, key="shop", title="Shop", actor=cast.actor("ivo"))


@pytest.mark.django_db
def test_the_incident_shows_who_has_confirmed_by_now(
    system: System, shop: ServingTarget, cast: Cast
) -> None:
    report_served(target=shop, version="old", personalises=True, actor=cast.actor("max"))
    incident = contain(system)
    client = cast.sign_in(Client(), "ivo")
    moving = reverse("incident_containment", args=[incident.reference])
    assert "Waiting" in client.get(moving).content.decode()
    report_served(target=shop, version="", personalises=False, actor=cast.actor("max"))
    assert "Confirmed" in client.get(moving).content.decode()
    assert "Web shop" in client.get(reverse("serving_targets")).content.decode()
