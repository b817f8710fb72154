"""Standard Webhooks headers: id, timestamp and signatures. Pure; secrets come in opened."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SECRET_PREFIX, PUBLIC_PREFIX = "whsec_", "whpk_"


def spoken_secret(secret: bytes) -> str:
    """The text of a shared secret, as receivers' libraries take it."""
    return SECRET_PREFIX + base64.b64encode(secret).decode()


def spoken_public_key(key: Ed25519PrivateKey) -> str:
    """The text of the public key that verifies `v1a` signatures."""
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return PUBLIC_PREFIX + base64.b64encode(raw).decode()


def public_jwk(key: Ed25519PrivateKey) -> dict[str, str]:
    """The public half as a JWK (RFC 8037), named by its thumbprint (RFC 7638)."""
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    members = {"crv": "Ed25519", "kty": "OKP", "x": _url_safe(raw)}
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    name = _url_safe(hashlib.sha256(canonical).digest())
    return {**members, "kid": name, "alg": "EdDSA", "use": "sig"}


def _url_safe(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed_headers(
    *,
    message_id: str,
    timestamp: int,
    body: bytes,
    secrets: Sequence[bytes] = (),
    keys: Sequence[Ed25519PrivateKey] = (),
) -> dict[str, str]:
    """Return the three headers; several secrets or keys sign while one replaces the other.

    `timestamp` is in seconds since 1970, which no time zone changes.
    """
    told = f"{message_id}.{timestamp}.".encode() + body
    signatures = [
        "v1," + base64.b64encode(hmac.new(secret, told, hashlib.sha256).digest()).decode()
        for secret in secrets
    ]
    signatures += ["v1a," + base64.b64encode(key.sign(told)).decode() for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }
