"""Proofs from the stored tree: that an entry is in it, that it only ever grew."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import Max, Q

from governance.core.errors import Invalid, NotFound
from governance.ledger.leaves import leaf_text
from governance.ledger.models import Checkpoint, LedgerLeaf, TreeNode
from governance.ledger.tree import NodeHash, Place, consistency_path, inclusion_path


@dataclass(frozen=True)
class InclusionProof:
    """All an outsider needs to see that an entry is in the tree of a signed checkpoint."""

    position: int
    size: int
    leaf: str  # the canonical text that is hashed
    leaf_hash: bytes
    path: list[bytes]
    root: bytes
    checkpoint: str
    verifier_key: str

    def as_json(self) -> dict[str, object]:
        return {
            "position": self.position,
            "size": self.size,
            "leaf": self.leaf,
            "leaf_hash": self.leaf_hash.hex(),
            "path": [one.hex() for one in self.path],
            "root": self.root.hex(),
            "checkpoint": self.checkpoint,
            "verifier_key": self.verifier_key,
        }

    def as_tlog_proof(self) -> str:
        """The proof as C2SP tlog-proof text, for tools that read that."""
        path = "".join(f"{base64.b64encode(one).decode()}\n" for one in self.path)
        return f"c2sp.org/tlog-proof@v1\nindex {self.position}\n{path}\n{self.checkpoint}"


def tree_size() -> int:
    last: int | None = LedgerLeaf.objects.aggregate(last=Max("position"))["last"]
    return 0 if last is None else last + 1


def latest_checkpoint() -> Checkpoint | None:
    return Checkpoint.objects.order_by("-size").first()


def stored_nodes(places: Iterable[Place]) -> dict[Place, bytes]:
    """The hashes at these places, read in two queries."""
    leaves: list[int] = []
    inner: dict[int, list[int]] = {}
    for level, index in places:
        if level == 0:
            leaves.append(index)
        else:
            inner.setdefault(level, []).append(index)
    found: dict[Place, bytes] = {}
    if leaves:
        for leaf in LedgerLeaf.objects.filter(position__in=leaves):
            found[(0, leaf.position)] = bytes(leaf.leaf_hash)
    if inner:
        wanted = Q()
        for level, indexes in inner.items():
            wanted |= Q(level=level, index__in=indexes)
        for node in TreeNode.objects.filter(wanted):
            found[(node.level, node.index)] = bytes(node.hash)
    return found


def _with_stored_nodes(build: Callable[[NodeHash], list[bytes]]) -> list[bytes]:
    """Run a path builder twice: once to learn which nodes it needs, once with them."""
    needed: list[Place] = []

    def note(place: Place) -> bytes:
        needed.append(place)
        return b""

    build(note)
    found = stored_nodes(needed)
    missing = [place for place in needed if place not in found]
    if missing:
        raise Invalid(f"The tree lacks node {missing[0]}; run verify_ledger.")
    return build(found.__getitem__)


def inclusion_proof(position: int) -> InclusionProof:
    """Prove the entry at a position against the latest checkpoint."""
    checkpoint = latest_checkpoint()
    leaf = LedgerLeaf.objects.select_related("entry").filter(position=position).first()
    if checkpoint is None or leaf is None or position >= checkpoint.size:
        raise NotFound(f"The ledger has no entry at position {position}.")
    size = checkpoint.size
    return InclusionProof(
        position=position,
        size=size,
        leaf=leaf_text(leaf.entry).decode(),
        leaf_hash=bytes(leaf.leaf_hash),
        path=_with_stored_nodes(lambda node: inclusion_path(position, size, node)),
        root=bytes(checkpoint.root),
        checkpoint=checkpoint.note,
        verifier_key=checkpoint.verifier_key,
    )


def consistency_proof(old: int, new: int) -> list[bytes]:
    """Prove that the tree of `old` leaves is a prefix of the tree of `new` leaves."""
    if not 0 < old <= new <= tree_size():
        raise Invalid(f"There is no tree of {old} leaves inside one of {new} leaves here.")
    return _with_stored_nodes(lambda node: consistency_path(old, new, node))
