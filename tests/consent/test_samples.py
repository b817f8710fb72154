"""Promises of the decision sample: it shows what was told, delays nobody, and goes in time."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import InternalError, ProgrammingError, transaction

from consent import services
from consent.fastpath.fingerprint import lookup_key, lookup_of
from consent.fastpath.front import Front
from consent.fastpath.samples import MOST_HELD, Samples
from consent.fastpath.serving import Serving
from consent.fastpath.table import SharedTable
from consent.models import DataSubject, DecisionSample
from consent.slowpath.database import Database, Unavailable
from consent.slowpath.wsgi import DecisionDoors, keys_from_settings
from tests.consent.conftest import STAGE, DoorClient, SameTransaction, not_ours


def _lookup(subject: str) -> int:
    from django.conf import settings

    return lookup_of(lookup_key(settings.KEYS.subject_pepper), subject)


class Kept(Samples):
    """Writes when the test says so, not when a thread does."""

    def keep(self, path: str, question: bytes, answer: bytes) -> None:
        self._pid = __import__("os").getpid()
        super().keep(path, question, answer)


@pytest.fixture
def sampled(ask: DoorClient, tmp_path: Any) -> tuple[DoorClient, Kept]:
    samples = Kept(1, SameTransaction(), _lookup)
    serving = Serving(lambda: SharedTable.open(tmp_path), keys_from_settings)
    doors = DecisionDoors(not_ours, database=SameTransaction())
    ask.doors = Front(doors, serving, samples)  # type: ignore[assignment]
    samples.is_due = lambda: True  # type: ignore[method-assign]
    return ask, samples


def test_a_sample_shows_what_was_told_and_names_nobody(
    sampled: tuple[DoorClient, Kept], carousel: Any
) -> None:
    ask, samples = sampled
    services.record_choice(subject="anna", purpose="ads", status="given", actor=STAGE)
    ask.flag("purpose.ads", targetingKey="anna")
    ask.flag("system.carousel")
    ask(
        "/access/v1/evaluation",
        {
            "subject": {"type": "user", "id": "bert"},
            "action": {"name": "personalize"},
            "resource": {"type": "purpose", "id": "ads"},
        },
    )
    ask.flag("purpose.unheard-of", targetingKey="anna")
    assert samples.flush() == 3
    rows = DecisionSample.objects.order_by("id").values_list(
        "lookup", "door", "flag", "outcome", "reason", "revision"
    )
    assert list(rows[:1]) == [(_lookup("anna"), "ofrep", "purpose.ads", "personalise", "given", 1)]
    assert rows[1][0] is None and rows[1][2] == "system.carousel"
    assert rows[2][:3] == (_lookup("bert"), "authzen", "purpose.ads")


def test_a_full_queue_drops_samples_and_says_so(sampled: tuple[DoorClient, Kept]) -> None:
    _, samples = sampled
    for _ in range(MOST_HELD + 5):
        samples.keep("/ofrep/v1/evaluate/flags/purpose.ads", b"{}", b"{}")
    assert samples.dropped == 5


def test_a_database_away_costs_samples_and_no_answer(db: None) -> None:
    class Away(Database):
        def read(self, ask: Any) -> Any:
            raise Unavailable

    samples = Kept(1, Away(dict), _lookup)
    question = json.dumps({"context": {"targetingKey": "anna"}}).encode()
    told = {"key": "purpose.ads", "metadata": {"outcome": "deny", "reason": "erased"}}
    samples.keep("/ofrep/v1/evaluate/flags/purpose.ads", question, json.dumps(told).encode())
    assert samples.flush() == 0 and samples.dropped == 1


def test_one_answer_in_many_is_kept_and_none_where_none_is_wanted(db: None) -> None:
    samples = Samples(10, SameTransaction(), _lookup)
    kept = sum(samples.is_due() for _ in range(20_000))
    assert 1_500 < kept < 2_200
    none = Samples(0, SameTransaction(), _lookup)
    assert not any(none.is_due() for _ in range(1_000))


def test_a_sample_is_never_changed_and_goes_with_its_person(
    sampled: tuple[DoorClient, Kept],
) -> None:
    ask, samples = sampled
    services.record_choice(subject="anna", purpose="ads", status="given", actor=STAGE)
    ask.flag("purpose.ads", targetingKey="anna")
    samples.flush()
    with pytest.raises((InternalError, ProgrammingError)), transaction.atomic():
        DecisionSample.objects.update(outcome="deny")
    person = DataSubject.objects.get()
    assert person.pseudonym is not None
    services.erase_subject(pseudonym=person.pseudonym, actor=STAGE)
    assert not DecisionSample.objects.exists()
