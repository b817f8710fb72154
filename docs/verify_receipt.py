#!/usr/bin/env python3
"""Verify a consent receipt without Tactful: needs `verify_tactful.py` beside this file.

    python verify_receipt.py FILE --key KEY --keys FILE

Checks the receipt's signature by one of `--keys` (the JWK set at /.well-known/jwks.json), the proof
that its ledger entry stands in the tree signed by KEY, and that both tell of the same choice. KEY
and exit codes are those of `verify_tactful.py`. Signatures: detached JWS (RFC 7515, F), EdDSA.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from verify_tactful import UNREADABLE, Key, read_key, tell, verify_proof


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def verify_receipt(receipt: dict[str, Any], key: Key, keys: dict[str, Any]) -> Iterator[str]:
    """Yield a line for each fault of a receipt; without a ledger proof only a promise is signed."""
    proof = receipt.pop("tactful:proof")
    head, _, signature = proof["jws"].partition("..")
    body = json.dumps(receipt, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    payload = base64.urlsafe_b64encode(body.encode()).rstrip(b"=").decode()
    name = json.loads(decode(head))["kid"]
    try:
        (public,) = [decode(one["x"]) for one in keys["keys"] if one["kid"] == name]
        Ed25519PublicKey.from_public_bytes(public).verify(
            decode(signature), f"{head}.{payload}".encode()
        )
    except (InvalidSignature, ValueError):
        yield "the receipt was changed, or another installation signed it"
    if "ledger" not in proof:
        yield f"not in the ledger yet: promised by {proof['ledger_promised_by']}"
        return
    yield from verify_proof(proof["ledger"], key)
    record, leaf = receipt["dpv:hasRecordOfActivity"], json.loads(proof["ledger"]["leaf"])
    told = [record[f"tactful:{one}"] for one in ("purpose", "status", "revision")]
    told += [record["dpv:hasDataSubject"]["dct:identifier"], record["tactful:ledgerEntry"]]
    kept = [leaf["facts"][one] for one in ("purpose", "status", "revision", "subject")]
    if told != [*kept, leaf["id"]]:
        yield "the ledger's entry is of another choice"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", required=True, help="verifier key: name+hash+base64")
    parser.add_argument("--keys", required=True, type=Path, help="the signers' JWK set")
    given = parser.parse_args(arguments)
    try:
        receipt, keys = (json.loads(path.read_bytes()) for path in (given.file, given.keys))
        return tell(verify_receipt(receipt, read_key(given.key), keys))
    except UNREADABLE as problem:
        print(f"{given.file} cannot be verified: {problem}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
