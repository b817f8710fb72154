"""Windows are half-open, follow the plan's calendar, and are due when late rows are in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.windows import Schedule, Window, check_cron, ticks

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")


def schedule(**changes: object) -> Schedule:
    dates: dict[str, object] = {
        "starts_at": datetime(2026, 3, 27, 23, tzinfo=UTC),
        "ends_at": None,
        "length": DAY,
        "every": DAY,
        "zone": "Europe/Berlin",
    }
    return Schedule(**{**dates, **changes})  # type: ignore[arg-type]


def lengths(plan: Schedule, since: datetime, count: int) -> list[timedelta]:
    return [one.end - one.start for one in islice(plan.windows(since), count)]


def local(moment: datetime) -> str:
    return f"{moment.astimezone(BERLIN):%d %H:%M}"


def test_a_day_with_a_clock_change_is_a_day_of_its_zone() -> None:
    plan = schedule()
    assert lengths(plan, plan.starts_at, 3) == [24 * HOUR, 23 * HOUR, 24 * HOUR]
    autumn = datetime(2026, 10, 23, 22, tzinfo=UTC)
    assert lengths(plan, autumn, 3) == [24 * HOUR, 25 * HOUR, 24 * HOUR]


def test_windows_touch_and_never_overlap() -> None:
    plan = schedule()
    for one, following in pairwise(islice(plan.windows(), 400)):
        assert one.end == following.start
    first = plan.window(0)
    assert first.start in first
    assert first.end not in first


def test_a_window_is_due_only_when_late_rows_and_labels_are_expected() -> None:
    plan = schedule(lateness=2 * HOUR, label_maturity=5 * HOUR)
    end = plan.window(0).end
    assert list(plan.due(end + 4 * HOUR)) == []
    assert list(plan.due(end + 5 * HOUR)) == [plan.window(0)]


def test_no_window_reaches_beyond_the_end_of_the_plan() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    plan = schedule(zone="UTC", starts_at=start, ends_at=start + 3 * DAY + HOUR)
    assert plan.count() == 3
    assert len(list(plan.due(start + 30 * DAY))) == 3
    ticked = schedule(zone="UTC", starts_at=start, ends_at=start + 3 * DAY + HOUR, cron="0 0 * * *")
    assert ticked.count() == 3
    assert list(ticked.due(start + 30 * DAY)) == list(plan.due(start + 30 * DAY))


def test_windows_are_counted_on_from_a_moment_and_not_from_the_first() -> None:
    for plan in (schedule(), schedule(cron="0 0 * * *")):
        third = plan.window(3)
        assert next(plan.windows(third.start)) == third
        assert next(plan.windows(third.start + timedelta(seconds=1))) == plan.window(4)
        assert next(plan.windows(plan.starts_at - 9 * DAY)) == plan.window(0)


def test_a_window_of_cron_lasts_from_one_tick_to_the_next() -> None:
    plan = schedule(cron="0 6 * * 1")
    first, second = islice(plan.windows(), 2)
    assert (first.start.astimezone(BERLIN).strftime("%A %H:%M")) == "Monday 06:00"
    assert first.end == second.start
    weekdays = schedule(cron="0 6 * * 1-5", starts_at=datetime(2026, 5, 1, tzinfo=UTC))
    assert lengths(weekdays, weekdays.starts_at, 3) == [3 * DAY, DAY, DAY]


def test_a_tick_that_the_clock_skips_in_spring_comes_right_after_the_gap() -> None:
    plan = schedule(cron="30 2 * * *", starts_at=datetime(2026, 3, 27, 12, tzinfo=UTC))
    starts = [local(one.start) for one in islice(plan.windows(), 4)]
    assert starts == ["28 02:30", "29 03:00", "30 02:30", "31 02:30"]


def test_a_tick_that_comes_twice_in_autumn_counts_once() -> None:
    plan = schedule(cron="30 2 * * *", starts_at=datetime(2026, 10, 24, tzinfo=UTC))
    windows = list(islice(plan.windows(), 3))
    assert [local(one.start) for one in windows] == ["24 02:30", "25 02:30", "26 02:30"]
    assert [one.end - one.start for one in windows] == [24 * HOUR, 25 * HOUR, 24 * HOUR]


def test_what_repeats_each_hour_repeats_in_both_of_the_doubled_hours() -> None:
    night = datetime(2026, 10, 24, 23, tzinfo=UTC)
    half_hours = list(islice(ticks("*/30 * * * *", "Europe/Berlin", night), 8))
    assert {later - one for one, later in pairwise(half_hours)} == {HOUR / 2}


@pytest.mark.parametrize("since", [timedelta(minutes=m) for m in range(-90, 200, 25)])
@pytest.mark.parametrize("change", [datetime(2026, 3, 29, 1), datetime(2026, 10, 25, 1)])
def test_the_ticks_are_the_same_from_wherever_they_are_counted(
    change: datetime, since: timedelta
) -> None:
    moment = change.replace(tzinfo=UTC) + since
    for cron in ("30 2 * * *", "15 * * * *", "*/20 2,3 * * *", "0 6 * * *"):
        early = ticks(cron, "Europe/Berlin", moment - 3 * DAY)
        expected = list(islice((one for one in early if one >= moment), 5))
        assert list(islice(ticks(cron, "Europe/Berlin", moment), 5)) == expected


CRONS = ["", "0 0 * * *", "30 2 * * *", "0 */6 * * *", "0 6 * * 1", "15 9 1 * *"]


@given(
    minutes=st.integers(0, 600_000),
    step=st.sampled_from([HOUR, 6 * HOUR, DAY, 7 * DAY]),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    cron=st.sampled_from(CRONS),
)
def test_every_moment_lies_in_exactly_one_window(
    minutes: int, step: timedelta, zone: str, cron: str
) -> None:
    plan = schedule(every=step, length=step, zone=zone, cron=cron)
    moment = plan.window(0).start + timedelta(minutes=minutes)
    newest, *earlier = islice(plan.backwards(moment), 2)
    assert moment in newest
    assert all(one.end == newest.start for one in earlier)
    assert next(plan.windows(newest.end)).start == newest.end


def test_the_latest_complete_window_is_the_last_due_one() -> None:
    for cron in ("", "0 0 * * *"):
        plan = schedule(lateness=HOUR, cron=cron)
        now = plan.window(10).end + timedelta(minutes=30)
        assert plan.latest_complete(now) == plan.window(9)
        assert plan.latest_complete(plan.starts_at) is None
        assert isinstance(plan.latest_complete(now), Window)


def test_the_next_windows_stop_at_the_end_of_the_plan() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    plan = schedule(zone="UTC", starts_at=start, ends_at=start + 3 * DAY)
    assert plan.following(start + DAY) == [plan.window(1), plan.window(2)]
    assert len(schedule().following(start)) == 5


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("0 6 * *", "five fields"),
        ("0 6 * * * *", "five fields"),
        ("0 25 * * *", "its hour cannot be read"),
        ("0 6 32 * *", "its day of month cannot be read"),
        ("0 6 30 2 *", "cannot be read"),
        ("@daily", "five fields"),
    ],
)
def test_a_cron_expression_that_cannot_be_used_is_refused_in_words(cron: str, said: str) -> None:
    assert said in (check_cron(cron) or "")
    assert check_cron("0 6 * * 1") is None
