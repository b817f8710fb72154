"""Every GET door of the API schema answers each caller: refused or served, never a server error."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from django.test import Client

from incidents.choices import Kind, Severity
from incidents.services.opening import open_incident
from tests.reviews.stage import STAGE, approve_version, make_system, version_of

if TYPE_CHECKING:
    from tests.cast import Cast

pytestmark = pytest.mark.django_db

STRANGE = {
    "a word": "nobody-knows",
    "another alphabet's digit": "²",
    "a number beyond any column": "9" * 40,
    "a number beyond any parser": "9" * 5000,
    "a zero byte": "a\x00b",
    "half a key": "carousel:",
    "a path": "../systems",
    "an id of nothing": "00000000-0000-7000-8000-000000000000",
    "nothing": "",
}
CHECKPOINT = "/api/v1/ledger/checkpoint"
OWN_CHOICES = "/api/v1/consent/me"
HOLD_PREVIEW = "/api/v1/holds/preview"


@cache
def get_doors() -> list[tuple[str, list[dict[str, Any]]]]:
    """Path and parameters of every GET operation of the schema."""
    paths = Client().get("/api/v1/schema/", {"format": "json"}).json()["paths"]
    return [
        (path, described["get"].get("parameters", []))
        for path, described in sorted(paths.items())
        if "get" in described
    ]


def requests_of(path: str, parameters: list[dict[str, Any]], value: str) -> Iterator[str]:
    """The door with one value in every place of its path, and in each parameter of its query."""
    for name in (one["name"] for one in parameters if one["in"] == "path"):
        path = path.replace(f"{{{name}}}", quote(value, safe="") or "%20")
    yield path
    for name in (one["name"] for one in parameters if one["in"] == "query"):
        yield f"{path}?{name}={quote(value, safe='')}"


@pytest.fixture
def house(cast: Cast) -> None:
    """One of each noun that the lists show."""
    system = make_system(cast)
    approve_version(cast, version_of(system))
    open_incident(
        title="Too concentrated",
        summary="Eight items take half of all impressions.",
        kind=Kind.BIAS,
        severity=Severity.S2,
        cause_key="tests",
        system=system,
        actor=STAGE,
    )


@pytest.fixture
def root(cast: Cast, house: None) -> Client:
    return cast.sign_in(Client(raise_request_exception=False), "root")


def test_every_list_serves_an_administrator(root: Client) -> None:
    lists = [path for path, _ in get_doors() if "{" not in path]
    assert len(lists) > 15
    answers = {path: root.get(path).status_code for path in lists}
    # Only what is committed comes under a checkpoint, and this test commits nothing.
    assert answers.pop(CHECKPOINT) == 404
    # It answers about one target, which has to be named.
    assert answers.pop(HOLD_PREVIEW) == 422
    # A person's own door takes their subject token alone, from nobody else.
    assert answers.pop(OWN_CHOICES) == 401
    assert not {path: code for path, code in answers.items() if code != 200}


def test_what_a_list_shows_is_found_by_its_name(root: Client) -> None:
    doors = {path for path, _ in get_doors()}
    answers = {}
    for path in doors:
        parent, _, name = path.rstrip("}").partition("/{")
        if not name or "/" in name or parent not in doors:
            continue
        for row in root.get(parent).json()["results"]:
            key = f"{row['system']}:{row['key']}" if parent.endswith("/versions") else row[name]
            answers[f"{parent}/{key}"] = root.get(f"{parent}/{key}").status_code
    assert len({address.rsplit("/", 1)[0] for address in answers}) >= 9
    assert not {address: code for address, code in answers.items() if code != 200}


def test_no_door_breaks_on_a_strange_value(root: Client) -> None:
    broken = [
        f"{path} with {what}"
        for path, parameters in get_doors()
        for what, value in STRANGE.items()
        for address in requests_of(path, parameters, value)
        if root.get(address).status_code >= 500
    ]
    assert not broken


def test_no_door_opens_to_a_stranger(house: None) -> None:
    stranger = Client()
    asked = [
        address
        for path, parameters in get_doors()
        for address in requests_of(path, parameters, "carousel")
    ]
    # A path that no route takes is not found for anyone.
    answers = {address: stranger.get(address).status_code for address in asked}
    assert not {address: code for address, code in answers.items() if code not in (401, 404)}
    assert list(answers.values()).count(401) > 50
