"""The `as_of` token: names a transaction; a check that carries it must have seen that one."""

from __future__ import annotations

import base64
import binascii
import struct

_LAYOUT = struct.Struct(">BQ")
_VERSION = 1


def encode_as_of(transaction: int) -> str:
    """Return the opaque token of a transaction id."""
    return base64.urlsafe_b64encode(_LAYOUT.pack(_VERSION, transaction)).rstrip(b"=").decode()


def decode_as_of(token: str) -> int | None:
    """Return the transaction id of a token, None when it is not one of ours."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        version, transaction = _LAYOUT.unpack(raw)
    except (binascii.Error, struct.error, ValueError):
        return None
    return int(transaction) if version == _VERSION and transaction < 2**63 else None
