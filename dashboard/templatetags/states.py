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
    # runs, plans and tasks
    "due": Look("Due", "info", "clock"),
    "queued": Look("Queued", "none", "clock"),
    "running": Look("Running", "info", "refresh"),
    "succeeded": Look("Finished", "pass", "check"),
    "finished": Look("Finished", "pass", "check"),
    "published": Look("Published", "pass", "check"),
    "error": Look("Stopped by an error", "fail", "alert-triangle"),
    "failed": Look("Failed", "fail", "circle-x"),
    "cancelled": Look("Cancelled", "none", "x"),
    "paused": Look("Paused", "inconclusive", "player-pause"),
    "ended": Look("Ended", "none", "history"),
    "overdue": Look("Overdue", "fail", "clock"),
    "done": Look("Done", "pass", "check"),
    "pending": Look("Pending", "none", "circle-dashed"),
    "waiting": Look("Waiting", "info", "clock"),
    "skipped": Look("Skipped", "none", "arrow-right"),
    "not_applicable": Look("Not applicable", "none", "x"),
    # findings and containment
    "open": Look("Open", "fail", "alert-triangle"),
    "accepted": Look("Accepted", "info", "check"),
    "in_remediation": Look("In remediation", "info", "adjustments-horizontal"),
    "fixed": Look("Fixed", "inconclusive", "check"),
    "verified": Look("Verified", "pass", "shield-check"),
    "risk_accepted": Look("Risk accepted", "inconclusive", "flag"),
    "false_positive": Look("False positive", "none", "x"),
    "duplicate": Look("Duplicate", "none", "copy"),
    "contained": Look("Contained", "inconclusive", "player-pause"),
    "confirmed": Look("Confirmed", "pass", "circle-check"),
    "unconfirmed": Look("Unconfirmed", "fail", "alert-triangle"),
    "no_traffic": Look("No traffic", "none", "circle-dashed"),
    # incidents; an active one burns, unlike an active plan or person
    "reported": Look("Reported", "inconclusive", "flag"),
    "triage": Look("Triage", "inconclusive", "search"),
    "incident.active": Look("Active", "fail", "alert-triangle"),
    "mitigated": Look("Mitigated", "inconclusive", "player-pause"),
    "resolved": Look("Resolved", "pass", "circle-check"),
    "review": Look("Review", "info", "file-text"),
    "closed": Look("Closed", "none", "check"),
    # alerts and the streams of evidence they watch
    "firing": Look("Firing", "fail", "alert-triangle"),
    "acknowledged": Look("Acknowledged", "inconclusive", "eye"),
    "stream.alert": Look("Alert", "fail", "alert-triangle"),
    "watch": Look("Watched", "inconclusive", "eye"),
    "recovered": Look("Recovered", "pass", "arrow-back-up"),
    "insufficient_data": Look("Too few people", "none", "circle-dashed"),
    # messages about incidents
    "proposed": Look("Proposed", "info", "clock"),
    "sent": Look("Sent", "pass", "check"),
    "delivered": Look("Delivered", "pass", "circle-check"),
    "given_up": Look("Did not arrive", "fail", "alert-triangle"),
    "dropped": Look("Not sent any more", "none", "x"),
    "discarded": Look("Thrown away", "none", "x"),
    # signals
    "ok": Look("In order", "pass", "circle-check"),
    "warn": Look("Needs attention", "inconclusive", "alert-triangle"),
    "unknown": Look("Unknown", "none", "circle-dashed"),
    "missing": Look("Missing", "inconclusive", "circle-dashed"),
    # a person's choices
    "given": Look("Given", "pass", "check"),
    "refused": Look("Refused", "none", "x"),
    "withdrawn": Look("Withdrawn", "none", "arrow-back-up"),
    "objected": Look("Objected", "none", "hand-stop"),
    "requested": Look("Asked", "info", "message-circle"),
    "renewed": Look("Renewed", "pass", "check"),
    "invalidated": Look("Invalidated", "inconclusive", "history"),
    # sensitivity and risk
    "proxy": Look("Proxy", "inconclusive", "alert-triangle"),
    "sensitive": Look("Sensitive", "fail", "eye"),
    "special_category": Look("Special category", "fail", "lock"),
    "prohibited": Look("Prohibited", "fail", "hand-stop"),
    "low": Look("Low", "none", "flag"),
    "limited": Look("Limited", "inconclusive", "flag"),
    "high": Look("High", "fail", "flag"),
    "s1": Look("S1", "fail", "alert-triangle"),
    "s2": Look("S2", "fail", "flag"),
    "s3": Look("S3", "inconclusive", "flag"),
    "s4": Look("S4", "none", "flag"),
}


def verdict_look(verdict: object) -> Look:
    return VERDICTS.get(str(verdict or ""), NO_VERDICT)


def state_look(state: object, kind: str = "") -> Look:
    """The look of a known state or verdict; an unknown one shows its own word, uncoloured.

    `kind` says whose state it is, where the same word weighs differently (`incident`).
    """
    key = str(state or "")
    known = STATES.get(f"{kind}.{key}") or STATES.get(key) or VERDICTS.get(key)
    return known or Look(key.replace("_", " ").capitalize() or "Unknown", "none", "circle-dashed")
