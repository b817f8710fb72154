"""Staff do by form what the services allow: surfaces, versions, waivers; others are refused."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.utils import timezone

from governance.registry.models import ModelVersion, Surface, System
from governance.reviews.models import Waiver
from tests.reviews.stage import approve_version, make_system, version_of

if TYPE_CHECKING:
    from tests.cast import Cast

SURFACE = {
    "key": "search-page",
    "title": "Search page",
    "kind": "search",
    "dsa_scope": "voluntary",
    "parameters": "Words typed (high): what was asked for comes first.",
}


@pytest.fixture
def carousel(cast: Cast) -> System:
    return make_system(cast)


def test_a_surface_is_registered_and_changed_on_its_form(carousel: System, cast: Cast) -> None:
    max_ = cast.sign_in(Client(), "max")
    assert max_.post("/register/surfaces/new/", SURFACE).status_code == 302
    made = Surface.objects.get(key="search-page")
    assert made.main_parameters == [
        {
            "name": "Words typed",
            "importance": "high",
            "description": "what was asked for comes first.",
        }
    ]
    page = max_.get("/register/surfaces/search-page/edit/").content.decode()
    assert "Words typed (high): what was asked for comes first." in page
    max_.post("/register/surfaces/search-page/edit/", {**SURFACE, "title": "Search"})
    assert Surface.objects.get(key="search-page").title == "Search"
    wrong = max_.post("/register/surfaces/new/", {**SURFACE, "key": "x", "parameters": "no weight"})
    assert "is not read" in wrong.content.decode()


def test_a_version_is_registered_served_and_retired(carousel: System, cast: Cast) -> None:
    ada = cast.sign_in(Client(), "ada")
    form = {"key": "v2", "profiled": "on", "description": "Learns faster."}
    assert ada.post("/systems/carousel/versions/new/", form).status_code == 302
    made = ModelVersion.objects.get(system=carousel, key="v2")
    page = ada.get("/systems/carousel/versions/v2/").content.decode()
    assert "Learns faster." in page
    assert "Make it serve" not in page  # two people approve it first
    ada.post("/systems/carousel/versions/v2/serve/", {"reason": "now"})
    made.refresh_from_db()
    assert made.state == "registered"
    ada.post("/systems/carousel/versions/v2/retire/", {"reason": "a mistake"})
    made.refresh_from_db()
    assert made.state == "retired"
    approve_version(cast, version_of(carousel))
    assert "Make it serve" in ada.get("/systems/carousel/versions/v1/").content.decode()
    ada.post("/systems/carousel/versions/v1/serve/", {"reason": "approved"})
    carousel.refresh_from_db()
    assert carousel.serving_version == version_of(carousel)


def test_no_step_on_a_page_approves_a_version(carousel: System, cast: Cast) -> None:
    root = cast.sign_in(Client(), "root")
    for step in ("approve", "approved", "state"):
        root.post(f"/systems/carousel/versions/v1/{step}/", {"reason": "quick"})
    assert version_of(carousel).state == "registered"


def test_a_waiver_takes_two_people_and_ends_by_one(carousel: System, cast: Cast) -> None:
    pia, elif_ = cast.sign_in(Client(), "pia"), cast.sign_in(Client(), "elif")
    until = (timezone.now() + timedelta(days=30)).date().isoformat()
    given = {"system": "carousel", "item": "R-06", "reason": "A store is replaced.", "until": until}
    assert pia.post("/reviews/waivers/new/", given).status_code == 302
    waiver = Waiver.objects.get()
    assert f"{waiver.pk}/grant/" not in pia.get("/reviews/waivers/").content.decode()
    pia.post(f"/reviews/waivers/{waiver.pk}/grant/")
    waiver.refresh_from_db()
    assert waiver.granted_by == ""
    assert f"{waiver.pk}/grant/" in elif_.get("/reviews/waivers/").content.decode()
    elif_.post(f"/reviews/waivers/{waiver.pk}/grant/")
    waiver.refresh_from_db()
    assert waiver.granted_by == cast.actor("elif").reference
    assert "In force" in pia.get("/reviews/waivers/?state=active").content.decode()
    pia.post(f"/reviews/waivers/{waiver.pk}/revoke/", {"reason": "The store is here."})
    waiver.refresh_from_db()
    assert waiver.revoked_at is not None


def test_a_waiver_that_would_outlast_half_a_year_is_refused(carousel: System, cast: Cast) -> None:
    until = (timezone.now() + timedelta(days=300)).date().isoformat()
    given = {"system": "carousel", "item": "R-06", "reason": "For long.", "until": until}
    answer = cast.sign_in(Client(), "ada").post("/reviews/waivers/new/", given)
    assert "within 183 days" in answer.content.decode()
    assert not Waiver.objects.exists()


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("aud", "/register/surfaces/new/"),
        ("elif", "/systems/carousel/versions/new/"),
        ("aud", "/reviews/waivers/new/"),
        ("eve", "/systems/carousel/versions/v1/"),
    ],
)
def test_others_are_refused(carousel: System, cast: Cast, name: str, path: str) -> None:
    refused = 404 if name == "eve" else 403
    assert cast.sign_in(Client(), name).get(path).status_code == refused


def test_an_auditor_serves_nothing(carousel: System, cast: Cast) -> None:
    approve_version(cast, version_of(carousel))
    aud = cast.sign_in(Client(), "aud")
    aud.post("/systems/carousel/versions/v1/serve/", {"reason": "I would"})
    carousel.refresh_from_db()
    assert carousel.serving_version is None
