"""Promises to the person: German throughout, why, receipts in words, and what a save keeps."""

from __future__ import annotations

import ast
import html
import re

import pytest
from django.test import Client
from django.utils.html import escape

from config.env import ROOT
from consent import services
from consent.models import ConsentEvent, ConsentState, DataSubject, Interest, ServedChoice
from consent.services.interests import Guess, note_interests
from consent.web.check_receipt import CHECKS_A_MINUTE
from consent.web.texts import COMPLAINTS, OBSTACLES, REASONS, STATUSES, TEXTS
from consent.web.texts.refusals import GERMAN_REFUSALS
from consent.web.texts.vocabulary import PURPOSES_DE, TYPES_DE, VALUES
from governance.core.actors import SystemActor
from governance.ledger.sequencer import sequence_all
from governance.registry.models import PersonalizationType, Purpose, Surface, System
from governance.registry.services import place_hold
from tests.consent.conftest import make_carousel
from tests.consent.test_preference_centre import PAGE, send, shown, token_for

pytestmark = pytest.mark.django_db
STAGE = SystemActor("tests")
WITHDRAW, WHY, CHECK = "/preferences/withdraw/", "/preferences/why/", "/receipts/check/"


def say(status: str, *, subject: str = "anna", kind: str = "product_suggestions") -> None:
    services.record_choice(subject=subject, type=kind, status=status, actor=STAGE)


def read(client: Client, path: str, **query: str) -> str:
    told = client.get(path, query)
    assert told.status_code == 200, told.content.decode()
    return told.content.decode()


def statuses(subject: str = "anna") -> set[str]:
    return set(ConsentState.objects.values_list("status", flat=True))


# Words ---------------------------------------------------------------------------------------


def test_both_languages_say_the_same_things() -> None:
    assert set(TEXTS["en"]) == set(TEXTS["de"])
    for key, english in TEXTS["en"].items():
        holes = set(re.findall(r"\{(\w+)\}", english))
        assert set(re.findall(r"\{(\w+)\}", TEXTS["de"][key])) == holes, key
    for words in (STATUSES, OBSTACLES, REASONS, COMPLAINTS, VALUES):
        assert set(words["en"]) == set(words["de"])


def test_every_built_in_type_and_purpose_has_its_german_text() -> None:
    assert set(PersonalizationType.objects.values_list("key", flat=True)) <= set(TYPES_DE)
    assert set(Purpose.objects.values_list("key", flat=True)) <= set(PURPOSES_DE)


def test_every_refusal_a_person_can_meet_has_its_german_sentence() -> None:
    """Every sentence raised where the person's own pages end up."""
    raised: set[str] = set()
    for name in ("tokens.py", "withdrawal_links.py", "receipts/proof.py", "receipts/selectors.py"):
        tree = ast.parse((ROOT / "consent" / name).read_text("utf-8"))
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", "") in ("TokenRefused", "NotFound", "NotAReceipt")
                and isinstance(node.args[0], ast.Constant)
            ):
                raised.add(str(node.args[0].value))
    assert len(raised) > 6
    assert raised <= set(GERMAN_REFUSALS)


def test_no_english_sentence_stands_on_a_german_page(client: Client) -> None:
    make_carousel()
    texts = {"en": ("Our notice", "Short.", "Long."), "de": ("Unser Hinweis", "Kurz.", "Lang.")}
    services.publish_notice(key="2026-11", texts=texts, actor=STAGE)
    say("given")
    say("given", kind="inferred_interests")
    note_interests(subject="anna", system="carousel", guesses=[Guess("Jazz")], actor=STAGE)
    token = token_for()
    send(client, token, shown(client, token), form="complaint", about="unfair", text="Warum?")
    query = {"token": token, "lang": "de"}
    pages = [
        read(client, PAGE, **query),
        client.get(PAGE, query, headers={"Sec-GPC": "1"}).content.decode(),
        read(client, "/preferences/held/", **query),
        read(client, WITHDRAW, **query),
        read(client, WHY, system="carousel", **query),
        read(client, CHECK, lang="de"),
        client.get(PAGE, {"token": "a.b.c", "lang": "de"}).content.decode(),
        client.post(CHECK + "?lang=de", {"receipt": "nothing"}).content.decode(),
    ]
    same = {key for key, text in TEXTS["en"].items() if TEXTS["de"][key] == text}
    english = [
        part
        for key, text in TEXTS["en"].items()
        if key not in same | {"other_language"}
        for part in re.split(r"\{\w+\}", text)
        if len(part) > 4
    ]
    registry = [*Purpose.objects.values_list("title", "description")]
    registry += [*PersonalizationType.objects.values_list("title", "help")]
    english += [text for row in registry for text in row]
    for page in pages:
        assert '<html lang="de">' in page
        text = html.unescape(re.sub(r"<[^>]+>", "\n", page))
        lines = {line.strip() for line in text.splitlines()}
        assert [
            one for one in english if one.strip() in lines or (len(one) > 24 and one in text)
        ] == []


