"""The duties to report, as dated data: who owes what to whom, since when, by which article.

Nothing stands here without its source. A duty is started only by the fact its article names;
an audit's verdict or an alert is never that fact.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from incidents.clocks.periods import Period

GDPR = "https://eur-lex.europa.eu/eli/reg/2016/679/oj"
AI_ACT = "https://eur-lex.europa.eu/eli/reg/2024/1689/oj"


@dataclass(frozen=True)
class Regime:
    """One duty to report. `period` is None where the law says no more than without delay."""

    key: str
    title: str
    article: str
    source: str
    tell: Literal["regulator", "people"]
    applies_from: date
    starts: str
    conditions: tuple[str, ...]
    period: Period | None
    phased: bool
    content: tuple[str, ...]
    note: str = ""

    @property
    def legal_class(self) -> str:
        """What kind of rule it is, for a reader who has to rank it."""
        return "Regulation of the European Union, directly applicable"


_BREACH = (
    "Personal data were destroyed, lost, altered, disclosed or accessed through a breach of "
    "security (Article 4(12))."
)
_ACT_73 = (
    "The system is a high-risk AI system placed on the Union market (Article 6).",
    "We are its provider, or its deployer acting under Article 26(5).",
    "It was a serious incident in the sense of Article 3(49).",
    "A causal link to the system is established or reasonably likely.",
)
_ACT_CONTENT = (
    "The system, its version and who is responsible for it",
    "What happened, when, and how it became known",
    "Why a link to the system is established or likely",
    "Who was harmed and how",
    "What was done, and what will be done",
)
_OMNIBUS = (
    "The duties for systems of Annex III are reported to move to 2 December 2027 (political "
    "agreement of May 2026): check the text in force before relying on either date."
)

REGIMES: tuple[Regime, ...] = (
    Regime(
        key="gdpr-33",
        title="Breach of personal data: tell the supervisory authority",
        article="GDPR, Article 33(1)",
        source=GDPR,
        tell="regulator",
        applies_from=date(2018, 5, 25),
        starts="becoming aware of a breach of personal data",
        conditions=(
            _BREACH,
            "We are the controller of the data.",
            "A risk to people's rights and freedoms is not unlikely.",
        ),
        period=Period(hours=72),
        phased=True,
        content=(
            "Nature of the breach, with kinds and approximate numbers of people and records",
            "Contact of the data protection officer",
            "Likely consequences",
            "Measures taken or proposed",
            "Reasons for the delay, when later than 72 hours",
        ),
        note="A proposal (COM(2025) 837) would make it 96 hours; it is not law.",
    ),
    Regime(
        key="gdpr-34",
        title="Breach of personal data with a high risk: tell the people",
        article="GDPR, Article 34(1)",
        source=GDPR,
        tell="people",
        applies_from=date(2018, 5, 25),
        starts="finding that the risk to people is high",
        conditions=(_BREACH, "The breach is likely to result in a high risk to people."),
        period=None,
        phased=False,
        content=(
            "What happened, in plain words",
            "Contact of the data protection officer",
            "Likely consequences",
            "Measures taken, and what people can do themselves",
        ),
        note="The article says without undue delay and names no number of hours.",
    ),
    Regime(
        key="ai-act-73-general",
        title="Serious incident of a high-risk AI system",
        article="AI Act, Article 73(2)",
        source=AI_ACT,
        tell="regulator",
        applies_from=date(2026, 8, 2),
        starts="becoming aware of the serious incident",
        conditions=_ACT_73,
        period=Period(days=15),
        phased=True,
        content=_ACT_CONTENT,
        note=_OMNIBUS,
    ),
    Regime(
        key="ai-act-73-death",
        title="Serious incident of a high-risk AI system: a person died",
        article="AI Act, Article 73(4)",
        source=AI_ACT,
        tell="regulator",
        applies_from=date(2026, 8, 2),
        starts="becoming aware of the serious incident, or suspecting the link",
        conditions=(*_ACT_73, "A person died."),
        period=Period(days=10),
        phased=True,
        content=_ACT_CONTENT,
        note=_OMNIBUS,
    ),
    Regime(
        key="ai-act-73-widespread",
        title="Widespread infringement, or disruption of critical infrastructure",
        article="AI Act, Article 73(3)",
        source=AI_ACT,
        tell="regulator",
        applies_from=date(2026, 8, 2),
        starts="becoming aware of the infringement or the disruption",
        conditions=(
            *_ACT_73,
            "It is a widespread infringement, or it disrupts critical infrastructure (3(49)(b)).",
        ),
        period=Period(days=2),
        phased=True,
        content=_ACT_CONTENT,
        note=_OMNIBUS,
    ),
)

BY_KEY = {regime.key: regime for regime in REGIMES}
