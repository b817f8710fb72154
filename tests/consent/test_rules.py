"""Promises of the rules a decision follows: regions and ages with a time, expiry, obligations.

All of them are pure; the tables they come from are promised in `tests/registry/test_rules.py`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.decision.expiry import PurposeRules, expiry_of
from consent.decision.facts import (
    ANONYMOUS,
    AgeRule,
    Catalogue,
    ChoiceFacts,
    Circumstances,
    HoldFacts,
    PersonFacts,
    PurposeFacts,
    RegionRule,
    SurfaceFacts,
    SystemFacts,
    VersionFacts,
)
from consent.decision.precedence import decide_purpose, decide_system
from consent.decision.vocabulary import AgeBand, Obligation, Outcome, Reason, Status
from tests.consent.test_precedence import DAY, HERE, NOW, age_rules, moments, people, purposes

SECOND = timedelta(seconds=1)
YES = PersonFacts(choices={"ads": ChoiceFacts(Status.GIVEN, 1, NOW - DAY)})
BASIS = PurposeFacts("ads", lawful_basis="legitimate_interests")


def _decide(purpose: PurposeFacts, person: PersonFacts, moment: Circumstances) -> Outcome:
    return decide_purpose(Catalogue({"ads": purpose}), "ads", person, moment).outcome


DENIALS = {
    "a hold": lambda p, q, m: (replace(p, holds=(*p.holds, HoldFacts("more"))), q, m),
    "not in force": lambda p, q, m: (replace(p, active=False), q, m),
    "prohibited everywhere": lambda p, q, m: (
        replace(p, rules=(RegionRule("*", "prohibited"),)),
        q,
        m,
    ),
    "erasure": lambda p, q, m: (p, replace(q, erased=True), m),
    "restriction": lambda p, q, m: (p, replace(q, restricted=True), m),
    "an age rule": lambda p, q, m: (
        replace(
            p,
            types=("content_ranking",),
            age_rules=(AgeRule("*", 99, "close"),),
        ),
        q,
        m,
    ),
    "a withdrawal": lambda p, q, m: (
        p,
        replace(q, choices={"ads": ChoiceFacts(Status.WITHDRAWN, 9, NOW)}),
        m,
    ),
    "an objection": lambda p, q, m: (
        p,
        replace(q, choices={"ads": ChoiceFacts(Status.OBJECTED, 9, NOW)}),
        m,
    ),
    "GPC": lambda p, q, m: (p, q, replace(m, gpc=True)),
    "an end": lambda p, q, m: (
        p,
        replace(q, choices={key: replace(each, expires_at=NOW) for key, each in q.choices.items()}),
        m,
    ),
    "no region": lambda p, q, m: (p, replace(q, region=""), replace(m, region="")),
}


@pytest.mark.parametrize("denial", DENIALS)
@given(purpose=purposes, person=people, moment=moments)
def test_one_more_reason_to_refuse_never_makes_an_answer_freer(
    denial: str, purpose: PurposeFacts, person: PersonFacts, moment: Circumstances
) -> None:
    before = _decide(purpose, person, moment)
    after = _decide(*DENIALS[denial](purpose, person, moment))
    if denial == "an age rule" and "content_ranking" not in purpose.types:
        return  # the purpose stood behind another type, which is another question
    if denial == "no region" and any(
        choice.status not in (Status.UNKNOWN, Status.REQUESTED)
        for choice in person.choices.values()
    ):
        return  # a choice is not a regional default
    assert after.strictness >= before.strictness


@given(purposes, people, moments)
def test_who_is_younger_is_never_answered_more_freely(
    purpose: PurposeFacts, person: PersonFacts, moment: Circumstances
) -> None:
    bands = (AgeBand.ADULT, AgeBand.FROM_16_TO_17, AgeBand.FROM_13_TO_15, AgeBand.UNDER_13)
    told = [_decide(purpose, replace(person, age_band=band), moment).strictness for band in bands]
    assert told == sorted(told)
    youngest = _decide(purpose, replace(person, age_band=AgeBand.MINOR), moment)
    assert youngest.strictness == told[-1]


@given(purposes, people, moments, age_rules)
def test_an_age_rule_without_region_binds_an_unknown_one(
    purpose: PurposeFacts, person: PersonFacts, moment: Circumstances, rule: AgeRule
) -> None:
    nowhere = replace(person, region="")
    moment = replace(moment, region="")
    more = replace(purpose, age_rules=(*purpose.age_rules, rule))
    assert _decide(more, nowhere, moment).strictness >= _decide(purpose, nowhere, moment).strictness


@given(st.lists(age_rules, max_size=3).map(tuple), st.sampled_from(["ads", "pricing"]))
def test_what_is_closed_to_minors_no_rule_opens(rules: tuple[AgeRule, ...], kind: str) -> None:
    purpose = PurposeFacts("ads", types=(kind,), age_rules=rules)
    for band in AgeBand:
        answer = decide_purpose(
            Catalogue({"ads": purpose}), "ads", replace(YES, age_band=band), HERE
        )
        if PersonFacts(age_band=band).minor:
            assert answer.reason is Reason.POLICY


@pytest.mark.parametrize(
    ("band", "minimum", "unknown", "open_"),
    [
        ("adult", 18, "close", True),
        ("adult", 19, "allow", False),
        ("16_to_17", 16, "allow", True),
        ("16_to_17", 17, "allow", False),
        ("13_to_15", 13, "allow", True),
        ("13_to_15", 16, "allow", False),
        ("under_13", 1, "allow", False),
        ("under_13", 0, "close", True),
        ("minor", 13, "allow", False),
        ("unknown", 16, "allow", True),
        ("unknown", 16, "close", False),
        ("unknown", 0, "close", True),
        ("forty", 18, "allow", False),
    ],
)
def test_a_band_counts_as_its_youngest_age(
    band: str, minimum: int, unknown: str, open_: bool
) -> None:
    purpose = PurposeFacts(
        "ads", types=("content_ranking",), age_rules=(AgeRule("*", minimum, unknown),)
    )
    answer = _decide(purpose, replace(YES, age_band=band), HERE)
    assert (answer is Outcome.PERSONALISE) is open_


def test_the_closest_region_has_the_say_and_an_unknown_one_gets_all() -> None:
    purpose = PurposeFacts(
        "ads",
        types=("content_ranking",),
        age_rules=(AgeRule("*", 13), AgeRule("EU", 16), AgeRule("US-CA", 18)),
    )
    teen = replace(YES, age_band="13_to_15")
    told = {
        region: _decide(purpose, teen, replace(HERE, region=region)) is Outcome.PERSONALISE
        for region in ("JP", "DE", "US-CA", "US", "")
    }
    assert told == {"JP": True, "DE": False, "US-CA": False, "US": True, "": False}


def test_an_age_rule_speaks_of_its_own_type_only() -> None:
    purpose = PurposeFacts(
        "ads", types=("content_ranking",), age_rules=(AgeRule("*", 99, "close", type="ads"),)
    )
    assert _decide(purpose, YES, HERE) is Outcome.PERSONALISE


def test_a_region_rule_holds_from_its_start_until_before_its_end() -> None:
    rules = (
        RegionRule("*", "opt_out", valid_until=NOW),
        RegionRule("*", "opt_in", valid_from=NOW, valid_until=NOW + DAY),
        RegionRule("*", "prohibited", valid_from=NOW + DAY),
    )
    catalogue = Catalogue({"ads": replace(BASIS, rules=rules)})
    moments_asked = (NOW - SECOND, NOW, NOW + DAY - SECOND, NOW + DAY)
    reasons = [
        decide_purpose(catalogue, "ads", ANONYMOUS, Circumstances(now=at, region="US")).reason
        for at in moments_asked
    ]
    assert reasons == [
        Reason.DEFAULT_ON,
        Reason.DEFAULT_OFF,
        Reason.DEFAULT_OFF,
        Reason.PROHIBITED,
    ]


def test_the_next_boundary_is_the_next_start_or_end_of_any_rule() -> None:
    catalogue = Catalogue(
        {
            "ads": replace(
                BASIS,
                rules=(RegionRule("*", "opt_in", NOW - DAY, NOW + 3 * DAY),),
                age_rules=(AgeRule("*", 16, valid_from=NOW + 2 * DAY),),
            ),
            "letters": PurposeFacts("letters", rules=(RegionRule("*", "opt_in"),)),
        }
    )
    assert catalogue.next_boundary(NOW - 2 * DAY) == NOW - DAY
    assert catalogue.next_boundary(NOW) == NOW + 2 * DAY
    assert catalogue.next_boundary(NOW + 2 * DAY) == NOW + 3 * DAY
    assert catalogue.next_boundary(NOW + 3 * DAY) is None


@given(purposes, people, moments)
def test_between_two_boundaries_the_rules_give_one_answer(
    purpose: PurposeFacts, person: PersonFacts, moment: Circumstances
) -> None:
    catalogue = Catalogue({"ads": purpose})
    person = replace(
        person,
        choices={key: replace(each, expires_at=None) for key, each in person.choices.items()},
    )
    until = catalogue.next_boundary(NOW) or NOW + 9 * DAY
    last = replace(moment, now=until - SECOND)
    assert decide_purpose(catalogue, "ads", person, moment) == decide_purpose(
        catalogue, "ads", person, last
    )


@pytest.mark.parametrize(
    ("ttl", "region", "asked", "days"),
    [
        (None, "JP", None, None),
        (365, "JP", None, 365),
        (365, "DE", None, 180),
        (90, "DE", None, 90),
        (365, "DE", 30, 30),
        (365, "DE", 999, 180),
        (None, "JP", 7, 7),
        (365, "", None, 180),
    ],
)
def test_a_consent_lasts_the_shortest_of_all_that_limits_it(
    ttl: int | None, region: str, asked: int | None, days: int | None
) -> None:
    rules = PurposeRules(
        ttl,
        (
            RegionRule("*", "opt_in"),
            RegionRule("EU", "opt_in", max_age_days=180),
            RegionRule("EU", "opt_in", valid_until=NOW, max_age_days=5),
        ),
    )
    ends = expiry_of(rules, region, NOW, None if asked is None else NOW + asked * DAY)
    assert ends == (None if days is None else NOW + days * DAY)


def _system(*, on_device: bool = False) -> Catalogue:
    ads = replace(BASIS, on_device=True, rules=(RegionRule("*", "opt_out"),))
    system = SystemFacts(
        "carousel",
        serving=VersionFacts("v", approved=True, on_device=on_device),
        purposes=("ads",),
        surfaces={"till": SurfaceFacts("till", ("ads",), kind="pricing")},
    )
    return Catalogue({"ads": ads}, {"carousel": system})


def test_on_device_only_follows_the_features_that_are_read() -> None:
    there = Circumstances(now=NOW, region="US")
    of_purpose = decide_purpose(_system(), "ads", ANONYMOUS, there).obligations
    assert Obligation.ON_DEVICE_ONLY in of_purpose
    reads = decide_system(_system(on_device=True), "carousel", ANONYMOUS, there).obligations
    not_read = decide_system(_system(), "carousel", ANONYMOUS, there).obligations
    assert Obligation.ON_DEVICE_ONLY in reads
    assert Obligation.ON_DEVICE_ONLY not in not_read


def test_a_surface_that_shows_prices_discloses_them() -> None:
    there = Circumstances(now=NOW, region="US", surface="till")
    told = decide_system(_system(), "carousel", ANONYMOUS, there)
    assert told.obligations == (
        Obligation.SHOW_NOTICE,
        Obligation.DISCLOSE_PERSONALISED_PRICE,
    )


def test_who_is_refused_is_owed_no_price_disclosure() -> None:
    withdrew = PersonFacts(choices={"ads": ChoiceFacts(Status.WITHDRAWN, 1, NOW)})
    there = Circumstances(now=NOW, region="US", surface="till")
    assert decide_system(_system(on_device=True), "carousel", withdrew, there).obligations == ()


@pytest.mark.django_db
def test_a_recorded_yes_ends_by_the_purpose_and_the_region() -> None:
    from consent import services
    from governance.core.actors import SystemActor
    from governance.registry.models import Purpose
    from governance.registry.services import set_region_rule, update_purpose

    stage = SystemActor("tests")
    purpose = Purpose.objects.get(key="product_suggestions")
    update_purpose(purpose=purpose, default_ttl_days=300, actor=stage)
    set_region_rule(purpose=purpose, region="DE", regime="opt_in", max_age_days=90, actor=stage)

    def lasts(subject: str, region: str, status: str = "given") -> int | None:
        (event,) = services.record_choice(
            subject=subject,
            purpose="product_suggestions",
            status=status,
            region=region,
            actor=stage,
        ).events
        return (event.expires_at - event.occurred_at).days if event.expires_at else None

    assert lasts("anna", "DE") == 90
    assert lasts("ben", "US") == 300
    assert lasts("carl", "DE", "refused") is None
