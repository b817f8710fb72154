"""Promises about a choice in one call: what it names, which rules it goes by, what it costs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consent import services
from consent.identity import ledger_commitment
from consent.models import ConsentState, DataSubject, SubjectSalt
from consent.services.rulebook import held_rulebook
from governance.core.actors import SystemActor
from governance.core.clock import database_now
from governance.core.errors import NotFound
from governance.ledger.models import LedgerEntry
from governance.registry.models import Purpose, RegionRule

STAGE = SystemActor("tests")
SAID = datetime(2026, 3, 1, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def say(status: str = "given", *, purpose: str = "ads", **more: Any) -> services.RecordedChoice:
    return services.record_choice(
        subject="anna", purpose=purpose, status=status, actor=STAGE, **more
    )


def lasting(recorded: services.RecordedChoice) -> timedelta | None:
    event = recorded.events[0]
    return event.expires_at - event.occurred_at if event.expires_at else None


def rule(region: str, days: int) -> datetime:
    """Let a rule begin in a second, as none may begin in the past; a moment at which it holds."""
    begins = database_now() + timedelta(seconds=1)
    RegionRule.objects.create(
        purpose=Purpose.objects.get(key="ads"),
        region=region,
        regime="opt_in",
        valid=(begins, None),
        max_age_days=days,
    )
    return begins + timedelta(seconds=1)


def test_the_ledger_names_a_person_as_their_salt_opens_it() -> None:
    for status in ("given", "withdrawn"):  # of one just made, and of one found
        say(status)
        entry = LedgerEntry.objects.filter(verb="consent.choice_recorded").latest("id")
        salt = bytes(SubjectSalt.objects.get().salt)
        pseudonym = DataSubject.objects.get().pseudonym or ""
        assert entry.facts["subject"] == ledger_commitment(salt, pseudonym)


def test_a_choice_costs_one_call_of_the_database(django_assert_num_queries: Any) -> None:
    say()
    with django_assert_num_queries(3):  # with the savepoint in this test's own transaction
        say("withdrawn")


def test_a_rule_changed_a_moment_ago_counts_for_the_next_choice() -> None:
    for days in (90, 30):
        Purpose.objects.filter(key="ads").update(default_ttl_days=days)
        assert lasting(say()) == timedelta(days=days)


def test_a_purpose_that_was_removed_is_not_known_from_memory() -> None:
    Purpose.objects.create(key="gone", title="Gone", description="", lawful_basis="consent")
    say(purpose="gone", status="refused")
    ConsentState.objects.all().delete()
    assert "gone" in held_rulebook().named
    Purpose.objects.filter(key="gone").update(key="renamed")
    with pytest.raises(NotFound):
        say(purpose="gone")


def test_a_choice_without_a_region_ends_by_the_rule_of_the_persons_own() -> None:
    rule("XA", 30)
    soon = rule("XB", 10)
    say("refused", region="XA")
    assert lasting(say(occurred_at=soon)) == timedelta(days=30)
    assert lasting(say(occurred_at=soon, region="XB")) == timedelta(days=10)


def test_the_time_said_stands_in_the_ledger_as_it_was_given() -> None:
    recorded = say(occurred_at=SAID)
    assert recorded.events[0].occurred_at == SAID
    facts = LedgerEntry.objects.get(pk=recorded.events[0].ledger_entry).facts
    assert facts["occurred_at"] == SAID.isoformat()
    now = say("withdrawn").events[0]
    facts = LedgerEntry.objects.get(pk=now.ledger_entry).facts
    assert datetime.fromisoformat(facts["occurred_at"]) == now.occurred_at
