"""Promises of the pages of purposes and types: rules in time, warnings, who may change them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from governance.core.actors import SystemActor
from governance.registry import services
from governance.registry.basis_warnings import PurposeProfile, warnings_of
from governance.registry.models import Purpose, RegionRule

if TYPE_CHECKING:
    from django.test import Client

    from tests.cast import Cast

STAGE = SystemActor("tests")
SOUND = PurposeProfile(lawful_basis="consent", default_ttl_days=365, regimes=frozenset({"opt_in"}))


def keys(profile: PurposeProfile) -> set[str]:
    return {warning.key for warning in warnings_of(profile)}


def test_a_sound_purpose_has_no_warning() -> None:
    assert keys(SOUND) == set()


@pytest.mark.parametrize(
    ("profile", "key"),
    [
        (replace(SOUND, ads_profiling=True, lawful_basis="contract"), "ads_without_consent"),
        (
            replace(SOUND, ads_profiling=True, lawful_basis="legitimate_interests"),
            "ads_without_consent",
        ),
        (replace(SOUND, device_access=True, lawful_basis="contract"), "device_without_consent"),
        (
            replace(SOUND, electronic_marketing=True, lawful_basis="contract"),
            "marketing_without_consent",
        ),
        (
            replace(SOUND, special_category=True, lawful_basis="contract"),
            "special_category_without_consent",
        ),
        (replace(SOUND, special_category=True, ads_profiling=True), "special_category_ads"),
        (replace(SOUND, regimes=frozenset({"opt_in", "opt_out"})), "silence_is_no_consent"),
        (replace(SOUND, crosses_companies=True), "gpc_not_covered"),
        (
            replace(SOUND, ads_profiling=True, unlimited_features=("Clicks",)),
            "ads_data_without_limit",
        ),
        (replace(SOUND, default_ttl_days=None), "consent_without_end"),
        (replace(SOUND, record_basis="consent"), "record_on_consent"),
    ],
)
def test_each_weakness_is_warned_of_with_its_source(profile: PurposeProfile, key: str) -> None:
    found = {warning.key: warning for warning in warnings_of(profile)}
    assert set(found) == {key}
    assert found[key].sentence.endswith(".") and found[key].source


def test_the_built_in_purposes_stand_on_sound_bases(db: None) -> None:
    from governance.registry.basis_warnings import profile_of

    for purpose in Purpose.objects.all():
        assert keys(profile_of(purpose)) == set(), purpose.key


def test_the_page_of_a_purpose_tells_its_rules_and_warnings(client: Client, cast: Cast) -> None:
    purpose = Purpose.objects.get(key="ads")
    services.update_purpose(purpose=purpose, lawful_basis="contract", actor=STAGE)
    services.set_region_rule(
        purpose=purpose, region="DE", regime="prohibited", max_age_days=90, actor=STAGE
    )
    cast.sign_in(client, "pia")
    page = client.get("/register/purposes/ads/").content.decode()
    assert "CJEU C-252/21" in page and "everywhere else" in page
    assert "<svg" in page and "90 days" in page and "holds now" in page
    assert "opt_in" not in page and "legal_obligation" not in page
    cast.sign_in(client, "aud")
    assert "Set a rule" not in client.get("/register/purposes/ads/").content.decode()


def test_the_list_can_be_searched_and_counts_what_to_look_at(client: Client, cast: Cast) -> None:
    cast.sign_in(client, "pia")
    page = client.get("/register/purposes/?q=pricing").content.decode()
    assert "Personal prices" in page and "Ads across companies</a><div" not in page
    nothing = client.get("/register/purposes/?q=zebra").content.decode()
    assert "No purpose fits this search" in nothing


def test_a_rule_is_set_and_ended_on_the_page(client: Client, cast: Cast) -> None:
    cast.sign_in(client, "pia")
    sent = client.post(
        "/register/purposes/ads/rule/", {"region": "de", "regime": "prohibited"}, follow=True
    )
    assert "The rule is set" in sent.content.decode()
    rule = RegionRule.objects.get(purpose__key="ads", region="DE")
    assert rule.regime == "prohibited" and rule.valid_until is None
    ended = client.post("/register/purposes/ads/rule/end/", {"region": "DE"}, follow=True)
    assert "has ended" in ended.content.decode()
    refused = client.post("/register/purposes/ads/rule/end/", {"region": "*"}, follow=True)
    assert "every other region" in refused.content.decode()
    wrong = client.post("/register/purposes/ads/rule/", {"region": "Mars", "regime": "opt_in"})
    assert wrong.status_code == 200 and "not a region code" in wrong.content.decode()


def test_a_purpose_is_registered_and_edited_on_the_page(client: Client, cast: Cast) -> None:
    cast.sign_in(client, "pia")
    given = {
        "key": "gift_ideas",
        "title": "Gift ideas",
        "description": "Suggest gifts.",
        "lawful_basis": "consent",
        "dpv_iri": "https://w3id.org/dpv#ServicePersonalisation",
        "fideslang_use": "personalize.content.profiled",
        "record_basis": "legal_obligation",
        "record_retention": "P3Y",
        "state": "published",
    }
    made = client.post("/register/purposes/new/", given, follow=True)
    assert "Registered" in made.content.decode()
    gift = Purpose.objects.get(key="gift_ideas")
    assert gift.mechanism == {"*": "opt_in"}
    circle = client.post(
        "/register/purposes/gift_ideas/edit/", {**given, "parent": str(gift.pk)}
    ).content.decode()
    assert "cannot stand below itself" in circle


def test_an_age_rule_is_set_on_the_page_and_never_opens_ads(client: Client, cast: Cast) -> None:
    cast.sign_in(client, "pia")
    given = {"region": "EU", "minimum_age": "16", "unknown_age": "close"}
    told = client.post("/register/types/ads/age/", given).content.decode()
    assert "under 18" in told
    told = client.post("/register/types/notifications/age/", given, follow=True).content.decode()
    assert "The age rule is set" in told and "EU: from 16, closed if unknown" in told


def test_a_toggle_is_edited_on_the_page(client: Client, cast: Cast) -> None:
    cast.sign_in(client, "pia")
    ads = Purpose.objects.get(key="ads")
    given = {"title": "Adverts", "help": "Ads.", "purposes": [str(ads.pk)], "order": "2"}
    told = client.post("/register/types/ads/edit/", given, follow=True).content.decode()
    assert "Adverts" in told


def test_who_may_not_edit_purposes_is_refused(client: Client, cast: Cast) -> None:
    cast.sign_in(client, "ada")
    for path in ("/register/purposes/new/", "/register/purposes/ads/rule/"):
        assert client.get(path).status_code == 403
    assert client.post("/register/purposes/ads/rule/end/", {"region": "*"}).status_code == 403
