"""How each state and verdict is shown: its word, its tone and its shape. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tone = Literal["pass", "fail", "inconclusive", "info", "none"]


@dataclass(frozen=True, slots=True)
class Look:
    """A word, the tone of its colour, and the icon that carries it without colour."""

    word: str
    tone: Tone
    icon: str


VERDICTS: dict[str, Look] = {
    "pass": Look("Pass", "pass", "circle-check"),
    "fail": Look("Fail", "fail", "circle-x"),
    "inconclusive": Look("Inconclusive", "inconclusive", "help-circle"),
}
NO_VERDICT = Look("No verdict", "none", "circle-dashed")

STATES: dict[str, Look] = {
    # systems
    "may_personalise": Look("May personalise", "pass", "circle-check"),
    "held": Look("Held", "fail", "hand-stop"),
    "not_approved": Look("Not approved", "inconclusive", "lock"),
    "off": Look("Off", "none", "player-pause"),
    # model versions, purposes and reviews
    "registered": Look("Registered", "none", "circle-dashed"),
    "draft": Look("Draft", "none", "edit"),
    "in_review": Look("In review", "info", "clock"),
    "approved": Look("Approved", "pass", "shield-check"),
    "rejected": Look("Rejected", "fail", "circle-x"),
    "stale": Look("Stale", "inconclusive", "history"),
    "waived": Look("Waived", "inconclusive", "flag"),
    "serving": Look("Serving", "pass", "player-play"),
    "retired": Look("Retired", "none", "history"),
    "active": Look("Active", "pass", "circle-check"),
    "inactive": Look("Inactive", "none", "circle-dashed"),
    "released": Look("Lifted", "none", "check"),
    "expired": Look("Expired", "inconclusive", "clock"),
    "revoked": Look("Revoked", "none", "x"),
    # gates
    "allow": Look("Allowed", "pass", "circle-check"),
    "deny": Look("Denied", "fail", "hand-stop"),
    "non_profiled": Look("Non-profiled", "inconclusive", "users"),
    "personalise": Look("Personalise", "pass", "user"),
    # runs and tasks
    "due": Look("Due", "info", "clock"),
    "queued": Look("Queued", "none", "clock"),
    "running": Look("Running", "info", "refresh"),
    "finished": Look("Finished", "pass", "check"),
    "published": Look("Published", "pass", "check"),
    "failed": Look("Failed", "fail", "circle-x"),
    "cancelled": Look("Cancelled", "none", "x"),
    "overdue": Look("Overdue", "fail", "clock"),
    "done": Look("Done", "pass", "check"),
    "pending": Look("Pending", "info", "clock"),
    # incidents, findings and their containment
    "open": Look("Open", "fail", "alert-triangle"),
    "contained": Look("Contained", "inconclusive", "player-pause"),
    "resolved": Look("Resolved", "pass", "circle-check"),
    "closed": Look("Closed", "none", "check"),
    "accepted": Look("Accepted", "inconclusive", "flag"),
    "confirmed": Look("Confirmed", "pass", "circle-check"),
    "unconfirmed": Look("Unconfirmed", "fail", "alert-triangle"),
    "no_traffic": Look("No traffic", "none", "circle-dashed"),
    # signals
    "ok": Look("OK", "pass", "circle-check"),
    "warn": Look("Warning", "inconclusive", "alert-triangle"),
    "unknown": Look("Unknown", "none", "circle-dashed"),
    "missing": Look("Missing", "inconclusive", "circle-dashed"),
    # a person's choices
    "given": Look("Given", "pass", "check"),
    "refused": Look("Refused", "none", "x"),
    "withdrawn": Look("Withdrawn", "none", "arrow-back-up"),
    "objected": Look("Objected", "none", "hand-stop"),
}


def verdict_look(verdict: object) -> Look:
    return VERDICTS.get(str(verdict or ""), NO_VERDICT)


def state_look(state: object) -> Look:
    """The look of a known state or verdict; an unknown one shows its own word, uncoloured."""
    key = str(state or "")
    known = STATES.get(key) or VERDICTS.get(key)
    return known or Look(key.replace("_", " ").capitalize() or "Unknown", "none", "circle-dashed")
