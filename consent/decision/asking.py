"""Whether a person may be asked (again) for consent. Pure; reading the facts stands elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from consent.decision.vocabulary import VALID_STATUSES, Status

#: Nobody is asked again sooner after a refusal or after the last asking.
COOL_DOWN = timedelta(days=180)
_SAID_NO = frozenset({Status.REFUSED, Status.WITHDRAWN, Status.OBJECTED})


@dataclass(frozen=True, slots=True)
class AskingFacts:
    """What bears on asking one person about one purpose; times are None where it never was."""

    now: datetime
    status: Status = Status.UNKNOWN
    decided_at: datetime | None = None
    expires_at: datetime | None = None
    outdated: bool = False
    last_asked: datetime | None = None
    material_since: datetime | None = None
    notice: str = ""
    closed: str = ""


def may_ask_again(facts: AskingFacts, cool_down: timedelta = COOL_DOWN) -> tuple[bool, str]:
    """Tell whether asking is allowed, and why, in one sentence.

    A refusal and an asking each rest for the cool-down; a material change of the notice after
    both allows one asking.
    """
    if facts.closed:
        return False, facts.closed
    if not facts.notice:
        return False, "No notice about this purpose is published: nobody can be asked."
    standing = facts.status in VALID_STATUSES and not facts.outdated
    if standing and (facts.expires_at is None or facts.expires_at > facts.now):
        return False, "The person consents already."
    refused = facts.decided_at if facts.status in _SAID_NO else None
    rests_since = max((each for each in (refused, facts.last_asked) if each), default=None)
    if rests_since is None:
        return True, "The person was never asked."
    changed = facts.material_since
    if changed is not None and changed > rests_since:
        return True, f"The notice changed materially on {_day(changed)}; ask once about it."
    ends = rests_since + cool_down
    if facts.now >= ends:
        return True, f"The last answer or asking of {_day(rests_since)} has rested long enough."
    what = "said no" if rests_since == refused else "was asked"
    return False, (
        f"The person {what} on {_day(rests_since)}; do not ask again before {_day(ends)}, unless "
        "the notice changes materially."
    )


def _day(moment: datetime) -> str:
    return f"{moment:%-d %B %Y}"
