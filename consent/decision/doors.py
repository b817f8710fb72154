"""How a decision is told at each door: OFREP and AuthZEN bodies, as plain dictionaries. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from consent.decision.precedence import Decision
from consent.decision.truth_table import TABLE
from consent.decision.vocabulary import Outcome


def _day(moment: datetime) -> str:
    """The day in UTC: that much every way to the facts keeps of an expiry."""
    return moment.astimezone(UTC).date().isoformat()


def metadata(decision: Decision, as_of: str) -> dict[str, bool | float | str]:
    """Return the metadata fields; empty ones are left out, all values are OFREP's plain kinds."""
    full: dict[str, bool | float | str] = {
        "outcome": str(decision.outcome),
        "reason": str(decision.reason),
        "revision": decision.revision,
        "asOf": as_of,
        "modelVersion": decision.model_version,
        "fallbackVersion": decision.fallback_version,
        "incident": decision.incident,
        "obligations": ",".join(decision.obligations),
        "noticeVersion": decision.notice_version,
        "lawfulBasis": decision.lawful_basis,
        "expiresAt": _day(decision.expires_at) if decision.expires_at else "",
    }
    return {name: value for name, value in full.items() if value != ""}


def _flag(
    key: str, value: bool | str, variant: str, decision: Decision, as_of: str
) -> dict[str, Any]:
    return {
        "key": key,
        "value": value,
        "reason": TABLE[decision.reason].ofrep_reason,
        "variant": variant,
        "metadata": metadata(decision, as_of),
    }


def purpose_flag(key: str, decision: Decision, as_of: str) -> dict[str, Any]:
    """`purpose.<key>`: true only when this purpose may be personalised."""
    allowed = decision.outcome is Outcome.PERSONALISE
    return _flag(f"purpose.{key}", allowed, "granted" if allowed else "denied", decision, as_of)


def _variant(decision: Decision) -> str:
    if decision.outcome is Outcome.DENY:
        return "off"
    return decision.version_to_serve or str(decision.outcome)


def system_flag(key: str, decision: Decision, as_of: str) -> dict[str, Any]:
    """`system.<key>`: true only when the system may personalise; variant = version served."""
    allowed = decision.outcome is Outcome.PERSONALISE
    return _flag(f"system.{key}", allowed, _variant(decision), decision, as_of)


def version_flag(key: str, decision: Decision, as_of: str) -> dict[str, Any]:
    """`system.<key>.version`: the version to serve, empty when denied."""
    name = f"system.{key}.version"
    return _flag(name, decision.version_to_serve, _variant(decision), decision, as_of)


def authzen(decision: Decision, as_of: str) -> dict[str, Any]:
    """An AuthZEN evaluation: `decision` is true only for personalise."""
    return {
        "decision": decision.outcome is Outcome.PERSONALISE,
        "context": metadata(decision, as_of),
    }
