"""What each report asks for, as data: one question a field, with the article that asks it.

How an answer is found in the record stands in `forms`. Nothing is asked that has no source.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """One field of a report. `final`: it has to be answered by the final report."""

    key: str
    label: str
    article: str
    final: bool = True


_RECORD = (
    Question("incident", "The incident, and our number for it", "GDPR, Article 33(5)"),
    Question("times", "When it began, was found and was contained", "GDPR, Article 33(5)"),
)
_PEOPLE = "GDPR, Article 33(3)(a)"

GDPR_33: tuple[Question, ...] = (
    Question("controller", "Who is responsible for the data", "GDPR, Article 33(1)"),
    Question("aware", "When we became aware, and through whom", "GDPR, Article 33(1)"),
    *_RECORD,
    Question("nature", "What happened to the data: seen, changed or lost", _PEOPLE),
    Question("people", "Which people, and about how many", _PEOPLE),
    Question("records", "Which kinds of records, and about how many", _PEOPLE),
    Question("contact", "Data protection officer or other contact", "GDPR, Article 33(3)(b)"),
    Question("consequences", "What it is likely to lead to", "GDPR, Article 33(3)(c)"),
    Question("measures", "What was done, and what will be done", "GDPR, Article 33(3)(d)"),
    Question("cause", "What made it possible", "GDPR, Article 33(5)"),
    Question("told", "Whether the people were told, and why or why not", "GDPR, Article 34(1)"),
)
GDPR_34: tuple[Question, ...] = (
    Question("nature", "What happened, in plain words", "GDPR, Article 34(2)"),
    Question("times", "When it began, was found and was contained", "GDPR, Article 33(5)"),
    Question("contact", "Data protection officer or other contact", "GDPR, Article 33(3)(b)"),
    Question("consequences", "What it is likely to lead to", "GDPR, Article 33(3)(c)"),
    Question("measures", "What was done", "GDPR, Article 33(3)(d)"),
    Question("own_steps", "What people can do themselves", "GDPR, Recital 86"),
)
AI_ACT_73: tuple[Question, ...] = (
    Question("provider", "Provider, or deployer who reports", "AI Act, Articles 73(1) and 26(5)"),
    Question("system", "The system and its version", "AI Act, Article 73(1)"),
    Question("registered", "Its number in the EU database", "AI Act, Article 49", final=False),
    Question("where", "The Member States where it occurred", "AI Act, Article 73(1)"),
    Question("aware", "When we became aware, and through whom", "AI Act, Article 73(2)"),
    Question("incident", "The incident, and our number for it", "AI Act, Article 73(1)"),
    Question("times", "When it began, was found and was contained", "AI Act, Article 73(2)"),
    Question("nature", "What happened", "AI Act, Article 3(49)"),
    Question("harm", "Who was harmed, and how", "AI Act, Article 3(49)(a) to (d)"),
    Question("link", "Why a link to the system is certain or likely", "AI Act, Article 73(2)"),
    Question("measures", "Corrective action, taken and planned", "AI Act, Article 73(6)"),
    Question("risk", "Assessment of the risk", "AI Act, Article 73(6)"),
    Question("cause", "What the investigation found", "AI Act, Article 73(6)"),
    Question("preserved", "What was preserved before the system changed", "AI Act, Article 73(6)"),
)

QUESTIONS: dict[str, tuple[Question, ...]] = {
    "gdpr-33": GDPR_33,
    "gdpr-34": GDPR_34,
    "ai-act-73-general": AI_ACT_73,
    "ai-act-73-death": AI_ACT_73,
    "ai-act-73-widespread": AI_ACT_73,
}
PHASES: dict[str, dict[str, str]] = {
    "gdpr": {
        "initial": "GDPR, Article 33(1)",
        "further": "GDPR, Article 33(4)",
        "final": "GDPR, Article 33(4)",
    },
    "ai": {
        "initial": "AI Act, Article 73(5)",
        "further": "AI Act, Article 73(5)",
        "final": "AI Act, Article 73(5)",
    },
}


def phase_source(regime_key: str, phase: str) -> str:
    """Return the article that a report of this phase rests on."""
    return PHASES[regime_key.partition("-")[0]][phase]
