"""Promises of the review pages: a whole review by two people in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client

from governance.registry.models import System
from governance.registry.search import RegistrySearch
from governance.reviews.agenda import ReviewAgenda
from governance.reviews.models import Approval
from tests.reviews.stage import answer_all, make_system, version_of

if TYPE_CHECKING:
    from tests.cast import Cast


@pytest.fixture
def carousel(cast: Cast) -> System:
    return make_system(cast)


def test_two_people_approve_a_version_on_the_pages(carousel: System, cast: Cast) -> None:
    ada, elif_ = cast.sign_in(Client(), "ada"), cast.sign_in(Client(), "elif")
    assert "has no approval" in ada.get("/systems/carousel/ship/v1/").content.decode()
    ada.post("/systems/carousel/ship/v1/review/")
    review = Approval.objects.get()
    page = f"/reviews/{review.pk}/"
    given = {"item": "G-02", "outcome": "pass", "evidence_title": "Use case record"}
    ada.post(f"{page}answer/", given)
    assert review.run.answers.get().evidence.get().title == "Use case record"
    answer_all(review)
    for client in (ada, elif_):
        assert "Sign" in client.get(page).content.decode()
        client.post(f"{page}approve/", {"comment": ""})
    assert version_of(carousel).state == "approved"
    assert "Yes, ship it" in ada.get("/systems/carousel/ship/v1/").content.decode()


def test_the_queue_shows_what_waits_for_me(carousel: System, cast: Cast) -> None:
    cast.sign_in(Client(), "ada").post("/systems/carousel/ship/v1/review/")
    words = "Waits for your judgement"
    assert words in cast.sign_in(Client(), "elif").get("/reviews/").content.decode()
    assert words not in cast.sign_in(Client(), "aud").get("/reviews/").content.decode()


def test_eve_finds_no_review(carousel: System, cast: Cast) -> None:
    cast.sign_in(Client(), "ada").post("/systems/carousel/ship/v1/review/")
    page = f"/reviews/{Approval.objects.get().pk}/"
    eve = cast.sign_in(Client(), "eve")
    assert eve.get(page).status_code == 404
    assert eve.post(f"{page}approve/").status_code == 404


def test_an_open_review_is_on_the_agenda_of_those_who_may_sign(
    carousel: System, cast: Cast
) -> None:
    cast.sign_in(Client(), "ada").post("/systems/carousel/ship/v1/review/")
    for name, due in (("ada", 1), ("elif", 1), ("pia", 1), ("max", 0), ("eve", 0)):
        assert len(ReviewAgenda().items(cast.actor(name))) == due, name


def test_search_finds_a_system_for_its_team_only(carousel: System, cast: Cast) -> None:
    found = RegistrySearch().search(cast.actor("max"), "carous", 10)
    assert [hit.url for hit in found] == [
        "/systems/carousel/",
        "/register/features/carousel-clicks/",
    ]
    assert not RegistrySearch().search(cast.actor("eve"), "carous", 10)
