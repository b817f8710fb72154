"""Promises about notices: published for ever, refusing as easy as accepting, nobody nagged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from consent import services
from consent.decision.asking import COOL_DOWN, AskingFacts, may_ask_again
from consent.decision.vocabulary import Status
from consent.models import (
    ConsentEvent,
    DataSubject,
    NoticePurpose,
    NoticeText,
    NoticeVersion,
    ServedNotice,
)
from consent.readability import amstad, count_syllables, flesch, readability_of
from consent.selectors.notices import compare_texts, may_ask, servings_of
from governance.core.actors import SystemActor
from governance.core.errors import Conflict, Invalid, NotPermitted
from governance.ledger.models import LedgerEntry
from governance.registry.models import Purpose
from tests.consent.conftest import DoorClient

if TYPE_CHECKING:
    from collections.abc import Callable

    from governance.registry.models import System
    from tests.cast import Cast

STAGE = SystemActor("tests")
TEXTS = {
    "en": ("What we do", "We look at clicks.", "We count clicks. You decide."),
    "de": ("Was wir tun", "Wir zählen Klicks.", "Wir zählen Klicks. Sie entscheiden."),
}
NOW = datetime(2026, 11, 22, tzinfo=UTC)
DAY = timedelta(days=1)


def purpose(key: str = "product_suggestions") -> Purpose:
    return Purpose.objects.get(key=key)


def draft(key: str = "2026-11", *covered: str, **more: Any) -> NoticeVersion:
    purposes = [purpose(each) for each in covered or ("product_suggestions",)]
    texts = more.pop("texts", TEXTS)
    return services.draft_notice(key=key, texts=texts, purposes=purposes, actor=STAGE, **more)


def publish(key: str, *covered: str, **more: Any) -> NoticeVersion:
    return services.publish_draft(version=draft(key, *covered, **more), actor=STAGE)


@pytest.mark.django_db
def test_a_published_notice_stays_as_people_saw_it() -> None:
    version = publish("2026-11")
    text = version.texts.first()
    assert text is not None
    acts: list[Callable[[], object]] = [
        partial(NoticeVersion.objects.filter(pk=version.pk).update, material=False),
        partial(NoticeVersion.objects.filter(pk=version.pk).delete),
        partial(NoticeText.objects.filter(pk=text.pk).update, body="Something else."),
        partial(NoticeText.objects.filter(pk=text.pk).delete),
        partial(NoticeText.objects.create, version=version, language="fr", title="t", short="s"),
        partial(NoticePurpose.objects.filter(version=version).delete),
        partial(NoticePurpose.objects.create, version=version, purpose=purpose("ads")),
    ]
    for act in acts:
        with pytest.raises(IntegrityError, match="stays as people saw it"), transaction.atomic():
            act()
    with pytest.raises(Conflict, match="Write a new one"):
        services.change_draft(version=version, texts=TEXTS, purposes=[], actor=STAGE)
    with pytest.raises(Conflict):
        services.publish_draft(version=version, actor=STAGE)
    with pytest.raises(Conflict):
        services.discard_draft(version=version, actor=STAGE)


@pytest.mark.django_db
def test_a_draft_can_change_and_be_thrown_away() -> None:
    version = draft()
    services.change_draft(
        version=version,
        texts={**TEXTS, "fr": ("Titre", "Court.", "Long.")},
        purposes=[purpose("ads"), purpose("pricing")],
        material=False,
        actor=STAGE,
    )
    version.refresh_from_db()
    assert {text.language for text in version.texts.all()} == {"de", "en", "fr"}
    assert set(version.purposes.values_list("key", flat=True)) == {"ads", "pricing"}
    services.discard_draft(version=version, actor=STAGE)
    assert not NoticeVersion.objects.exists() and not NoticeText.objects.exists()
    verbs = LedgerEntry.objects.filter(object_type="notice").values_list("verb", flat=True)
    assert list(verbs.order_by("at", "id")) == [
        "consent.notice_drafted",
        "consent.notice_draft_changed",
        "consent.notice_draft_discarded",
    ]


@pytest.mark.django_db
def test_refusing_never_takes_more_steps_than_accepting() -> None:
    with pytest.raises(Invalid, match="more steps"):
        draft(steps_to_accept=1, steps_to_refuse=2)
    with pytest.raises(Invalid, match="same layer"):
        draft(accept_layer="short", refuse_layer="full")
    version = draft(steps_to_accept=2, steps_to_refuse=1)
    with pytest.raises(IntegrityError, match="notice_refusing_is_as_easy"), transaction.atomic():
        NoticeVersion.objects.filter(pk=version.pk).update(steps_to_refuse=3)


@pytest.mark.django_db
def test_a_notice_is_published_in_both_languages_and_about_something() -> None:
    with pytest.raises(Invalid, match="German"):
        publish("one", texts={"en": TEXTS["en"]})
    nothing = services.draft_notice(key="two", texts=TEXTS, purposes=[], actor=STAGE)
    with pytest.raises(Invalid, match="which purposes"):
        services.publish_draft(version=nothing, actor=STAGE)


@pytest.mark.django_db
@pytest.mark.parametrize("texts", [{"en": ("", "s", "b")}, {"english": ("t", "s", "b")}])
def test_a_text_that_is_none_is_refused_with_a_sentence(texts: Any) -> None:
    with pytest.raises(Invalid):
        draft(texts=texts)


@pytest.mark.django_db
def test_only_who_may_publish_writes_notices(cast: Cast) -> None:
    with pytest.raises(NotPermitted):
        services.draft_notice(key="x", texts=TEXTS, purposes=[], actor=cast.actor("ada"))
    services.draft_notice(key="x", texts=TEXTS, purposes=[], actor=cast.actor("pia"))


def flag(ask: DoorClient, key: str) -> dict[str, Any]:
    told: dict[str, Any] = ask.flag(f"purpose.{key}", targetingKey="anna").body["metadata"]
    return told


@pytest.mark.django_db
def test_a_notice_outdates_only_the_purposes_it_tells_of(ask: DoorClient, carousel: System) -> None:
    publish("one", "product_suggestions", "content_ranking")
    for key in ("product_suggestions", "content_ranking"):
        services.record_choice(
            subject="anna", purpose=key, status="given", notice_version="one", actor=STAGE
        )
    publish("two", "content_ranking")
    assert flag(ask, "product_suggestions")["reason"] == "given"
    assert flag(ask, "product_suggestions")["noticeVersion"] == "one"
    assert flag(ask, "content_ranking")["reason"] == "notice_outdated"


@pytest.mark.django_db
def test_a_draft_changes_no_answer(ask: DoorClient, carousel: System) -> None:
    publish("one")
    services.record_choice(
        subject="anna",
        purpose="product_suggestions",
        status="given",
        notice_version="one",
        actor=STAGE,
    )
    draft("two")
    assert flag(ask, "product_suggestions")["reason"] == "given"


@pytest.mark.django_db
def test_what_was_shown_is_linked_to_the_choice_that_followed() -> None:
    version = publish("one")
    serve = partial(services.record_served_notice, version=version, component="banner", actor=STAGE)
    serve(language="de")
    served = serve(language="en", surface="home", subject="anna")
    recorded = services.record_choice(
        subject="anna", purpose="product_suggestions", status="given", actor=STAGE
    )
    for _ in range(2):
        services.link_served_choice(served=served, events=recorded.events, actor=STAGE)
    rows = {row.language: (row.shown, row.people, row.chose) for row in servings_of(version)}
    assert rows == {"de": (1, 0, 0), "en": (1, 1, 1)}
    other = services.record_choice(
        subject="ben", purpose="product_suggestions", status="given", actor=STAGE
    )
    with pytest.raises(Conflict, match="another person"):
        services.link_served_choice(served=served, events=other.events, actor=STAGE)


@pytest.mark.django_db
def test_a_draft_and_an_unspoken_language_cannot_have_been_shown() -> None:
    version = draft()
    with pytest.raises(Invalid, match="draft"):
        services.record_served_notice(
            version=version, language="en", component="banner", actor=STAGE
        )
    version = services.publish_draft(version=version, actor=STAGE)
    with pytest.raises(Invalid, match="not written"):
        services.record_served_notice(
            version=version, language="fr", component="banner", actor=STAGE
        )
    with pytest.raises(Invalid, match="no place"):
        services.record_served_notice(version=version, language="en", component="sky", actor=STAGE)
    assert not ServedNotice.objects.exists()


def _anna() -> DataSubject:
    return DataSubject.objects.get(pk=ConsentEvent.objects.values("subject")[:1])


@pytest.mark.django_db
def test_who_refused_is_not_asked_again_until_something_material_changes() -> None:
    assert may_ask(None, purpose())[0] is False
    publish("one")
    assert may_ask(None, purpose())[0] is True
    services.record_choice(
        subject="anna", purpose="product_suggestions", status="refused", actor=STAGE
    )
    allowed, sentence = may_ask(_anna(), purpose())
    assert not allowed and "said no" in sentence
    publish("two", material=False)
    assert may_ask(_anna(), purpose())[0] is False
    three = publish("three")
    assert may_ask(_anna(), purpose())[0] is True
    services.record_served_notice(
        version=three, language="en", component="centre", subject="anna", actor=STAGE
    )
    assert may_ask(_anna(), purpose())[0] is True  # she went to look by herself
    services.record_served_notice(
        version=three, language="en", component="banner", subject="anna", actor=STAGE
    )
    allowed, sentence = may_ask(_anna(), purpose())
    assert not allowed and "was asked" in sentence
    assert may_ask(_anna(), purpose(), cool_down=timedelta(0))[0] is True


@pytest.mark.django_db
def test_who_consents_is_asked_again_only_when_it_no_longer_holds() -> None:
    publish("one")
    services.record_choice(
        subject="anna", purpose="product_suggestions", status="given", actor=STAGE
    )
    assert may_ask(_anna(), purpose()) == (False, "The person consents already.")
    publish("two")
    assert may_ask(_anna(), purpose())[0] is True
    services.restrict_subject(subject="anna", actor=STAGE)
    assert "restricted" in may_ask(_anna(), purpose())[1]


times = st.none() | st.integers(-400, 0).map(lambda days: NOW + days * DAY)
asking = st.builds(
    AskingFacts,
    now=st.just(NOW),
    status=st.sampled_from(list(Status)),
    decided_at=times,
    expires_at=times,
    outdated=st.booleans(),
    last_asked=times,
    material_since=times,
    notice=st.sampled_from(["", "one"]),
)


@given(asking)
def test_nobody_is_asked_twice_within_the_cool_down_about_the_same(facts: AskingFacts) -> None:
    allowed, sentence = may_ask_again(facts)
    assert sentence.endswith(".")
    if not allowed or facts.last_asked is None or facts.last_asked <= NOW - COOL_DOWN:
        return
    assert facts.material_since is not None and facts.material_since > facts.last_asked


@given(asking)
def test_a_refusal_rests_unless_the_notice_changed_materially(facts: AskingFacts) -> None:
    refused = facts.status in (Status.REFUSED, Status.WITHDRAWN, Status.OBJECTED)
    if refused and facts.decided_at and facts.decided_at > NOW - COOL_DOWN:
        changed = facts.material_since is not None and facts.material_since > facts.decided_at
        assert changed or not may_ask_again(facts)[0]


READING_PASSAGE = (
    "This sentence, taken as a reading passage unto itself, is being used to prove a point."
)


# Wikipedia's article on the Flesch-Kincaid tests gives the scores of these three sentences.
@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("The cat sat on the mat.", 116),
        (READING_PASSAGE, 69),
        (
            "The Australian platypus is seemingly a hybrid of a mammal and reptilian creature.",
            37.5,
        ),
    ],
)
def test_english_texts_score_as_published(text: str, score: float) -> None:
    told = readability_of(text, "en")
    assert told is not None and told.score == pytest.approx(score, abs=0.5)


def test_the_formulas_are_fleschs_and_amstads() -> None:
    assert flesch(100, 5, 150) == pytest.approx(206.835 - 1.015 * 20 - 84.6 * 1.5)
    assert amstad(100, 5, 150) == pytest.approx(180 - 20 - 58.5 * 1.5)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", {"cat": 1, "used": 1, "wanted": 2, "choices": 2, "people": 2, "personalise": 4}),
        ("en", {"being": 2, "table": 2, "notice": 2, "data": 2, "sentence": 2, "create": 2}),
        ("de", {"Haus": 1, "Katze": 2, "Entscheidung": 3, "Daten": 2, "zählen": 2, "wie": 1}),
        ("de", {"Werbung": 2, "Familie": 3, "Käufer": 2, "Universität": 5, "teuer": 2, "Idee": 2}),
    ],
)
def test_syllables_are_counted(language: str, words: dict[str, int]) -> None:
    assert {word: count_syllables(word, language) for word in words} == words


def test_shorter_sentences_read_more_easily() -> None:
    long = "Wir zählen, was Sie ansehen, und wir merken uns, was Sie kaufen, und nutzen beides."
    short = "Wir zählen, was Sie ansehen. Wir merken uns, was Sie kaufen. Wir nutzen beides."
    scores = [readability_of(text, "de") for text in (long, short)]
    assert scores[0] and scores[1] and scores[0].score < scores[1].score
    assert readability_of("Bonjour tout le monde.", "fr") is None
    assert readability_of("...", "en") is None


def test_a_comparison_names_the_sentences_that_came_and_went() -> None:
    lines = compare_texts("We count. You decide.", "We count. We sell. You decide.")
    assert [(line.kind, line.text) for line in lines] == [
        ("same", "We count."),
        ("added", "We sell."),
        ("same", "You decide."),
    ]
