"""Promises of the one precedence rule, checked on generated facts. Reading facts: other files."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.decision.facts import (
    ANONYMOUS,
    AgeRule,
    Catalogue,
    ChoiceFacts,
    Circumstances,
    HoldFacts,
    NoticeFacts,
    PersonFacts,
    PurposeFacts,
    RegionRule,
    SurfaceFacts,
    SystemFacts,
    VersionFacts,
)
from consent.decision.precedence import decide_purpose, decide_system
from consent.decision.truth_table import ROWS, TABLE
from consent.decision.vocabulary import AgeBand, Obligation, Outcome, Reason, Status

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HERE = Circumstances(now=NOW, region="DE")
THOMPSON = VersionFacts("thompson", approved=True)
UNIFORM = VersionFacts("uniform", approved=True)

regions = st.sampled_from(["", "DE", "DE-BY", "US", "US-CA", "GB", "FR", "JP"])
holds = st.builds(HoldFacts, id=st.just("h"), effect=st.sampled_from([None, *list(Outcome)[1:]]))
some_holds = st.lists(holds, max_size=2).map(tuple)
notices = st.sampled_from(
    [
        NoticeFacts(),
        NoticeFacts("new", NOW - 3 * DAY, {"new": NOW - 3 * DAY, "old": NOW - 30 * DAY}),
    ]
)
edges = st.sampled_from([None, NOW - DAY, NOW, NOW + DAY])
region_rules = st.builds(
    RegionRule,
    region=st.sampled_from(["*", "EU", "DE", "US", "US-CA"]),
    regime=st.sampled_from(["opt_in", "opt_out", "notice_only", "prohibited"]),
    valid_from=edges,
    valid_until=edges,
)
age_rules = st.builds(
    AgeRule,
    region=st.sampled_from(["*", "EU", "DE", "US"]),
    minimum_age=st.integers(0, 21),
    unknown_age=st.sampled_from(["allow", "close"]),
    valid_from=edges,
    valid_until=edges,
    type=st.sampled_from(["", "ads", "content_ranking"]),
)
purposes = st.builds(
    PurposeFacts,
    key=st.just("ads"),
    lawful_basis=st.sampled_from(["consent", "legitimate_interests", "contract"]),
    needs_device_access=st.booleans(),
    electronic_marketing=st.booleans(),
    rules=st.lists(region_rules, max_size=4).map(tuple),
    gpc_covers=st.booleans(),
    active=st.booleans(),
    types=st.sampled_from([(), ("ads",), ("pricing",), ("content_ranking",)]),
    holds=some_holds,
    age_rules=st.lists(age_rules, max_size=3).map(tuple),
    notice=notices,
    on_device=st.booleans(),
)
choices = st.builds(
    ChoiceFacts,
    status=st.sampled_from(list(Status)),
    revision=st.integers(1, 9),
    decided_at=st.sampled_from([NOW - 9 * DAY, NOW - DAY]),
    notice_version=st.sampled_from(["", "old", "new"]),
    gpc_at_choice=st.booleans(),
    expires_at=st.sampled_from([None, NOW - DAY, NOW + DAY]),
)
people = st.builds(
    PersonFacts,
    erased=st.booleans(),
    restricted=st.booleans(),
    age_band=st.sampled_from(list(AgeBand)),
    gpc=st.booleans(),
    region=regions,
    choices=st.dictionaries(st.sampled_from(["ads", "ranking"]), choices),
)
moments = st.builds(Circumstances, now=st.just(NOW), region=regions, gpc=st.booleans())
versions = st.builds(
    VersionFacts,
    key=st.just("v"),
    approved=st.booleans(),
    holds=st.lists(holds, max_size=1).map(tuple),
)


@st.composite
def catalogues(draw: st.DrawFn) -> Catalogue:
    first, second = draw(purposes), replace(draw(purposes), key="ranking")
    system = SystemFacts(
        key="carousel",
        on_pause=draw(st.sampled_from(["non_profiled", "hold_for_human", "off"])),
        serving=draw(st.none() | versions),
        fallback=draw(st.none() | versions.map(lambda v: replace(v, key="f"))),
        purposes=draw(st.sampled_from([("ads",), ("ads", "ranking"), ()])),
        surfaces=draw(st.sampled_from([{}, {"home": SurfaceFacts("home", ("ads",))}])),
        holds=draw(some_holds),
    )
    return Catalogue({"ads": first, "ranking": second}, {"carousel": system})


def _with_hold(catalogue: Catalogue, hold: HoldFacts) -> Catalogue:
    system = catalogue.systems["carousel"]
    held = replace(system, holds=(*system.holds, hold))
    return replace(catalogue, systems={"carousel": held})


@given(catalogues(), people, moments)
def test_the_reason_is_the_first_that_applies_and_the_order_is_total(
    catalogue: Catalogue, person: PersonFacts, moment: Circumstances
) -> None:
    decision = decide_purpose(catalogue, "ads", person, moment)
    ranks = [reason.rank for reason in (decision.reason, *decision.lost)]
    assert ranks == sorted(set(ranks))


@given(catalogues(), people, moments)
def test_the_outcome_is_the_tables(
    catalogue: Catalogue, person: PersonFacts, moment: Circumstances
) -> None:
    decision = decide_purpose(catalogue, "ads", person, moment)
    if decision.reason is not Reason.HELD:
        assert decision.outcome is TABLE[decision.reason].outcome
    assert (decision.outcome is Outcome.PERSONALISE) == TABLE[decision.reason].purpose_flag


@given(catalogues(), people, moments, holds)
def test_adding_a_hold_never_softens_an_answer(
    catalogue: Catalogue, person: PersonFacts, moment: Circumstances, hold: HoldFacts
) -> None:
    before = decide_system(catalogue, "carousel", person, moment)
    after = decide_system(_with_hold(catalogue, hold), "carousel", person, moment)
    assert after.outcome.strictness >= before.outcome.strictness
    assert after.reason is Reason.HELD and after.outcome is not Outcome.PERSONALISE


@given(catalogues(), people, moments, holds)
def test_a_hold_on_a_purpose_never_softens_its_answer(
    catalogue: Catalogue, person: PersonFacts, moment: Circumstances, hold: HoldFacts
) -> None:
    ads = catalogue.purposes["ads"]
    held = replace(
        catalogue,
        purposes={**catalogue.purposes, "ads": replace(ads, holds=(*ads.holds, hold))},
    )
    for decide, key in ((decide_purpose, "ads"), (decide_system, "carousel")):
        before, after = (decide(each, key, person, moment) for each in (catalogue, held))
        assert after.outcome.strictness >= before.outcome.strictness


@given(catalogues(), people, moments)
def test_the_strictest_purpose_wins(
    catalogue: Catalogue, person: PersonFacts, moment: Circumstances
) -> None:
    system = catalogue.systems["carousel"]
    answer = decide_system(catalogue, "carousel", person, moment)
    for key in system.purposes:
        alone = decide_purpose(catalogue, key, person, moment, on_pause=system.on_pause)
        assert answer.outcome.strictness >= alone.outcome.strictness


@given(purposes, regions)
def test_an_unknown_region_is_answered_by_the_strictest_regime(
    purpose: PurposeFacts, region: str
) -> None:
    catalogue = Catalogue({"ads": purpose})
    known = decide_purpose(catalogue, "ads", ANONYMOUS, Circumstances(now=NOW, region=region))
    unknown = decide_purpose(catalogue, "ads", ANONYMOUS, Circumstances(now=NOW))
    assert unknown.outcome.strictness >= known.outcome.strictness


@given(purposes, regions, st.booleans())
def test_device_access_and_electronic_marketing_need_consent_whatever_the_basis(
    purpose: PurposeFacts, region: str, device: bool
) -> None:
    asking = replace(purpose, needs_device_access=device, electronic_marketing=not device)
    answer = decide_purpose(
        Catalogue({"ads": asking}),
        "ads",
        ANONYMOUS,
        Circumstances(now=NOW, region=region),
    )
    assert answer.outcome is not Outcome.PERSONALISE


@given(catalogues(), people, moments)
def test_a_version_is_named_only_when_it_may_be_served(
    catalogue: Catalogue, person: PersonFacts, moment: Circumstances
) -> None:
    answer = decide_system(catalogue, "carousel", person, moment)
    system = catalogue.systems["carousel"]
    if answer.outcome is Outcome.PERSONALISE:
        assert system.serving and answer.version_to_serve == system.serving.key
    if answer.outcome is Outcome.DENY:
        assert answer.version_to_serve == ""
    if answer.version_to_serve == "f":
        assert system.fallback and system.fallback.approved and not system.fallback.holds


NOTICE = NoticeFacts("new", NOW - 3 * DAY, {"new": NOW - 3 * DAY, "old": NOW - 30 * DAY})


def _ads(**rules: object) -> Catalogue:
    return Catalogue(
        {"ads": replace(PurposeFacts("ads", types=("ads",), notice=NOTICE), **rules)},  # type: ignore[arg-type]
        {
            "carousel": SystemFacts(
                "carousel", serving=THOMPSON, fallback=UNIFORM, purposes=("ads",)
            )
        },
    )


def _said(status: Status, **more: object) -> PersonFacts:
    choice = ChoiceFacts(status, 1, NOW - DAY, "new")
    return PersonFacts(choices={"ads": replace(choice, **more)})  # type: ignore[arg-type]


GIVEN = _said(Status.GIVEN)
CASES = [
    (Reason.GIVEN, _ads(), GIVEN, HERE),
    (Reason.GIVEN, _ads(), _said(Status.RENEWED), HERE),
    (Reason.WITHDRAWN, _ads(), _said(Status.WITHDRAWN), HERE),
    (Reason.WITHDRAWN, _ads(), _said(Status.REVOKED), HERE),
    (Reason.REFUSED, _ads(), _said(Status.REFUSED), HERE),
    (Reason.OBJECTED, _ads(), _said(Status.OBJECTED), HERE),
    (Reason.DEFAULT_OFF, _ads(), _said(Status.REQUESTED), HERE),
    (Reason.DEFAULT_OFF, _ads(), ANONYMOUS, HERE),
    (Reason.DEFAULT_ON, _ads(lawful_basis="legitimate_interests"), ANONYMOUS, HERE),
    (Reason.EXPIRED, _ads(), _said(Status.GIVEN, expires_at=NOW), HERE),
    (Reason.EXPIRED, _ads(), _said(Status.EXPIRED), HERE),
    (Reason.NOTICE_OUTDATED, _ads(), _said(Status.GIVEN, notice_version="old"), HERE),
    (
        Reason.NOTICE_OUTDATED,
        _ads(),
        _said(Status.GIVEN, notice_version="", decided_at=NOW - 9 * DAY),
        HERE,
    ),
    (Reason.POLICY, _ads(), replace(GIVEN, age_band="minor"), HERE),
    (Reason.RESTRICTED, _ads(), replace(GIVEN, restricted=True, age_band="minor"), HERE),
    (Reason.ERASED, _ads(), replace(GIVEN, erased=True, restricted=True), HERE),
    (
        Reason.PROHIBITED,
        _ads(rules=(RegionRule("*", "opt_in"), RegionRule("EU", "prohibited"))),
        GIVEN,
        HERE,
    ),
    (Reason.PROHIBITED, _ads(active=False), GIVEN, HERE),
    (Reason.HELD, _ads(holds=(HoldFacts("h"),)), GIVEN, HERE),
    (Reason.GPC, _ads(gpc_covers=True), GIVEN, replace(HERE, gpc=True)),
    (Reason.GIVEN, _ads(gpc_covers=False), GIVEN, replace(HERE, gpc=True)),
    (
        Reason.GIVEN,
        _ads(gpc_covers=True),
        _said(Status.GIVEN, gpc_at_choice=True),
        replace(HERE, gpc=True),
    ),
    (
        Reason.GPC,
        _ads(gpc_covers=True),
        _said(Status.GIVEN, gpc_at_choice=True, notice_version=""),
        replace(HERE, gpc=True),
    ),
    (Reason.UNAVAILABLE, Catalogue(), GIVEN, HERE),
]


@pytest.mark.parametrize(("reason", "catalogue", "person", "moment"), CASES)
def test_each_reason_has_its_case(
    reason: Reason, catalogue: Catalogue, person: PersonFacts, moment: Circumstances
) -> None:
    decision = decide_purpose(catalogue, "ads", person, moment)
    assert decision.reason is reason


def test_the_cases_and_the_table_name_every_reason() -> None:
    of_systems = {Reason.NOT_APPROVED}
    assert {case[0] for case in CASES} | of_systems == set(Reason)
    assert [row.reason for row in ROWS] == list(Reason)


@pytest.mark.parametrize(
    ("on_pause", "outcome", "version", "obligations"),
    [
        ("non_profiled", Outcome.NON_PROFILED, "uniform", ()),
        ("hold_for_human", Outcome.DENY, "", (Obligation.HUMAN_REVIEW,)),
        ("off", Outcome.DENY, "", ()),
    ],
)
def test_a_hold_without_effect_follows_on_pause(
    on_pause: str, outcome: Outcome, version: str, obligations: tuple[Obligation, ...]
) -> None:
    catalogue = _with_hold(_ads(), HoldFacts("h", incident="INC-1"))
    system = replace(catalogue.systems["carousel"], on_pause=on_pause)
    answer = decide_system(
        replace(catalogue, systems={"carousel": system}), "carousel", GIVEN, HERE
    )
    assert (answer.outcome, answer.version_to_serve) == (outcome, version)
    assert answer.obligations == obligations
    assert answer.incident == "INC-1"
    assert answer.lost == (Reason.GIVEN, Reason.DEFAULT_OFF)


@pytest.mark.parametrize(
    ("serving", "fallback", "outcome"),
    [
        (None, UNIFORM, Outcome.NON_PROFILED),
        (replace(THOMPSON, approved=False), UNIFORM, Outcome.NON_PROFILED),
        (None, None, Outcome.DENY),
        (None, replace(UNIFORM, approved=False), Outcome.DENY),
        (None, replace(UNIFORM, holds=(HoldFacts("h"),)), Outcome.DENY),
    ],
)
def test_without_an_approved_version_only_a_sound_fallback_serves(
    serving: VersionFacts | None, fallback: VersionFacts | None, outcome: Outcome
) -> None:
    catalogue = _ads()
    system = replace(catalogue.systems["carousel"], serving=serving, fallback=fallback)
    answer = decide_system(
        replace(catalogue, systems={"carousel": system}), "carousel", GIVEN, HERE
    )
    assert (answer.reason, answer.outcome) == (Reason.NOT_APPROVED, outcome)


def test_a_person_who_withdrew_gets_the_fallback() -> None:
    answer = decide_system(_ads(), "carousel", _said(Status.WITHDRAWN), HERE)
    assert (answer.outcome, answer.version_to_serve) == (
        Outcome.NON_PROFILED,
        "uniform",
    )


def test_a_named_surface_asks_only_for_its_own_purposes_and_holds() -> None:
    catalogue = _ads()
    surfaces = {
        "home": SurfaceFacts("home", ("ads",)),
        "mail": SurfaceFacts("mail", ("letters",), holds=(HoldFacts("h"),)),
    }
    system = replace(catalogue.systems["carousel"], surfaces=surfaces)
    letters = PurposeFacts("letters", electronic_marketing=True)
    catalogue = replace(
        catalogue,
        systems={"carousel": system},
        purposes={**catalogue.purposes, "letters": letters},
    )
    at_home = decide_system(catalogue, "carousel", GIVEN, replace(HERE, surface="home"))
    anywhere = decide_system(catalogue, "carousel", GIVEN, HERE)
    assert at_home.outcome is Outcome.PERSONALISE
    assert anywhere.reason is Reason.HELD


def test_a_personalised_price_must_be_disclosed() -> None:
    answer = decide_purpose(_ads(types=("pricing",)), "ads", GIVEN, HERE)
    assert answer.obligations == (Obligation.DISCLOSE_PERSONALISED_PRICE,)
