"""One person through the REST doors and the page: positions, everything held, merge, erasure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client

from consent import selectors, services
from consent.models import ConsentState, DataSubject, SubjectAccess, Suppression
from governance.core.actors import SystemActor
from governance.ledger.models import LedgerLeaf
from governance.ledger.sequencer import sequence_all
from tests.consent.conftest import make_key

if TYPE_CHECKING:
    from tests.cast import Cast

pytestmark = pytest.mark.django_db
STAGE = SystemActor("tests")


def say(subject: str, status: str = "given") -> services.RecordedChoice:
    return services.record_choice(subject=subject, purpose="ads", status=status, actor=STAGE)


@pytest.fixture
def program(client: Client, server_key: str) -> Client:
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {server_key}"
    return client


@pytest.mark.django_db(transaction=True)
def test_the_feed_gives_every_event_once_in_the_order_of_the_ledger(program: Client) -> None:
    for number in range(5):
        say(f"person {number}")
    sequence_all()
    say("too new to have a position")
    seen, cursor = [], ""
    for _ in range(5):
        page = program.get(f"/api/v1/consent/events?after={cursor}&limit=2").json()
        seen += page["events"]
        cursor = page["next"]
    positions = [each["position"] for each in seen]
    assert positions == sorted(set(positions)) and len(positions) == 5
    leaf = LedgerLeaf.objects.get(position=positions[0])
    assert str(leaf.entry.facts["purpose"]) == seen[0]["purpose"] == "ads"
    last = program.get(f"/api/v1/consent/events?after={positions[-1]}").json()
    assert last["events"] == []
    assert program.get("/api/v1/consent/events?after=yesterday").status_code == 422


def test_the_feed_needs_the_scope_to_read(client: Client) -> None:
    secret = make_key("consent:write")
    told = client.get("/api/v1/consent/events", HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert told.status_code == 403


def test_how_a_choice_was_made_is_taken_and_kept(program: Client) -> None:
    body = {
        "subject": "kim", "purpose": "ads", "status": "given", "method": "widget",
        "clicks": 1, "surface": "home", "language": "de", "guardian": True,
    }  # fmt: skip
    told = program.post("/api/v1/consent/events", body, content_type="application/json")
    assert told.status_code == 201
    event = selectors.find_subject("kim").events.get()
    assert (event.clicks, event.surface, event.actor_kind) == (1, "home", "guardian")


@pytest.mark.django_db(transaction=True)
def test_a_persons_history_carries_positions_and_everything_comes_on_demand(
    program: Client,
) -> None:
    say("anna")
    sequence_all()
    say("anna", "withdrawn")
    told = program.get("/api/v1/consent/subjects/anna?for=request+17").json()
    assert [event["position"] is None for event in told["events"]] == [True, False]
    assert "everything" not in told
    held = program.get("/api/v1/consent/subjects/anna?for=request+17&everything=1").json()
    assert {row["kind"] for row in held["everything"]["Consent"]} >= {"subject", "event", "access"}
    assert SubjectAccess.objects.count() == 2


def test_programs_merge_at_sign_in_and_learn_what_to_tell(program: Client) -> None:
    say("browser", "refused")
    body = {"browser": "browser", "account": "account"}
    told = program.post(
        "/api/v1/consent/subjects/merge", body, content_type="application/json"
    ).json()
    assert told["told"] == [
        {"purpose": "ads", "before": "unknown", "after": "refused", "why": "newer"}
    ]
    assert told["as_of"]


def test_erasing_takes_the_id_twice_and_goes_through_every_room(cast: Cast, client: Client) -> None:
    say("anna")
    cast.sign_in(client, "pia")
    refused = client.post("/consent/subjects/erase/", {"subject": "anna", "confirmed": "Anna"})
    assert refused.status_code == 422 and ConsentState.objects.exists()
    client.post("/consent/subjects/erase/", {"subject": "anna", "confirmed": "anna"})
    assert not ConsentState.objects.exists()
    assert not DataSubject.objects.filter(pseudonym__isnull=False).exists()
    assert Suppression.objects.get().lookup is not None


def test_who_was_never_known_is_denied_after_an_erasure_as_well() -> None:
    services.erase_everywhere(subject="stranger", actor=STAGE)
    assert Suppression.objects.get().lookup is not None


def test_restricting_and_exporting_from_the_page(cast: Cast, client: Client) -> None:
    say("anna")
    cast.sign_in(client, "pia")
    asked = {"subject": "anna", "purpose_of_access": "request 17"}
    page = client.post("/consent/subjects/", asked).content.decode()
    assert "Export everything" in page and "waits" in page
    file = client.post("/consent/subjects/export/", asked)
    assert "attachment" in file["Content-Disposition"]
    assert file.json()["held"]["Consent"][0]["kind"] == "subject"
    client.post("/consent/subjects/restrict/", asked)
    assert DataSubject.objects.get().restricted_at is not None
    assert "restricted since" in client.post("/consent/subjects/", asked).content.decode()


def test_dan_looks_and_does_not_erase(cast: Cast, client: Client) -> None:
    say("anna")
    cast.sign_in(client, "dan")
    asked = {"subject": "anna", "purpose_of_access": "advice", "confirmed": "anna"}
    assert "Erase this person" not in client.post("/consent/subjects/", asked).content.decode()
    assert client.post("/consent/subjects/erase/", asked).status_code == 403
    assert ConsentState.objects.exists()
