"""The sequencer: dense positions in the order of transactions, nothing missed, one at a time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, connections, transaction

from governance.core.actors import SystemActor
from governance.core.errors import Invalid
from governance.ledger.models import Checkpoint, LedgerEntry, LedgerLeaf, UnsequencedEntry
from governance.ledger.ports import LedgerPersonalDetails
from governance.ledger.sequencer import sequence_all, sequence_once
from governance.ledger.services import record_entry
from governance.ledger.verify import verify_ledger
from tests.ground_database import EmbeddedPostgres

pytestmark = pytest.mark.django_db(transaction=True)


def record(name: str) -> LedgerEntry:
    return record_entry(
        verb="ledger.tested", object_type="thing", object_id=name, actor=SystemActor("t"), facts={}
    )


def order() -> list[str]:
    leaves = LedgerLeaf.objects.order_by("position").select_related("entry")
    return [leaf.entry.object_id for leaf in leaves]


def test_an_entry_of_a_long_transaction_is_not_passed_over() -> None:
    began, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                record("slow")
                began.set()
                assert may_commit.wait(60)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(slow)
        assert began.wait(60)
        with transaction.atomic():
            record("quick")
        # The naive twin reads "newer than the last id it saw" and moves its cursor on.
        seen = list(LedgerEntry.objects.order_by("id").values_list("object_id", "id"))
        cursor = seen[-1][1]
        ours_early = sequence_once()
        may_commit.set()
        running.result(60)
    naive = [name for name, _ in seen]
    later = LedgerEntry.objects.filter(id__gt=cursor).order_by("id")
    naive += list(later.values_list("object_id", flat=True))
    assert naive == ["quick"]  # "slow" is missed for ever
    assert ours_early == 0
    sequence_all()
    assert order() == ["slow", "quick"]


def test_many_writers_and_sequencers_at_once_leave_one_dense_true_tree() -> None:
    writers, each = 4, 15
    barrier, done = threading.Barrier(writers + 2), threading.Event()

    def write(writer: int) -> None:
        try:
            barrier.wait(60)
            for number in range(each):
                with transaction.atomic():
                    record(f"{writer}-{number:02}")
        finally:
            connections.close_all()

    def sequence() -> None:
        try:
            barrier.wait(60)
            while not done.is_set():
                sequence_once()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(writers + 2) as pool:
        sequencers = [pool.submit(sequence) for _ in range(2)]
        for running in [pool.submit(write, writer) for writer in range(writers)]:
            running.result(120)
        done.set()
        for running in sequencers:
            running.result(120)
    sequence_all()
    result = verify_ledger()
    assert (result.entries, result.faults) == (writers * each, [])
    assert not UnsequencedEntry.objects.exists()
    for writer in range(writers):
        mine = [name for name in order() if name.startswith(f"{writer}-")]
        assert mine == sorted(mine)


def test_a_rolled_back_fact_leaves_no_entry() -> None:
    def fact() -> None:
        record("gone")
        raise Invalid("The fact did not happen.")

    with pytest.raises(Invalid), transaction.atomic():
        fact()
    assert sequence_once() == 0
    assert not LedgerEntry.objects.exists()


def test_entries_of_a_restored_database_are_sequenced(embedded_postgres: EmbeddedPostgres) -> None:
    """A restore begins transaction ids anew; what waited in the backup must not wait for ever."""
    with transaction.atomic():
        record("restored")
    with embedded_postgres.as_superuser(str(connection.settings_dict["NAME"])) as session:
        session.execute("UPDATE ledger_unsequencedentry SET transaction_id = '99999999999'::xid8")
    assert sequence_once() == 1


def test_an_entry_needs_the_transaction_of_its_fact() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        record("alone")


@pytest.mark.parametrize(
    "facts",
    [
        {"n": 2**53},
        {"n": float("nan")},
        {"n": float("inf")},
        {"text": "a\x00b"},
        {"text": "\ud800"},
        {"when": object()},
        {1: "a"},
    ],
)
def test_facts_that_could_not_be_proved_are_refused(facts: dict[str, object]) -> None:
    with pytest.raises(Invalid, match="facts"), transaction.atomic():
        record_entry(verb="v", object_type="t", object_id="1", actor=SystemActor("t"), facts=facts)


@pytest.mark.parametrize("number", [0.1, 1e-320, -0.0, 1.0, 2**53 - 1, 1 / 3, 123456789.125])
def test_numbers_hash_the_same_after_the_database(number: float) -> None:
    from governance.ledger.leaves import canonical

    with transaction.atomic():
        entry = record_entry(
            verb="v", object_type="t", object_id="1", actor=SystemActor("t"), facts={"n": number}
        )
    entry.refresh_from_db()
    assert canonical(entry.facts) == canonical({"n": number})


def test_erased_personal_values_leave_the_proofs_whole() -> None:
    with transaction.atomic():
        for name in ("ada", "eve"):
            record_entry(
                verb="v",
                object_type="t",
                object_id="1",
                actor=SystemActor("t"),
                facts={},
                personal={"name": name},
                about=[f"user:{name}"],
            )
    sequence_all()
    holder = LedgerPersonalDetails()
    assert [row["values"] for row in holder.export("user:ada")] == [{"name": "ada"}]
    assert holder.erase("user:ada") == 1
    assert holder.export("user:ada") == []
    assert holder.export("user:eve")
    assert verify_ledger().faults == []


def test_a_position_is_given_once() -> None:
    with transaction.atomic():
        first, second = record("a"), record("b")
    sequence_all()
    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerLeaf.objects.create(position=2, entry=first, leaf_hash=b"0" * 32)
    assert Checkpoint.objects.get().size == 2
    assert second.leaf.position == 1
