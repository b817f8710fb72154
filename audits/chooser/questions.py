"""The questions of the metric chooser: texts, reasons and answers. Which comes when: `tree`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Option:
    """One answer, with what it means."""

    value: str
    label: str
    hint: str = ""


@dataclass(frozen=True)
class Question:
    """One question, why it is asked, and its answers."""

    key: str
    text: str
    why: str
    options: tuple[Option, ...]

    def label(self, value: str) -> str:
        """The words of an answer."""
        return next((one.label for one in self.options if one.value == value), value)


def _yes_no(key: str, text: str, why: str, yes: str, no: str) -> Question:
    return Question(key, text, why, (Option("yes", "Yes", yes), Option("no", "No", no)))


QUESTIONS: dict[str, Question] = {
    question.key: question
    for question in (
        Question(
            "what",
            "What does the system do for or to a person?",
            "A decision, a score, a list, a price and a spread of items need different numbers.",
            (
                Option("selects", "It selects or refuses", "Credit, invitations, advertisements."),
                Option("scores", "It gives a score that people or systems read", "Risk, fit."),
                Option("ranks", "It orders a list", "Search, feeds, candidates."),
                Option("prices", "It sets a price or a discount", "Fares, fees, premiums."),
                Option("spreads", "It decides which items are seen at all", "Recommendations."),
            ),
        ),
        Question(
            "label",
            "Is there a label of what was right that can be trusted?",
            "Error rates are only as good as the label: a label known for the selected alone, or "
            "one that repeats past unfairness, makes an unfair system look fair.",
            (
                Option("yes", "Yes, for all", "Known later for everybody, selected or not."),
                Option("selected", "Only for those selected", "Nobody repays a refused loan."),
                Option("no", "No", "None, or one made by the same judgement that is audited."),
            ),
        ),
        Question(
            "harm",
            "Which error harms people?",
            "The error that harms is the one that must not fall on one group more than another.",
            (
                Option("refused", "Being refused wrongly", "A good is withheld: credit, a job."),
                Option("selected", "Being selected wrongly", "A burden is laid on: checks, fraud."),
                Option("both", "Both", "Each harms; then both rates are watched at once."),
            ),
        ),
        Question(
            "share",
            "How many are selected?",
            "Near 0 and near 1 one way of comparing goes blind.",
            (
                Option("few", "Few: below 5 in 100", "A rare positive: differences hardly move."),
                Option("some", "Somewhere between", ""),
                Option("most", "Nearly all: above 90 in 100", "Selection hides who is refused."),
            ),
        ),
        Question(
            "use",
            "What is done with the score?",
            "A score may order people well and still mean different chances for each group.",
            (
                Option("order", "It puts people or items in order", ""),
                Option("chance", "It is read as a chance", "Shown, or put into a calculation."),
            ),
        ),
        Question(
            "side",
            "Whom may the list treat unfairly?",
            "A list has two sides, and being fair to one says nothing about the other.",
            (
                Option("people", "The people it is made for", "Is it as good for every group?"),
                Option("items", "Those whose items are listed", "Are they seen at all?"),
            ),
        ),
        _yes_no(
            "strata",
            "Are there legitimate reasons for a difference, written in a column?",
            "Compared within strata, a gap may vanish or turn round (Simpson's paradox). A stratum "
            "that stands for the group itself hides the gap.",
            "Such as the post applied for, the product, the campaign.",
            "Groups are compared as they are.",
        ),
        Question(
            "pairs",
            "Which comparison decides?",
            "The more comparisons decide, the wider each interval: declare one if one matters.",
            (
                Option("pair", "One pair of groups", "Declared now, by name."),
                Option("highest", "Each group with the best placed one", "As impact ratios do."),
                Option("all", "All pairs", "No group is singled out beforehand."),
            ),
        ),
    )
}
