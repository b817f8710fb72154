"""Signed notes and checkpoints as C2SP writes them (signed-note, tlog-checkpoint). Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"


class BadNote(ValueError):
    """A note that cannot be read or whose signature is not good."""


@dataclass(frozen=True)
class TreeHead:
    """What a checkpoint states."""

    origin: str
    size: int
    root: bytes


def _key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


def verifier_key(name: str, key: Ed25519PrivateKey) -> str:
    """The public key as others write it down: `name+hash+base64`."""
    public = key.public_key().public_bytes_raw()
    return f"{name}+{_key_id(name, public).hex()}+{base64.b64encode(ED25519 + public).decode()}"


def read_verifier_key(text: str) -> tuple[str, bytes, Ed25519PublicKey]:
    """Name, key id and key of a verifier key."""
    try:
        name, key_id, encoded = text.split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
        public = Ed25519PublicKey.from_public_bytes(raw[1:])
    except (ValueError, binascii.Error):
        raise BadNote("The verifier key is not one: name+hash+base64.") from None
    if raw[:1] != ED25519 or _key_id(name, raw[1:]).hex() != key_id:
        raise BadNote("The verifier key does not fit its own hash.")
    return name, bytes.fromhex(key_id), public


def sign_checkpoint(head: TreeHead, key: Ed25519PrivateKey) -> str:
    """Write and sign a checkpoint; the key's name is the origin."""
    text = f"{head.origin}\n{head.size}\n{base64.b64encode(head.root).decode()}\n"
    key_id = _key_id(head.origin, key.public_key().public_bytes_raw())
    signature = base64.b64encode(key_id + key.sign(text.encode())).decode()
    return f"{text}\n\N{EM DASH} {head.origin} {signature}\n"


def open_checkpoint(note: str, trusted: str) -> TreeHead:
    """Check the signature of a checkpoint by the trusted verifier key and return what it states."""
    name, key_id, public = read_verifier_key(trusted)
    text, separator, signatures = note.partition("\n\n")
    lines = text.split("\n")
    if not separator or len(lines) < 3:
        raise BadNote("This is not a checkpoint: origin, size, root, an empty line, signatures.")
    if not any(_signs(line, name, key_id, public, f"{text}\n") for line in signatures.split("\n")):
        raise BadNote(f"No good signature by {name}.")
    try:
        if lines[0] != name or not lines[1].isdecimal():
            raise ValueError
        root = base64.b64decode(lines[2], validate=True)
        if len(root) != 32:
            raise ValueError
    except (ValueError, binascii.Error):
        raise BadNote("The checkpoint's origin, size or root is malformed.") from None
    return TreeHead(lines[0], int(lines[1]), root)


def _signs(line: str, name: str, key_id: bytes, public: Ed25519PublicKey, text: str) -> bool:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "\N{EM DASH}" or parts[1] != name:
        return False
    try:
        raw = base64.b64decode(parts[2], validate=True)
        if raw[:4] != key_id:
            return False
        public.verify(raw[4:], text.encode())
    except (ValueError, binascii.Error, InvalidSignature):
        return False
    return True
