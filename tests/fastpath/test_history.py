"""The checker of histories finds what is wrong, and nothing else."""

from __future__ import annotations

from tests.fastpath.history import Check, Write, not_linearizable, stale_allows

GRANT = Write("k", True, 1, 10, 20)
WITHDRAWAL = Write("k", False, 2, 30, 40)
AGAIN = Write("k", True, 3, 60, 70)
WRITES = [GRANT, WITHDRAWAL, AGAIN]


def faults(*checks: Check) -> list[str]:
    found = [*stale_allows(WRITES, checks), *not_linearizable(WRITES, checks)]
    return [fault.rule for fault in found]


def test_an_allow_between_withdrawal_and_grant_is_stale() -> None:
    assert "stale allow" in faults(Check("k", True, 1, 41, 50))
    assert faults(Check("k", False, 2, 41, 50)) == []


def test_what_overlaps_a_write_may_see_either() -> None:
    assert faults(Check("k", True, 1, 35, 50)) == []
    assert faults(Check("k", False, 2, 35, 50)) == []
    assert faults(Check("k", True, 3, 50, 65)) == []


def test_an_answer_never_goes_back() -> None:
    first, second = Check("k", False, 2, 31, 33), Check("k", True, 1, 34, 36)
    assert faults(first, second) == ["older than an answer told before"]


def test_an_answer_has_its_revisions_content_and_no_future() -> None:
    assert "another answer than its revision's" in faults(Check("k", True, 2, 35, 50))
    assert "from the future" in faults(Check("k", True, 3, 45, 50))


def test_a_grant_that_a_later_answer_misses_is_found() -> None:
    assert "older than a returned write" in faults(Check("k", False, 2, 71, 80))
