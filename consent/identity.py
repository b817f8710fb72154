"""Keyed names of a person: pseudonym, suppression fingerprint, ledger commitment. No tables."""

from __future__ import annotations

import hashlib
import hmac


def pseudonym_of(pepper: bytes, external_id: str) -> str:
    """The subject's pseudonym: HMAC-SHA256 of the customer's id under the pepper, as hex."""
    return hmac.new(pepper, external_id.encode(), hashlib.sha256).hexdigest()


def fingerprint_of(key: bytes, pseudonym: str) -> str:
    """The suppression entry's name for the same person, under a key of its own."""
    return hmac.new(key, b"suppression\x00" + pseudonym.encode(), hashlib.sha256).hexdigest()


def ledger_commitment(salt: bytes, pseudonym: str) -> str:
    """How the ledger names a person: it opens only with the salt, which erasure deletes."""
    return hmac.new(salt, pseudonym.encode(), hashlib.sha256).hexdigest()
