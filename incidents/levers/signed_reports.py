"""Reports that a target signs with its endpoint's secret, as Standard Webhooks signs. Pure.

Secrets come in opened; which of them are in force is the caller's to know.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence

#: How far a report's time may lie from ours, as Standard Webhooks recommends.
TOLERANCE = 300
_HOW = "sign it with the secret of its endpoint, in the headers of Standard Webhooks."


def fault_of(
    headers: Mapping[str, str], body: bytes, *, secrets: Sequence[bytes], now: float
) -> str:
    """Return what is wrong with a report's signature, or nothing."""
    identity = headers.get("webhook-id", "")
    moment = headers.get("webhook-timestamp", "")
    signatures = headers.get("webhook-signature", "")
    if not (identity and moment and signatures):
        return f"The report of a target that is told by webhook is signed: {_HOW}"
    if not (moment.isascii() and moment.isdigit() and len(moment) <= 12):
        return "webhook-timestamp is a number of seconds since 1970."
    if abs(now - int(moment)) > TOLERANCE:
        return "The report was signed more than five minutes from now: look at the clocks."
    signed = f"{identity}.{moment}.".encode() + body
    wanted = [hmac.new(secret, signed, hashlib.sha256).digest() for secret in secrets]
    for given in map(_opened, signatures.split()[:10]):
        if any(hmac.compare_digest(given, each) for each in wanted):
            return ""
    return f"The signature is not of this report: {_HOW}"


def _opened(signature: str) -> bytes:
    """The bytes of one `v1,` signature; nothing where it is none."""
    version, _, text = signature.partition(",")
    if version != "v1":
        return b""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
