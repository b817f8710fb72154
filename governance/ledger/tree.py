"""The Merkle tree of RFC 6962, pure: compact ranges, inclusion and consistency proofs.

Hashes are given and returned as bytes; where they are stored is the business of `sequencer` and
`proofs`. A node is named by (level, index): the index-th subtree of 2**level complete leaves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()

Place = tuple[int, int]
NodeHash = Callable[[Place], bytes]


def hash_children(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def range_places(size: int) -> list[Place]:
    """The complete subtrees that together cover the first `size` leaves, left to right."""
    places, start = [], 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            places.append((level, start >> level))
            start += 1 << level
    return places


class CompactRange:
    """The few hashes needed to append leaves to a tree and to know its root."""

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        if len(hashes) != size.bit_count():
            raise ValueError(f"A tree of {size} leaves has {size.bit_count()} subtrees.")
        self.size = size
        self._hashes = list(hashes)

    def append(self, leaf: bytes) -> list[tuple[Place, bytes]]:
        """Add a leaf; return the inner nodes it completed."""
        completed: list[tuple[Place, bytes]] = []
        level, index, node = 0, self.size, leaf
        while index & 1:
            node = hash_children(self._hashes.pop(), node)
            level, index = level + 1, index >> 1
            completed.append(((level, index), node))
        self._hashes.append(node)
        self.size += 1
        return completed

    def root(self) -> bytes:
        if not self._hashes:
            return EMPTY_ROOT
        *rest, root = self._hashes
        for left in reversed(rest):
            root = hash_children(left, root)
        return root


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def subtree_root(start: int, end: int, node: NodeHash) -> bytes:
    """The root over leaves [start, end), from stored nodes."""
    size = end - start
    if size & (size - 1) == 0 and start % size == 0:
        level = size.bit_length() - 1
        return node((level, start >> level))
    middle = start + _split(size)
    return hash_children(subtree_root(start, middle, node), subtree_root(middle, end, node))


def inclusion_path(position: int, size: int, node: NodeHash) -> list[bytes]:
    """The sibling hashes from a leaf up to the root of the tree of `size` leaves (2.1.1)."""
    if not 0 <= position < size:
        raise ValueError(f"Position {position} is not in a tree of {size} leaves.")
    start, end, path = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if position < middle:
            path.append(subtree_root(middle, end, node))
            end = middle
        else:
            path.append(subtree_root(start, middle, node))
            start = middle
    return path[::-1]


def consistency_path(old: int, new: int, node: NodeHash) -> list[bytes]:
    """The hashes that show that the tree of `old` leaves is a prefix of that of `new` (2.1.2)."""
    if not 0 < old <= new:
        raise ValueError(f"A tree of {old} leaves is not a prefix of one of {new}.")
    start, end, whole, path = 0, new, True, []
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(subtree_root(middle, end, node))
            end = middle
        else:
            path.append(subtree_root(start, middle, node))
            start, whole = middle, False
    if not whole:
        path.append(subtree_root(start, end, node))
    return path[::-1]


def root_from_inclusion(leaf: bytes, position: int, size: int, path: Sequence[bytes]) -> bytes:
    """Recompute the root from a leaf and its path (RFC 9162, 2.1.3.2)."""
    if not 0 <= position < size:
        raise ValueError(f"Position {position} is not in a tree of {size} leaves.")
    index, last, root = position, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise ValueError("The proof is longer than the tree is high.")
        if index & 1 or index == last:
            root = hash_children(sibling, root)
            while index & 1 == 0 and index:
                index, last = index >> 1, last >> 1
        else:
            root = hash_children(root, sibling)
        index, last = index >> 1, last >> 1
    if last:
        raise ValueError("The proof is shorter than the tree is high.")
    return root


def is_consistent(
    old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]
) -> bool:
    """Check a consistency proof (RFC 9162, 2.1.4.2)."""
    if old == new:
        return not path and old_root == new_root
    if not 0 < old < new or not path:
        return False
    steps = list(path)
    if old & (old - 1) == 0:
        steps.insert(0, old_root)
    index, last = old - 1, new - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if index & 1 or index == last:
            first, second = hash_children(step, first), hash_children(step, second)
            while index & 1 == 0 and index:
                index, last = index >> 1, last >> 1
        else:
            second = hash_children(second, step)
        index, last = index >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root
