"""Subject tokens: short-lived EdDSA JWTs that browsers hold instead of API keys. No tables here."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

LONGEST_LIFE = timedelta(minutes=15)
#: One key, or the newest and those before it that still verify.
VerifyingKeys = Ed25519PublicKey | Sequence[Ed25519PublicKey]


class TokenRefused(Exception):
    """The token is not ours, was changed, or ran out; the text says which."""


@dataclass(frozen=True)
class SubjectToken:
    """What a token is bound to."""

    subject: str
    purposes: tuple[str, ...]  # empty: every purpose
    origin: str
    issued_at: datetime
    expires_at: datetime
    jti: UUID

    def covers(self, purpose: str) -> bool:
        return not self.purposes or purpose in self.purposes


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def sign_compact(key: Ed25519PrivateKey, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """Return a compact JWS (RFC 7515) with EdDSA (RFC 8037)."""
    parts = [
        _encode(json.dumps(part, separators=(",", ":"), sort_keys=True).encode())
        for part in (header, claims)
    ]
    body = ".".join(parts)
    return f"{body}.{_encode(key.sign(body.encode()))}"


def key_id(key: Ed25519PublicKey) -> str:
    """The name of a key: the start of the hash of its public half."""
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]


def _chosen(keys: VerifyingKeys, kid: object) -> list[Ed25519PublicKey]:
    """The keys that may have signed: the one the header names, or any when it names none."""
    known = [keys] if isinstance(keys, Ed25519PublicKey) else list(keys)
    return known if kid is None else [key for key in known if key_id(key) == kid]


def _is_signed(key: Ed25519PublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def verify_compact(keys: VerifyingKeys, text: str) -> dict[str, Any]:
    """Return the claims of a compact JWS that one of these keys signed with EdDSA."""
    changed = "The token is not one of ours or was changed."
    try:
        head, claims, signature = text.split(".")
        header, raw = json.loads(_decode(head)), _decode(signature)
        if not isinstance(header, dict) or header.get("alg") != "EdDSA" or "crit" in header:
            raise TokenRefused("The token is not signed with EdDSA.")
        # Unused bits of the last sign would let two texts be one signature.
        if _encode(raw) != signature:
            raise TokenRefused(changed)
        signed = f"{head}.{claims}".encode("ascii")
        if not any(_is_signed(key, raw, signed) for key in _chosen(keys, header.get("kid"))):
            raise TokenRefused(changed)
        read = json.loads(_decode(claims))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise TokenRefused(changed) from error
    if not isinstance(read, dict):
        raise TokenRefused(changed)
    return read


def write_token(key: Ed25519PrivateKey, token: SubjectToken) -> str:
    """Return the signed text of a token."""
    claims = {
        "sub": token.subject,
        "purposes": list(token.purposes),
        "origin": token.origin,
        "iat": int(token.issued_at.timestamp()),
        "exp": int(token.expires_at.timestamp()),
        "jti": str(token.jti),
    }
    header = {"alg": "EdDSA", "kid": key_id(key.public_key()), "typ": "JWT"}
    return sign_compact(key, header, claims)


def read_token(keys: VerifyingKeys, text: str, *, now: datetime) -> SubjectToken:
    """Return a token that is ours and still valid; raise `TokenRefused` with the reason."""
    claims = verify_compact(keys, text)
    try:
        token = SubjectToken(
            subject=str(claims["sub"]),
            purposes=tuple(str(each) for each in claims["purposes"]),
            origin=str(claims["origin"]),
            issued_at=datetime.fromtimestamp(int(claims["iat"]), UTC),
            expires_at=datetime.fromtimestamp(int(claims["exp"]), UTC),
            jti=UUID(str(claims["jti"])),
        )
    except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        raise TokenRefused("The token lacks a claim.") from error
    if token.expires_at - token.issued_at > LONGEST_LIFE:
        raise TokenRefused("The token would live longer than 15 minutes.")
    if now >= token.expires_at:
        raise TokenRefused("The token has run out; ask for a new one.")
    return token
