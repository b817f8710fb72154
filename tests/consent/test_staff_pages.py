"""Promises of the colleagues' pages: rates with intervals, the playground, one person's file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client, RequestFactory

from consent import services
from consent.models import ConsentEvent, SubjectAccess
from governance.core.actors import SystemActor

if TYPE_CHECKING:
    from governance.registry.models import System
    from tests.cast import Cast

STAGE = SystemActor("tests")


def say(subject: str, status: str) -> None:
    services.record_choice(
        subject=subject, purpose="product_suggestions", status=status, actor=STAGE
    )


def test_rates_show_share_interval_and_number_of_people(cast: Cast, client: Client) -> None:
    for number in range(8):
        say(f"person {number}", "given" if number < 6 else "withdrawn")
    page = cast.sign_in(client, "pia").get("/consent/").content.decode()
    # Wilson, 6 of 8 at 95 %: 40.9 % to 92.9 %.
    assert "75.0" in page and "40.9" in page and "92.9" in page


def test_an_empty_room_says_what_to_do_next(cast: Cast, client: Client) -> None:
    page = cast.sign_in(client, "pia").get("/consent/").content.decode()
    assert "Nobody has chosen yet" in page and "/api/v1/consent/events" in page


def test_the_playground_names_the_winning_and_the_losing_rules(
    cast: Cast, client: Client, carousel: System
) -> None:
    asked = {"system": "carousel", "region": "DE", "choice": "given", "hold": "non_profiled"}
    page = cast.sign_in(client, "pia").get("/consent/playground/", asked).content.decode()
    assert "<strong>Held</strong>" in page and "The person consented <span" in page
    assert "Serve without profiling, version uniform" in page and "DISABLED" in page
    free = {**asked, "hold": ""}
    page = cast.sign_in(client, "pia").get("/consent/playground/", free).content.decode()
    assert "Personalise, version thompson" in page
    assert not ConsentEvent.objects.exists()


def test_eve_tries_no_system_of_another_team(cast: Cast, client: Client, carousel: System) -> None:
    cast.sign_in(client, "eve")
    page = client.get("/consent/playground/", {"system": "carousel"}).content.decode()
    assert "thompson" not in page


def test_opening_a_persons_file_records_who_and_what_for(cast: Cast, client: Client) -> None:
    say("anna", "given")
    cast.sign_in(client, "pia")
    refused = client.post("/consent/subjects/", {"subject": "anna", "purpose_of_access": " "})
    assert refused.status_code == 422 and not SubjectAccess.objects.exists()
    page = client.post(
        "/consent/subjects/", {"subject": "anna", "purpose_of_access": "request 17"}
    ).content.decode()
    assert "Product suggestions" in page and "Given" in page
    access = SubjectAccess.objects.get()
    assert access.purpose_of_access == "request 17"
    assert access.actor_reference == cast.actor("pia").reference
    unknown = client.post(
        "/consent/subjects/", {"subject": "nobody", "purpose_of_access": "request 18"}
    )
    assert unknown.status_code == 404


@pytest.mark.parametrize("name", ["ada", "max", "eve", "aud"])
def test_a_persons_file_is_shut_to_other_roles(cast: Cast, client: Client, name: str) -> None:
    say("anna", "given")
    cast.sign_in(client, name)
    body = {"subject": "anna", "purpose_of_access": "curious"}
    assert client.post("/consent/subjects/", body).status_code == 403


def test_test_persons_exist_in_the_demonstration_only(
    cast: Cast, client: Client, settings: object
) -> None:
    settings.DEMO = False  # type: ignore[attr-defined]
    cast.sign_in(client, "pia")
    assert client.post("/consent/try/", {"subject": "t"}).status_code == 403
    settings.DEMO = True  # type: ignore[attr-defined]
    told = client.post("/consent/try/", {"subject": "t"}, follow=True)
    assert told.status_code == 200 and b'role="switch"' in told.content


def test_a_choice_publishes_the_consent_rate_of_its_purpose(db: None) -> None:
    from governance.outbox.relay import relay_once
    from governance.signals.selectors import current_signal

    say("anna", "given")
    relay_once()
    reading = current_signal("consent.rate", "product_suggestions")
    assert reading is not None and reading.value == 1.0


def test_the_systems_page_has_a_consent_tab(
    cast: Cast, rf: RequestFactory, carousel: System
) -> None:
    from consent.web.panel import show_consent

    say("anna", "given")
    request = rf.get("/systems/carousel/")
    request.actor = cast.actor("pia")  # type: ignore[attr-defined]
    shown = show_consent(request, carousel)
    assert "Product suggestions" in shown and "100.0" in shown
