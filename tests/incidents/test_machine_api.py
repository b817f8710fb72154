"""No transition is skipped through the REST API, whoever asks in whatever order.

The pure machine answers first from the facts; the door has to answer the same, and what it refuses
has to leave no trace. What each guard says stands in `test_machine`.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from governance.people.choices import Scope
from governance.registry.models import Hold
from incidents.choices import FINAL_STATES, State
from incidents.machine import TRANSITIONS
from tests.cast import Cast
from tests.incidents.walking import (
    API,
    DEEDS,
    DEEDS_BEFORE,
    MOVERS,
    NOTES,
    OTHERS,
    WAY,
    WHY,
    House,
    Way,
    key_with,
    walk_to,
)

pytestmark = pytest.mark.django_db
#: Each drawn case is rolled back, so the stage is the same for all.
ROLLED_BACK = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@pytest.fixture
def house(cast: Cast) -> House:
    return House(cast)


moves = st.tuples(
    st.just("ask"),
    st.one_of(st.sampled_from(MOVERS), st.sampled_from(OTHERS)),
    st.sampled_from([str(state) for state in State]),
    st.sampled_from(NOTES),
)
deeds = st.tuples(st.just("do"), st.sampled_from(DEEDS))
#: Moves of the table itself, so that the interesting ones are not one in ten.
onward = st.tuples(st.just("onward"), st.sampled_from(MOVERS), st.integers(0, 3))
sequences = st.lists(st.one_of(moves, onward, deeds), min_size=3, max_size=10)


@pytest.mark.parametrize("begin", [State.REPORTED, *WAY])
def test_no_sequence_of_requests_by_anybody_skips_a_guard(house: House, begin: State) -> None:
    """Each drawn sequence starts where an incident came to by the doors, and is undone."""
    start = Way(house)
    walk_to(start, begin)

    @settings(
        max_examples=8,
        phases=[Phase.generate],
        suppress_health_check=ROLLED_BACK,
    )
    @given(sequence=sequences)
    def holds(sequence: list[tuple[Any, ...]]) -> None:
        with transaction.atomic():
            way = start.again()
            for kind, *words in sequence:
                match kind:
                    case "do":
                        if way.journal.state not in FINAL_STATES:
                            way.do(words[0])
                    case "onward":
                        who, which = words
                        if targets := TRANSITIONS[way.journal.state]:
                            way.ask(who, targets[which % len(targets)], NOTES[1])
                    case _:
                        way.ask(*words)
            transaction.set_rollback(True)

    holds()


def test_an_audit_from_before_the_harm_came_back_lifts_no_hold(house: House) -> None:
    way = Way(house)
    walk_to(way, State.MITIGATED)
    way.do("verify")
    assert way.ask("ivo", State.ACTIVE, NOTES[1]) == 200
    assert way.journal.holds == 1
    hold = Hold.objects.active().get()
    page = house.cast.sign_in(Client(), "ivo").get(f"/holds/{hold.pk}/")
    assert "the harm came back" in page.content.decode()
    assert house.lift(way.incident) == [202, 412]
    way.do("verify")
    assert house.lift(way.incident)[-1] == 200


def test_each_state_of_the_way_waits_for_its_last_fact(house: House) -> None:
    """The move is asked for before each deed: refused every time but the last."""
    way, refused = Way(house), 0
    for target in WAY:
        for deed in DEEDS_BEFORE[target]:
            if way.journal.state == target:  # the last deed moved it by itself
                break
            refused += way.ask("ivo", target, "") == 409
            way.do(deed)
        if way.journal.state != target:
            assert way.ask("ivo", target, "") == 200, way.refusal
    assert way.journal.state == State.CLOSED
    assert refused == sum(len(deeds) for deeds in DEEDS_BEFORE.values())


@pytest.mark.parametrize("state", [State.REPORTED, *WAY])
def test_from_no_state_is_there_a_door_to_one_the_table_does_not_name(
    house: House, state: State
) -> None:
    way = Way(house)
    walk_to(way, state)
    for target in set(State) - set(TRANSITIONS[state]):
        assert way.ask("root", target, NOTES[1]) == 409


class TestOnePerson:
    """Who alone cannot: two sessions, two keys and an administrator's words are one person."""

    @pytest.fixture
    def held(self, house: House) -> Hold:
        way = Way(house)
        walk_to(way, State.MITIGATED)
        way.do("verify")
        return Hold.objects.active().get()

    @pytest.fixture
    def keys(self) -> list[APIClient]:
        """Two keys with every scope there is, made by one administrator."""
        clients = [APIClient(), APIClient()]
        for client in clients:
            client.credentials(HTTP_X_API_KEY=key_with(list(Scope)))
        return clients

    @settings(max_examples=15, suppress_health_check=ROLLED_BACK)
    @given(order=st.lists(st.integers(0, 3), min_size=2, max_size=8))
    def test_with_two_keys_and_two_sessions_does_not_release(
        self, house: House, held: Hold, keys: list[APIClient], order: list[int]
    ) -> None:
        doors = [*keys, *(house.cast.sign_in(APIClient(), "ivo") for _ in range(2))]
        with transaction.atomic():
            for number in order:
                path = f"{API}/holds/{held.pk}/lift"
                reply = doors[number].post(path, {"reason": WHY}, format="json")
                assert reply.status_code in (202, 403, 409)
                assert number > 1 or reply.status_code == 403
            held.refresh_from_db()
            assert held.released_at is None
            assert house.get("ivo", "systems/carousel").json()["state"] == "held"
            transaction.set_rollback(True)

    def test_who_makes_a_key_to_be_the_second_is_refused_and_another_is_not(
        self, house: House, held: Hold, keys: list[APIClient]
    ) -> None:
        lift = f"holds/{held.pk}/lift"
        assert house.post("ivo", lift, {"reason": WHY}).status_code == 202
        for client in keys:
            assert client.post(f"{API}/{lift}", {"reason": WHY}, format="json").status_code == 403
        assert house.post("ivo", lift, {"reason": WHY}).status_code == 409
        assert house.post("ada", lift, {"reason": WHY}).status_code == 200


def test_two_incidents_hold_one_system_and_the_release_of_one_leaves_it_held(house: House) -> None:
    first, second = Way(house, "breach:a"), Way(house, "breach:b")
    for way in (first, second):
        walk_to(way, State.MITIGATED)
        way.do("verify")
    assert Hold.objects.active().count() == 2
    first.do("lift")
    assert first.journal.state == State.RESOLVED
    second.do("contain")  # nothing of the other was lost on the way
    assert second.incident.state == State.MITIGATED
    (remaining,) = Hold.objects.active()
    assert remaining.incident_reference == second.incident.reference
    told = house.get("ivo", "systems/carousel").json()
    assert told["state"] == "held"
    assert second.incident.reference in str(told) or "Too concentrated" in str(told)
    assert second.ask("ivo", State.RESOLVED, "") == 409
    second.do("lift")
    assert second.journal.state == State.RESOLVED
    assert house.get("ivo", "systems/carousel").json()["state"] != "held"
