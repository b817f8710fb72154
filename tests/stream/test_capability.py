"""Promises of a stream's address: it opens one thing for a while and cannot be forged."""

from __future__ import annotations

from typing import Any

import pytest

from consent.stream.capability import Capability, CapabilityRefused, seal, unseal

KEY, OTHER = b"k" * 32, b"o" * 32
GIVEN = Capability(-(2**62), 1_000, 2_000, "https://shop.example")


def test_an_address_opens_what_it_was_sealed_for() -> None:
    assert unseal(KEY, seal(KEY, GIVEN), now=1_999.9) == GIVEN
    assert seal(KEY, GIVEN) != seal(KEY, GIVEN)


def test_every_altered_sign_is_refused() -> None:
    text = seal(KEY, GIVEN)
    for place, sign in enumerate(text[:-1]):
        other = "A" if sign != "A" else "B"
        with pytest.raises(CapabilityRefused):
            unseal(KEY, text[:place] + other + text[place + 1 :], now=1_500)


@pytest.mark.parametrize("text", ["", "AAAA", "é", "a" * 4_000, "../x", "%00"])
def test_what_was_never_sealed_is_refused(text: str) -> None:
    with pytest.raises(CapabilityRefused):
        unseal(KEY, text, now=1_500)


@pytest.mark.parametrize(("key", "now"), [(OTHER, 1_500), (KEY, 2_000), (KEY, 9_999)])
def test_another_key_or_a_later_hour_opens_nothing(key: bytes, now: Any) -> None:
    with pytest.raises(CapabilityRefused):
        unseal(key, seal(KEY, GIVEN), now=now)
