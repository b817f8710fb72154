"""What is done with an alias, told once: a real MLflow records each story, every run replays it.

A story gets the address of a server on which the model `ranker` has the versions 1 and 2.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from incidents.levers.mlflow import Mlflow, MlflowProblem, Moved, Wish, move_alias

HOSTS = ["127.0.0.1"]
MODEL, ALIAS = "ranker", "champion"
HELD = {"gov.state": "held", "gov.incident": "INC-0007"}


def move(url: str, number: str | None, model: str = MODEL) -> Moved:
    fallback = {"gov.state": "fallback", "gov.incident": "INC-0007"}
    wish = Wish(model, ALIAS, number, fallback, HELD)
    with Mlflow(url, hosts=HOSTS, seconds=60) as mlflow:
        return move_alias(mlflow, wish, may_set=lambda before: True)


def tags_of(url: str, number: str) -> dict[str, str]:
    with Mlflow(url, hosts=HOSTS, seconds=60) as mlflow:
        return mlflow.read_tags(MODEL, number)


def an_alias_moves_to_the_approved_version_and_back(url: str) -> None:
    assert move(url, "2") == Moved(None, "2")
    assert move(url, "1") == Moved("2", "1")
    assert tags_of(url, "1")["gov.state"] == "fallback"
    assert tags_of(url, "2") == HELD
    assert move(url, "2") == Moved("1", "2")


def moving_again_changes_nothing(url: str) -> None:
    move(url, "1")
    assert move(url, "1") == Moved("1", "1")


def an_alias_that_should_name_nothing_is_removed(url: str) -> None:
    move(url, "2")
    assert move(url, None) == Moved("2", None)
    assert tags_of(url, "2") == HELD
    assert move(url, None) == Moved(None, None)


def a_version_that_mlflow_does_not_know_is_told_in_words(url: str) -> None:
    move(url, "2")
    with pytest.raises(MlflowProblem, match=r"does not know it: .*version=9.* not found") as told:
        move(url, "9")
    assert told.value.lasting
    assert move(url, "2") == Moved("2", "2"), "the alias stayed where it was"


def a_model_that_mlflow_does_not_know_is_told_in_words(url: str) -> None:
    with pytest.raises(MlflowProblem, match="name=nowhere not found") as told:
        move(url, "1", model="nowhere")
    assert told.value.lasting


STORIES: tuple[Callable[[str], None], ...] = (
    an_alias_moves_to_the_approved_version_and_back,
    moving_again_changes_nothing,
    an_alias_that_should_name_nothing_is_removed,
    a_version_that_mlflow_does_not_know_is_told_in_words,
    a_model_that_mlflow_does_not_know_is_told_in_words,
)
