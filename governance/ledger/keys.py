"""Which key signs checkpoints, and under which name; the key itself comes from the settings."""

from __future__ import annotations

from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from governance.ledger.notes import verifier_key


def origin() -> str:
    """The log's name: the public address without its scheme, as C2SP asks."""
    return f"{urlsplit(settings.PUBLIC_URL).netloc}/ledger"


def signing_key() -> Ed25519PrivateKey:
    key = settings.KEYS.ledger_key
    assert isinstance(key, Ed25519PrivateKey)
    return key


def own_verifier_key() -> str:
    return verifier_key(origin(), signing_key())
