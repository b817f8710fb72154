"""`verify_ledger` is silent on an honest ledger and names what a superuser touched."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import transaction

from governance.core.actors import SystemActor
from governance.ledger.models import Checkpoint, LedgerEntry, LedgerLeaf, PersonalDetail
from governance.ledger.proofs import consistency_proof, inclusion_proof
from governance.ledger.sequencer import sequence_all, sequence_once
from governance.ledger.services import record_entry
from governance.ledger.tree import is_consistent, root_from_inclusion
from governance.ledger.verify import verify_ledger
from tests.ground_database import EmbeddedPostgres
from tests.ledger.tampering import as_superuser

pytestmark = pytest.mark.django_db(transaction=True)


def write(count: int, personal: bool = False) -> None:
    for number in range(count):
        with transaction.atomic():
            record_entry(
                verb="ledger.tested",
                object_type="thing",
                object_id=str(number),
                actor=SystemActor("test"),
                facts={"number": number, "share": number / 7, "text": "grün \U0001f600"},
                personal={"name": "Ada"} if personal else None,
            )


@pytest.fixture
def ledger() -> None:
    """Eleven entries under three checkpoints of 5, 8 and 11 leaves."""
    for count in (5, 3, 3):
        write(count, personal=count == 5)
        assert sequence_once() == count


def entry_at(position: int) -> LedgerEntry:
    return LedgerLeaf.objects.get(position=position).entry


def lines() -> list[str]:
    out = io.StringIO()
    if not verify_ledger().faults:
        call_command("verify_ledger", stdout=out, stderr=io.StringIO())
        return []
    with pytest.raises(SystemExit) as stop:
        call_command("verify_ledger", stdout=out, stderr=io.StringIO())
    assert stop.value.code == 1
    return out.getvalue().splitlines()


def test_an_honest_ledger_has_no_fault(ledger: None) -> None:
    result = verify_ledger()
    assert (result.entries, result.checkpoints, result.faults) == (11, 3, [])
    assert lines() == []


def test_every_entry_is_proved_against_the_signed_root(ledger: None) -> None:
    for position in range(11):
        proof = inclusion_proof(position)
        root = root_from_inclusion(proof.leaf_hash, position, proof.size, proof.path)
        assert root == proof.root
    sizes = {one.size: bytes(one.root) for one in Checkpoint.objects.all()}
    for old, new in ((5, 8), (5, 11), (8, 11)):
        assert is_consistent(old, sizes[old], new, sizes[new], consistency_proof(old, new))


def test_an_edited_row_is_named(ledger: None, embedded_postgres: EmbeddedPostgres) -> None:
    entry = entry_at(6)
    as_superuser(
        embedded_postgres,
        f"UPDATE ledger_ledgerentry SET verb = 'ledger.forged' WHERE id = '{entry.pk}'",
    )
    assert lines() == [
        (
            f"position 6, table ledger_ledgerentry, row {entry.pk}: "
            "the entry is not the one that was recorded."
        )
    ]


@pytest.mark.parametrize("column", ["at", "object_id", "actor_reference", "facts"])
def test_every_column_counts(
    ledger: None, embedded_postgres: EmbeddedPostgres, column: str
) -> None:
    entry = entry_at(2)
    forged = {"at": "at - interval '1 day'", "facts": "'{\"number\": 3}'"}.get(column, "'forged'")
    as_superuser(
        embedded_postgres,
        f"UPDATE ledger_ledgerentry SET {column} = {forged} WHERE id = '{entry.pk}'",
    )
    assert [(fault.position, fault.row) for fault in verify_ledger().faults] == [
        ("2", str(entry.pk))
    ]


def test_a_deleted_row_is_named(ledger: None, embedded_postgres: EmbeddedPostgres) -> None:
    entry = entry_at(4)
    as_superuser(embedded_postgres, f"DELETE FROM ledger_ledgerentry WHERE id = '{entry.pk}'")
    assert lines()[0] == (
        f"position 4, table ledger_ledgerentry, row {entry.pk}: the entry is gone."
    )


def test_a_deleted_leaf_is_named(ledger: None, embedded_postgres: EmbeddedPostgres) -> None:
    as_superuser(embedded_postgres, "DELETE FROM ledger_ledgerleaf WHERE position = 10")
    assert lines()[0].startswith("position 10, table ledger_ledgerleaf")


def test_an_inserted_row_is_named(ledger: None, embedded_postgres: EmbeddedPostgres) -> None:
    as_superuser(
        embedded_postgres,
        "INSERT INTO ledger_ledgerentry (id, at, verb, object_type, object_id, actor_reference,"
        " facts, personal_commitment) SELECT gen_random_uuid(), at, verb, object_type, 'forged',"
        " actor_reference, facts, '' FROM ledger_ledgerentry LIMIT 1",
    )
    forged = LedgerEntry.objects.get(object_id="forged")
    assert lines() == [
        (
            f"position none, table ledger_ledgerentry, row {forged.pk}: "
            "the entry never went through the sequencer."
        )
    ]


def test_two_rows_that_changed_places_are_named(
    ledger: None, embedded_postgres: EmbeddedPostgres
) -> None:
    as_superuser(
        embedded_postgres,
        "UPDATE ledger_ledgerleaf SET position = position + 100 WHERE position IN (1, 7)",
        "UPDATE ledger_ledgerleaf SET position = 108 - position WHERE position > 100",
    )
    faults = verify_ledger().faults
    assert {fault.position for fault in faults if fault.table == "ledger_treenode"} >= {
        "0-1",
        "6-7",
    }


def test_a_row_rewritten_with_its_whole_tree_fails_the_signed_root(
    ledger: None, embedded_postgres: EmbeddedPostgres
) -> None:
    as_superuser(
        embedded_postgres,
        f"UPDATE ledger_ledgerentry SET verb = 'ledger.forged' WHERE id = '{entry_at(6).pk}'",
        "TRUNCATE ledger_ledgerleaf, ledger_treenode, ledger_unsequencedentry",
        "INSERT INTO ledger_unsequencedentry SELECT id, pg_current_xact_id()"
        " FROM ledger_ledgerentry",
        "CREATE TABLE kept AS SELECT * FROM ledger_checkpoint",
        "TRUNCATE ledger_checkpoint",
    )
    sequence_all()
    as_superuser(
        embedded_postgres,
        "INSERT INTO ledger_checkpoint SELECT * FROM kept WHERE size < 11",
        "DROP TABLE kept",
    )
    faults = verify_ledger().faults
    assert [(fault.position, fault.table) for fault in faults] == [("5-7", "ledger_checkpoint")]


def test_a_checkpoint_of_another_key_or_another_root_is_named(
    ledger: None, embedded_postgres: EmbeddedPostgres
) -> None:
    as_superuser(
        embedded_postgres,
        "UPDATE ledger_checkpoint SET note = replace(note, E'\\n8\\n', E'\\n9\\n') WHERE size = 8",
        "UPDATE ledger_checkpoint SET verifier_key = 'forged' WHERE size = 5",
    )
    sentences = " ".join(lines())
    assert "not trusted here (forged)" in sentences
    assert "No good signature" in sentences


def test_changed_personal_values_are_named_and_erased_ones_are_not_missed(
    ledger: None,
) -> None:
    kept, erased = PersonalDetail.objects.order_by("entry__leaf__position")[:2]
    erased.delete()
    assert lines() == []
    kept.values = {"name": "Eve"}
    kept.save()
    assert lines() == [
        (
            f"position 0, table ledger_personaldetail, row {kept.pk}: "
            "the personal values are not those that the leaf commits to."
        )
    ]


def test_a_bundle_kept_outside_shows_a_ledger_rewritten_with_its_key(
    ledger: None, embedded_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    bundle = tmp_path / "ledger.jsonl"
    call_command("verify_ledger", "--bundle", str(bundle), stdout=io.StringIO())
    out = io.StringIO()
    call_command("verify_ledger", "--bundle", str(bundle), stdout=out)
    assert "bundle: 11 entries and 3 checkpoints" in out.getvalue()
    as_superuser(
        embedded_postgres,
        f"UPDATE ledger_ledgerentry SET verb = 'ledger.forged' WHERE id = '{entry_at(6).pk}'",
        "TRUNCATE ledger_ledgerleaf, ledger_treenode, ledger_unsequencedentry, ledger_checkpoint",
        "INSERT INTO ledger_unsequencedentry SELECT id, pg_current_xact_id()"
        " FROM ledger_ledgerentry",
    )
    sequence_all()
    assert lines() == []
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("verify_ledger", "--bundle", str(bundle), stdout=out, stderr=io.StringIO())
    assert f"position 6, table ledger_ledgerentry, row {entry_at(6).pk}" in out.getvalue()


def test_an_emptied_ledger_is_missed(ledger: None, embedded_postgres: EmbeddedPostgres) -> None:
    as_superuser(
        embedded_postgres,
        "TRUNCATE ledger_ledgerentry, ledger_ledgerleaf, ledger_treenode,"
        " ledger_unsequencedentry, ledger_personaldetail",
    )
    assert "position 0-10, table ledger_ledgerleaf, row 0-10: the leaf is gone." in lines()
