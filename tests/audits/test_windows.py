"""Windows are half-open, follow the plan's calendar, and are due when late rows are in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from audits.windows import Schedule, Window

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def schedule(**changes: object) -> Schedule:
    dates: dict[str, object] = {
        "starts_at": datetime(2026, 3, 27, 23, tzinfo=UTC),
        "ends_at": None,
        "length": DAY,
        "every": DAY,
        "zone": "Europe/Berlin",
    }
    return Schedule(**{**dates, **changes})  # type: ignore[arg-type]


def test_a_day_with_a_clock_change_is_a_day_of_its_zone() -> None:
    lengths = [schedule().window(index).end - schedule().window(index).start for index in range(3)]
    assert lengths == [24 * HOUR, 23 * HOUR, 24 * HOUR]


def test_windows_touch_and_never_overlap() -> None:
    plan = schedule()
    for index in range(400):
        assert plan.window(index).end == plan.window(index + 1).start
    first = plan.window(0)
    assert first.start in first
    assert first.end not in first


def test_a_window_is_due_only_when_late_rows_and_labels_are_expected() -> None:
    plan = schedule(lateness=2 * HOUR, label_maturity=5 * HOUR)
    end = plan.window(0).end
    assert list(plan.due(end + 4 * HOUR)) == []
    assert [index for index, _ in plan.due(end + 5 * HOUR)] == [0]


def test_no_window_reaches_beyond_the_end_of_the_plan() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    plan = schedule(zone="UTC", starts_at=start, ends_at=start + 3 * DAY + HOUR)
    assert plan.count() == 3
    assert len(list(plan.due(start + 30 * DAY))) == 3


@given(
    minutes=st.integers(0, 600_000),
    step=st.sampled_from([HOUR, 6 * HOUR, DAY, 7 * DAY]),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
)
def test_every_moment_lies_in_exactly_one_window(minutes: int, step: timedelta, zone: str) -> None:
    plan = schedule(every=step, length=step, zone=zone)
    moment = plan.starts_at + timedelta(minutes=minutes)
    index = plan.index_at(moment)
    assert index is not None
    assert moment in plan.window(index)
    assert moment not in plan.window(index + 1)


def test_the_latest_complete_window_is_the_last_due_one() -> None:
    plan = schedule(lateness=HOUR)
    now = plan.window(10).end + timedelta(minutes=30)
    assert plan.latest_complete(now) == plan.window(9)
    assert plan.latest_complete(plan.starts_at) is None
    assert isinstance(plan.latest_complete(now), Window)
