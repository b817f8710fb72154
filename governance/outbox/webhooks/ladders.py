"""When a message is tried again: two ladders of waits and the pause of an endpoint. Pure."""

from __future__ import annotations

from datetime import timedelta

#: After each failure of an ordinary message, as Standard Webhooks recommends: 75 hours in all.
ORDINARY = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
#: After each failure of an urgent one: a quarter of an hour in all.
URGENT = (1, 2, 4, 8, 16, 32, *(60,) * 14)
#: Waits are spread by this much to either side, so that what failed together comes back apart.
SPREAD = 0.1
#: Ordinary messages leave a server alone that did not answer, at most for so long.
LONGEST_PAUSE = 60


def wait_after(rung: int, *, urgent: bool, draw: float) -> timedelta | None:
    """Return the wait after the failure on a rung, counted from 0; None beyond the last one.

    `draw` is a random number in [0, 1).
    """
    ladder = URGENT if urgent else ORDINARY
    if rung >= len(ladder):
        return None
    return timedelta(seconds=ladder[rung] * (1 + SPREAD * (2 * draw - 1)))


def pause_after(failures: int) -> timedelta:
    """Return how long ordinary messages wait after so many failures of their endpoint in a row."""
    return timedelta(seconds=min(LONGEST_PAUSE, 2 ** min(failures - 1, 10)))
