"""The truth table, as data: reason -> outcome -> the answer at each door. Nothing else decides."""

from __future__ import annotations

from dataclasses import dataclass

from consent.decision.vocabulary import Outcome, Reason


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `outcome` None: it depends, as `depends` says."""

    reason: Reason
    outcome: Outcome | None
    ofrep_reason: str
    applies_when: str
    depends: str = ""

    @property
    def purpose_flag(self) -> bool:
        return self.outcome is Outcome.PERSONALISE


ROWS: tuple[Row, ...] = (
    Row(
        Reason.HELD,
        None,
        "DISABLED",
        "at least one hold is active on the system, its serving version, the surface or the "
        "purpose",
        "by the hold's effect; default by the system's `on_pause`: `non_profiled` gives "
        "`non_profiled`, `hold_for_human` gives `deny` with the obligation `human_review`, "
        "`off` gives `deny`",
    ),
    Row(
        Reason.NOT_APPROVED,
        None,
        "DISABLED",
        "the system has no approved serving version",
        "`non_profiled` if a fallback exists, else `deny`",
    ),
    Row(
        Reason.PROHIBITED,
        Outcome.DENY,
        "STATIC",
        "the purpose is prohibited in the region or not in force",
    ),
    Row(Reason.ERASED, Outcome.DENY, "TARGETING_MATCH", "the person was erased"),
    Row(
        Reason.RESTRICTED,
        Outcome.DENY,
        "TARGETING_MATCH",
        "the person asked for restriction of processing",
    ),
    Row(
        Reason.POLICY,
        Outcome.NON_PROFILED,
        "TARGETING_MATCH",
        "the age rule closes this type of personalisation",
    ),
    Row(Reason.OBJECTED, Outcome.NON_PROFILED, "TARGETING_MATCH", "the person objected"),
    Row(Reason.WITHDRAWN, Outcome.NON_PROFILED, "TARGETING_MATCH", "the person withdrew"),
    Row(Reason.REFUSED, Outcome.NON_PROFILED, "TARGETING_MATCH", "the person refused"),
    Row(
        Reason.GPC,
        Outcome.NON_PROFILED,
        "TARGETING_MATCH",
        "Global Privacy Control is on, covers the purpose, and no informed choice was made "
        "against it",
    ),
    Row(Reason.EXPIRED, Outcome.NON_PROFILED, "TARGETING_MATCH", "the consent ran out"),
    Row(
        Reason.NOTICE_OUTDATED,
        Outcome.NON_PROFILED,
        "TARGETING_MATCH",
        "the notice changed materially after the consent was given",
    ),
    Row(Reason.GIVEN, Outcome.PERSONALISE, "TARGETING_MATCH", "the person consented"),
    Row(
        Reason.DEFAULT_ON,
        Outcome.PERSONALISE,
        "STATIC",
        "no choice was made, and the region's regime is opt-out or notice only",
    ),
    Row(
        Reason.DEFAULT_OFF,
        Outcome.NON_PROFILED,
        "STATIC",
        "no choice was made, and the region's regime is opt-in",
    ),
    Row(Reason.UNAVAILABLE, Outcome.DENY, "UNKNOWN", "the facts cannot be known"),
)

TABLE: dict[Reason, Row] = {row.reason: row for row in ROWS}


def _flag(row: Row) -> str:
    return "true" if row.purpose_flag else "false"


def render_markdown() -> str:
    """Return the table as Markdown, one line a reason, in order of precedence."""
    lines = [
        "| reason | applies when | outcome | purpose flag | variant | OFREP reason | AuthZEN |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in ROWS:
        outcome = f"`{row.outcome}`" if row.outcome else row.depends
        variant = "granted" if row.purpose_flag else "denied"
        lines.append(
            f"| `{row.reason}` | {row.applies_when} | {outcome} | {_flag(row)} | {variant} "
            f"| {row.ofrep_reason} | {_flag(row)} |"
        )
    return "\n".join(lines) + "\n"
