"""Interleavings of holds: each race, with the naive variant that loses it in the same run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.db import IntegrityError, connection, transaction

from governance.core.actors import SystemActor
from governance.core.clock import database_now
from governance.core.errors import DomainError
from governance.ledger.models import LedgerEntry
from governance.people.actors import person_actor
from governance.registry import ports, services
from governance.registry.models import Hold, System
from tests.cast import Cast

if TYPE_CHECKING:
    from governance.people.models import User

pytestmark = pytest.mark.django_db(transaction=True)
STAGE = SystemActor("tests")


def at_once(*steps: Callable[[], object]) -> list[object]:
    """Run each step in its own connection, all let go together; return results or refusals."""
    gate = threading.Barrier(len(steps))
    results: list[object] = [None] * len(steps)

    def run(position: int, step: Callable[[], object]) -> None:
        try:
            connection.ensure_connection()
            gate.wait(timeout=20)
            results[position] = step()
        except DomainError as refusal:
            results[position] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(steps)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


@pytest.fixture
def carousel(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> System:
    monkeypatch.setattr(ports, "_release_guards", {})
    return services.register_system(
        key="carousel", title="Carousel", on_pause="non_profiled", actor=STAGE
    )


def place(system: System) -> Hold:
    return services.place_hold(
        system=system, cause="incident:1", reason="Too few items get shown.", actor=STAGE
    )


def test_two_who_place_the_same_hold_get_one(carousel: System) -> None:
    found = at_once(lambda: place(carousel), lambda: place(carousel), lambda: place(carousel))
    assert len({hold.pk for hold in found if isinstance(hold, Hold)}) == 1
    assert Hold.objects.active().count() == 1
    assert LedgerEntry.objects.filter(verb="registry.hold_placed").count() == 1


def test_looking_before_placing_would_lose_the_race(carousel: System) -> None:
    """The naive twin: both look, both see nothing, both insert; the index refuses the second."""
    both_looked = threading.Barrier(2)

    def naive() -> str:
        known = Hold.objects.active().filter(system=carousel, cause="incident:1").exists()
        both_looked.wait(timeout=20)
        assert not known
        try:
            with transaction.atomic():
                Hold.objects.create(
                    system=carousel, effect="deny", cause="incident:1", reason="x",
                    placed_by="system:naive", placed_at=database_now(),
                )  # fmt: skip
        except IntegrityError:
            return "refused"
        return "placed"

    assert sorted(map(str, at_once(naive, naive))) == ["placed", "refused"]


def proposed_hold(carousel: System, cast: Cast) -> tuple[Hold, User, User]:
    cast.join("carousel", "ada", "ivo", "elif")
    hold = place(carousel)
    services.propose_release(hold=hold, actor=cast.actor("ada"), reason="Fixed.")
    return hold, cast.ivo, cast.person("elif")


def test_two_who_lift_at_once_lift_once(carousel: System) -> None:
    hold, ivo, elif_ = proposed_hold(carousel, Cast())

    def lift(user: User) -> Callable[[], Hold]:
        return lambda: services.release_hold(
            hold=Hold.objects.get(pk=hold.pk), actor=person_actor(user), reason="Checked."
        )

    found = at_once(lift(ivo), lift(elif_))
    assert sum(isinstance(one, Hold) for one in found) == 1
    assert sum(isinstance(one, DomainError) for one in found) == 1
    assert LedgerEntry.objects.filter(verb="registry.hold_released").count() == 1


def test_lifting_by_an_unguarded_save_would_lift_twice(carousel: System) -> None:
    """The naive twin: both read an active hold, both save; the second overwrites the first."""
    hold, ivo, elif_ = proposed_hold(carousel, Cast())
    both_read = threading.Barrier(2)

    def naive(user: User) -> Callable[[], str]:
        def act() -> str:
            mine = Hold.objects.get(pk=hold.pk)
            both_read.wait(timeout=20)
            assert mine.released_at is None
            mine.released_by, mine.released_at = user.reference, database_now()
            mine.save()
            return "lifted"

        return act

    assert at_once(naive(ivo), naive(elif_)) == ["lifted", "lifted"]
