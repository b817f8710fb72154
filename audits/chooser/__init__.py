"""The metric chooser: a few questions that end in metrics, a method and a comparison."""

from audits.chooser.choices import COMPARISONS, Choice, Wanted
from audits.chooser.questions import QUESTIONS, Option, Question
from audits.chooser.tree import choose, kept, next_question, record

__all__ = [
    "COMPARISONS",
    "QUESTIONS",
    "Choice",
    "Option",
    "Question",
    "Wanted",
    "choose",
    "kept",
    "next_question",
    "record",
]
