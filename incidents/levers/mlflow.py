"""The lever on an MLflow alias: set it, read it back, mark the versions it names.

MLflow has no compare-and-set, so whoever calls this holds the model's lock. Nothing here knows of
targets, orders or the database.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

from incidents.levers.reaching import ReachingTransport, Unreachable

SECONDS = 5.0
_API = "/api/2.0/mlflow"
_ABSENT = "RESOURCE_DOES_NOT_EXIST"


class MlflowProblem(Exception):
    """The lever did not move; the text says why. `lasting`: trying again will not help."""

    def __init__(self, sentence: str, *, lasting: bool = False) -> None:
        super().__init__(sentence)
        self.lasting = lasting


@dataclass(frozen=True)
class Wish:
    """What an alias should name (None: nothing) and what the versions involved are marked with."""

    model: str
    alias: str
    number: str | None
    tags: Mapping[str, str] = field(default_factory=dict)
    tags_before: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Moved:
    """What the alias named before, what it reads now, and what could not be marked."""

    before: str | None
    reads: str | None
    remark: str = ""


class Mlflow:
    """One tracking server's model registry over its REST interface."""

    def __init__(
        self, url: str, secret: str = "", *, hosts: Sequence[str], seconds: float = SECONDS
    ) -> None:
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if secret:
            headers["Authorization"] = _authorisation(secret)
        self._base = url.rstrip("/") + _API
        self._client = httpx.Client(
            transport=ReachingTransport(hosts=hosts, seconds=seconds),
            headers=headers,
            trust_env=False,
            follow_redirects=False,
        )

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read_alias(self, model: str, alias: str) -> str | None:
        """Return the number of the version that an alias names; None where there is no such."""
        status, said = self._call(
            "GET", "/registered-models/alias", params={"name": model, "alias": alias}
        )
        if status == 200:
            number = _inside(said, "model_version", "version")
            if not number:
                raise MlflowProblem("MLflow's answer names no version.")
            return number
        if status in (400, 404) and _is_no_alias(_message(said)):
            return None
        raise _problem(status, said, model)

    def set_alias(self, model: str, alias: str, number: str) -> None:
        body = {"name": model, "alias": alias, "version": number}
        status, said = self._call("POST", "/registered-models/alias", json=body)
        if status != 200:
            raise _problem(status, said, model)

    def remove_alias(self, model: str, alias: str) -> None:
        body = {"name": model, "alias": alias}
        status, said = self._call("DELETE", "/registered-models/alias", json=body)
        if status != 200:
            raise _problem(status, said, model)

    def set_tag(self, model: str, number: str, key: str, value: str) -> None:
        body = {"name": model, "version": number, "key": key, "value": value}
        status, said = self._call("POST", "/model-versions/set-tag", json=body)
        if status != 200:
            raise _problem(status, said, model)

    def read_tags(self, model: str, number: str) -> dict[str, str]:
        """Return what a version is marked with."""
        status, said = self._call(
            "GET", "/model-versions/get", params={"name": model, "version": number}
        )
        if status != 200:
            raise _problem(status, said, model)
        tags = said["model_version"].get("tags", ()) if isinstance(said, dict) else ()
        return {str(one["key"]): str(one["value"]) for one in tags}

    def _call(self, method: str, path: str, **given: Any) -> tuple[int, Any]:
        try:
            answer = self._client.request(method, self._base + path, **given)
        except Unreachable as problem:
            raise MlflowProblem(f"MLflow: {problem}") from problem
        try:
            return answer.status_code, answer.json()
        except ValueError:
            return answer.status_code, None


def move_alias(mlflow: Mlflow, wish: Wish, *, may_set: Callable[[str | None], bool]) -> Moved:
    """Make an alias name what is wished, read it back, and mark the versions.

    `may_set` hears what the alias names now, before anything is moved, and may still refuse. The
    marks come last: an alias that is right stays right where a mark cannot be written.
    """
    before = mlflow.read_alias(wish.model, wish.alias)
    if not may_set(before):
        raise MlflowProblem("A newer order took its place before anything was moved.", lasting=True)
    if before != wish.number:
        if wish.number is None:
            mlflow.remove_alias(wish.model, wish.alias)
        else:
            mlflow.set_alias(wish.model, wish.alias, wish.number)
    reads = mlflow.read_alias(wish.model, wish.alias)
    if reads != wish.number:
        raise MlflowProblem(
            f"The alias {wish.alias} was set to {_spoken(wish.number)} and reads {_spoken(reads)}: "
            "somebody else moves it."
        )
    return Moved(before, reads, _mark(mlflow, wish, before))


def _mark(mlflow: Mlflow, wish: Wish, before: str | None) -> str:
    """Write the tags; return what kept them from being written, if anything did."""
    marks = [(wish.number, wish.tags)]
    if before != wish.number:
        marks.append((before, wish.tags_before))
    try:
        for number, tags in marks:
            if number is not None:
                for key, value in tags.items():
                    mlflow.set_tag(wish.model, number, key, value)
    except MlflowProblem as problem:
        return f"The alias is right; its versions could not be marked. {problem}"
    return ""


def version_number(uri: str, model: str) -> str | None:
    """Return the number in `models:/MODEL/NUMBER`, or None where it names another."""
    prefix = f"models:/{model}/"
    number = uri[len(prefix) :] if uri.startswith(prefix) else ""
    return number if number.isascii() and number.isdigit() else None


def _authorisation(secret: str) -> str:
    """A credential with a colon is a user and a password; any other is a token."""
    if ":" in secret:
        return "Basic " + base64.b64encode(secret.encode()).decode()
    return f"Bearer {secret}"


def _spoken(number: str | None) -> str:
    return f"version {number}" if number else "nothing"


def _inside(said: Any, *path: str) -> str:
    for name in path:
        said = said.get(name) if isinstance(said, dict) else None
    return str(said) if isinstance(said, str | int) else ""


def _is_no_alias(message: str) -> bool:
    """MLflow tells an alias that is not set from a model that is not there by its words alone."""
    return "alias" in message.lower() and "not found" in message.lower()


def _message(said: Any) -> str:
    return _inside(said, "message")[:200]


def _problem(status: int, said: Any, model: str) -> MlflowProblem:
    if status in (401, 403):
        return MlflowProblem(
            f"MLflow refuses the credential ({status}): give the target another.",
            lasting=True,
        )
    if 300 <= status < 400:
        return MlflowProblem(
            f"MLflow answered {status}; redirects are not followed: give its own address.",
            lasting=True,
        )
    told = _message(said)
    if _inside(said, "error_code") == _ABSENT:
        return MlflowProblem(f"MLflow does not know it: {told or model}", lasting=True)
    if 400 <= status < 500 and status != 429:
        return MlflowProblem(f"MLflow refused ({status}): {told or 'no reason'}", lasting=True)
    return MlflowProblem(f"MLflow answered {status}{': ' + told if told else ''}.")
