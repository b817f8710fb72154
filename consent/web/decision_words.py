"""The decision's words as colleagues read them; the words of its doors stand in `truth_table`."""

from __future__ import annotations

from consent.decision.documentation import OBLIGATIONS
from consent.decision.precedence import Decision
from consent.decision.truth_table import TABLE
from consent.decision.vocabulary import Outcome, Reason

OUTCOMES: dict[str, str] = {
    Outcome.PERSONALISE: "Personalise",
    Outcome.NON_PROFILED: "Serve without profiling",
    Outcome.DENY: "Deny",
}
REASONS: dict[str, str] = {
    Reason.HELD: "Held",
    Reason.NOT_APPROVED: "No approved version",
    Reason.PROHIBITED: "Prohibited here, or not in force",
    Reason.ERASED: "The person was erased",
    Reason.RESTRICTED: "Processing is restricted",
    Reason.POLICY: "Age rule of the type",
    Reason.OBJECTED: "The person objected",
    Reason.WITHDRAWN: "The person withdrew",
    Reason.REFUSED: "The person refused",
    Reason.GPC: "Global Privacy Control",
    Reason.EXPIRED: "The consent ran out",
    Reason.NOTICE_OUTDATED: "The notice has changed since",
    Reason.GIVEN: "The person consented",
    Reason.DEFAULT_ON: "On by the region's default",
    Reason.DEFAULT_OFF: "Off by the region's default",
    Reason.UNAVAILABLE: "The facts cannot be known",
}
_DEPENDS: dict[str, str] = {
    Reason.HELD: "as the hold says, or what the system does while held; never freer than without",
    Reason.NOT_APPROVED: "Serve without profiling if a fallback exists, else deny",
}


def outcome_words(decision: Decision) -> str:
    """The outcome with the version that is served."""
    words = OUTCOMES[decision.outcome]
    served = decision.version_to_serve
    return f"{words}, version {served}" if served else words


def obligation_words(decision: Decision) -> list[str]:
    return [OBLIGATIONS[each].partition(":")[0].replace("`", "") for each in decision.obligations]


def rule_lines(decision: Decision) -> list[dict[str, object]]:
    """The winning rule, then the losing ones, each with its sentence and what it would say."""
    lines = []
    for place, reason in enumerate((decision.reason, *decision.lost)):
        row = TABLE[reason]
        alone = OUTCOMES[row.outcome] if row.outcome else _DEPENDS[reason]
        lines.append(
            {
                "words": REASONS[reason],
                "because": row.applies_when,
                "alone": alone,
                "wins": place == 0,
            }
        )
    return lines
