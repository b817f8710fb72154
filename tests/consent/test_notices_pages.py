"""Promises of the notice pages and doors: draft, compare, preview, publish, tell who saw it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from consent import services
from consent.models import NoticeVersion, ServedNotice
from governance.core.actors import SystemActor
from governance.registry.models import Purpose
from tests.consent.conftest import make_key

if TYPE_CHECKING:
    from django.test import Client

    from tests.cast import Cast

pytestmark = pytest.mark.django_db
STAGE = SystemActor("tests")
ENGLISH = ("What we do", "We look at clicks.", "We count clicks. You decide what is chosen.")
GERMAN = ("Was wir tun", "Wir zählen Klicks.", "Wir zählen Klicks. Sie entscheiden.")


def form(**more: Any) -> dict[str, Any]:
    fields = {
        f"{language}_{name}": value
        for language, texts in (("en", ENGLISH), ("de", GERMAN))
        for name, value in zip(("title", "short", "body"), texts, strict=True)
    }
    return {
        **fields,
        "key": "2026-12",
        "purposes": [str(Purpose.objects.get(key="ads").pk)],
        "material": "on",
        "change_note": "We ask in shorter words.",
        "steps_to_accept": "1",
        "steps_to_refuse": "1",
        "accept_layer": "short",
        **more,
    }


def test_a_version_is_written_compared_and_published_on_the_pages(
    client: Client, cast: Cast
) -> None:
    services.publish_notice(key="first", texts={"en": ENGLISH, "de": GERMAN}, actor=STAGE)
    cast.sign_in(client, "pia")
    new = client.get("/consent/notices/new/").content.decode()
    assert "We count clicks." in new and "It starts from first" in new
    body = "We count clicks. We keep the count for a month. You decide what is chosen."
    page = client.post("/consent/notices/new/", form(en_body=body), follow=True).content.decode()
    assert "<ins>We keep the count for a month.</ins>" in page and "(Flesch)" in page
    assert "Nobody sees a draft." in page and "We ask in shorter words." in page
    published = client.post("/consent/notices/2026-12/publish/", follow=True).content.decode()
    assert "it stays as people saw it" in published
    again = client.post("/consent/notices/2026-12/edit/", form(), follow=True).content.decode()
    assert "Write a new version" in again
    listed = client.get("/consent/notices/").content.decode()
    assert "people see it now" in listed and "first" in listed


def test_refusing_in_more_steps_is_refused_on_the_form(client: Client, cast: Cast) -> None:
    cast.sign_in(client, "pia")
    page = client.post("/consent/notices/new/", form(steps_to_refuse="3"))
    assert page.status_code == 200 and "more steps" in page.content.decode()
    assert not NoticeVersion.objects.exists()


def test_a_preview_shows_the_notice_as_the_person_sees_it(client: Client, cast: Cast) -> None:
    services.publish_notice(key="first", texts={"en": ENGLISH, "de": GERMAN}, actor=STAGE)
    cast.sign_in(client, "aud")
    german = client.get("/consent/notices/first/preview/?lang=de").content.decode()
    assert '<html lang="de">' in german and "Wir zählen Klicks." in german
    assert "public.css" in german
    english = client.get("/consent/notices/first/preview/?lang=xx").content.decode()
    assert "We look at clicks." in english


def test_without_a_notice_the_page_says_what_to_do(client: Client, cast: Cast) -> None:
    cast.sign_in(client, "pia")
    page = client.get("/consent/notices/").content.decode()
    assert "Nobody was told anything yet" in page and "Write the first notice" in page


def test_a_draft_is_discarded_and_others_may_not(client: Client, cast: Cast) -> None:
    cast.sign_in(client, "pia")
    client.post("/consent/notices/new/", form())
    cast.sign_in(client, "ada")
    for act in ("publish", "discard", "edit"):
        assert client.post(f"/consent/notices/2026-12/{act}/").status_code == 403
    assert "Publish" not in client.get("/consent/notices/2026-12/").content.decode()
    cast.sign_in(client, "pia")
    client.post("/consent/notices/2026-12/discard/")
    assert not NoticeVersion.objects.exists()


def test_notices_over_rest(client: Client, cast: Cast) -> None:
    cast.sign_in(client, "pia")
    texts = {
        language: dict(zip(("title", "short", "body"), told, strict=True))
        for language, told in (("en", ENGLISH), ("de", GERMAN))
    }
    given = {"key": "2026-12", "texts": texts, "purposes": ["ads"]}
    made = client.post("/api/v1/notices", given, content_type="application/json")
    assert made.status_code == 201 and made.json()["published_at"] is None, made.content
    changed = client.put(
        "/api/v1/notices/2026-12",
        {"texts": texts, "purposes": ["ads", "pricing"]},
        content_type="application/json",
    )
    assert set(changed.json()["purposes"]) == {"ads", "pricing"}
    published = client.post("/api/v1/notices/2026-12/publish")
    assert published.status_code == 200 and published.json()["published_at"]
    gone = client.delete("/api/v1/notices/2026-12")
    assert gone.status_code == 409 and "stays as people saw it" in gone.json()["detail"]
    assert [each["key"] for each in client.get("/api/v1/notices").json()["results"]] == ["2026-12"]


def test_a_server_tells_what_it_showed_and_asks_whether_it_may_ask(client: Client) -> None:
    services.publish_notice(key="first", texts={"en": ENGLISH, "de": GERMAN}, actor=STAGE)
    bearer: Any = {"HTTP_AUTHORIZATION": f"Bearer {make_key('consent:write', 'consent:check')}"}
    place = "/api/v1/consent/may-ask/ads?subject=anna"
    assert client.get(place, **bearer).json()["may_ask"] is True
    served = client.post(
        "/api/v1/notices/first/served",
        {"language": "de", "component": "banner", "surface": "home", "subject": "anna"},
        content_type="application/json",
        **bearer,
    )
    assert served.status_code == 201, served.content
    assert ServedNotice.objects.get().surface == "home"
    told = client.get(place, **bearer).json()
    assert told["may_ask"] is False and "was asked" in told["sentence"]
    unknown = client.get("/api/v1/consent/may-ask/sky?subject=anna", **bearer)
    assert unknown.status_code == 404
