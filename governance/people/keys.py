"""The form of an API key's secret: pure functions, no tables. Looking one up: `selectors.py`.

`tct_live_<prefix>_<43 characters of secret><6 of checksum>`: the checksum lets secret scanners
and callers recognise a mistyped key without asking the database.
"""

from __future__ import annotations

import hashlib
import secrets
import string
import zlib
from dataclasses import dataclass

BRAND = "tct_live"
_ALPHABET = string.digits + string.ascii_letters
_PREFIX_LENGTH = 8
_SECRET_LENGTH = 43  # 62 ** 43 > 2 ** 256
_CHECKSUM_LENGTH = 6


@dataclass(frozen=True)
class PresentedKey:
    """A well-formed key as a caller presented it: where to look, what to compare."""

    prefix: str
    secret_hash: bytes


def new_secret() -> tuple[str, PresentedKey]:
    """Return a fresh secret to show once, and what is stored of it."""
    prefix = "".join(secrets.choice(_ALPHABET[:36]) for _ in range(_PREFIX_LENGTH))
    random_part = "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET_LENGTH))
    body = f"{BRAND}_{prefix}_{random_part}"
    text = body + _checksum(body)
    return text, PresentedKey(prefix=prefix, secret_hash=_hash(text))


def read_key(text: str) -> PresentedKey | None:
    """Take a presented key apart; None when its form or checksum is wrong."""
    body, checksum = text[:-_CHECKSUM_LENGTH], text[-_CHECKSUM_LENGTH:]
    parts = body.rsplit("_", 2)
    if len(parts) != 3 or parts[0] != BRAND or not text.isascii():
        return None
    if len(parts[1]) != _PREFIX_LENGTH or len(parts[2]) != _SECRET_LENGTH:
        return None
    if checksum != _checksum(body):
        return None
    return PresentedKey(prefix=parts[1], secret_hash=_hash(text))


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _checksum(body: str) -> str:
    value = zlib.crc32(body.encode())
    digits = ""
    for _ in range(_CHECKSUM_LENGTH):
        value, digit = divmod(value, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
