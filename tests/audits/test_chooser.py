"""The metric chooser: every way through the questions ends in a plan its method accepts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from audits.chooser import QUESTIONS, choose, kept, next_question, record
from methods import catalogue
from methods.report import Limit
from methods.run import check_limits


def ways(answers: dict[str, str]) -> Iterator[dict[str, str]]:
    """Every complete set of answers."""
    question = next_question(answers)
    if question is None:
        yield answers
        return
    for option in question.options:
        yield from ways({**answers, question.key: option.value})


EVERY_WAY = list(ways({}))


def test_every_question_is_asked_on_some_way() -> None:
    assert {key for way in EVERY_WAY for key in way} == set(QUESTIONS)
    assert len(EVERY_WAY) > 50


def test_every_way_ends_in_metrics_the_method_has_with_roles_it_reads_and_a_reason() -> None:
    for way in EVERY_WAY:
        choice = choose(way)
        assert choice is not None, way
        method = catalogue.get(choice.method)
        check_limits(method, [Limit(one.metric, one.op, 0.5) for one in choice.metrics])
        method.roles.check(choice.method, {name: [f"column_{name}"] for name in choice.roles})
        method.parse(choice.parameters)
        told = record(way)
        assert told["answers"] == way
        assert all(told[part] for part in ("words", "metrics", "reasons", "comparison")), way


def test_a_limit_points_the_way_its_metric_does() -> None:
    for way in EVERY_WAY:
        choice = choose(way)
        assert choice is not None
        for one in choice.metrics:
            least = one.metric.endswith("rate_ratio") or one.metric == "coverage"
            assert one.op == (">=" if least else "<="), one


@pytest.mark.parametrize(
    ("answers", "metrics"),
    [
        ("selects no some no pair", ["selection_rate_ratio"]),
        ("selects selected most no all", ["refusal_rate_ratio", "selection_rate_ratio"]),
        (
            "selects yes refused some no highest",
            ["true_positive_rate_difference", "selection_rate_ratio"],
        ),
        (
            "selects yes selected few no pair",
            ["false_positive_rate_ratio", "selection_rate_ratio"],
        ),
        ("scores yes order", ["auc_difference", "calibration_gap_difference"]),
        ("ranks items", ["top_share", "coverage"]),
        ("prices yes", ["conditional_price_ratio", "price_ratio"]),
    ],
)
def test_the_harm_and_the_label_decide_the_metric(answers: str, metrics: list[str]) -> None:
    found: dict[str, str] = {}
    for value in answers.split():
        question = next_question(found)
        assert question is not None
        found[question.key] = value
    choice = choose(found)
    assert choice is not None
    assert [one.metric for one in choice.metrics] == metrics


def test_strata_become_a_control_and_are_left_to_people_to_judge() -> None:
    choice = choose(
        {"what": "selects", "label": "no", "share": "some", "strata": "yes", "pairs": "pair"}
    )
    assert choice is not None
    assert "control" in choice.roles
    assert any("people to judge" in caution for caution in choice.cautions)


def test_an_answer_that_is_not_one_is_asked_for_again() -> None:
    assert kept({"what": "selects", "label": "perhaps", "harm": "both"}) == {"what": "selects"}
    question = next_question({"what": "selects", "label": "perhaps"})
    assert question is not None
    assert question.key == "label"
    assert choose({"what": "selects"}) is None
    assert record({"what": "selects"}) == {}
