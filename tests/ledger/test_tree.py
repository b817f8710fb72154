"""The tree equals pymerkle's and the published vectors of RFC 6962."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from governance.ledger.leaves import leaf_hash
from governance.ledger.tree import (
    EMPTY_ROOT,
    CompactRange,
    Place,
    consistency_path,
    inclusion_path,
    is_consistent,
    root_from_inclusion,
    subtree_root,
)

# The inputs and roots of certificate-transparency's own merkle tree test.
CT_LEAVES = [
    bytes.fromhex(one)
    for one in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


class Grown:
    """A tree that remembers its nodes, as the database does."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.nodes: dict[Place, bytes] = {}
        self.range = CompactRange()
        self.roots = [EMPTY_ROOT]
        for position, leaf in enumerate(leaves):
            self.nodes[(0, position)] = leaf_hash(leaf)
            self.nodes.update(self.range.append(leaf_hash(leaf)))
            self.roots.append(self.range.root())

    def node(self, place: Place) -> bytes:
        return self.nodes[place]


def test_roots_are_those_certificate_transparency_publishes() -> None:
    assert [root.hex() for root in Grown(CT_LEAVES).roots[1:]] == CT_ROOTS


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=70), st.data())
@settings(max_examples=60, deadline=None)
def test_roots_and_proofs_equal_those_of_pymerkle(leaves: list[bytes], data: st.DataObject) -> None:
    tree = Grown(leaves)
    peer = InmemoryTree(algorithm="sha256")
    for leaf in leaves:
        peer.append_entry(leaf)
    size = data.draw(st.integers(1, len(leaves)))
    position = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size))
    assert tree.roots[size] == peer.get_root(size)
    path = inclusion_path(position, size, tree.node)
    theirs = peer.prove_inclusion(position + 1, size)
    assert {one.hex() for one in path} <= {one.hex() for one in theirs.path}
    leaf = leaf_hash(leaves[position])
    assert root_from_inclusion(leaf, position, size, path) == peer.get_root(size)
    steps = consistency_path(old, size, tree.node)
    assert is_consistent(old, peer.get_root(old), size, peer.get_root(size), steps)


@given(st.integers(2, 70), st.data())
@settings(max_examples=60, deadline=None)
def test_a_changed_leaf_path_or_root_is_never_accepted(size: int, data: st.DataObject) -> None:
    tree = Grown([bytes([one]) for one in range(size)])
    position = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1).filter(lambda one: one != position))
    path = inclusion_path(position, size, tree.node)
    forged = leaf_hash(b"forged")
    assert root_from_inclusion(forged, position, size, path) != tree.roots[size]
    try:
        moved = root_from_inclusion(tree.node((0, position)), other, size, path)
    except ValueError:
        moved = b""
    assert moved != tree.roots[size]
    old = data.draw(st.integers(1, size - 1))
    steps = consistency_path(old, size, tree.node)
    assert not is_consistent(old, forged, size, tree.roots[size], steps)
    assert not is_consistent(old, tree.roots[old], size, forged, steps)
    assert not is_consistent(old, tree.roots[old], size, tree.roots[size], [*steps, forged])


def test_a_proof_of_the_wrong_length_is_refused() -> None:
    tree = Grown(CT_LEAVES)
    path = inclusion_path(3, 8, tree.node)
    with pytest.raises(ValueError, match="longer"):
        root_from_inclusion(tree.node((0, 3)), 3, 8, [*path, path[0]])
    with pytest.raises(ValueError, match="shorter"):
        root_from_inclusion(tree.node((0, 3)), 3, 8, path[:-1])


def test_any_range_of_leaves_has_its_root() -> None:
    tree = Grown(CT_LEAVES)
    assert subtree_root(0, 7, tree.node) == tree.roots[7]
