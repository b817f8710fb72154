#!/usr/bin/env python3
"""Verify a Tactful ledger without Tactful: needs Python 3.11 and the `cryptography` package.

    python verify_tactful.py bundle FILE --key KEY [--checkpoint FILE]
    python verify_tactful.py proof FILE --key KEY

`bundle` recomputes every leaf and every signed root of a bundle (`manage.py verify_ledger
--bundle FILE`, or the Evidence page); `--checkpoint` also demands that a checkpoint you kept
outside is a state of this very ledger. `proof` checks the proof of one entry; for receipts of
consent see `verify_receipt.py`. KEY is the verifier key (name+hash+base64) as you first learned
it, not as the file tells it. Exit 0: all is as it was written; 1: a line names each fault; 2: the
file cannot be read.

Leaves: SHA-256(0x00 || canonical JSON, RFC 8785). Nodes: SHA-256(0x01 || left || right), RFC 6962.
Checkpoints: C2SP tlog-checkpoint, ed25519.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Key = tuple[str, bytes, Ed25519PublicKey]
State = tuple[int, bytes]  # size and root of a tree
UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError)


def leaf_hash(text: str) -> bytes:
    return hashlib.sha256(b"\x00" + text.encode()).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """The roots of the complete subtrees that cover what was appended, left to right."""

    def __init__(self) -> None:
        self.size, self.subtrees = 0, list[bytes]()

    def append(self, leaf: bytes) -> None:
        position = self.size
        while position & 1:
            leaf, position = node_hash(self.subtrees.pop(), leaf), position >> 1
        self.subtrees.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        root = self.subtrees[-1] if self.subtrees else hashlib.sha256(b"").digest()
        for left in reversed(self.subtrees[:-1]):
            root = node_hash(left, root)
        return root


def root_of_proof(leaf: bytes, position: int, size: int, path: list[bytes]) -> bytes:
    """RFC 9162, 2.1.3.2: the root that a leaf and its path lead to."""
    index, last, root = position, size - 1, leaf
    if not 0 <= position < size:
        raise ValueError("the position is outside the tree")
    for sibling in path:
        if last == 0:
            raise ValueError("the path is too long")
        if index & 1 or index == last:
            root = node_hash(sibling, root)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        index, last = index >> 1, last >> 1
    if last:
        raise ValueError("the path is too short")
    return root


def read_key(text: str) -> Key:
    """A verifier key: its name, its id and the public key."""
    name, key_id, encoded = text.strip().split("+", 2)
    raw = base64.b64decode(encoded, validate=True)
    made = hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8]
    if raw[:1] != b"\x01" or made != key_id:
        raise ValueError("the verifier key does not fit its own hash")
    return name, bytes.fromhex(key_id), Ed25519PublicKey.from_public_bytes(raw[1:])


def open_checkpoint(note: str, key: Key) -> State:
    """Check a checkpoint's signature; return its size and root."""
    name, key_id, public = key
    text, _, signatures = note.partition("\n\n")
    start = f"\u2014 {name} "
    lines = [line.removeprefix(start) for line in signatures.split("\n") if line.startswith(start)]
    ours = [raw for raw in map(base64.b64decode, lines) if raw[:4] == key_id]
    try:
        public.verify(ours[0][4:], text.encode() + b"\n")
    except (IndexError, InvalidSignature):
        raise ValueError(f"no good signature by {name}") from None
    origin, size, root, *_ = text.split("\n")
    if origin != name:
        raise ValueError("the checkpoint is of another log")
    return int(size), base64.b64decode(root, validate=True)


def canonical_fault(text: str) -> str | None:
    """Say why a leaf is not canonical JSON of one meaning, or None (names sorted, no repeats)."""

    def in_order(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name.encode("utf-16-be") for name, _ in pairs]
        if names != sorted(set(names)):
            raise ValueError("names are not in order, each once")
        return dict(pairs)

    try:
        leaf = json.loads(text, object_pairs_hook=in_order)
    except ValueError as problem:
        return str(problem)
    return None if isinstance(leaf, dict) and "verb" in leaf else "it is not an entry"


def verify_bundle(lines: Iterable[str], key: Key, kept: State | None = None) -> Iterator[str]:
    """Yield a line for each fault of a bundle; `kept` is a checkpoint from outside."""
    tree, signed, kept_seen = Tree(), 0, kept is None
    rows: Iterator[dict[str, Any]] = (json.loads(line) for line in lines)
    if next(rows, {}).get("format") != "tactful-ledger-bundle/1":
        raise ValueError("this is not a bundle")
    for number, row in enumerate(rows, start=2):
        if "leaf" in row:
            if row["position"] != tree.size:
                yield f"position {tree.size}: the leaf is missing (line {number})"
                return
            if problem := canonical_fault(row["leaf"]):
                yield f"position {tree.size}: the leaf is malformed: {problem} (line {number})"
            tree.append(leaf_hash(row["leaf"]))
            if kept and kept[0] == tree.size:
                kept_seen = True
                if kept[1] != tree.root():
                    yield f"positions 0-{tree.size - 1}: not the ledger of the kept checkpoint"
        else:
            try:
                size, root = open_checkpoint(row["checkpoint"], key)
            except ValueError as problem:
                yield f"position {tree.size - 1}: bad checkpoint: {problem} (line {number})"
                continue
            if (size, root) != (tree.size, tree.root()):
                covers = f"positions {signed}-{max(size, tree.size) - 1}"
                yield f"{covers}: the leaves do not give the signed root (line {number})"
            signed = tree.size
    if signed != tree.size or tree.size == 0:
        yield f"positions {signed}-{tree.size - 1}: no checkpoint was signed over these leaves"
    if kept and not kept_seen:
        yield f"the bundle ends before the kept checkpoint of {kept[0]} leaves"


def verify_proof(proof: dict[str, Any], key: Key) -> Iterator[str]:
    """Yield a line for each fault of a proof of inclusion."""
    size, root = open_checkpoint(proof["checkpoint"], key)
    path = [bytes.fromhex(one) for one in proof["path"]]
    if size != proof["size"]:
        yield f"the proof is for {proof['size']} leaves, the checkpoint for {size}"
    if root != root_of_proof(leaf_hash(proof["leaf"]), proof["position"], size, path):
        yield f"position {proof['position']}: the entry is not in the signed tree"


def tell(found: Iterable[str]) -> int:
    """Print every fault; the exit code says whether there was one."""
    for fault in (faults := list(found)):
        print(fault)
    print("NOT as it was written" if faults else "as it was written", file=sys.stderr)
    return 1 if faults else 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kind", choices=("bundle", "proof"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", required=True, help="verifier key: name+hash+base64")
    parser.add_argument("--checkpoint", type=Path, help="a checkpoint you kept outside")
    given = parser.parse_args(arguments)
    try:
        key, note = read_key(given.key), given.checkpoint
        with given.file.open(encoding="utf-8") as file:
            if given.kind == "proof":
                return tell(verify_proof(json.load(file), key))
            kept = open_checkpoint(note.read_text("utf-8"), key) if note else None
            return tell(verify_bundle(file, key, kept))
    except UNREADABLE as problem:
        print(f"{given.file} cannot be verified: {problem}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
