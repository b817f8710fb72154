"""Promises of the register's pages: each role reads them, Eve sees nothing, lists cost the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from governance.registry.models import Feature, Hold, System
from governance.registry.selectors import system_state
from tests.reviews.stage import approve_version, make_system, version_of

if TYPE_CHECKING:
    from tests.cast import Cast

TABS = ("summary", "ship", "features", "flows", "purposes", "versions", "history")
PAGES = (
    "/systems/",
    "/systems/carousel/",
    "/systems/carousel/ship/v1/",
    "/register/features/",
    "/register/features/carousel-clicks/",
    "/register/flows/",
    "/register/purposes/",
    "/reviews/",
)


@pytest.fixture
def carousel(cast: Cast) -> System:
    return make_system(cast)


@pytest.mark.parametrize("name", ["ada", "pia", "dan", "root", "elif", "max", "ivo", "aud"])
def test_every_role_reads_the_register(carousel: System, cast: Cast, name: str) -> None:
    client = cast.sign_in(Client(), name)
    for page in PAGES:
        assert client.get(page).status_code == 200, page


def test_each_tab_of_a_system_opens(carousel: System, cast: Cast) -> None:
    approve_version(cast, version_of(carousel))
    client = cast.sign_in(Client(), "aud")
    for tab in TABS:
        answer = client.get(f"/systems/carousel/?tab={tab}")
        assert answer.status_code == 200, tab
    assert client.get("/systems/carousel/?tab=nonsense").status_code == 404
    assert "System registered" in answer.content.decode()


def test_eve_sees_nothing_on_the_pages(carousel: System, cast: Cast) -> None:
    client = cast.sign_in(Client(), "eve")
    for page in ("/systems/", "/register/features/", "/register/flows/", "/reviews/"):
        body = client.get(page).content.decode().lower()
        assert "/carousel" not in body, page
    for page in (
        "/systems/carousel/",
        "/systems/carousel/ship/v1/",
        "/register/features/carousel-clicks/",
        "/systems/carousel/hold/",
    ):
        assert client.get(page).status_code == 404, page


def test_a_visitor_is_sent_to_sign_in(carousel: System) -> None:
    for page in PAGES:
        answer = Client().get(page)
        assert (answer.status_code, "/accounts/login/" in answer["Location"]) == (302, True)


def test_the_list_says_state_version_and_approval_and_exports(carousel: System, cast: Cast) -> None:
    client = cast.sign_in(Client(), "ada")
    body = client.get("/systems/").content.decode()
    assert "Not approved" in body
    table = client.get("/systems/?format=csv")
    assert table["Content-Type"].startswith("text/csv")
    header, row = table.content.decode().splitlines()
    assert header.startswith("key,title,state,reason")
    assert row.startswith("carousel,Carousel,not_approved,")
    held = client.get("/systems/?format=csv&state=held").content.decode()
    assert held.splitlines() == [header]
    assert "/systems/carousel" not in client.get("/systems/?q=nothing").content.decode()


def test_the_list_costs_the_same_for_one_system_and_for_four(cast: Cast, carousel: System) -> None:
    client = cast.sign_in(Client(), "aud")
    client.get("/systems/")
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get("/systems/")
        counts.append(len(queries))
        for extra in ("one", "two", "three"):
            if not System.objects.filter(key=extra).exists():
                make_system(cast, extra)
    assert counts[0] == counts[1]


def test_a_person_holds_a_system_on_its_page_and_two_lift_it(carousel: System, cast: Cast) -> None:
    ivo, ada = cast.sign_in(Client(), "ivo"), cast.sign_in(Client(), "ada")
    page = ivo.get("/systems/carousel/hold/").content.decode()
    assert "Everybody gets the non-profiled variant" in page
    ivo.post("/systems/carousel/hold/", {"effect": "", "reason": "Too few items get shown."})
    hold = Hold.objects.get()
    assert system_state(carousel).state == "held"
    ivo.post(f"/holds/{hold.pk}/lift/", {"reason": "Fixed."})
    ivo.post(f"/holds/{hold.pk}/lift/", {"reason": "Fixed."})
    assert system_state(carousel).state == "held"
    assert "Lift the hold" in ada.get(f"/holds/{hold.pk}/").content.decode()
    ada.post(f"/holds/{hold.pk}/lift/", {"reason": "Checked."})
    assert system_state(carousel).state != "held"


def test_editing_a_feature_on_its_page_makes_the_approval_stale(
    carousel: System, cast: Cast
) -> None:
    approve_version(cast, version_of(carousel))
    feature = Feature.objects.get()
    client = cast.sign_in(Client(), "max")
    given = {
        "title": feature.title,
        "source": feature.source,
        "systems": [carousel.pk],
        "versions": [version_of(carousel).pk],
        "allowed_purposes": [one.pk for one in feature.allowed_purposes.all()],
        "owner": cast.max.pk,
        "retention": "P2Y",
        "technique": "raw",
        "sensitivity": "none",
        "disclosable": "on",
    }
    answer = client.post("/register/features/carousel-clicks/edit/", given)
    assert answer.status_code == 302, answer.content.decode()
    page = client.get("/systems/carousel/ship/v1/").content.decode()
    assert "Not yet" in page
    assert "Feature carousel-clicks: retention changed from P90D to P2Y." in page


def test_a_sensitive_feature_without_its_reason_is_refused_in_words(
    carousel: System, cast: Cast
) -> None:
    client = cast.sign_in(Client(), "max")
    given = {
        "key": "faith",
        "title": "Faith",
        "systems": [carousel.pk],
        "technique": "raw",
        "sensitivity": "special_category",
    }
    answer = client.post("/register/features/new/", given)
    assert answer.status_code == 200
    assert "justification" in answer.content.decode().lower()
    assert not Feature.objects.filter(key="faith").exists()


def test_an_auditor_reads_and_changes_nothing(carousel: System, cast: Cast) -> None:
    client = cast.sign_in(Client(), "aud")
    for page in ("/register/features/new/", "/systems/new/", "/systems/carousel/hold/"):
        assert client.get(page).status_code == 403, page
