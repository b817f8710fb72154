"""Promises to the person on their own page: what is guessed, what is held, receipts, complaints."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.test import Client

from consent import services
from consent.models import Complaint, ConsentEvent, Interest
from consent.selectors.people import usable_interests
from consent.services.complaints import answer_complaint
from consent.services.interests import Guess, NotedInterests, note_interests
from governance.core.actors import SystemActor
from governance.core.errors import Conflict, DomainError
from governance.ledger.models import LedgerEntry
from tests.consent.test_preference_centre import PAGE, send, shown, token_for

if TYPE_CHECKING:
    from tests.cast import Cast

pytestmark = pytest.mark.django_db
STAGE = SystemActor("tests")


def allow(subject: str = "anna") -> None:
    services.record_choice(subject=subject, type="inferred_interests", status="given", actor=STAGE)


def guess(*labels: str, subject: str = "anna", system: str = "carousel") -> NotedInterests:
    guesses = [Guess(label, because="you looked at it") for label in labels]
    return note_interests(subject=subject, system=system, guesses=guesses, actor=STAGE)


def usable(subject: str = "anna", system: str = "carousel") -> list[str]:
    return [each.label for each in usable_interests(subject=subject, system=system, actor=STAGE)]


def act(client: Client, token: str, **form: str) -> str:
    shown(client, token)
    return client.post(PAGE, {"token": token, **form}, follow=True).content.decode()


def test_nothing_is_guessed_about_who_did_not_agree() -> None:
    with pytest.raises(Conflict, match="default_off"):
        guess("jazz")
    allow()
    guess("jazz")
    services.record_choice(
        subject="anna", type="inferred_interests", status="withdrawn", actor=STAGE
    )
    with pytest.raises(Conflict, match="withdrawn"):
        guess("blues")
    assert usable() == []


def test_the_person_sees_each_guess_with_its_source_and_reason(client: Client) -> None:
    allow()
    guess("jazz")
    page = shown(client, token_for())
    assert "jazz" in page and "Guessed by carousel" in page and "you looked at it" in page


def test_what_the_person_takes_off_is_not_guessed_again_by_anyone(client: Client) -> None:
    allow()
    guess("jazz", "running")
    guess("jazz", system="search")
    jazz = Interest.objects.get(label="jazz", system_key="carousel")
    page = act(client, token_for(), form="remove", interest=str(jazz.pk))
    assert "will not be guessed again" in page
    assert usable() == ["running"] and usable(system="search") == []
    assert guess("jazz", "tennis").unwanted == ("jazz",)
    assert usable() == ["running", "tennis"]


def test_what_the_person_corrects_counts_for_every_system(client: Client) -> None:
    allow()
    guess("golf")
    golf = Interest.objects.get()
    act(client, token_for(), form="correct", interest=str(golf.pk), label="table tennis")
    assert usable() == usable(system="search") == ["table tennis"]


def test_starting_over_forgets_and_older_behaviour_stays_forgotten(client: Client) -> None:
    allow()
    guess("jazz", "golf")
    old = Interest.objects.first()
    assert old is not None
    act(client, token_for(), form="start_over")
    assert usable() == []
    stale = [Guess("jazz", inferred_at=old.inferred_at)]
    note_interests(subject="anna", system="carousel", guesses=stale, actor=STAGE)
    assert usable() == []
    guess("chess")
    assert usable() == ["chess"]


def test_nobody_changes_the_list_of_another(client: Client) -> None:
    allow()
    guess("jazz")
    jazz = Interest.objects.get()
    allow("bert")
    act(client, token_for("bert"), form="remove", interest=str(jazz.pk))
    assert usable() == ["jazz"]


def test_a_complaint_is_kept_told_and_answered_where_it_was_made(
    client: Client, cast: Cast
) -> None:
    token = token_for()
    page = send(client, token, shown(client, token), form="complaint", about="unfair", text="Why?")
    assert "A person answers by" in page and "Why?" in page
    complaint = Complaint.objects.get()
    entry = LedgerEntry.objects.get(verb="consent.complaint_filed")
    assert "Why?" not in json.dumps(entry.facts)
    with pytest.raises(DomainError):
        answer_complaint(complaint=complaint, answer="No.", actor=cast.actor("max"))
    answer_complaint(complaint=complaint, answer="We turned it off.", actor=cast.actor("pia"))
    assert "We turned it off." in shown(client, token_for())
    with pytest.raises(Conflict):
        answer_complaint(complaint=complaint, answer="Again.", actor=cast.actor("pia"))


def test_the_same_complaint_sent_twice_is_one(client: Client) -> None:
    token = token_for()
    page = shown(client, token)
    for _ in range(2):
        send(client, token, page, form="complaint", about="other", text="Hello")
    assert Complaint.objects.count() == 1


def test_a_refused_complaint_keeps_what_was_typed(client: Client) -> None:
    token = token_for()
    nonce = re.search(r'name="nonce" value="([^"]+)"', shown(client, token))
    assert nonce
    form = {"token": token, "nonce": nonce[1], "form": "complaint"}
    told = client.post(PAGE, form | {"about": "nonsense", "text": "My words"})
    assert told.status_code == 422 and "My words" in told.content.decode()
    late = client.post(PAGE, form | {"token": "a.b.c", "about": "other", "text": "My words"})
    assert late.status_code == 401 and "My words" in late.content.decode()


def test_the_desk_answers_complaints_and_others_do_not_see_them(cast: Cast) -> None:
    client = Client()
    token = token_for()
    send(client, token, shown(client, token), form="complaint", about="other", text="Hello")
    url = f"/consent/complaints/{Complaint.objects.get().pk}/"
    pia, max_ = Client(), Client()
    cast.sign_in(pia, "pia")
    cast.sign_in(max_, "max")
    assert max_.get(url).status_code == max_.get("/consent/complaints/").status_code == 403
    assert "Something else" in pia.get("/consent/complaints/").content.decode()
    assert pia.post(url, {"answer": "Done."}).status_code == 302
    assert Complaint.objects.get().answer == "Done."


def test_everything_held_is_shown_and_downloads_as_a_file(client: Client) -> None:
    allow()
    guess("jazz")
    query = {"token": token_for()}
    assert "jazz" in client.get("/preferences/held/", query).content.decode()
    told = client.get("/preferences/held/", query | {"file": "1"})
    assert "attachment" in told["Content-Disposition"]
    kinds = {row["kind"] for rows in json.loads(told.content).values() for row in rows}
    assert {"subject", "choice", "event", "interest"} <= kinds


def test_each_own_choice_has_a_receipt_to_keep_and_others_have_none(client: Client) -> None:
    allow()
    event = ConsentEvent.objects.first()
    assert event is not None
    url = f"/preferences/receipts/{event.pk}/"
    told = client.get(url, {"token": token_for()})
    assert json.loads(told.content)["@type"] == "dpv:ConsentReceipt"
    allow("bert")
    assert client.get(url, {"token": token_for("bert")}).status_code == 404


def test_erasure_takes_interests_and_complaints_along(client: Client) -> None:
    allow()
    guess("jazz")
    token = token_for()
    send(client, token, shown(client, token), form="complaint", about="other", text="Hello")
    pseudonym = Complaint.objects.get().subject.pseudonym or ""
    services.erase_subject(pseudonym=pseudonym, actor=STAGE)
    assert not Complaint.objects.exists() and not Interest.objects.exists()


ME = "/api/v1/consent/me"
SHOP = "https://shop.example"


def bearer(subject: str = "anna", origin: str = SHOP, **more: object) -> dict[str, str]:
    text, _ = services.mint_subject_token(
        subject=subject,
        origin=origin,
        actor=STAGE,
        **more,  # type: ignore[arg-type]
    )
    return {"Authorization": f"Bearer {text}", "Origin": SHOP}


def test_the_widgets_door_reads_and_saves_with_a_subject_token(client: Client) -> None:
    told = client.get(ME, {"lang": "de"}, headers=bearer())
    assert told["Access-Control-Allow-Origin"] == SHOP
    assert [each["on"] for each in told.json()["types"]] == [False] * 7
    assert told.json()["types"][0]["title"] == "Produktvorschläge"
    body = {"on": ["ads"], "nonce": "0123456789"}
    saved = client.post(ME, body, content_type="application/json", headers=bearer())
    assert saved.json()["changed"] is True
    assert [each["key"] for each in saved.json()["types"] if each["on"]] == ["ads"]
    assert set(ConsentEvent.objects.values_list("method", flat=True)) == {"widget"}


def test_a_replayed_save_of_the_widget_changes_nothing(client: Client) -> None:
    headers = bearer()
    body = {"on": ["ads"], "nonce": "0123456789"}
    client.post(ME, body, content_type="application/json", headers=headers)
    before = ConsentEvent.objects.count()
    body["on"] = []
    again = client.post(ME, body, content_type="application/json", headers=headers)
    assert again.json()["changed"] is False and ConsentEvent.objects.count() == before


def test_a_token_of_another_origin_no_token_and_an_api_key_are_refused(client: Client) -> None:
    foreign = bearer(origin="https://evil.example")
    assert client.get(ME, headers=foreign).status_code == 403
    assert client.get(ME, headers={"Origin": SHOP}).status_code == 401
    broken = bearer()
    broken["Authorization"] = broken["Authorization"][:-2]
    assert client.get(ME, headers=broken).status_code == 401


def test_a_preflight_lets_the_page_send_its_token_and_sets_no_cookie(client: Client) -> None:
    asked = {"Origin": SHOP, "Access-Control-Request-Method": "POST"}
    told = client.options(ME, headers=asked)
    assert told.status_code == 200
    assert "authorization" in told["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in told and not told.cookies


def test_the_widgets_script_may_be_loaded_from_anywhere_and_holds_no_inline_code(
    client: Client,
) -> None:
    told = client.get("/widget/v1/tactful-choices.js")
    assert told["Cross-Origin-Resource-Policy"] == "cross-origin"
    script = told.content.decode()
    assert (
        "eval(" not in script
        and "innerHTML" not in script
        and "cookie" not in script.split("const SERVER")[1]
    )
    same = client.get("/widget/v1/tactful-choices.js", headers={"If-None-Match": told["ETag"]})
    assert same.status_code == 304
    assert settings.PUBLIC_URL not in script
