"""The seventeen sections of a post-mortem, as data: what each asks, and who may read it.

Questions ask how and what, never who. What is filled in beforehand stands in `prefill`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """One section: its question, whether it must be written, whether the public reads it."""

    key: str
    title: str
    question: str
    mandatory: bool = True
    public: bool = True


SECTIONS: tuple[Section, ...] = (
    Section("summary", "Summary", "In two or three sentences: what happened, for how long, whom?"),
    Section("severity", "Severity and clocks", "How grave was it, and which duties did it start?"),
    Section(
        "impact",
        "Impact",
        "Who was affected and how: people, groups, minors, suppliers? For how long could they "
        "see it, and how many complained?",
    ),
    Section("timeline", "Timeline", "What happened when, as the record has it?"),
    Section(
        "detection",
        "Detection",
        "What made it visible, how long did that take, and what should have shown it earlier?",
    ),
    Section(
        "response",
        "Response",
        "What was done, when was it confirmed, what went well and what did not?",
        public=False,
    ),
    Section(
        "causes",
        "Causes",
        "What made it possible: the model, its features, data, objective or experiment; a notice "
        "or a choice; the way we work?",
    ),
    Section(
        "evidence",
        "Evidence",
        "What did the audits measure before, during and after, with their intervals?",
    ),
    Section(
        "safeguards",
        "Safeguards that did not catch it",
        "Which items of the checklist had passed, were waived or had gone stale?",
        public=False,
    ),
    Section(
        "redress",
        "Redress",
        "What was offered to those who were harmed, how many took it, what is still open?",
    ),
    Section(
        "communication",
        "Communication",
        "Who was told, when and how: people, authorities, partners, the public?",
    ),
    Section(
        "recurrence",
        "Earlier incidents",
        "What is like it in the past, and what was learnt then?",
        mandatory=False,
        public=False,
    ),
    Section(
        "analysis",
        "How it looked at the time",
        "What did people see, know and try to reach; what helped them, what stood in the way?",
        mandatory=False,
        public=False,
    ),
    Section("actions", "Actions", "What will be different, and how will we know that it is?"),
    Section(
        "changes",
        "New or changed safeguards",
        "Which checklist items, plans, limits or playbooks changed because of it?",
        mandatory=False,
    ),
    Section(
        "statement",
        "Public statement",
        "What we say to those who ask: what happened, what we do about it.",
    ),
    Section(
        "sign_off",
        "Who stands for it",
        "Which roles have read it and agree that it is complete?",
        public=False,
    ),
)

BY_KEY = {section.key: section for section in SECTIONS}
