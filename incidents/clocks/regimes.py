"""The duties to report, as dated data: who owes what to whom, since when, by which article.

Nothing stands here without its source. A duty is started only by the fact its article names;
an audit's verdict or an alert is never that fact.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from governance.registry.choices import RiskTier
from incidents.choices import AwareOf
from incidents.clocks.periods import Period

GDPR = "https://eur-lex.europa.eu/eli/reg/2016/679/oj"
AI_ACT = "https://eur-lex.europa.eu/eli/reg/2024/1689/oj"


@dataclass(frozen=True)
class Applies:
    """Since when a duty applies, by which text; what is only reported decides nothing."""

    since: date
    source: str
    in_force: bool = True


@dataclass(frozen=True)
class Regime:
    """One duty to report. `period` is None where the law says no more than without delay.

    `fact` is what somebody has to have become aware of; nothing else starts the clock.
    """

    key: str
    title: str
    article: str
    source: str
    tell: Literal["regulator", "people"]
    dates: tuple[Applies, ...]
    fact: AwareOf
    starts: str
    conditions: tuple[str, ...]
    period: Period | None
    phased: bool
    note: str = ""
    high_risk_only: bool = False

    @property
    def applies_from(self) -> date:
        """The first day of the text in force."""
        return min(one.since for one in self.dates if one.in_force)

    @property
    def legal_class(self) -> str:
        """What kind of rule it is, for a reader who has to rank it."""
        return "Regulation of the European Union, directly applicable"


_ACT_73 = (
    "The system was placed on the Union market or put into service there (Article 73(1)).",
    "We are its provider, or its deployer acting under Article 26(5).",
    "A causal link to the system is established or reasonably likely.",
)
_ACT_DATES = (
    Applies(date(2026, 8, 2), "AI Act, Article 113"),
    Applies(
        date(2027, 12, 2),
        "Reported for systems of Annex III (political agreement of May 2026); not verified",
        in_force=False,
    ),
    Applies(
        date(2028, 8, 2),
        "Reported for products of Annex I (political agreement of May 2026); not verified",
        in_force=False,
    ),
)
_ACT_NOTE = (
    "Later dates are reported and not verified: check the text in force before relying on them."
)

REGIMES: tuple[Regime, ...] = (
    Regime(
        key="gdpr-33",
        title="Breach of personal data: tell the supervisory authority",
        article="GDPR, Article 33(1)",
        source=GDPR,
        tell="regulator",
        dates=(Applies(date(2018, 5, 25), "GDPR, Article 99(2)"),),
        fact=AwareOf.DATA_BREACH,
        starts="becoming aware of a breach of personal data",
        conditions=(
            "We are the controller of the data.",
            "A risk to people's rights and freedoms is not unlikely.",
        ),
        period=Period(hours=72),
        phased=True,
        note="A proposal (COM(2025) 837) would make it 96 hours; it is not law.",
    ),
    Regime(
        key="gdpr-34",
        title="Breach of personal data with a high risk: tell the people",
        article="GDPR, Article 34(1)",
        source=GDPR,
        tell="people",
        dates=(Applies(date(2018, 5, 25), "GDPR, Article 99(2)"),),
        fact=AwareOf.DATA_BREACH,
        starts="finding that the risk to people is high",
        conditions=("The breach is likely to result in a high risk to people.",),
        period=None,
        phased=False,
        note="The article says without undue delay and names no number of hours.",
    ),
    Regime(
        key="ai-act-73-general",
        title="Serious incident of a high-risk AI system",
        article="AI Act, Article 73(2)",
        source=AI_ACT,
        tell="regulator",
        dates=_ACT_DATES,
        fact=AwareOf.SERIOUS_INCIDENT,
        starts="becoming aware of the serious incident",
        conditions=_ACT_73,
        period=Period(days=15),
        phased=True,
        note=_ACT_NOTE,
        high_risk_only=True,
    ),
    Regime(
        key="ai-act-73-death",
        title="Serious incident of a high-risk AI system: a person died",
        article="AI Act, Article 73(4)",
        source=AI_ACT,
        tell="regulator",
        dates=_ACT_DATES,
        fact=AwareOf.SERIOUS_INCIDENT,
        starts="becoming aware of the serious incident, or suspecting the link",
        conditions=(*_ACT_73, "A person died."),
        period=Period(days=10),
        phased=True,
        note=_ACT_NOTE,
        high_risk_only=True,
    ),
    Regime(
        key="ai-act-73-widespread",
        title="Widespread infringement, or disruption of critical infrastructure",
        article="AI Act, Article 73(3)",
        source=AI_ACT,
        tell="regulator",
        dates=_ACT_DATES,
        fact=AwareOf.SERIOUS_INCIDENT,
        starts="becoming aware of the infringement or the disruption",
        conditions=(
            *_ACT_73,
            "It is a widespread infringement, or it disrupts critical infrastructure (3(49)(b)).",
        ),
        period=Period(days=2),
        phased=True,
        note=_ACT_NOTE,
        high_risk_only=True,
    ),
)

BY_KEY = {regime.key: regime for regime in REGIMES}


def hindrance(regime: Regime, risk_tier: str | None) -> str:
    """Return why a duty cannot start for a system registered in this class; empty: it can.

    None stands for an incident that names no system yet.
    """
    if not regime.high_risk_only or risk_tier == RiskTier.HIGH:
        return ""
    if risk_tier is None:
        return f"{regime.article} binds high-risk systems, and the incident names no system yet."
    label = RiskTier(risk_tier).label.lower()
    return (
        f"{regime.article} binds high-risk systems, and this one is registered with {label} risk. "
        "If that is wrong, correct the register first."
    )