def test_dates_are_written_in_the_language_of_the_page(client: Client) -> None:
    say("given")
    event = ConsentEvent.objects.get()
    month = {1: "Januar", 2: "Februar", 3: "März", 5: "Mai", 6: "Juni", 7: "Juli", 10: "Oktober"}
    page = read(client, PAGE, token=token_for(), lang="de")
    german = month.get(event.at.month, "")
    assert f"{event.at.day}. {german}" in page
    answer = client.get(
        PAGE, {"token": token_for(), "lang": "de"}, headers={"Accept-Language": "en"}
    )
    assert answer["Content-Language"] == "de"


def test_a_refused_correction_is_told_in_german_and_names_its_language(client: Client) -> None:
    say("given", kind="inferred_interests")
    note_interests(subject="anna", system="carousel", guesses=[Guess("Jazz")], actor=STAGE)
    form = {"form": "correct", "interest": str(Interest.objects.get().pk), "label": " "}
    told = client.post(PAGE + "?lang=de", {"token": token_for(), **form})
    assert told.status_code == 422
    assert 'lang="de">Schreiben Sie 1 bis 120 Zeichen.' in told.content.decode()


# What a save keeps ---------------------------------------------------------------------------


def test_a_hold_does_not_show_a_yes_as_a_no_nor_lose_it_at_the_next_save(client: Client) -> None:
    say("given")
    purpose = Purpose.objects.get(key="product_suggestions")
    place_hold(purpose=purpose, cause="incident:1", reason="Too concentrated.", actor=STAGE)
    token = token_for()
    page = shown(client, token)
    assert page.count(" checked>") == 1 and "We have paused this at the moment" in page
    send(client, token, page, type=["product_suggestions", "notifications"])
    state = ConsentState.objects.get(purpose=purpose)
    assert (state.status, state.revision) == ("given", 1)


def test_a_type_that_is_partly_on_says_so(client: Client) -> None:
    services.record_choice(subject="anna", purpose="ads", status="given", actor=STAGE)
    page = shown(client, token_for())
    assert " checked>" not in page and "Partly on now: Ads from our own data." in page


def test_what_a_rule_closes_is_not_recorded_as_a_yes_and_the_age_is_not_told(
    client: Client,
) -> None:
    say("refused", kind="notifications")
    DataSubject.objects.update(age_band="16_to_17")
    token = token_for()
    page = send(client, token, shown(client, token), all="on")
    assert "A rule keeps this off for you." in page and "16" not in re.sub(r"<[^>]+>", "", page)
    assert not ConsentState.objects.filter(purpose__key="ads", status="given").exists()
    assert ConsentState.objects.get(purpose__key="content_ranking").status == "given"


def test_a_yes_under_an_older_notice_is_asked_for_again(client: Client) -> None:
    texts = dict.fromkeys(("en", "de"), ("Title", "Short.", "Long."))
    services.publish_notice(key="one", texts=texts, actor=STAGE)
    token = token_for()
    send(client, token, shown(client, token), type=["product_suggestions"])
    services.publish_notice(key="two", texts=texts, actor=STAGE)
    page = shown(client, token)
    assert "Please look again" in page and "off: Product suggestions." in page
    page = send(client, token, page, type=["product_suggestions"])
    assert "Please look again" not in page and page.count(" checked>") == 1


def publish(key: str, *purposes: str) -> None:
    texts = dict.fromkeys(("en", "de"), (f"About {key}", f"Short {key}.", "Long."))
    about = Purpose.objects.filter(key__in=purposes) if purposes else None
    services.publish_notice(key=key, texts=texts, purposes=about, actor=STAGE)


