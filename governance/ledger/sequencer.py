"""The sequencer: gives entries their positions, extends the tree, signs a checkpoint.

One runs at a time (an advisory lock); the relay process calls it every fraction of a second.
"""

from __future__ import annotations

from django.db import connection, transaction

from governance.ledger.keys import origin, own_verifier_key, signing_key
from governance.ledger.leaves import leaf_hash, leaf_text
from governance.ledger.models import (
    Checkpoint,
    LedgerEntry,
    LedgerLeaf,
    TreeNode,
    UnsequencedEntry,
)
from governance.ledger.notes import TreeHead, sign_checkpoint
from governance.ledger.proofs import stored_nodes, tree_size
from governance.ledger.tree import CompactRange, range_places

LOCK = "tactful ledger sequencer"
BATCH = 2_000

# An entry is ready when every transaction that began before its own has ended: then no entry can
# appear before it any more. A transaction id from the future is one of a restored database.
READY = """
SELECT entry_id FROM ledger_unsequencedentry
WHERE transaction_id < pg_snapshot_xmin(pg_current_snapshot())
   OR transaction_id > pg_snapshot_xmax(pg_current_snapshot())
ORDER BY transaction_id, entry_id LIMIT %s
"""


def _is_the_sequencer() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [LOCK])
        (taken,) = cursor.fetchone()
    return bool(taken)


def _ready_entries() -> list[LedgerEntry]:
    with connection.cursor() as cursor:
        cursor.execute(READY, [BATCH])
        ids = [row[0] for row in cursor.fetchall()]
    found = LedgerEntry.objects.in_bulk(ids)
    return [found[one] for one in ids]


def load_range(size: int) -> CompactRange:
    """The compact range of the stored tree."""
    places = range_places(size)
    nodes = stored_nodes(places)
    return CompactRange(size, [nodes[place] for place in places])


def sequence_once() -> int:
    """Sequence what is ready, up to a batch; returns how many entries got a position."""
    with transaction.atomic():
        if not _is_the_sequencer():
            return 0
        entries = _ready_entries()
        if not entries:
            return 0
        tree = load_range(tree_size())
        leaves: list[LedgerLeaf] = []
        nodes: list[TreeNode] = []
        for entry in entries:
            hashed = leaf_hash(leaf_text(entry))
            leaves.append(LedgerLeaf(position=tree.size, entry=entry, leaf_hash=hashed))
            nodes.extend(
                TreeNode(level=level, index=index, hash=node)
                for (level, index), node in tree.append(hashed)
            )
        LedgerLeaf.objects.bulk_create(leaves, batch_size=500)
        TreeNode.objects.bulk_create(nodes, batch_size=500)
        UnsequencedEntry.objects.filter(pk__in=[entry.pk for entry in entries]).delete()
        head = TreeHead(origin(), tree.size, tree.root())
        Checkpoint.objects.create(
            size=head.size,
            root=head.root,
            note=sign_checkpoint(head, signing_key()),
            verifier_key=own_verifier_key(),
        )
    return len(entries)


def sequence_all() -> int:
    """Sequence until nothing is ready."""
    total = 0
    while done := sequence_once():
        total += done
    return total
