"""Verification of the whole ledger: every hash again from the rows, every checkpoint again.

Each fault names the position, the table and the row, so that the one who looks knows where.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.db import connection, transaction

from governance.ledger.keys import own_verifier_key
from governance.ledger.leaves import EntryRow, commitment, leaf_hash, leaf_text
from governance.ledger.models import Checkpoint, LedgerEntry, PersonalDetail, TreeNode
from governance.ledger.notes import BadNote, open_checkpoint
from governance.ledger.tree import CompactRange, Place

ENTRIES = "ledger_ledgerentry"
LEAVES = "ledger_ledgerleaf"
NODES = "ledger_treenode"
CHECKPOINTS = "ledger_checkpoint"
DETAILS = "ledger_personaldetail"


@dataclass(frozen=True)
class Fault:
    """One thing that is not as it was written."""

    position: str
    table: str
    row: str
    sentence: str

    def __str__(self) -> str:
        return f"position {self.position}, table {self.table}, row {self.row}: {self.sentence}"


@dataclass(frozen=True)
class Verification:
    """The result: how much was checked, and what is wrong."""

    entries: int
    checkpoints: int
    faults: list[Fault]


@dataclass(frozen=True)
class _Row:
    """An entry as read beside its leaf; id is None when the entry is gone."""

    position: int
    leaf_hash: bytes
    entry_id: UUID
    id: UUID | None
    at: Any
    verb: str
    object_type: str
    object_id: str
    actor_reference: str
    facts: Any
    personal_commitment: str


LEAF_ROWS = """
SELECT l.position, l.leaf_hash, l.entry_id, e.id, e.at, e.verb, e.object_type, e.object_id,
       e.actor_reference, e.facts, e.personal_commitment
