"""The address of a stream: a sealed, short-lived capability. Pure; who listens is in `hub`.

Whoever holds the address may listen for one person's changes, and learns nothing from it: it is
sealed, names no external id and says only "ask again". So it never stands in a log.
"""

from __future__ import annotations

import base64
import binascii
import os
import struct
import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from consent.fastpath.fingerprint import lookup_key, lookup_of
from consent.tokens import SubjectToken

PATH = "/ofrep/v1/stream/"
#: Addresses are dealt out by the period: one is good until the end of the next, so that a client
#: that asks again after its address ran out is in another period and gets a new one.
PERIOD_SECONDS = 1_800
INACTIVITY_SECONDS = 120
_VERSION = b"tactful-stream-1"
_LAYOUT = struct.Struct(">qQQ")
_NONCE = 12


class CapabilityRefused(Exception):
    """The address is not ours, was changed, or ran out."""


@dataclass(frozen=True, slots=True)
class Capability:
    """What an address opens. `lookup` 0 is nobody: only what concerns all is told."""

    lookup: int
    issued_at: int
    expires_at: int
    origin: str = ""  # set for browsers: the only page that may listen


def seal(key: bytes, capability: Capability) -> str:
    """Return the opaque text of a capability."""
    told = _LAYOUT.pack(capability.lookup, capability.issued_at, capability.expires_at)
    nonce = os.urandom(_NONCE)
    sealed = AESGCM(key).encrypt(nonce, told + capability.origin.encode(), _VERSION)
    return base64.urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode()


def unseal(key: bytes, text: str, *, now: float) -> Capability:
    """Return the capability of an address that is ours and has not run out."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        told = AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], _VERSION)
        lookup, issued_at, expires_at = _LAYOUT.unpack(told[: _LAYOUT.size])
        origin = told[_LAYOUT.size :].decode()
    except (binascii.Error, struct.error, ValueError, InvalidTag) as error:
        raise CapabilityRefused("This address is not one of ours or was changed.") from error
    if now >= expires_at:
        raise CapabilityRefused("This address has run out; ask the bulk evaluation for a new one.")
    return Capability(lookup, issued_at, expires_at, origin)


@dataclass(frozen=True)
class StreamDoor:
    """What the bulk evaluation needs to name a stream."""

    key: bytes
    subject_pepper: bytes
    url: str

    @cached_property
    def _lookup_key(self) -> bytes:
        return lookup_key(self.subject_pepper)

    def address(self, token: SubjectToken | None, subject: str, *, now: float) -> str:
        """Return a new address for one caller and person; a browser's ends with its token."""
        expires_at = (int(now) // PERIOD_SECONDS + 2) * PERIOD_SECONDS
        if token is not None:
            expires_at = min(expires_at, int(token.expires_at.timestamp()))
        capability = Capability(
            lookup=lookup_of(self._lookup_key, subject) if subject else 0,
            issued_at=int(now),
            expires_at=expires_at,
            origin=token.origin if token else "",
        )
        return f"{self.url.rstrip('/')}{PATH}{seal(self.key, capability)}"


def period_of(door: StreamDoor | None, *, now: float | None = None) -> str:
    """What the ETag takes in of the address: an answer whose address ran out is another one."""
    return "" if door is None else str(int(time.time() if now is None else now) // PERIOD_SECONDS)


def event_streams(
    door: StreamDoor | None, token: SubjectToken | None, subject: str
) -> list[dict[str, Any]]:
    """OFREP's `eventStreams` of one answer; empty where no stream is served."""
    if door is None:
        return []
    url = door.address(token, subject, now=time.time())
    return [{"type": "sse", "url": url, "inactivityDelaySec": INACTIVITY_SECONDS}]
