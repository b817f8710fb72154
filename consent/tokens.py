"""Subject tokens: short-lived EdDSA JWTs that browsers hold instead of API keys. No tables here."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

LONGEST_LIFE = timedelta(minutes=15)
_HEADER = {"alg": "EdDSA", "typ": "JWT"}


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


def verify_compact(key: Ed25519PublicKey, text: str) -> dict[str, Any]:
    """Return the claims of a compact JWS that this key signed with EdDSA, and nothing else."""
    try:
        head, claims, signature = text.split(".")
        header = json.loads(_decode(head))
        if not isinstance(header, dict) or header.get("alg") != "EdDSA":
            raise TokenRefused("The token is not signed with EdDSA.")
        key.verify(_decode(signature), f"{head}.{claims}".encode("ascii"))
        read = json.loads(_decode(claims))
    except (ValueError, binascii.Error, InvalidSignature) as error:
        raise TokenRefused("The token is not one of ours or was changed.") from error
    if not isinstance(read, dict):
        raise TokenRefused("The token is not one of ours or was changed.")
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
    return sign_compact(key, _HEADER, claims)


def read_token(key: Ed25519PublicKey, text: str, *, now: datetime) -> SubjectToken:
    """Return a token that is ours and still valid; raise `TokenRefused` with the reason."""
    claims = verify_compact(key, text)
    try:
        token = SubjectToken(
            subject=str(claims["sub"]),
            purposes=tuple(str(each) for each in claims["purposes"]),
            origin=str(claims["origin"]),
            issued_at=datetime.fromtimestamp(int(claims["iat"]), UTC),
            expires_at=datetime.fromtimestamp(int(claims["exp"]), UTC),
            jti=UUID(str(claims["jti"])),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise TokenRefused("The token lacks a claim.") from error
    if token.expires_at - token.issued_at > LONGEST_LIFE:
        raise TokenRefused("The token would live longer than 15 minutes.")
    if now >= token.expires_at:
        raise TokenRefused("The token has run out; ask for a new one.")
    return token
