"""The key ring: every secret and signing key, read from its `*_FILE` or made 0600 on first run."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from config import env


class KeyRing:
    """Keys of one installation, kept one a file in `folder` unless a `*_FILE` setting names one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _path(self, name: str) -> Path:
        named = env.read(f"{name.upper()}_FILE")
        return Path(named) if named else self.folder / name

    def _bytes(self, name: str, length: int) -> bytes:
        named = env.read(f"{name.upper()}_FILE")
        path = self._path(name)
        if not path.exists() and not named:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = path.with_name(f".{name}.{os.getpid()}")
            with os.fdopen(
                os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            ) as out:
                out.write(secrets.token_bytes(length).hex().encode())
            try:
                os.link(draft, path)  # the first process to come wins; the others read its key
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return bytes.fromhex(path.read_text().split(maxsplit=1)[0])

    def _signing(self, name: str) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self._bytes(name, 32))

    @cached_property
    def secret_key(self) -> str:
        return self._bytes("secret_key", 50).hex()

    @cached_property
    def subject_peppers(self) -> tuple[bytes, ...]:
        """The keys of pseudonyms, newest first: one a line of the file, older ones below."""
        newest = self._bytes("subject_pepper", 32)
        lines = self._path("subject_pepper").read_text().split()
        return (newest, *(bytes.fromhex(line) for line in lines[1:]))

    @property
    def subject_pepper(self) -> bytes:
        return self.subject_peppers[0]

    def write_subject_peppers(self, peppers: Sequence[bytes]) -> None:
        """Replace the file of peppers at once; `peppers` are newest first."""
        self._replace("subject_pepper", peppers)
        self.__dict__.pop("subject_peppers", None)

    def _replace(self, name: str, keys: Sequence[bytes]) -> None:
        """Write a file of keys anew, newest first, so that no reader ever sees half of it."""
        path = self._path(name)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write("\n".join(key.hex() for key in keys).encode())
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)

    @cached_property
    def fingerprint_key(self) -> bytes:
        return self._bytes("fingerprint_key", 32)

    @cached_property
    def field_key(self) -> bytes:
        return self._bytes("field_key", 32)

    @cached_property
    def ledger_key(self) -> Ed25519PrivateKey:
        return self._signing("ledger_key")

    @cached_property
    def receipt_key(self) -> Ed25519PrivateKey:
        return self._signing("receipt_key")

    @property
    def token_key(self) -> Ed25519PrivateKey:
        return self.token_keys[0]

    @cached_property
    def token_keys(self) -> tuple[Ed25519PrivateKey, ...]:
        """The keys of subject tokens, newest first: it signs, and the older ones still verify."""
        return self._signing_keys("token_key")

    def _signing_keys(self, name: str) -> tuple[Ed25519PrivateKey, ...]:
        newest = self._signing(name)
        lines = self._path(name).read_text().split()[1:]
        older = (Ed25519PrivateKey.from_private_bytes(bytes.fromhex(line)) for line in lines)
        return (newest, *older)

    @property
    def token_public_keys(self) -> tuple[Ed25519PublicKey, ...]:
        return tuple(key.public_key() for key in self.token_keys)

    def rotate_token_key(self) -> None:
        """Sign with a new key from now on; the one before verifies what it signed."""
        previous = self._bytes("token_key", 32)
        self._replace("token_key", [secrets.token_bytes(32), previous])
        self.__dict__.pop("token_keys", None)

    @cached_property
    def stream_key(self) -> bytes:
        return self._bytes("stream_key", 32)

    @property
    def webhook_key(self) -> Ed25519PrivateKey:
        return self.webhook_keys[0]

    @cached_property
    def webhook_keys(self) -> tuple[Ed25519PrivateKey, ...]:
        """The keys of webhooks, newest first: all of them sign, so that either verifies."""
        return self._signing_keys("webhook_key")

    def rotate_webhook_key(self) -> None:
        """Sign with a new key from now on, and with the one before beside it."""
        previous = self._bytes("webhook_key", 32)
        self._replace("webhook_key", [secrets.token_bytes(32), previous])
        self.__dict__.pop("webhook_keys", None)

    def end_webhook_rotation(self) -> None:
        """Sign with the newest key alone."""
        self._replace("webhook_key", [self._bytes("webhook_key", 32)])
        self.__dict__.pop("webhook_keys", None)


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """The 32 raw bytes of a signing key's public half."""
    raw = serialization.Encoding.Raw
    return key.public_key().public_bytes(raw, serialization.PublicFormat.Raw)
