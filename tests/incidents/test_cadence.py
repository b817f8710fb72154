"""Each audience hears the next word in time: sooner the graver the harm, to the very end."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.choices import Audience, Kind, Severity, Stage, State
from incidents.communications.cadence import CADENCE, Course, owed
from incidents.communications.templates import (
    HARMS,
    TEMPLATES,
    MessageFacts,
    filled,
    languages_for,
)
from incidents.communications.words import Text, blanks, framed, said_at

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def course(**changes: object) -> Course:
    given = {
        "severity": Severity.S1,
        "state": State.ACTIVE,
        "reported_at": NOON,
        "resolved_at": None,
        "last_sent_at": None,
        "last_stage": "",
    }
    return Course(**{**given, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("severity", "state", "period"),
    [
        (Severity.S1, State.REPORTED, timedelta(minutes=30)),
        (Severity.S1, State.ACTIVE, timedelta(minutes=30)),
        (Severity.S2, State.ACTIVE, 2 * HOUR),
        (Severity.S3, State.TRIAGE, 24 * HOUR),
        (Severity.S1, State.MITIGATED, 2 * HOUR),
        (Severity.S2, State.MITIGATED, 8 * HOUR),
    ],
)
def test_the_team_hears_by_severity_and_more_slowly_once_it_stopped(
    severity: str, state: str, period: timedelta
) -> None:
    first = owed(Audience.INTERNAL, course(severity=severity, state=state))
    assert first is not None
    assert (first.due_at, first.stage) == (NOON + period, Stage.FIRST)
    heard = owed(
        Audience.INTERNAL, course(severity=severity, state=state, last_sent_at=NOON + HOUR)
    )
    assert heard is not None
    assert (heard.due_at, heard.stage) == (NOON + HOUR + period, Stage.UPDATE)


def test_whoever_was_told_nothing_waits_for_nothing() -> None:
    for audience in (Audience.PEOPLE, Audience.PARTNERS, Audience.PUBLIC, Audience.REGULATOR):
        assert owed(audience, course()) is None
        assert owed(audience, course(state=State.RESOLVED, resolved_at=NOON)) is None


def test_everybody_who_was_told_hears_that_it_is_over() -> None:
    over = {"state": State.RESOLVED, "resolved_at": NOON + 5 * HOUR}
    for audience in (Audience.INTERNAL, Audience.PEOPLE, Audience.PARTNERS, Audience.PUBLIC):
        told = {"last_sent_at": NOON + 6 * HOUR, "last_stage": Stage.UPDATE}
        due = owed(audience, course(**over, **told))
        assert due is not None
        assert (due.stage, due.due_at) == (Stage.END, NOON + 29 * HOUR)
        said = {"last_sent_at": NOON + 6 * HOUR, "last_stage": Stage.END}
        assert owed(audience, course(**over, **said)) is None


def test_a_word_of_the_end_before_it_was_over_again_does_not_count() -> None:
    again = course(
        state=State.RESOLVED,
        resolved_at=NOON + 9 * HOUR,
        last_sent_at=NOON + 6 * HOUR,
        last_stage=Stage.END,
    )
    due = owed(Audience.PEOPLE, again)
    assert due is not None
    assert due.stage == Stage.END


def test_a_near_miss_and_an_incident_that_is_over_owe_no_updates() -> None:
    assert owed(Audience.INTERNAL, course(severity=Severity.S4)) is None
    for state in (State.CLOSED, State.FALSE_POSITIVE, State.DUPLICATE, State.CANCELLED):
        assert owed(Audience.INTERNAL, course(state=state, last_sent_at=NOON)) is None


@given(st.integers(0, 10_000))
def test_what_was_missed_only_grows(minutes: int) -> None:
    due = owed(Audience.INTERNAL, course())
    assert due is not None
    now = NOON + timedelta(minutes=minutes)
    assert due.missed(now) <= due.missed(now + timedelta(minutes=1))
    assert (due.missed(now) == 0) == (now < due.due_at)


def test_graver_harms_are_never_spoken_of_later() -> None:
    for periods in CADENCE.values():
        rising = [periods[each] for each in (Severity.S1, Severity.S2, Severity.S3)]
        assert all(first <= second for first, second in itertools.pairwise(rising))


FACTS = MessageFacts(
    reference="INC-0007",
    title="top_share 0.41, limit 0.30",
    summary="",
    kind=Kind.BIAS,
    severity="S2: a limit is breached",
    state="Active",
    system="Carousel",
    since=NOON,
    contained_at=None,
)


def test_every_audience_has_plain_words_for_every_stage_and_kind() -> None:
    for audience in Audience.values:
        for stage in (Stage.FIRST, Stage.UPDATE, Stage.END):
            made = filled(audience, stage, FACTS)
            assert tuple(made) == languages_for(audience)
            for text in made.values():
                assert "{" not in text.subject + text.body
                assert text.subject
    assert {kind for harms in HARMS.values() for kind in harms} == set(Kind.values)
    for audience in (Audience.PEOPLE, Audience.PUBLIC, Audience.PARTNERS):
        assert languages_for(audience) == ("en", "de")


def test_people_outside_never_read_our_inner_title() -> None:
    for (audience, stage), _texts in TEMPLATES.items():
        if audience in (Audience.PEOPLE, Audience.PUBLIC):
            for text in filled(audience, stage, FACTS).values():
                assert "top_share" not in text.subject + text.body
                assert "Carousel" in text.subject


def test_what_only_a_person_can_say_is_left_blank_and_the_team_waits_for_nobody() -> None:
    people = filled(Audience.PEOPLE, Stage.FIRST, FACTS)
    assert len(blanks(people["en"].body)) == len(blanks(people["de"].body)) == 4
    for stage in (Stage.FIRST, Stage.UPDATE, Stage.END):
        assert blanks(filled(Audience.INTERNAL, stage, FACTS)["en"].body) == []


def test_a_correction_and_what_follows_it_say_so_in_the_readers_language() -> None:
    text = Text("Three people", "It were three people.")
    wrong, right = NOON, NOON + HOUR
    english = framed(text, language="en", reference="INC-0007", number=2, corrects=wrong)
    german = framed(text, language="de", reference="INC-0007", number=2, corrects=wrong)
    assert english.subject == "Correction: Three people"
    assert f"This corrects our message of {said_at(wrong, 'en')}" in english.body
    assert german.subject == "Berichtigung: Three people"
    assert "1. Juni 2026, 12:00 Uhr (UTC)" in german.body
    later = framed(text, language="en", reference="INC-0007", number=3, corrected=[(wrong, right)])
    assert "was corrected on 1 June 2026, 13:00 UTC; the correction holds." in later.body
    plain = framed(text, language="en", reference="INC-0007", number=1)
    assert "correct" not in plain.body
    assert framed(
        text, language="en", reference="INC-0007", number=1, drill=True
    ).subject.startswith("Drill: ")
