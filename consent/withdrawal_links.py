"""Links that can turn off and nothing else: signed, for months, made to stand in mails.

A subject token lives for minutes because it may say yes. A withdrawal link may only say no, so
whoever finds one in an old mail can do no more than that.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent.tokens import (
    SubjectToken,
    TokenRefused,
    VerifyingKeys,
    key_id,
    read_token,
    sign_compact,
    verify_compact,
)

LONGEST_LIFE = timedelta(days=400)
_USE = "withdraw"
_NAMESPACE = UUID("5e0ff0ac-6a0f-4c39-9f6d-3c5c2b0b7d1e")


def write_link_token(
    key: Ed25519PrivateKey,
    *,
    subject: str,
    purposes: Sequence[str],
    now: datetime,
    life: timedelta,
) -> str:
    """Return the signed text of a link; no `purposes` means all of them."""
    if not timedelta(0) < life <= LONGEST_LIFE:
        raise ValueError("a link lives longer than no time and at most 400 days")
    claims = {
        "sub": subject,
        "use": _USE,
        "purposes": sorted(set(purposes)),
        "iat": int(now.timestamp()),
        "exp": int((now + life).timestamp()),
    }
    header = {"alg": "EdDSA", "kid": key_id(key.public_key()), "typ": "JWT"}
    return sign_compact(key, header, claims)


def read_link_token(keys: VerifyingKeys, text: str, *, now: datetime) -> SubjectToken:
    """Return whom and what a link is about; a subject token that is valid now opens it as well."""
    claims = verify_compact(keys, text)
    if claims.get("use") != _USE:
        return read_token(keys, text, now=now)
    try:
        link = SubjectToken(
            subject=str(claims["sub"]),
            purposes=tuple(str(each) for each in claims["purposes"]),
            origin="",
            issued_at=datetime.fromtimestamp(int(claims["iat"]), UTC),
            expires_at=datetime.fromtimestamp(int(claims["exp"]), UTC),
            jti=uuid5(_NAMESPACE, text),
        )
    except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        raise TokenRefused("The token lacks a claim.") from error
    if now >= link.expires_at:
        raise TokenRefused("The link has run out. Open your choices where you have your account.")
    return link