FROM ledger_ledgerleaf l LEFT JOIN ledger_ledgerentry e ON e.id = l.entry_id
ORDER BY l.position
"""


def leaf_rows() -> Iterator[_Row]:
    """Every leaf with its entry, streamed in order of position."""
    with (
        transaction.atomic(),
        connection.chunked_cursor() as cursor,
    ):
        cursor.execute(LEAF_ROWS)
        for values in cursor:
            row = _Row(*values)
            facts = json.loads(row.facts) if isinstance(row.facts, str) else row.facts
            yield _Row(**{**row.__dict__, "leaf_hash": bytes(row.leaf_hash), "facts": facts})


def _entry_fault(row: _Row) -> Fault | None:
    where = str(row.position)
    if row.id is None:
        return Fault(where, ENTRIES, str(row.entry_id), "the entry is gone.")
    try:
        hashed = leaf_hash(leaf_text(cast("EntryRow", row)))
    except (ValueError, TypeError) as problem:
        return Fault(where, ENTRIES, str(row.id), f"the entry cannot be hashed ({problem}).")
    if hashed != row.leaf_hash:
        return Fault(where, ENTRIES, str(row.id), "the entry is not the one that was recorded.")
    return None


class _Rebuild:
    """The tree again from the leaves, compared with the stored nodes and checkpoints."""

    def __init__(self, checkpoints: dict[int, Checkpoint]) -> None:
        self.tree = CompactRange()
        self.whole = True  # False after a gap: later roots cannot be recomputed
        self.checkpoints = checkpoints
        self.nodes: dict[Place, bytes] = {}
        self.faults: list[Fault] = []
        self.last_good = 0

    def add(self, row: _Row) -> None:
        for place, node in self.tree.append(row.leaf_hash):
            self.nodes[place] = node
        if len(self.nodes) >= 4_000:
            self.compare_nodes()
        checkpoint = self.checkpoints.get(self.tree.size)
        if checkpoint is None:
            return
        if bytes(checkpoint.root) == self.tree.root():
            self.last_good = checkpoint.size
        else:
            self.faults.append(
                Fault(
                    f"{self.last_good}-{checkpoint.size - 1}",
                    CHECKPOINTS,
                    str(checkpoint.pk),
                    "the leaves do not give the root that was signed.",
                )
            )

    def compare_nodes(self) -> None:
        """Compare the nodes built since the last call with the stored ones."""
        by_level: dict[int, list[int]] = {}
        for level, index in self.nodes:
            by_level.setdefault(level, []).append(index)
        stored: dict[Place, TreeNode] = {}
        for level, indexes in by_level.items():
            for node in TreeNode.objects.filter(
                level=level, index__gte=min(indexes), index__lte=max(indexes)
            ):
                stored[(node.level, node.index)] = node
        for (level, index), expected in sorted(self.nodes.items()):
            covers = f"{index << level}-{((index + 1) << level) - 1}"
            found = stored.get((level, index))
            if found is None:
                self.faults.append(
                    Fault(covers, NODES, f"level {level} index {index}", "the node is gone.")
                )
            elif bytes(found.hash) != expected:
                self.faults.append(
                    Fault(covers, NODES, str(found.pk), "the leaves do not give this node.")
                )
        self.nodes.clear()


def _checkpoint_faults(checkpoints: list[Checkpoint], trusted: set[str]) -> Iterator[Fault]:
    for checkpoint in checkpoints:
        where = str(checkpoint.size - 1)
        if checkpoint.verifier_key not in trusted:
            yield Fault(
                where,
                CHECKPOINTS,
                str(checkpoint.pk),
                f"signed with a key that is not trusted here ({checkpoint.verifier_key}).",
            )
            continue
        try:
            head = open_checkpoint(checkpoint.note, checkpoint.verifier_key)
        except BadNote as problem:
            yield Fault(where, CHECKPOINTS, str(checkpoint.pk), str(problem))
            continue
        if (head.size, head.root) != (checkpoint.size, bytes(checkpoint.root)):
            yield Fault(
                where, CHECKPOINTS, str(checkpoint.pk), "the row says other than its signed note."
            )


def _stray_faults(size: int) -> Iterator[Fault]:
    """Rows that belong to no position: entries put in from outside, nodes beyond the tree."""
    strays = LedgerEntry.objects.filter(leaf__isnull=True, unsequencedentry__isnull=True)
    for entry in strays.order_by("id").iterator():
        yield Fault("none", ENTRIES, str(entry.pk), "the entry never went through the sequencer.")
    queued_twice = LedgerEntry.objects.filter(leaf__isnull=False, unsequencedentry__isnull=False)
    for entry in queued_twice.order_by("id").iterator():
        yield Fault("none", ENTRIES, str(entry.pk), "the entry was put into the queue again.")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, level, index FROM ledger_treenode WHERE ((index + 1) << level) > %s", [size]
        )
        for node_id, level, index in cursor.fetchall():
            covers = f"{index << level}-{((index + 1) << level) - 1}"
            yield Fault(covers, NODES, str(node_id), "the node lies beyond the tree.")


def _detail_faults() -> Iterator[Fault]:
    details = PersonalDetail.objects.select_related("entry", "entry__leaf").order_by("pk")
    for detail in details.iterator():
        try:
            made = commitment(bytes(detail.salt), detail.values)
        except (ValueError, TypeError):
            made = ""
        if made != detail.entry.personal_commitment:
            leaf = getattr(detail.entry, "leaf", None)
            yield Fault(
                "none" if leaf is None else str(leaf.position),
                DETAILS,
                str(detail.pk),
                "the personal values are not those that the leaf commits to.",
            )


def verify_ledger(*, trusted_keys: set[str] | None = None) -> Verification:
    """Recompute everything from the rows and compare it with every stored checkpoint.

    Signatures count when they are by the installation's own key or one of `trusted_keys`.
    """
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                # One snapshot: entries sequenced meanwhile are a matter of the next run.
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        return _verify(trusted_keys or set())


def _verify(trusted_keys: set[str]) -> Verification:
    checkpoints = list(Checkpoint.objects.order_by("size"))
    faults = list(_checkpoint_faults(checkpoints, {own_verifier_key(), *trusted_keys}))
    rebuild = _Rebuild({checkpoint.size: checkpoint for checkpoint in checkpoints})
    expected = 0
    for row in leaf_rows():
        if row.position != expected:
            faults.append(_gap(expected, row.position - 1))
            rebuild.whole = False
        expected = row.position + 1
        fault = _entry_fault(row)
        if fault:
            faults.append(fault)
        if rebuild.whole:
            rebuild.add(row)
    rebuild.compare_nodes()
    faults += rebuild.faults
    signed = checkpoints[-1].size if checkpoints else 0
    if expected < signed:
        faults.append(_gap(expected, signed - 1))
    elif expected > signed:
        covers = f"{signed}-{expected - 1}"
        faults.append(Fault(covers, LEAVES, covers, "no checkpoint was signed over these leaves."))
    faults += _stray_faults(expected)
    faults += _detail_faults()
    return Verification(entries=expected, checkpoints=len(checkpoints), faults=faults)


def _gap(first: int, last: int) -> Fault:
    covers = str(first) if first == last else f"{first}-{last}"
    return Fault(covers, LEAVES, covers, "the leaf is gone.")
