"""Keyed names of a person: pseudonym, suppression fingerprint, ledger commitment. No tables.

The name in the table of the fast check, and how many are made at once: `fastpath.fingerprint`.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from consent.fastpath import fingerprint


def pseudonym_of(pepper: bytes, external_id: str) -> str:
    """The subject's pseudonym: HMAC-SHA256 of the customer's id under the pepper, as hex."""
    return hmac.digest(pepper, external_id.encode(), "sha256").hex()


def fingerprint_of(key: bytes, pseudonym: str) -> str:
    """The suppression entry's name for the same person, under a key of its own."""
    return hmac.digest(key, b"suppression\x00" + pseudonym.encode(), "sha256").hex()


def ledger_commitment(salt: bytes, pseudonym: str) -> str:
    """How the ledger names a person: it opens only with the salt, which erasure deletes."""
    return hmac.digest(salt, pseudonym.encode(), "sha256").hex()


class SubjectKeys(Protocol):
    """The part of the key ring that names people; `subject_peppers` are newest first."""

    @property
    def subject_peppers(self) -> tuple[bytes, ...]: ...

    @property
    def fingerprint_key(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class SubjectNames:
    """Every name a person has under one pepper."""

    key_id: str
    pseudonym: str
    lookup: int
    suppression: str
    suppression_lookup: int


@lru_cache(maxsize=16)
def key_id_of(pepper: bytes) -> str:
    """The public name of a pepper: which one a row was written under."""
    return hashlib.sha256(b"tactful subject pepper\x00" + pepper).hexdigest()[:16]


def names_of(keys: SubjectKeys, external_id: str) -> tuple[SubjectNames, ...]:
    """The names of a person under every pepper of the ring, newest first."""
    found = []
    for pepper in keys.subject_peppers:
        pseudonym = pseudonym_of(pepper, external_id)
        lookup = fingerprint.lookup_of(fingerprint.lookup_key(pepper), external_id)
        found.append(
            SubjectNames(
                key_id=key_id_of(pepper),
                pseudonym=pseudonym,
                lookup=lookup,
                suppression=fingerprint_of(keys.fingerprint_key, pseudonym),
                suppression_lookup=fingerprint.suppression_lookup_of(
                    fingerprint.suppression_key(keys.fingerprint_key), lookup
                ),
            )
        )
    return tuple(found)


def pseudonyms_of(keys: SubjectKeys, external_id: str) -> list[str]:
    """The pseudonyms of a person under every pepper of the ring, newest first."""
    return [pseudonym_of(pepper, external_id) for pepper in keys.subject_peppers]
