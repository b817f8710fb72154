"""No link that a signed-in person sees leads to a refusal: all are followed, for every role."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin

import pytest
from django.test import Client

from governance.registry.models import System
from governance.registry.services import place_hold
from governance.reviews.services import request_waiver, start_review
from incidents.services.opening import open_incident
from tests.audits.conftest import DAY, STAGE, START, impressions, json_lines, storage
from tests.cast import ROLES
from tests.reviews.stage import make_system, version_of

if TYPE_CHECKING:
    from tests.cast import Cast

__all__ = ["storage"]

LINK = re.compile(r'<a\b[^>]*?\shref="([^"]+)"')
# The packages' own pages ask for the password again before they open.
ELSEWHERE = ("/accounts/", "/static/", "/api/")
MOST = 400


@pytest.fixture
def house(cast: Cast, storage: None) -> System:
    """A system with a review, a waiver, an audited day, an incident and a hold."""
    from datetime import timedelta

    from django.utils import timezone

    from audits.runner import perform_run
    from audits.services import create_plan, push_outputs, schedule_due_runs

    system = make_system(cast)
    version = version_of(system)
    start_review(version=version, actor=cast.actor("ada"))
    request_waiver(
        system=system,
        item_code="R-06",
        reason="The store is replaced in spring.",
        expires_at=timezone.now() + timedelta(days=30),
        actor=cast.actor("ada"),
    )
    create_plan(
        key="exposure",
        title="Is what people see spread over the items?",
        system=system,
        version=version,
        method="exposure.popularity",
        parameters={"top_fraction": 0.1, "catalogue_size": 20},
        columns={"item": ["item"]},
        limits=["top_share<=0.30"],
        starts_at=START,
        ends_at=START + DAY,
        backfill=True,
        on_breach="finding",
        actor=STAGE,
    )
    push_outputs(
        system=system,
        version=version,
        data=json_lines(impressions("v1", favourites=0.9)),
        media_type="application/x-ndjson",
        actor=STAGE,
    )
    for run in schedule_due_runs():
        assert perform_run(str(run.pk))
    open_incident(
        title="Too much of the same",
        summary="Two items fill the carousel.",
        kind="algorithmic_bias",
        severity="s3",
        cause_key="test",
        system=system,
        actor=STAGE,
    )
    place_hold(system=system, cause="manual:tests", reason="Looked at.", actor=STAGE)
    return system


def follow_every_link(client: Client, start: str = "/") -> dict[str, int]:
    """The status of every page reached by following links from the start."""
    statuses: dict[str, int] = {}
    waiting = [start]
    while waiting and len(statuses) < MOST:
        path = waiting.pop()
        if path in statuses:
            continue
        answer = client.get(path)
        statuses[path] = answer.status_code
        if answer.status_code != 200 or "text/html" not in answer["content-type"]:
            continue
        for href in LINK.findall(answer.content.decode()):
            link = urldefrag(urljoin(path, unescape(href))).url
            if link.startswith("/") and not link.startswith(ELSEWHERE):
                waiting.append(link)
    return statuses


@pytest.mark.parametrize("name", [*ROLES])
def test_no_link_leads_to_a_refusal(house: System, cast: Cast, name: str) -> None:
    statuses = follow_every_link(cast.sign_in(Client(), name))
    assert len(statuses) < MOST
    failed = {path: status for path, status in statuses.items() if status >= 400}
    assert not failed
    if name != "eve":
        assert {"/systems/carousel/", "/reviews/waivers/", "/register/surfaces/"} <= set(statuses)
        assert any(path.startswith("/audits/runs/") for path in statuses)
        assert any(path.startswith("/incidents/INC-") for path in statuses)


def test_a_refusal_names_the_duty_in_a_sentence_and_no_code(cast: Cast) -> None:
    answer = cast.sign_in(Client(), "aud").get("/consent/subjects/")
    assert answer.status_code == 403
    text = unescape(answer.content.decode())
    assert "Look at one person's choices" in text
    assert "read_subject" not in text


def test_the_navigation_shows_each_person_the_rooms_they_may_enter(cast: Cast) -> None:
    assert 'href="/evidence/"' in cast.sign_in(Client(), "aud").get("/").content.decode()
    assert 'href="/evidence/"' not in cast.sign_in(Client(), "max").get("/").content.decode()
