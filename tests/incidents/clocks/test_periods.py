"""Where periods of law end: by the regulation's rules, over weekends, holidays and clock changes.

Every expected moment was worked out by hand from Article 3 of Regulation (EEC, Euratom) No
1182/71; the holidays of Germany in 2026 are those of its calendar (Good Friday 3 April, Easter
Monday 6 April, Whit Monday 25 May).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.clocks.periods import Period, calendar_of, ends_of
from incidents.clocks.questions import QUESTIONS
from incidents.clocks.regimes import REGIMES

BERLIN = ZoneInfo("Europe/Berlin")
GERMANY = calendar_of("DE", "Europe/Berlin")


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("period", "event", "due", "latest"),
    [
        # An hour that has begun is not counted.
        (Period(hours=72), "2026-06-01T10:20", "2026-06-04T10:20", "2026-06-04T11:00"),
        (Period(hours=72), "2026-06-01T10:00", "2026-06-04T10:00", "2026-06-04T10:00"),
        # Hours run on over a weekend.
        (Period(hours=72), "2026-06-05T18:30", "2026-06-08T18:30", "2026-06-08T19:00"),
        # The night of 29 March has 23 hours, that of 25 October 25.
        (Period(hours=72), "2026-03-27T10:20", "2026-03-30T11:20", "2026-03-30T12:00"),
        (Period(hours=72), "2026-10-23T10:20", "2026-10-26T09:20", "2026-10-26T10:00"),
        # Days: the day of the event is not counted, the last one counts to its end.
        (Period(days=15), "2026-06-01T10:20", "2026-06-16T10:20", "2026-06-17T00:00"),
        # The last day is a Saturday: the period ends with Monday.
        (Period(days=10), "2026-06-10T09:00", "2026-06-20T09:00", "2026-06-23T00:00"),
        # The last day is Whit Monday: it ends with Tuesday.
        (Period(days=10), "2026-05-15T09:00", "2026-05-25T09:00", "2026-05-27T00:00"),
        # Two days over Easter: Good Friday to Easter Monday do not work, two working days belong.
        (Period(days=2), "2026-04-02T16:00", "2026-04-04T16:00", "2026-04-09T00:00"),
        # One day needs no second working day.
        (Period(days=1), "2026-06-03T16:00", "2026-06-04T16:00", "2026-06-05T00:00"),
    ],
)
def test_a_period_ends_where_the_regulation_says(
    period: Period, event: str, due: str, latest: str
) -> None:
    found = ends_of(period, berlin(event), GERMANY)
    assert found.due.astimezone(BERLIN) == berlin(due)
    assert found.latest.astimezone(BERLIN) == berlin(latest)


def test_an_authority_elsewhere_keeps_its_own_days() -> None:
    event = datetime(2026, 12, 29, 23, 30, tzinfo=UTC)  # already the 30th in Athens
    greece = ends_of(Period(days=2), event, calendar_of("GR", "Europe/Athens"))
    ireland = ends_of(Period(days=2), event, calendar_of("IE", "Europe/Dublin"))
    # Athens: 31 December and, after New Year and the weekend, Monday 4 January.
    assert greece.latest == datetime(2027, 1, 4, 22, 0, tzinfo=UTC)
    # Dublin: 30 and 31 December.
    assert ireland.latest == datetime(2027, 1, 1, 0, 0, tzinfo=UTC)


@given(
    st.sampled_from([Period(hours=72), Period(days=2), Period(days=10), Period(days=15)]),
    st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC)),
)
def test_what_to_work_by_is_never_later_than_the_law_allows(
    period: Period, event: datetime
) -> None:
    found = ends_of(period, event, GERMANY)
    assert event < found.due <= found.latest
    if period.days:
        assert GERMANY.works((found.latest - timedelta(minutes=1)).astimezone(BERLIN).date())


@given(st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC)))
def test_a_later_event_never_ends_a_period_earlier(event: datetime) -> None:
    for period in (Period(hours=72), Period(days=2), Period(days=15)):
        sooner = ends_of(period, event, GERMANY)
        later = ends_of(period, event + timedelta(hours=7), GERMANY)
        assert later.latest >= sooner.latest
        assert later.due >= sooner.due


def test_a_period_is_in_hours_or_in_days() -> None:
    for wrong in ({}, {"hours": 1, "days": 1}):
        with pytest.raises(ValueError, match="hours or in days"):
            Period(**wrong)


def test_nobody_counts_by_an_unknown_country_or_zone() -> None:
    with pytest.raises(ValueError, match="country"):
        calendar_of("XX", "Europe/Berlin")
    with pytest.raises(ValueError, match="time zone"):
        calendar_of("DE", "Europe/Nowhere")


def test_every_duty_names_its_article_and_its_source() -> None:
    for regime in REGIMES:
        assert regime.source.startswith("https://eur-lex.europa.eu/eli/reg/")
        assert "Article" in regime.article
        assert regime.conditions
        assert QUESTIONS[regime.key]
        assert "alert" not in regime.starts
        assert "fairness" not in regime.starts
    assert len({regime.key for regime in REGIMES}) == len(REGIMES)
