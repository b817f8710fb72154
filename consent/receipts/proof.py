"""Signing a receipt and checking one: a detached JWS, and the ledger's proof beside it. Pure.

The JWS (RFC 7515, appendix F) covers the RFC 8785 text of the receipt without its proof. The
stand-alone verifier `docs/verify_receipt.py` checks the same without this code.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PROOF = "tactful:proof"
#: Facts of the ledger's entry that a receipt repeats, and where it repeats them.
_REPEATED = {
    "purpose": "tactful:purpose",
    "status": "tactful:status",
    "revision": "tactful:revision",
}


class NotAReceipt(Exception):
    """What was given does not have a receipt's shape; the text says where."""


def jwk(key: Ed25519PublicKey) -> dict[str, str]:
    """The public key as a JWK (RFC 8037), named by its thumbprint (RFC 7638)."""
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    members = {"crv": "Ed25519", "kty": "OKP", "x": _encode(raw)}
    thumbprint = hashlib.sha256(rfc8785.dumps(members)).digest()
    return {**members, "kid": _encode(thumbprint), "alg": "EdDSA", "use": "sig"}


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _signed_part(receipt: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in receipt.items() if name != PROOF}


def sign_receipt(
    body: Mapping[str, Any],
    key: Ed25519PrivateKey,
    *,
    ledger: Mapping[str, Any] | None,
    promised_by: datetime,
) -> dict[str, Any]:
    """Add the proof: signature, and inclusion in the ledger or the moment it is promised by."""
    header = {"alg": "EdDSA", "typ": "consent-receipt+jws", "kid": jwk(key.public_key())["kid"]}
    head = _encode(rfc8785.dumps(header))
    signature = key.sign(f"{head}.{_encode(rfc8785.dumps(dict(body)))}".encode())
    proof: dict[str, Any] = {"jws": f"{head}..{_encode(signature)}"}
    if ledger is None:
        proof["ledger_promised_by"] = promised_by.isoformat(timespec="seconds")
    else:
        proof["ledger"] = dict(ledger)
    return {**body, PROOF: proof}


def read_receipt(text: str) -> dict[str, Any]:
    """Return the receipt in a JSON text; raise `NotAReceipt` with where it is not one."""
    try:
        receipt = json.loads(text)
    except (ValueError, RecursionError):
        raise NotAReceipt("The text is not JSON.") from None
    if not isinstance(receipt, dict) or receipt.get("@type") != "dpv:ConsentReceipt":
        raise NotAReceipt("The text is not a consent receipt.")
    proof, record = receipt.get(PROOF), receipt.get("dpv:hasRecordOfActivity")
    if not isinstance(proof, dict) or not isinstance(proof.get("jws"), str):
        raise NotAReceipt("The receipt has no proof.")
    if not isinstance(record, dict):
        raise NotAReceipt("The receipt has no record.")
    return receipt


def _is_signed(receipt: Mapping[str, Any], key: Ed25519PublicKey) -> bool:
    """Tell whether the key, under its published name, signed this text and no other."""
    head, _, signature = str(receipt[PROOF]["jws"]).partition("..")
    try:
        header, raw = json.loads(_decode(head)), _decode(signature)
        signed = f"{head}.{_encode(rfc8785.dumps(_signed_part(receipt)))}".encode()
        key.verify(raw, signed)
    except (ValueError, InvalidSignature, RecursionError):
        return False
    named = isinstance(header, dict) and header.get("kid") == jwk(key)["kid"]
    plain = named and header.get("alg") == "EdDSA" and "crit" not in header
    # Unused bits of the last sign would let two texts be one signature.
    return plain and _encode(raw) == signature


def receipt_faults(receipt: Mapping[str, Any], key: Ed25519PublicKey) -> Iterator[str]:
    """Yield a sentence for each fault of signature, and of what the ledger's entry says.

    The path from the entry to the signed root is the ledger's own to check.
    """
    proof = receipt[PROOF]
    if not _is_signed(receipt, key):
        yield "The receipt was changed, or another installation signed it."
    ledger = proof.get("ledger")
    if ledger is None:
        return
    record = receipt["dpv:hasRecordOfActivity"]
    try:
        leaf = json.loads(ledger["leaf"])
        facts = leaf["facts"]
        wrong = [name for name, term in _REPEATED.items() if facts[name] != record[term]]
        if leaf["id"] != record["tactful:ledgerEntry"]:
            wrong.append("entry")
        if facts["subject"] != record["dpv:hasDataSubject"]["dct:identifier"]:
            wrong.append("person")
    except (KeyError, TypeError, ValueError, RecursionError):
        yield "The ledger's entry beside the receipt cannot be read."
        return
    if wrong:
        yield f"The ledger's entry speaks of another {' and '.join(wrong)}."
