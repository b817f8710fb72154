"""One window weighed by all streams of a plan: their next states, and which may alert together.

Pure: what is stored and who is told is decided in `services.alerting`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from methods.statistics.alerts import Rule, State, Window, step
from methods.statistics.sequential import e_bh

# Of the streams of a plan that alert, at most this share is false on average.
FALSE_SHARE = 0.05

Key = TypeVar("Key")


@dataclass(frozen=True)
class Stream:
    """Where a stream stands, by which rule, and what the new window says of it."""

    state: State
    rule: Rule
    window: Window


def nothing_seen(start: datetime, version: str) -> Window:
    """A window that says nothing of a stream: its group was not there, or its rate undefined."""
    return Window(start, version, 0, math.nan, math.nan)


def weigh(streams: Mapping[Key, Stream], false_share: float = FALSE_SHARE) -> dict[Key, State]:
    """Return the next state of every stream.

    A stream alerts when its evidence reaches its threshold and e-BH over all streams of the plan
    lets it: with many streams, chance alone lifts one of them now and then. Streams that are in
    alert already count as found.
    """
    seen = {
        key: step(one.state, one.window, one.rule, may_alert=False) for key, one in streams.items()
    }
    keys = list(streams)
    # A mute or a message never enters here: what counts is evidence alone.
    allowed = {keys[place] for place in e_bh([seen[key].e_value for key in keys], false_share)}
    return {
        key: step(one.state, one.window, one.rule) if key in allowed else seen[key]
        for key, one in streams.items()
    }


def with_lasting(rule: Rule, share: float | None) -> Rule:
    """The rule for people of whom that share is still there a window later; None: as it says."""
    return rule if share is None else replace(rule, lasting=min(max(share, 0.0), 1.0))
