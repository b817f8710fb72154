"""A tracking server that fails, hangs, lies or leads elsewhere is told in words; nothing moves."""

from __future__ import annotations

import json
import time

import pytest

from incidents.levers.addresses import check_address
from incidents.levers.mlflow import Mlflow, MlflowProblem, Wish, move_alias, version_number
from tests.incidents.levers.exchanges import Serving, erring

READS_1 = (200, json.dumps({"model_version": {"version": "1"}}).encode())
DONE = (200, b"{}")
BROKEN = (500, b"<html>Internal Server Error</html>")


def move(server: Serving, *, seconds: float = 5, may_set: bool = True, secret: str = "") -> str:
    wish = Wish("ranker", "champion", "2", {"gov.state": "fallback"})
    with Mlflow(server.url, secret, hosts=["127.0.0.1"], seconds=seconds) as mlflow:
        return move_alias(mlflow, wish, may_set=lambda before: may_set).remark


def asked(server: Serving) -> list[str]:
    return [one.method for one in server.exchanges]


def test_a_server_that_breaks_is_worth_another_try() -> None:
    with erring(BROKEN) as server, pytest.raises(MlflowProblem, match="answered 500") as told:
        move(server)
    assert not told.value.lasting


def test_a_server_that_drips_for_ever_is_left_after_the_whole_time() -> None:
    begun = time.monotonic()
    with (
        erring(30.0) as server,
        pytest.raises(MlflowProblem, match=r"did not answer within 0\.4 seconds") as told,
    ):
        move(server, seconds=0.4)
    assert time.monotonic() - begun < 5
    assert not told.value.lasting


def test_an_alias_that_reads_otherwise_than_it_was_set_is_not_believed() -> None:
    with (
        erring(READS_1, DONE, READS_1) as server,
        pytest.raises(MlflowProblem, match="set to version 2 and reads version 1") as told,
    ):
        move(server)
    assert not told.value.lasting
    assert asked(server) == ["GET", "POST", "GET"]


def test_who_lost_the_order_meanwhile_moves_nothing() -> None:
    with erring(READS_1) as server, pytest.raises(MlflowProblem, match="newer order"):
        move(server, may_set=False)
    assert asked(server) == ["GET"]


def test_a_mark_that_cannot_be_written_leaves_the_alias_right() -> None:
    reads_2 = (200, json.dumps({"model_version": {"version": "2"}}).encode())
    with erring(READS_1, DONE, reads_2, BROKEN) as server:
        assert "versions could not be marked. MLflow answered 500" in move(server)


def test_a_redirect_is_not_followed() -> None:
    with erring(READS_1) as inside, erring(inside.url) as server:
        with pytest.raises(MlflowProblem, match="redirects are not followed") as told:
            move(server)
        assert told.value.lasting
        assert inside.exchanges == []


def test_an_answer_without_end_is_left() -> None:
    with (
        erring((200, b" " * (2 * 1024 * 1024))) as server,
        pytest.raises(MlflowProblem, match="longer than a megabyte"),
    ):
        move(server)


def test_an_answer_that_names_no_version_is_not_believed() -> None:
    for body in (b"{}", b"[]", b"hello", b'{"model_version": {"version": null}}'):
        with (
            erring((200, body)) as server,
            pytest.raises(MlflowProblem, match="names no version"),
        ):
            move(server)


def test_a_credential_that_is_refused_waits_for_people() -> None:
    with erring((401, b"")) as server, pytest.raises(MlflowProblem, match="credential") as told:
        move(server, secret="user:wrong")
    assert told.value.lasting
    assert "wrong" not in str(told.value)


def test_nobody_listens() -> None:
    with erring(DONE) as server:
        pass
    with pytest.raises(MlflowProblem, match="could not be reached") as told:
        move(server)
    assert not told.value.lasting


@pytest.mark.parametrize(
    ("url", "hosts", "refused"),
    [
        ("https://mlflow.example.com", [], ""),
        ("https://mlflow.example.com/team/", [], ""),
        ("http://mlflow.example.com", [], "begin with https"),
        ("http://mlflow.internal:5000", ["mlflow.internal"], ""),
        ("http://MLflow.internal:5000", ["mlflow.internal:5000"], ""),
        ("http://mlflow.internal:5001", ["mlflow.internal:5000"], "begin with https"),
        ("http://mlflow.internal.evil.example", ["mlflow.internal"], "begin with https"),
        ("https://user:word@mlflow.example.com", [], "no user"),
        ("file:///etc/passwd", ["mlflow.internal"], "begin with"),
        ("https://", [], "begin with"),
    ],
)
def test_only_public_servers_and_those_the_setting_names(
    url: str, hosts: list[str], refused: str
) -> None:
    found = check_address(url, hosts)
    assert (refused in found) if refused else (found == "")


@pytest.mark.parametrize("url", ["https://127.0.0.1:9", "https://localhost:9", "https://[::1]:9"])
def test_a_private_address_that_no_setting_names_is_never_called(url: str) -> None:
    with (
        Mlflow(url, hosts=[]) as mlflow,
        pytest.raises(MlflowProblem, match="private network"),
    ):
        mlflow.read_alias("ranker", "champion")


def test_a_version_is_found_only_in_the_address_of_its_own_model() -> None:
    assert version_number("models:/ranker/12", "ranker") == "12"
    for other in ("models:/other/12", "models:/ranker@champion", "models:/ranker/", "s3://r/1", ""):
        assert version_number(other, "ranker") is None
