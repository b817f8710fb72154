"""Standard Webhooks headers: id, timestamp and signatures. Pure; secrets come in opened."""

from __future__ import annotations

import base64
import hashlib
import hmac
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


def signed_headers(
    *,
    message_id: str,
    timestamp: int,
    body: bytes,
    secrets: Sequence[bytes] = (),
    key: Ed25519PrivateKey | None = None,
) -> dict[str, str]:
    """Return the three headers; several secrets sign while one replaces the other."""
    told = f"{message_id}.{timestamp}.".encode() + body
    signatures = [
        "v1," + base64.b64encode(hmac.new(secret, told, hashlib.sha256).digest()).decode()
        for secret in secrets
    ]
    if key is not None:
        signatures.append("v1a," + base64.b64encode(key.sign(told)).decode())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }
