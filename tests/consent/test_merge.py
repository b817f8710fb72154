"""Signing in: a browser's choices join the account's; doubt refuses, and the person is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from consent import selectors, services
from consent.models import ConsentEvent, ConsentState, DataSubject
from governance.core.actors import SystemActor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotFound
from governance.ledger.models import LedgerEntry
from governance.registry.models import Purpose

pytestmark = pytest.mark.django_db
STAGE = SystemActor("tests")


def say(subject: str, status: str, *, days_ago: int = 0, **more: Any) -> None:
    services.record_choice(
        subject=subject,
        purpose=more.pop("purpose", "ads"),
        status=status,
        occurred_at=database_now() - timedelta(days=days_ago),
        actor=STAGE,
        **more,
    )


def merge() -> services.Merged:
    return services.merge_subjects(browser="browser", account="account", actor=STAGE)


def head(subject: str, purpose: str = "ads") -> ConsentState:
    person = selectors.find_subject(subject)
    return ConsentState.objects.get(subject=person, purpose__key=purpose)


@pytest.mark.parametrize(
    ("browser", "account", "expected"),
    [
        (("given", 1), ("withdrawn", 2), "given"),
        (("given", 2), ("withdrawn", 1), "withdrawn"),
        (("withdrawn", 1), ("given", 2), "withdrawn"),
        (("refused", 2), ("given", 1), "given"),
        (("objected", 1), ("given", 2), "objected"),
        (("given", 1), None, "given"),
        (("refused", 1), None, "refused"),
    ],
)
def test_the_newest_explicit_choice_wins(
    browser: tuple[str, int], account: tuple[str, int] | None, expected: str
) -> None:
    say("browser", browser[0], days_ago=browser[1])
    if account:
        say("account", account[0], days_ago=account[1])
    merge()
    assert head("account").status == expected


@pytest.mark.parametrize(("one", "other"), [("given", "withdrawn"), ("withdrawn", "given")])
def test_a_tie_refuses(one: str, other: str) -> None:
    at = database_now() - timedelta(days=1)
    for subject, status in (("browser", one), ("account", other)):
        services.record_choice(
            subject=subject, purpose="ads", status=status, occurred_at=at, actor=STAGE
        )
    merge()
    assert head("account").status == "withdrawn"


@pytest.mark.parametrize("unknown", ["browser", "account"])
def test_what_is_unknown_refuses(unknown: str) -> None:
    for subject in ("browser", "account"):
        say(subject, "given", days_ago=1)
    ConsentState.objects.filter(subject=selectors.find_subject(unknown)).update(status="unknown")
    told = merge().told
    assert head("account").status in ("withdrawn", "refused")
    assert told[0].why == "unknown"


def test_a_merge_is_explicit_events_and_ends_the_browsers_choices() -> None:
    say("browser", "given", days_ago=1, notice_version="v1", gpc=True)
    merged = merge()
    event = merged.events[0]
    assert (event.method, event.status, event.notice_version) == ("merge", "given", "v1")
    assert head("account").gpc_at_choice is True
    ended = ConsentEvent.objects.get(subject=selectors.find_subject("browser"), revision=2)
    assert (ended.method, ended.status) == ("merge", "withdrawn")
    entry = LedgerEntry.objects.get(verb="consent.subjects_merged")
    assert "browser" not in str(entry.facts["browser"]) and entry.facts["changed"] == 1


def test_the_person_is_told_once_what_changed() -> None:
    say("account", "given", days_ago=2)
    say("browser", "withdrawn", days_ago=1)
    (told,) = merge().told
    assert (told.purpose, told.before, told.after, told.why) == (
        "ads", "given", "withdrawn", "newer",
    )  # fmt: skip
    person = selectors.find_subject("account")
    assert [each["after"] for each in services.take_told(person=person)] == ["withdrawn"]
    assert services.take_told(person=person) == []


def test_merging_once_more_changes_nothing() -> None:
    say("account", "given", days_ago=2)
    say("browser", "given", days_ago=1)
    merge()
    revision = head("account").revision
    assert merge().told == () or head("account").status == "withdrawn"
    assert head("account").revision <= revision + 1


def test_a_signal_is_kept_for_the_known_account_and_its_absence_is_no_consent() -> None:
    say("account", "refused", days_ago=3)
    say("browser", "refused", days_ago=2, gpc=True)
    merge()
    assert selectors.find_subject("account").gpc is True
    say("account", "refused", days_ago=1, gpc=False)
    say("account", "refused", gpc=None)
    assert selectors.find_subject("account").gpc is True
    assert ConsentEvent.objects.filter(gpc=False, subject__gpc=True).count() == 1  # the first


def test_what_cannot_be_merged_is_said() -> None:
    with pytest.raises(NotFound):
        merge()
    say("browser", "given")
    with pytest.raises(Invalid):
        services.merge_subjects(browser="browser", account="browser", actor=STAGE)
    say("account", "given")
    pseudonym = selectors.find_subject("account").pseudonym or ""
    services.erase_subject(pseudonym=pseudonym, actor=STAGE)
    with pytest.raises(Conflict):
        merge()
    assert head("browser").status == "given"


def _family() -> None:
    """ads > profiling > remarketing, beside pricing."""
    ads = Purpose.objects.get(key="ads")
    fields = {
        name: getattr(ads, name)
        for name in ("dpv_iri", "fideslang_use", "lawful_basis", "description")
    }
    child = Purpose.objects.create(key="profiling", title="Profiling", parent=ads, **fields)
    Purpose.objects.create(key="remarketing", title="Remarketing", parent=child, **fields)


@pytest.mark.parametrize("status", ["withdrawn", "refused", "objected"])
def test_a_no_to_a_parent_is_an_explicit_no_to_everything_below(status: str) -> None:
    _family()
    for key in ("ads", "profiling", "remarketing", "pricing"):
        say("anna", "given", days_ago=1, purpose=key)
    say("anna", status)
    found = dict(ConsentState.objects.values_list("purpose__key", "status"))
    assert found == {
        "ads": status, "profiling": status, "remarketing": status, "pricing": "given",
    }  # fmt: skip
    assert ConsentEvent.objects.filter(status=status).count() == 3


def test_a_yes_to_a_child_is_no_yes_to_its_parent_and_a_no_stands_over_a_yes_below() -> None:
    _family()
    say("anna", "given", purpose="profiling")
    assert set(ConsentState.objects.values_list("purpose__key", flat=True)) == {"profiling"}
    ads, child = (Purpose.objects.get(key=key) for key in ("ads", "profiling"))
    from consent.choices import EventStatus

    services.record_choices(
        subject="ben",
        choices=[(child, EventStatus.GIVEN, ""), (ads, EventStatus.REFUSED, "")],
        method="api",
        actor=STAGE,
    )
    ben = DataSubject.objects.get(pk=selectors.find_subject("ben").pk)
    assert set(ben.states.values_list("status", flat=True)) == {"refused"}


def test_a_guardians_choice_says_so_and_how_it_was_made_is_kept() -> None:
    say("kim", "given", guardian=True, clicks=2, surface="onboarding", language="de")
    event = ConsentEvent.objects.get()
    assert (event.actor_kind, event.clicks, event.surface, event.language) == (
        "guardian", 2, "onboarding", "de",
    )  # fmt: skip
    say("kim", "withdrawn", method="guardian")
    assert ConsentEvent.objects.get(revision=2).actor_kind == "guardian"
