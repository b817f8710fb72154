"""From answers to metrics, method and comparison, with the reason of each.

Pure. Which question comes when stands in `tree`, the texts in `questions`.

Sources: the fairness tree of P. Saleiro and others, Aequitas, arXiv:1811.05577 (harm decides the
error); A. Chouldechova, Big Data 5 (2017) 153-163 (calibration and error rates cannot both be
equal); P. J. Bickel, E. A. Hammel, J. W. O'Connell, Science 187 (1975) 398-404 (strata).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Comparison = Literal["pair", "highest", "all"]
Answers = Mapping[str, str]


@dataclass(frozen=True)
class Wanted:
    """A metric to put a limit on, and the direction that limit has."""

    metric: str
    op: Literal[">=", "<="]
    why: str


@dataclass(frozen=True)
class Choice:
    """Where the questions end: the first metric decides, the others are watched beside it."""

    method: str
    metrics: tuple[Wanted, ...]
    comparison: Comparison
    roles: tuple[str, ...]
    reasons: tuple[str, ...]
    cautions: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def comparison_words(self) -> str:
        """What is compared with what, in words."""
        return COMPARISONS[self.comparison]


COMPARISONS: dict[str, str] = {
    "pair": (
        "one primary comparison, declared before the run: its interval needs no widening, all "
        "others hold together"
    ),
    "highest": "every group with the highest one, all intervals holding together",
    "all": "every pair of groups, all intervals holding together",
}


WITHIN_STRATA = (
    "Groups are compared within the declared strata; a warning is given when a stratum turns the "
    "sign round. Whether the strata are legitimate is for people to judge."
)
ONE_OR_THE_OTHER = (
    "Groups with different base rates cannot have equal calibration and equal error rates at "
    "once, unless the score is perfect."
)
_LABELS = {
    "selected": "The label is known only for those selected, so error rates would be biased.",
    "no": "There is no label that can be trusted, so nobody knows which decisions were wrong.",
}
_ERRORS = {
    "refused": ("true_positive_rate",),
    "selected": ("false_positive_rate",),
    "both": ("true_positive_rate", "false_positive_rate"),
}
_ERROR_REASONS = {
    "true_positive_rate": (
        "Being refused wrongly harms: those who deserve it should be selected as often in every "
        "group (equal opportunity)."
    ),
    "false_positive_rate": (
        "Being selected wrongly harms: those who do not deserve it should be spared as often in "
        "every group."
    ),
}


def choice_of(found: Answers) -> Choice:
    """Return what a complete set of answers leads to."""
    match found["what"]:
        case "selects":
            return _selecting(found)
        case "scores":
            return _scoring(found)
        case "ranks":
            return _ranking(found)
        case "prices":
            return _pricing(found)
        case _:
            return _spreading()


def _compared(found: Answers, kind: str) -> tuple[Comparison, dict[str, Any], tuple[str, ...]]:
    """Return the comparison, its parameters, and its reason."""
    pairs: Comparison = "pair"
    if found.get("pairs") in ("highest", "all"):
        pairs = "highest" if found["pairs"] == "highest" else "all"
    method = "to_highest" if pairs == "highest" else "between_groups"
    if pairs == "pair":
        return pairs, {"method": method}, ("One comparison matters, so it alone is declared.",)
    return pairs, {"method": method}, (f"No single {kind} was singled out beforehand.",)


def _roles(found: Answers, *names: str) -> tuple[str, ...]:
    return (*names, "group", "subject", *(("control",) if found.get("strata") == "yes" else ()))


def _stratified(found: Answers) -> tuple[str, ...]:
    if found.get("strata") != "yes":
        return ()
    return (WITHIN_STRATA,)


def _selecting(found: Answers) -> Choice:
    comparison, parameters, why = _compared(found, "pair")
    share = found["share"]
    wanted: list[Wanted] = []
    reasons: list[str] = []
    if found["label"] == "yes":
        for rate in _ERRORS[found["harm"]]:
            # A rare burden differs many times over before a difference shows it.
            by_ratio = share == "few"
            name = f"{rate}_{'ratio' if by_ratio else 'difference'}"
            wanted.append(Wanted(name, ">=" if by_ratio else "<=", _ERROR_REASONS[rate]))
        roles = _roles(found, "y_pred", "y_true")
    else:
        reasons.append(_LABELS[found["label"]])
        roles = _roles(found, "y_pred")
    selection = Wanted(
        "selection_rate_ratio", ">=", "How often each group is selected, compared as a ratio."
    )
    refusal = Wanted(
        "refusal_rate_ratio",
        ">=",
        "Nearly all are selected: the refusals show what the selection ratio hides.",
    )
    wanted += [refusal, selection] if share == "most" else [selection]
    if share == "few":
        reasons.append("Few are selected: ratios show what differences of small rates do not.")
    cautions = _stratified(found)
    if share == "few":
        cautions += ("A rare positive needs many people: look at the preview before you save.",)
    return Choice(
        "fairness.groups",
        tuple(wanted),
        comparison,
        roles,
        (*reasons, *why),
        cautions,
        parameters,
    )


def _scoring(found: Answers) -> Choice:
    if found["label"] == "yes":
        return _by_score(found["use"])
    comparison, parameters, why = _compared(found, "pair")
    return Choice(
        "fairness.groups",
        (
            Wanted(
                "selection_rate_ratio",
                ">=",
                "The share of each group above the median of all, as scoring rates are compared.",
            ),
        ),
        comparison,
        _roles(found, "score"),
        (_LABELS[found["label"]], *why),
        _stratified(found),
        {**parameters, "above_median": True},
    )


def _by_score(use: str) -> Choice:
    order = Wanted(
        "auc_difference", "<=", "The score puts what is right first as often in every group."
    )
    chance = Wanted(
        "calibration_gap_difference", "<=", "The same score means the same chance in every group."
    )
    return Choice(
        "fairness.calibration",
        (order, chance) if use == "order" else (chance, order),
        "all",
        ("score", "y_true", "group", "subject"),
        ("There is a label that can be trusted, so scores are compared with what was right.",),
        (ONE_OR_THE_OTHER,),
    )


def _ranking(found: Answers) -> Choice:
    if found["side"] == "items":
        return _spreading()
    if found["label"] == "yes":
        return _by_score("order")
    return Choice(
        "fairness.groups",
        (
            Wanted(
                "selection_rate_ratio",
                ">=",
                "How often each group is given a place above the middle of all scores.",
            ),
        ),
        "all",
        ("score", "group", "subject"),
        (_LABELS[found["label"]],),
        ("Without a label this compares places, not how good the list is for anybody.",),
        {"method": "between_groups", "above_median": True},
    )


def _pricing(found: Answers) -> Choice:
    plain = Wanted("price_ratio", "<=", "What groups pay, as it stands.")
    if found["strata"] == "no":
        return Choice(
            "fairness.pricing",
            (plain,),
            "all",
            ("price", "group", "subject"),
            ("No legitimate reason was declared, so prices are compared as they are.",),
            ("A gap may come from what groups buy; declare strata where they can be defended.",),
        )
    return Choice(
        "fairness.pricing",
        (
            Wanted(
                "conditional_price_ratio", "<=", "What groups pay where the reasons are the same."
            ),
            plain,
        ),
        "all",
        ("price", "group", "stratum", "subject"),
        ("Legitimate reasons are declared, so prices are compared within them first.",),
        ("A stratum that stands for the group hides the gap: the plain ratio stays beside.",),
    )


def _spreading() -> Choice:
    return Choice(
        "exposure.popularity",
        (
            Wanted("top_share", "<=", "How much of what is shown the most shown items take."),
            Wanted("coverage", ">=", "How much of the catalogue is shown at all."),
        ),
        "all",
        ("item", "subject"),
        ("What matters is which items are seen, and by how many.",),
        ("An even spread over items does not show who is shown what.",),
    )
