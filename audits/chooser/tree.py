"""The way through the questions: which is asked next, where it ends, what a plan keeps of it.

Pure. What an end consists of stands in `choices`.
"""

from __future__ import annotations

from typing import Any

from audits.chooser.choices import Answers, Choice, choice_of
from audits.chooser.questions import QUESTIONS, Question


def _path(answers: Answers) -> list[str]:
    """Return the questions on the way, in order, as far as the answers lead."""
    what = answers.get("what")
    match what:
        case "selects":
            way = ["what", "label"]
            way += ["harm"] if answers.get("label") == "yes" else []
            return [*way, "share", "strata", "pairs"]
        case "scores":
            way = ["what", "label"]
            if answers.get("label") == "yes":
                return [*way, "use"]
            return [*way, "strata", "pairs"]
        case "ranks":
            if answers.get("side") == "people":
                return ["what", "side", "label"]
            return ["what", "side"]
        case "prices":
            return ["what", "strata"]
        case _:
            return ["what"]


def kept(answers: Answers) -> dict[str, str]:
    """Return the answers that are on the way and known; others are dropped."""
    found: dict[str, str] = {}
    while True:
        question = next((key for key in _path(found) if key not in found), None)
        given = answers.get(question) if question else None
        if question is None or given not in {one.value for one in QUESTIONS[question].options}:
            return found
        found[question] = str(given)


def next_question(answers: Answers) -> Question | None:
    """Return the question to ask next; None when the answers lead to a choice."""
    found = kept(answers)
    missing = [key for key in _path(found) if key not in found]
    return QUESTIONS[missing[0]] if missing else None


def choose(answers: Answers) -> Choice | None:
    """Return what the answers lead to; None while a question is open."""
    found = kept(answers)
    if next_question(found) is not None:
        return None
    return choice_of(found)


def record(answers: Answers) -> dict[str, Any]:
    """Return what a plan keeps: what was answered, what was chosen, and why."""
    found, choice = kept(answers), choose(answers)
    if choice is None:
        return {}
    return {
        "answers": found,
        "words": [
            {"question": QUESTIONS[key].text, "answer": QUESTIONS[key].label(value)}
            for key, value in found.items()
        ],
        "method": choice.method,
        "metrics": [wanted.metric for wanted in choice.metrics],
        "comparison": choice.comparison_words,
        "reasons": [*choice.reasons, *(wanted.why for wanted in choice.metrics)],
        "cautions": list(choice.cautions),
    }
