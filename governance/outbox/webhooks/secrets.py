"""Secrets of endpoints at rest: sealed under the key ring's field key, opened to sign."""

from __future__ import annotations

import os
import secrets

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_PURPOSE = b"tactful webhook secret"
_NONCE = 12


def new_secret() -> bytes:
    return secrets.token_bytes(32)


def seal(secret: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(settings.KEYS.field_key).encrypt(nonce, secret, _PURPOSE)


def unseal(sealed: bytes | memoryview) -> bytes:
    raw = bytes(sealed)
    return AESGCM(settings.KEYS.field_key).decrypt(raw[:_NONCE], raw[_NONCE:], _PURPOSE)