def test_each_choice_is_recorded_under_the_notice_that_was_shown_about_it(client: Client) -> None:
    publish("all")
    publish("ads", "ads", "ads_third_party")
    token = token_for()
    page = shown(client, token)
    assert "Short all." in page and "Short ads." in page
    publish("all-2")  # between the look and the save
    nonce = re.search(r'name="nonce" value="([^"]+)"', page)
    assert nonce
    seen = re.findall(r'name="notice" value="([^"]+)"', page)
    form = {"token": token, "nonce": nonce[1], "notice": seen, "all": "on"}
    client.post(PAGE, form)
    told = dict(ConsentEvent.objects.values_list("purpose__key", "notice_version"))
    assert told["ads"] == "ads" and told["product_suggestions"] == "all"
    links = ServedChoice.objects.values_list("served__version__key", "served__component")
    assert set(links) == {("all", "centre"), ("ads", "centre")}
    assert links.count() == len(told)
    assert "Please look again" in shown(client, token)


def test_what_a_sign_in_joined_is_told_once(client: Client) -> None:
    say("given", subject="browser-1")
    services.merge_subjects(browser="browser-1", account="anna", actor=STAGE)
    ahead = client.get(PAGE, {"token": token_for()}, headers={"Sec-Purpose": "prefetch"})
    assert ahead.status_code == 200
    page = shown(client, token_for())
    assert "We joined your choices" in page and "Product suggestions: Yes" in page
    assert "We joined your choices" not in shown(client, token_for())


def test_the_widget_tells_once_what_a_sign_in_joined(client: Client) -> None:
    say("given", subject="browser-1")
    services.merge_subjects(browser="browser-1", account="anna", actor=STAGE)
    headers = {"Authorization": f"Bearer {token_for()}"}
    for told in (["Produktvorschläge: Ja"], []):
        answer = client.get("/api/v1/consent/me", {"lang": "de"}, headers=headers)
        assert answer.json()["told"] == told


def test_the_pages_set_no_cookie_and_take_no_session(client: Client) -> None:
    token = token_for()
    for path in (PAGE, "/preferences/held/", WITHDRAW, CHECK):
        assert not client.get(path, {"token": token}).cookies, path
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(PAGE, {"token": token, "all": "off", "nonce": "n1"}).status_code == 302
    assert strict.post(PAGE, {"all": "on", "nonce": "n2"}).status_code == 401
    assert statuses() == {"refused"}


# Why ------------------------------------------------------------------------------------------


@pytest.fixture
def carousel() -> System:
    system = make_carousel()
    surface = Surface.objects.create(
        key="home",
        title="Home page",
        kind="recommendations",
        objective="Things you look at next",
        main_parameters=[
            {"name": "Chance", "importance": "low", "description": "New things are tried."},
            {"name": "Your clicks", "importance": "high", "description": "What you opened."},
        ],
    )
    system.surfaces.add(surface)
    return system


def test_why_says_what_feeds_it_what_decides_and_how_it_stands(
    client: Client, carousel: System
) -> None:
    page = read(client, WHY, token=token_for(), system="carousel")
    assert "Home page may use what you allow under: Product suggestions." in page
    assert "What comes first depends on Your clicks, Chance." in page
    assert "Things you look at next" in page and "(counts much)" in page
    assert escape("because you have not said yes.") in page
    say("given")
    page = read(client, WHY, token=token_for(), system="carousel")
    assert "It is personalised for you, because you said yes." in page


def test_why_turns_one_place_off_in_one_step_and_leaves_the_rest(
    client: Client, carousel: System
) -> None:
    say("given")
    say("given", kind="ads")
    token = token_for()
    for answer, status in (("off", "withdrawn"), ("on", "given")):
        page = read(client, WHY, token=token, system="carousel")
        nonce = re.search(r'name="nonce" value="([^"]+)"', page)
        assert nonce and page.count('name="say"') == 1
        form = {"token": token, "nonce": nonce[1], "say": answer}
        client.post(f"{WHY}?system=carousel", form)
        state = ConsentState.objects.get(purpose__key="product_suggestions")
        assert state.status == status
    assert ConsentState.objects.get(purpose__key="ads").revision == 1


