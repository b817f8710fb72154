"""The ledger's rows: entries, the RFC 6962 tree over them, signed checkpoints.

Entries hold no personal data; `PersonalDetail` holds what a commitment stands for and can be
erased without touching a leaf.
"""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from governance.core.append_only import AppendOnly, DatabaseUuid7, Unchangeable

QUEUE = pgtrigger.Trigger(
    name="ledger_queue",
    when=pgtrigger.After,
    operation=pgtrigger.Insert,
    level=pgtrigger.Row,
    func=(
        "INSERT INTO ledger_unsequencedentry (entry_id, transaction_id) "
        "VALUES (NEW.id, pg_current_xact_id()); RETURN NULL;"
    ),
)


class LedgerEntry(AppendOnly):
    """One thing that was done: verb, object, actor and the facts that explain it."""

    verb = models.CharField(max_length=80)
    object_type = models.CharField(max_length=80)
    object_id = models.CharField(max_length=200)
    actor_reference = models.CharField(max_length=120)
    facts = models.JSONField(default=dict)
    # Hex SHA-256 over salt and values of the personal detail; empty when there is none.
    personal_commitment = models.CharField(max_length=64, blank=True, default="")

    class Meta(AppendOnly.Meta):
        triggers = [*AppendOnly.Meta.triggers, QUEUE]
        verbose_name_plural = "ledger entries"
        indexes = [
            models.Index(fields=["object_type", "object_id"], name="ledger_entry_object"),
            models.Index(fields=["verb"], name="ledger_entry_verb"),
            models.Index(fields=["actor_reference"], name="ledger_entry_actor"),
            models.Index(fields=["at"], name="ledger_entry_at"),
            # For the few verbs that name systems: the many choices of people are not in it.
            GinIndex(
                fields=["facts"],
                name="ledger_entry_systems",
                opclasses=["jsonb_path_ops"],
                condition=models.Q(facts__has_key="systems"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_type}:{self.object_id}"


class TransactionIdField(models.BigIntegerField[int, int]):
    """PostgreSQL's 64-bit transaction id: never wraps, orders transactions by their start."""

    def db_type(self, connection: object) -> str:
        return "xid8"


class UnsequencedEntry(models.Model):
    """An entry that waits for its position; a trigger writes it, the sequencer removes it."""

    entry = models.OneToOneField(LedgerEntry, on_delete=models.PROTECT, primary_key=True)
    transaction_id = TransactionIdField()

    class Meta:
        indexes = [
            models.Index(fields=["transaction_id", "entry"], name="ledger_unsequenced_order")
        ]

    def __str__(self) -> str:
        return str(self.entry_id)


class PersonalDetail(models.Model):
    """The personal values behind a commitment, with their salt; erased on request."""

    entry = models.OneToOneField(
        LedgerEntry,
        on_delete=models.PROTECT,
        primary_key=True,
        related_name="personal_detail",
    )
    salt = models.BinaryField(max_length=32)
    values = models.JSONField()
    # The people the values are about: "user:<uuid>", "subject:<pseudonym>".
    about = models.JSONField(default=list)

    class Meta:
        indexes = [
            GinIndex(
                fields=["about"],
                name="ledger_personal_about",
                opclasses=["jsonb_path_ops"],
            )
        ]

    def __str__(self) -> str:
        return f"personal detail of {self.entry_id}"


class LedgerLeaf(Unchangeable):
    """The dense position of an entry in the tree and the hash of its leaf."""

    position = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(LedgerEntry, on_delete=models.PROTECT, related_name="leaf")
    leaf_hash = models.BinaryField(max_length=32)

    class Meta(Unchangeable.Meta):
        pass

    def __str__(self) -> str:
        return f"leaf {self.position}"


class TreeNode(Unchangeable):
    """The hash of a complete subtree of 2**level leaves, the index-th of its level (level >= 1)."""

    id = models.UUIDField(primary_key=True, db_default=DatabaseUuid7(), editable=False)
    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)

    class Meta(Unchangeable.Meta):
        constraints = [models.UniqueConstraint(fields=["level", "index"], name="ledger_node_place")]

    def __str__(self) -> str:
        return f"node {self.level}/{self.index}"


class Checkpoint(AppendOnly):
    """A signed statement of the tree's size and root (C2SP checkpoint, signed note)."""

    size = models.BigIntegerField(unique=True)
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    verifier_key = models.CharField(max_length=300)

    class Meta(AppendOnly.Meta):
        pass

    def __str__(self) -> str:
        return f"checkpoint of {self.size}"
