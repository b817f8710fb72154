"""Credentials of tracking servers: sealed with the field key, opened only for their own target."""

from __future__ import annotations

import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from governance.core.errors import Invalid

_NONCE = 12


def seal(secret: str, target_id: UUID) -> bytes | None:
    """Return a credential as it is stored; none stays none."""
    if not secret:
        return None
    nonce = os.urandom(_NONCE)
    key = AESGCM(settings.KEYS.field_key)
    return nonce + key.encrypt(nonce, secret.encode(), _purpose(target_id))


def unseal(sealed: bytes | memoryview | None, target_id: UUID) -> str:
    """Return a credential in the clear, empty where there is none."""
    if sealed is None:
        return ""
    raw = bytes(sealed)
    key = AESGCM(settings.KEYS.field_key)
    try:
        return key.decrypt(raw[:_NONCE], raw[_NONCE:], _purpose(target_id)).decode()
    except InvalidTag:
        raise Invalid(
            "The credential was sealed with another key: give the target its credential again."
        ) from None


def _purpose(target_id: UUID) -> bytes:
    return b"incidents.target:" + target_id.bytes