def test_why_takes_off_a_guess_that_does_not_fit(client: Client, carousel: System) -> None:
    say("given", kind="inferred_interests")
    note_interests(subject="anna", system="carousel", guesses=[Guess("Golf")], actor=STAGE)
    token = token_for()
    assert "Take off Golf" in read(client, WHY, token=token, system="carousel")
    form = {"token": token, "say": "less", "interest": str(Interest.objects.get().pk)}
    page = client.post(f"{WHY}?system=carousel", form, follow=True).content.decode()
    assert "It will not be guessed again" in page and "Take off Golf" not in page


def test_why_never_tells_an_age_and_knows_no_other_place(client: Client, carousel: System) -> None:
    say("given")
    kind = PersonalizationType.objects.get(key="ads")
    kind.purposes.add(Purpose.objects.get(key="product_suggestions"))
    DataSubject.objects.update(age_band="16_to_17")
    page = read(client, WHY, token=token_for(), system="carousel")
    assert "because a rule keeps it off for you." in page
    assert not re.search(r"\bage|minor|16|young", re.sub(r"<[^>]+>", "", page))
    told = client.get(WHY, {"token": token_for(), "system": "elsewhere"})
    assert told.status_code == 404 and "There is no such place." in told.content.decode()


# Receipts -------------------------------------------------------------------------------------


def test_anybody_checks_a_receipt_and_reads_what_it_proves_and_what_not(client: Client) -> None:
    recorded = services.record_choice(subject="anna", purpose="ads", status="given", actor=STAGE)
    sequence_all()
    event = ConsentEvent.objects.get()
    text = client.get(f"/preferences/receipts/{event.pk}/", {"token": token_for()}).content.decode()
    page = client.post(CHECK, {"receipt": text}).content.decode()
    assert "The receipt is as we made it." in page and "Ads from our own data" in page
    assert escape("That the consent is valid in law") in page and "anna" not in page
    short = client.post(CHECK, {"receipt": recorded.receipt}).content.decode()
    assert "The receipt is as we made it." in short and "carries the signature alone" in short
    deep = "[" * 90_000
    broken = '{"@type": "dpv:ConsentReceipt", "dpv:hasRecordOfActivity": {}, "tactful:proof": '
    broken += '{"jws": "a..b", "ledger": {"leaf": "' + deep + '"}}}'
    changed = (text.replace('"given"', '"refused"'), recorded.receipt[:-2])
    for touched in (*changed, "{}", "nothing", deep, broken):
        page = client.post(CHECK, {"receipt": touched}).content.decode()
        assert "This receipt does not hold." in page
        assert "The receipt is as we made it." not in page
    assert "Paste a receipt" in client.post(CHECK, {"receipt": " "}).content.decode()
    assert "at most 200 KB" in client.post(CHECK, {"receipt": "x" * 300_000}).content.decode()


def test_one_address_that_checks_too_often_waits_and_another_does_not(client: Client) -> None:
    for _ in range(CHECKS_A_MINUTE):
        assert client.post(CHECK, {"receipt": "{}"}, REMOTE_ADDR="192.0.2.7").status_code == 200
    told = client.post(CHECK, {"receipt": "{}"}, REMOTE_ADDR="192.0.2.7")
    assert (told.status_code, told["Retry-After"]) == (429, "60")
    assert "Wait a minute" in told.content.decode()
    assert client.post(CHECK, {"receipt": "{}"}, REMOTE_ADDR="192.0.2.8").status_code == 200
    assert client.get(CHECK, REMOTE_ADDR="192.0.2.7").status_code == 200


def test_what_a_team_wrote_about_a_place_is_marked_as_its_language(
    client: Client, carousel: System
) -> None:
    german = read(client, WHY, token=token_for(), system="carousel", lang="de")
    for text in ("Chance</span>", "New things are tried.</dd>", "Things you look at next</dd>"):
        assert f'lang="en">{text}' in german
    english = read(client, WHY, token=token_for(), system="carousel", lang="en")
    assert 'lang="en">Chance' not in english


def test_a_purpose_without_a_switch_is_named_with_where_it_is_set(client: Client) -> None:
    assert "What has no switch here" not in read(client, PAGE, token=token_for())
    Purpose.objects.create(
        key="surveys",
        title="Surveys",
        description="We ask.",
        lawful_basis="consent",
        state="published",
    )
    page = read(client, PAGE, token=token_for())
    assert "Surveys</dt>" in page and "there you change your answer" in page
    other = read(client, PAGE, token=token_for(purposes=["ads"]))
    assert "Surveys" not in other
