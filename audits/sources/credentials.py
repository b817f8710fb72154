"""Credentials of sources: sealed with the field key before they are stored, opened while reading.

A sealed credential opens only for the source it was given to.
"""

from __future__ import annotations

import base64
import json
import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from audits.choices import SourceOrigin
from audits.models import Source
from governance.core.errors import Invalid

_NONCE = 12
_DSN_WORDS = frozenset(
    {"host", "port", "dbname", "user", "password", "sslmode", "connect_timeout", "channel_binding"}
)
_S3_WORDS = frozenset({"access_key", "secret_key", "session_token"})


def seal(secret: str, source_id: UUID) -> str:
    """Return a credential as it is stored; an empty one stays empty."""
    if not secret:
        return ""
    nonce = os.urandom(_NONCE)
    sealed = AESGCM(settings.KEYS.field_key).encrypt(nonce, secret.encode(), _purpose(source_id))
    return base64.b64encode(nonce + sealed).decode()


def unseal(source: Source) -> str:
    """Return the credential of a source in the clear."""
    if not source.secret:
        return ""
    raw = base64.b64decode(source.secret)
    key = AESGCM(settings.KEYS.field_key)
    try:
        return key.decrypt(raw[:_NONCE], raw[_NONCE:], _purpose(source.pk)).decode()
    except InvalidTag:
        raise Invalid(
            f"The credential of the source {source.key} was sealed with another key: give it again."
        ) from None


def _purpose(source_id: UUID) -> bytes:
    return b"audits.source:" + source_id.bytes


def check_secret(origin: str, secret: str) -> None:
    """Refuse a credential that its origin cannot use; the text of the credential is never said."""
    if origin == SourceOrigin.POSTGRESQL:
        dsn_parts(secret)
    elif origin == SourceOrigin.S3:
        s3_keys(secret)
    elif secret:
        raise Invalid(f"A source of the origin {origin!r} takes no credential.")


def dsn_parts(secret: str) -> dict[str, str]:
    """Return the parts of a PostgreSQL connection string; only harmless words are taken."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    if not secret:
        raise Invalid("A PostgreSQL source needs a connection string as its credential.")
    try:
        given = conninfo_to_dict(secret)
    except ProgrammingError:
        raise Invalid(
            "The connection string is not readable: it reads "
            "postgresql://user:password@host:5432/database."
        ) from None
    parts = {word: str(value) for word, value in given.items() if value is not None}
    if odd := sorted(set(parts) - _DSN_WORDS):
        raise Invalid(f"The connection string may not say {odd[0]!r}.")
    for word in ("host", "dbname", "user"):
        if not parts.get(word):
            raise Invalid(f"The connection string does not say its {word!r}.")
    if "," in parts["host"]:
        raise Invalid("The connection string names one host.")
    return parts


def s3_keys(secret: str) -> dict[str, str]:
    """Return the keys of a bucket; none means that it is read without signing."""
    if not secret:
        return {}
    try:
        keys = json.loads(secret)
    except ValueError:
        keys = None
    usable = (
        isinstance(keys, dict)
        and {"access_key", "secret_key"} <= keys.keys() <= _S3_WORDS
        and all(isinstance(value, str) and value for value in keys.values())
    )
    if not usable:
        raise Invalid(
            'The credential of a bucket reads {"access_key": "...", "secret_key": "..."}, '
            'with a "session_token" where there is one.'
        )
    return dict(keys)
