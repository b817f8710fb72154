"""The cast itself: one person a role, Eve apart."""

from __future__ import annotations

from tests.cast import Cast


def test_the_team_shares_a_system_and_eve_does_not(cast: Cast) -> None:
    cast.join("carousel")
    assert cast.actor("ada").system_keys == frozenset({"carousel"})
    assert cast.actor("eve").system_keys == frozenset()
    assert cast.actor("aud").system_keys is None
