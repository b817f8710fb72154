"""Promises of rules with a time: never two at once, the past stays, approvals notice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from consent.decision.vocabulary import TYPES_CLOSED_TO_MINORS
from governance.core.actors import SystemActor
from governance.core.clock import database_now
from governance.core.errors import Invalid, NotFound, NotPermitted
from governance.ledger.models import LedgerEntry
from governance.outbox.models import EventRow
from governance.registry import services
from governance.registry.builtin import CLOSED_TO_MINORS
from governance.registry.models import AgeRule, PersonalizationType, Purpose, RegionRule
from governance.reviews.content import content_hash, content_of
from tests.consent.conftest import make_carousel

if TYPE_CHECKING:
    from django.test import Client

    from tests.cast import Cast

pytestmark = pytest.mark.django_db
STAGE = SystemActor("tests")
DAY = timedelta(days=1)


def _ads() -> Purpose:
    return Purpose.objects.get(key="ads")


def _set(region: str, regime: str, **more: Any) -> RegionRule:
    return services.set_region_rule(
        purpose=_ads(), region=region, regime=regime, actor=STAGE, **more
    )


def _at(region: str, moment: datetime) -> list[str]:
    rules = RegionRule.objects.filter(purpose=_ads(), region=region, valid__contains=moment)
    return [str(rule.regime) for rule in rules]


def test_a_new_rule_ends_the_one_before_it_and_leaves_no_gap() -> None:
    before = database_now()
    first = _set("DE", "opt_in")
    second = _set("DE", "prohibited")
    first.refresh_from_db()
    assert first.valid_until == second.valid_from and second.valid_until is None
    assert _at("DE", before) == []
    assert _at("DE", database_now()) == ["prohibited"]


def test_a_planned_rule_holds_for_its_time_and_the_old_one_goes_on_after_it() -> None:
    now = database_now()
    _set("*", "prohibited", valid_from=now + DAY, valid_until=now + 2 * DAY)
    told = {days: _at("*", now + days * DAY) for days in (0, 1, 1.5, 2, 3)}
    assert told == {
        0: ["opt_in"],
        1: ["prohibited"],
        1.5: ["prohibited"],
        2: ["opt_in"],
        3: ["opt_in"],
    }


def test_a_later_plan_replaces_the_plans_it_covers() -> None:
    now = database_now()
    _set("FR", "opt_out", valid_from=now + DAY, valid_until=now + 2 * DAY)
    _set("FR", "notice_only", valid_from=now + 3 * DAY, valid_until=now + 6 * DAY)
    _set("FR", "opt_in", valid_from=now + DAY, valid_until=now + 4 * DAY)
    assert [_at("FR", now + days * DAY) for days in (1, 3, 4, 5, 6)] == [
        ["opt_in"],
        ["opt_in"],
        ["notice_only"],
        ["notice_only"],
        [],
    ]


def test_saying_the_same_again_changes_nothing() -> None:
    rule = _set("DE", "opt_in", max_age_days=90)
    entries = LedgerEntry.objects.count()
    assert _set("DE", "opt_in", max_age_days=90).pk == rule.pk
    assert LedgerEntry.objects.count() == entries


def test_the_database_refuses_two_rules_at_once() -> None:
    rule = _set("DE", "opt_in")
    with pytest.raises(IntegrityError, match="region_rule_one_at_a_time"), transaction.atomic():
        RegionRule.objects.create(
            purpose=_ads(),
            region="DE",
            regime="opt_out",
            valid=DateTimeTZRange(rule.valid_from, None),
        )
    with pytest.raises(IntegrityError, match="age_rule_one_at_a_time"), transaction.atomic():
        AgeRule.objects.create(
            type=PersonalizationType.objects.get(key="ads"),
            region="*",
            minimum_age=21,
            valid=DateTimeTZRange(database_now(), None),
        )


def test_two_regions_and_two_purposes_do_not_meet() -> None:
    _set("DE", "opt_in")
    _set("DE-BY", "prohibited")
    services.set_region_rule(
        purpose=Purpose.objects.get(key="pricing"), region="DE", regime="opt_out", actor=STAGE
    )
    assert RegionRule.objects.filter(region__startswith="DE").count() == 3


PAST = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "change",
    [
        {"regime": "opt_out"},
        {"max_age_days": 9},
        {"valid": DateTimeTZRange(PAST, None)},
        {"valid": DateTimeTZRange(None, PAST)},
        None,
    ],
)
def test_what_a_rule_said_in_the_past_stays(change: dict[str, Any] | None) -> None:
    rows = RegionRule.objects.filter(purpose=_ads(), region="*")
    act = rows.delete if change is None else partial(rows.update, **change)
    with pytest.raises(IntegrityError, match="has begun"), transaction.atomic():
        act()


def test_no_rule_begins_in_the_past() -> None:
    past = database_now() - DAY
    with pytest.raises(Invalid, match="now or later"):
        _set("DE", "opt_in", valid_from=past)
    with pytest.raises(IntegrityError, match="in the past"), transaction.atomic():
        RegionRule.objects.create(
            purpose=_ads(), region="DE", regime="opt_in", valid=DateTimeTZRange(past, None)
        )


@pytest.mark.parametrize(
    ("region", "regime", "more"),
    [
        ("Germany", "opt_in", {}),
        ("DE", "maybe", {}),
        ("DE", "opt_in", {"max_age_days": 0}),
        ("DE", "opt_in", {"valid_until": PAST}),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_a_sentence(
    region: str, regime: str, more: dict[str, Any]
) -> None:
    with pytest.raises(Invalid):
        _set(region, regime, **more)


def test_a_purpose_in_force_is_never_without_a_rule_for_every_other_region() -> None:
    with pytest.raises(Invalid, match="every other region"):
        services.end_region_rule(purpose=_ads(), region="*", actor=STAGE)
    with pytest.raises(Invalid, match="every other region"), transaction.atomic():
        services.end_region_rule(purpose=_ads(), region="*", at=database_now() + DAY, actor=STAGE)
    services.update_purpose(purpose=_ads(), state="retired", actor=STAGE)
    services.end_region_rule(purpose=_ads(), region="*", actor=STAGE)
    assert _at("*", database_now()) == []


def test_a_rule_that_is_not_there_cannot_end() -> None:
    with pytest.raises(NotFound):
        services.end_region_rule(purpose=_ads(), region="NZ", actor=STAGE)


def test_what_is_closed_to_minors_is_one_list() -> None:
    assert CLOSED_TO_MINORS.keys() == TYPES_CLOSED_TO_MINORS
    for kind in PersonalizationType.objects.filter(key__in=CLOSED_TO_MINORS):
        rule = kind.age_rules.get()
        assert (rule.region, rule.minimum_age, rule.unknown_age) == ("*", 18, "allow")


def test_an_age_rule_never_opens_ads_to_minors() -> None:
    ads = PersonalizationType.objects.get(key="ads")
    with pytest.raises(Invalid, match="under 18"):
        services.set_age_rule(
            type=ads, region="US", minimum_age=16, unknown_age="allow", actor=STAGE
        )
    stricter = services.set_age_rule(
        type=ads, region="US", minimum_age=21, unknown_age="close", actor=STAGE
    )
    assert stricter.valid_until is None
    services.end_age_rule(type=ads, region="US", actor=STAGE)
    stricter.refresh_from_db()
    assert stricter.valid_until is not None


def test_a_purpose_never_stands_below_itself() -> None:
    top, middle, leaf = (
        Purpose.objects.get(key=key) for key in ("ads", "ads_third_party", "pricing")
    )
    services.update_purpose(purpose=middle, parent=top, actor=STAGE)
    services.update_purpose(purpose=leaf, parent=middle, actor=STAGE)
    for purpose in (top, middle):
        with pytest.raises(Invalid, match="below itself"):
            services.update_purpose(purpose=purpose, parent=leaf, actor=STAGE)
    with pytest.raises(IntegrityError, match="below itself"), transaction.atomic():
        Purpose.objects.filter(pk=top.pk).update(parent=leaf)
    with pytest.raises(IntegrityError), transaction.atomic():
        Purpose.objects.filter(pk=top.pk).update(parent=top)
    services.update_purpose(purpose=middle, parent=None, actor=STAGE)
    services.update_purpose(purpose=top, parent=leaf, actor=STAGE)


def test_a_rule_makes_approvals_of_the_systems_that_use_it_stale() -> None:
    system = make_carousel()
    version = system.serving_version
    assert version is not None
    purpose = Purpose.objects.get(key="product_suggestions")
    kind = PersonalizationType.objects.get(key="product_suggestions")
    changes: list[Callable[[], object]] = [
        lambda: services.set_region_rule(
            purpose=purpose, region="DE", regime="prohibited", actor=STAGE
        ),
        lambda: services.set_age_rule(
            type=kind, region="*", minimum_age=13, unknown_age="allow", actor=STAGE
        ),
        lambda: services.update_purpose(purpose=purpose, default_ttl_days=30, actor=STAGE),
        lambda: services.update_purpose(purpose=purpose, record_retention="P1Y", actor=STAGE),
        lambda: services.update_purpose(purpose=purpose, parent=_ads(), actor=STAGE),
    ]
    for change in changes:
        before, told = content_hash(version), EventRow.objects.count()
        change()
        assert content_hash(version) != before
        news = EventRow.objects.order_by("pk")[told:]
        assert any(each.payload.get("system_key") == system.key for each in news)


def test_time_alone_makes_no_approval_stale() -> None:
    """What an approval covers holds the plan as well, so that its beginning is no news."""
    version = make_carousel().serving_version
    assert version is not None
    purpose = Purpose.objects.get(key="product_suggestions")
    soon = database_now() + timedelta(milliseconds=50)
    services.set_region_rule(
        purpose=purpose, region="DE", regime="prohibited", valid_from=soon, actor=STAGE
    )
    content = content_of(version)["purpose product_suggestions"]["rules by region"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.06)")
    assert content_of(version)["purpose product_suggestions"]["rules by region"] == content
    assert any(line.startswith("DE prohibited from ") for line in content)


def test_only_who_may_edit_purposes_sets_rules(cast: Cast) -> None:
    with pytest.raises(NotPermitted):
        services.set_region_rule(
            purpose=_ads(), region="DE", regime="opt_in", actor=cast.actor("ada")
        )
    services.set_region_rule(purpose=_ads(), region="DE", regime="opt_in", actor=cast.actor("pia"))


def test_rules_are_set_and_ended_over_rest(client: Client, cast: Cast) -> None:
    cast.sign_in(client, "pia")
    made = client.post(
        "/api/v1/purposes/ads/rules",
        {"region": "DE", "regime": "opt_in", "max_age_days": 180},
        content_type="application/json",
    )
    assert made.status_code == 201, made.content
    assert made.json()["valid_until"] is None
    told = client.get("/api/v1/purposes/ads").json()
    assert told["mechanism"] == {"*": "opt_in", "DE": "opt_in"}
    assert {"region": "DE", "max_age_days": 180}.items() <= told["region_rules"][-1].items()
    ended = client.post(
        "/api/v1/purposes/ads/rules/end", {"region": "DE"}, content_type="application/json"
    )
    assert ended.status_code == 200 and ended.json()["mechanism"] == {"*": "opt_in"}
    aged = client.post(
        "/api/v1/types/notifications/age-rules",
        {"region": "EU", "minimum_age": 16, "unknown_age": "close"},
        content_type="application/json",
    )
    assert aged.status_code == 201, aged.content
    refused = client.post(
        "/api/v1/types/ads/age-rules",
        {"region": "EU", "minimum_age": 3, "unknown_age": "close"},
        content_type="application/json",
    )
    assert refused.status_code in (400, 422) and "under 18" in refused.json()["detail"]


def test_a_purpose_is_registered_over_rest_with_its_mechanism(client: Client, cast: Cast) -> None:
    cast.sign_in(client, "pia")
    made = client.post(
        "/api/v1/purposes",
        {
            "key": "gift_ideas",
            "title": "Gift ideas",
            "description": "Suggest gifts.",
            "dpv_iri": "https://w3id.org/dpv#ServicePersonalisation",
            "fideslang_use": "personalize.content.profiled",
            "lawful_basis": "legitimate_interests",
            "mechanism": {"*": "opt_out", "EU": "opt_in"},
            "parent": "product_suggestions",
        },
        content_type="application/json",
    )
    assert made.status_code == 201, made.content
    assert made.json()["parent"] == "product_suggestions"
    assert made.json()["mechanism"] == {"*": "opt_out", "EU": "opt_in"}
    assert made.json()["record_basis"] == "legal_obligation"
