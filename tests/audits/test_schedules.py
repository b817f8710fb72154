"""People read a schedule as they would say it, and write durations as words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.schedule_words import duration_in_words, read_duration, schedule_in_words
from audits.windows import Schedule

DAY = timedelta(days=1)
MONDAY = datetime(2026, 1, 5, 5, tzinfo=UTC)


def said(cron: str = "", *, every: timedelta = DAY, length: timedelta | None = None) -> str:
    return schedule_in_words(
        Schedule(
            starts_at=MONDAY,
            ends_at=None,
            length=length or every,
            every=every,
            zone="Europe/Berlin",
            cron=cron,
        )
    )


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("0 6 * * 1", "every Monday at 06:00, Europe/Berlin"),
        ("0 6 * * mon", "every Monday at 06:00, Europe/Berlin"),
        ("30 23 * * *", "every day at 23:30, Europe/Berlin"),
        ("0 6 * * 1-5", "every weekday at 06:00, Europe/Berlin"),
        ("0 6 * * 1,4", "every Monday and Thursday at 06:00, Europe/Berlin"),
        ("0 6 * * 1,3,0", "every Sunday, Monday and Wednesday at 06:00, Europe/Berlin"),
        ("0 0 1 * *", "on day 1 of every month at 00:00, Europe/Berlin"),
        ("0 0 L * *", "on the last day of every month at 00:00, Europe/Berlin"),
        ("15 * * * *", "every hour at minute 15, Europe/Berlin"),
        ("0 */6 * * *", "every 6 hours, counted from midnight, Europe/Berlin"),
        ("*/10 9-17 * * *", "every 10th minute from 09:00 through 17:59, Europe/Berlin"),
    ],
)
def test_a_cron_expression_is_told_in_words(cron: str, words: str) -> None:
    assert said(cron) == words


def test_an_interval_is_told_in_words() -> None:
    hour = timedelta(hours=1)
    assert said() == "every day at 06:00, Europe/Berlin"
    assert said(every=7 * DAY) == "every Monday at 06:00, Europe/Berlin"
    assert said(every=3 * DAY).startswith("every 3 days at 06:00, counted from 05 January 2026")
    assert said(every=hour).startswith("every hour, counted from 05 January 2026 at 06:00")
    assert said(every=DAY, length=7 * DAY).endswith("each window 7 days long")


@given(st.integers(0, 10**7))
def test_a_duration_in_words_is_read_back(seconds: int) -> None:
    duration = timedelta(seconds=seconds)
    assert read_duration(duration_in_words(duration)) == duration


@pytest.mark.parametrize("text", ["", "soon", "1", "1 fortnight", "1 day x", "-1 day", "1.5 days"])
def test_what_is_no_duration_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration such as '1 day'"):
        read_duration(text)


def test_durations_are_told_as_people_count_them() -> None:
    told = {
        DAY: "1 day",
        7 * DAY: "7 days",
        14 * DAY: "2 weeks",
        timedelta(minutes=90): "90 minutes",
        timedelta(0): "0 seconds",
    }
    assert {one: duration_in_words(one) for one in told} == told
    assert read_duration("1 hour 30 minutes") == timedelta(minutes=90)
