"""Bundles: the ledger as a file that anyone can verify without Tactful.

JSON lines: a header, then each leaf's canonical text, each checkpoint right after the leaf that
completes its tree. Leaves hold no personal data, so a bundle may leave the house.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from governance.ledger.keys import origin, own_verifier_key
from governance.ledger.leaves import leaf_hash, leaf_text
from governance.ledger.models import Checkpoint, LedgerLeaf
from governance.ledger.notes import BadNote, open_checkpoint
from governance.ledger.tree import CompactRange
from governance.ledger.verify import CHECKPOINTS, ENTRIES, Fault

FORMAT = "tactful-ledger-bundle/1"


def bundle_lines() -> Iterator[str]:
    """The lines of a bundle of the whole ledger, up to its latest checkpoint."""
    checkpoints = {one.size: one for one in Checkpoint.objects.order_by("size")}
    header = {"format": FORMAT, "origin": origin(), "verifier_key": own_verifier_key()}
    yield json.dumps(header) + "\n"
    leaves = LedgerLeaf.objects.select_related("entry").order_by("position")
    for leaf in leaves.iterator(chunk_size=2_000):
        text = leaf_text(leaf.entry).decode()
        yield json.dumps({"position": leaf.position, "leaf": text}, ensure_ascii=False) + "\n"
        checkpoint = checkpoints.get(leaf.position + 1)
        if checkpoint:
            yield (
                json.dumps(
                    {"checkpoint": checkpoint.note, "verifier_key": checkpoint.verifier_key},
                    ensure_ascii=False,
                )
                + "\n"
            )


def write_bundle(out: IO[str]) -> None:
    for line in bundle_lines():
        out.write(line)


@dataclass(frozen=True)
class BundleCheck:
    """What a bundle holds and what is wrong with it."""

    entries: int
    checkpoints: int
    faults: list[Fault]


def verify_bundle(lines: Iterator[str], trusted: set[str] | None = None) -> BundleCheck:
    """Check a bundle by itself and against the ledger of this installation.

    A bundle kept outside shows a ledger that was rewritten as a whole, signatures included.
    """
    keys = {own_verifier_key(), *(trusted or set())}
    tree, faults, checkpoints = CompactRange(), [], 0
    stored = LedgerLeaf.objects.order_by("position").values_list("position", "leaf_hash", "entry")
    hashes = {position: (bytes(value), entry) for position, value, entry in stored.iterator()}
    for number, line in enumerate(lines, start=1):
        where = f"line {number}"
        try:
            row = json.loads(line)
            if number == 1:
                if row.get("format") != FORMAT:
                    return BundleCheck(0, 0, [Fault("none", "bundle", where, "not a bundle.")])
            elif "leaf" in row:
                hashed = leaf_hash(row["leaf"].encode())
                if row["position"] != tree.size:
                    faults.append(Fault(str(tree.size), "bundle", where, "the leaf is missing."))
                    break
                held, entry = hashes.get(tree.size, (b"", "none"))
                if held != hashed:
                    sentence = "the ledger's leaf is not the one in the bundle."
                    faults.append(Fault(str(tree.size), ENTRIES, str(entry), sentence))
                tree.append(hashed)
            else:
                checkpoints += 1
                faults += _check_note(row, tree, keys, where)
        except (ValueError, KeyError, AttributeError, TypeError):
            faults.append(Fault(str(tree.size), "bundle", where, "the line is malformed."))
            break
    return BundleCheck(tree.size, checkpoints, faults)


def _check_note(row: dict[str, str], tree: CompactRange, keys: set[str], where: str) -> list[Fault]:
    position = str(tree.size - 1)
    if row["verifier_key"] not in keys:
        return [Fault(position, "bundle", where, "signed with a key that is not trusted here.")]
    try:
        head = open_checkpoint(row["checkpoint"], row["verifier_key"])
    except BadNote as problem:
        return [Fault(position, "bundle", where, str(problem))]
    if (head.size, head.root) != (tree.size, tree.root()):
        return [Fault(position, "bundle", where, "the leaves do not give the root signed.")]
    if not Checkpoint.objects.filter(size=head.size, root=head.root).exists():
        sentence = "the ledger no longer has this checkpoint."
        return [Fault(position, CHECKPOINTS, f"size {head.size}", sentence)]
    return []
