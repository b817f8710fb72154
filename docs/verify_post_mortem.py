#!/usr/bin/env python3
"""Verify a published post-mortem without Tactful: needs `verify_tactful.py` beside this file.

    python verify_post_mortem.py FILE --key KEY

Checks that the document has the digest that the ledger's entry names, and that this entry stands
in the tree signed by KEY; the same of every correction, which has to name this very document, in
order and without a gap. That no later correction was left out is not in the file: ask the page.
FILE is what the page offers as JSON; KEY and exit codes are those of `verify_tactful.py`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from verify_tactful import UNREADABLE, Key, read_key, tell, verify_proof


def sha256(document: dict[str, Any]) -> str:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def verify_post_mortem(bundle: dict[str, Any], key: Key) -> Iterator[str]:
    """Yield a line for each fault of a published post-mortem and of its corrections."""
    document, proof = bundle["document"], bundle["proof"]
    if proof is None:
        yield "not in the ledger yet: fetch it again"
        return
    yield from verify_proof(proof, key)
    facts = json.loads(proof["leaf"])["facts"]
    if facts.get("public_sha256") != sha256(document):
        yield "the document was changed after it was frozen"
    if facts["reference"] != document["facts"]["reference"]:
        yield "the ledger's entry is of another incident"
    for number, correction in enumerate(bundle.get("corrections", []), start=1):
        for fault in verify_correction(correction, document, number, key):
            yield f"correction {number}: {fault}"


def verify_correction(
    correction: dict[str, Any], of: dict[str, Any], number: int, key: Key
) -> Iterator[str]:
    """Yield a line for each fault of one correction of a document."""
    document, proof = correction["document"], correction["proof"]
    if proof is None:
        yield "not in the ledger yet: fetch it again"
        return
    yield from verify_proof(proof, key)
    facts = json.loads(proof["leaf"])["facts"]
    if facts.get("correction_sha256") != sha256(document):
        yield "it was changed after it was published"
    if document["of_sha256"] != sha256(of):
        yield "it is a correction of another document"
    if document["number"] != str(number):
        yield "it is out of order, or one before it is missing"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", required=True, help="verifier key: name+hash+base64")
    given = parser.parse_args(arguments)
    try:
        bundle = json.loads(given.file.read_bytes())
        return tell(verify_post_mortem(bundle, read_key(given.key)))
    except UNREADABLE as problem:
        print(f"{given.file} cannot be verified: {problem}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
