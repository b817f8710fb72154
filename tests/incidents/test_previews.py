"""Before anybody places a hold or changes a rule they see whom it touches; nothing is changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consent.choices import AgeBand
from consent.models import ConsentState, DataSubject
from consent.selectors import reach
from governance.core.actors import SystemActor
from governance.outbox.models import Notice
from governance.people.services import create_api_key
from governance.registry import services as registry
from governance.registry.choices import HoldEffect
from governance.registry.models import Hold, ModelVersion, PersonalizationType, Purpose, Surface
from governance.registry.ports import (
    AgeRuleProposal,
    HoldProposal,
    PauseProposal,
    RegionRuleProposal,
)
from incidents.agenda import IncidentAgenda
from incidents.impact.preview import Preview, preview
from incidents.models import ServingTarget
from incidents.tasks import tick
from tests.audits.conftest import Stage, impressions, stage, storage
from tests.cast import Cast

__all__ = ["stage", "storage"]
MACHINE = SystemActor("test")
pytestmark = pytest.mark.django_db


@pytest.fixture
def purpose(stage: Stage) -> Purpose:
    made = Purpose.objects.create(
        key="shelf-order",
        title="Order of the shelf",
        description="What comes first",
        dpv_iri="https://w3id.org/dpv#Personalisation",
        fideslang_use="personalize",
        lawful_basis="consent",
    )
    stage.system.purposes.add(made)
    stage.serving.state = "serving"
    stage.serving.save()
    return made


@pytest.fixture
def people(purpose: Purpose) -> None:
    """Four said yes, one of them a minor; two said no; one never said anything."""
    chosen = [("given", AgeBand.ADULT)] * 3 + [("given", AgeBand.MINOR)]
    chosen += [("refused", AgeBand.ADULT), ("withdrawn", AgeBand.ADULT)]
    for number, (status, band) in enumerate(chosen):
        known = DataSubject.objects.create(
            pseudonym=f"{number:064}", lookup=number + 1, age_band=band, region="DE"
        )
        ConsentState.objects.create(
            subject=known, purpose=purpose, revision=1, status=status, decided_at=timezone.now()
        )
    DataSubject.objects.create(pseudonym="f" * 64, lookup=99, region="US")


def of_hold(stage: Stage, effect: str = HoldEffect.NON_PROFILED) -> Preview:
    return preview(HoldProposal("system", stage.system, effect), MACHINE)


def test_a_hold_shows_everybody_who_would_lose_personalisation(stage: Stage, people: None) -> None:
    change = of_hold(stage).systems[0].change
    assert (change.known.value, change.personalised.value) == (7, 4)
    assert (change.to_non_profiled.value, change.to_deny.value) == (4, 0)
    assert change.minors.value == 1
    assert not Hold.objects.exists()


def test_a_hold_that_denies_takes_the_variant_from_the_others_too(
    stage: Stage, people: None
) -> None:
    change = of_hold(stage, HoldEffect.DENY).systems[0].change
    assert (change.to_deny.value, change.denied_more.value) == (4, 3)


def test_a_second_hold_of_the_same_effect_changes_nothing(stage: Stage, people: None) -> None:
    registry.place_hold(system=stage.system, cause="a", reason="Too concentrated.", actor=MACHINE)
    assert of_hold(stage).systems[0].change.touches_nobody


def test_a_hold_on_a_version_that_does_not_serve_touches_nobody(stage: Stage, people: None) -> None:
    told = preview(HoldProposal("version", stage.fallback, HoldEffect.DENY), MACHINE)
    assert told.systems[0].change.touches_nobody
    assert "does not serve now" in told.notes[0]


@pytest.mark.parametrize("kind", ["surface", "purpose", "version"])
def test_a_hold_on_part_of_a_system_shows_the_people_of_that_part(
    stage: Stage, purpose: Purpose, people: None, kind: str
) -> None:
    surface = Surface.objects.create(key="home", title="Home page", kind="recommendations")
    surface.purposes.add(purpose)
    stage.system.surfaces.add(surface)
    target = {"surface": surface, "purpose": purpose, "version": stage.serving}[kind]
    told = preview(HoldProposal(kind, target, HoldEffect.NON_PROFILED), MACHINE)  # type: ignore[arg-type]
    assert told.systems[0].change.to_non_profiled.value == 4
    assert told.systems[0].surfaces == ("Home page",)


def test_the_fallback_shows_its_approval_its_audit_and_when_it_last_served(stage: Stage) -> None:
    unknown = of_hold(stage).systems[0].fallback
    assert unknown is not None
    assert len(unknown.warnings) == 3  # not approved, not audited, never served
    stage.push(stage.fallback, impressions("uniform"))
    ModelVersion.objects.filter(pk=stage.fallback.pk).update(state="approved")
    stage.system.refresh_from_db()
    known = of_hold(stage).systems[0].fallback
    assert known is not None
    assert known.approved
    assert known.served_at is not None
    assert known.warnings == ["No audit of uniform has ended yet."]


def test_each_serving_target_says_what_it_would_do(stage: Stage) -> None:
    ModelVersion.objects.filter(pk=stage.fallback.pk).update(state="approved")
    stage.system.refresh_from_db()
    ServingTarget.objects.create(system=stage.system, key="shop", title="Shop")
    gentle, strict = of_hold(stage), of_hold(stage, HoldEffect.DENY)
    assert gentle.systems[0].targets[0].will.startswith("Serves uniform, the same for everybody")
    assert strict.systems[0].targets[0].will.startswith("Serves nothing")


def test_another_answer_to_a_pause_shows_who_would_get_nothing(stage: Stage, people: None) -> None:
    told = preview(PauseProposal(stage.system, "off"), MACHINE)
    assert told.systems[0].change.denied_more.value == 7  # held, they get the variant today
    assert "Nothing changes today" in told.notes[0]


def test_a_stricter_rule_of_a_region_shows_who_loses_what(
    stage: Stage, purpose: Purpose, people: None
) -> None:
    told = preview(RegionRuleProposal(purpose, "DE", "prohibited"), MACHINE)
    change = told.systems[0].change
    assert change.to_deny.value + change.to_non_profiled.value == 4


def test_a_looser_rule_shows_who_is_newly_personalised_for(
    stage: Stage, purpose: Purpose, people: None
) -> None:
    told = preview(RegionRuleProposal(purpose, "US", "notice_only"), MACHINE)
    assert told.systems[0].change.gained.value == 1  # who never said anything, in the US


def test_an_age_rule_shows_the_minors_it_closes_the_type_to(
    stage: Stage, purpose: Purpose, people: None
) -> None:
    kind = PersonalizationType.objects.create(key="shelf", title="Shelf", order=99)
    kind.purposes.add(purpose)
    change = preview(AgeRuleProposal(kind, "*", 18, "allow"), MACHINE).systems[0].change
    assert (change.to_non_profiled.value, change.minors.value) == (1, 1)


def test_of_very_many_people_a_part_is_read_and_the_number_says_so(
    stage: Stage, people: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules, now = reach.read_rules("carousel")
    read = reach.people_by_state(rules, now)
    part = reach.Population(read.states, read.read, known=7_000)
    held = of_hold(stage)  # the exact numbers
    assert not held.systems[0].change.to_non_profiled.is_estimate
    change = reach.compare_rules(part, rules, rules, system="carousel", now=now)
    assert change.personalised.is_estimate
    assert change.personalised.low is not None
    assert change.personalised.high is not None
    assert change.personalised.low < 4_000 < change.personalised.high
    assert change.personalised.value == 4_000


def test_the_hold_page_answers_with_the_preview_and_places_nothing(
    stage: Stage, people: None, cast: Cast
) -> None:
    cast.join("carousel")
    client = cast.sign_in(Client(), "ivo")
    url = reverse("hold_place", args=["carousel"])
    assert "It is being counted" in client.get(url).content.decode()
    part = client.post(url, {"preview": "1", "effect": "deny"}, headers={"HX-Request": "true"})
    page = part.content.decode()
    assert page.lstrip().startswith("<section")
    assert "Get nothing from it any more" in page
    whole = client.post(url, {"preview": "1", "effect": ""}).content.decode()
    assert "<!doctype html>" in whole.lower()
    assert "Lose personalisation" in whole
    assert not Hold.objects.exists()


@pytest.mark.parametrize("kind", ["surface", "purpose", "version"])
def test_every_target_can_be_held_from_its_page(
    stage: Stage, purpose: Purpose, cast: Cast, kind: str
) -> None:
    cast.join("carousel")
    surface = Surface.objects.create(key="home", title="Home page", kind="recommendations")
    stage.system.surfaces.add(surface)
    client = cast.sign_in(Client(), "ivo")
    key = {"surface": "home", "purpose": purpose.key, "version": "carousel:learned"}[kind]
    url = reverse("hold_place_on", args=[kind, key])
    assert client.get(url).status_code == 200
    assert client.post(url, {"reason": "Harms people."}).status_code == 302
    assert Hold.objects.get().target_kind == kind


def test_rules_and_the_answer_to_a_pause_are_previewed_on_their_pages(
    stage: Stage, purpose: Purpose, people: None, cast: Cast
) -> None:
    cast.join("carousel")
    client = cast.sign_in(Client(), "pia")
    fragment = {"HX-Request": "true"}
    rule = reverse("purpose_rule", args=[purpose.key])
    waits = client.post(rule, {"preview": "1", "region": ""}, headers=fragment)
    assert "Fill in the rule" in waits.content.decode()
    asked = {"preview": "1", "region": "DE", "regime": "prohibited"}
    assert "Carousel" in client.post(rule, asked, headers=fragment).content.decode()
    assert not purpose.region_rules.exists()
    owner = cast.sign_in(Client(), "ada")
    edit = reverse("system_edit", args=["carousel"])
    told = owner.post(edit, {"preview": "1", "on_pause": "off"}, headers=fragment)
    assert "Nothing changes today" in told.content.decode()
    stage.system.refresh_from_db()
    assert stage.system.on_pause == "non_profiled"


def test_the_rest_door_tells_the_same_and_another_team_sees_no_system(
    stage: Stage, people: None, cast: Cast
) -> None:
    _key, secret = create_api_key(
        name="shop",
        scopes=["incidents:write", "registry:read"],
        expires_at=timezone.now() + timedelta(days=3),
        actor=cast.actor("root"),
    )
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    asked: dict[str, Any] = {"system": "carousel", "effect": "deny"}
    answer = client.get("/api/v1/holds/preview", asked)
    assert answer.status_code == 200, answer.content
    told = answer.json()["systems"][0]
    assert told["change"]["to_deny"] == {"value": 4, "low": None, "high": None}
    assert client.get("/api/v1/holds/preview").status_code in (400, 422)
    stranger = preview(HoldProposal("system", stage.system, HoldEffect.DENY), cast.actor("eve"))
    assert stranger.systems == ()
    assert stranger.others == 1


def test_a_hold_of_one_person_shows_its_countdown_and_escalates_once(
    stage: Stage, cast: Cast
) -> None:
    cast.join("carousel")
    hold = registry.place_hold(
        system=stage.system, cause="a", reason="Too concentrated.", actor=cast.actor("ivo")
    )
    client = cast.sign_in(Client(), "ada")
    page = client.get(reverse("hold", args=[hold.pk])).content.decode()
    assert "another person approves it" in page
    title = "Hold on system carousel"
    assert title in [one.title for one in IncidentAgenda().items(cast.actor("elif"))]
    assert title not in [one.title for one in IncidentAgenda().items(cast.actor("ivo"))]
    Hold.objects.filter(pk=hold.pk).update(approve_by=timezone.now() - timedelta(minutes=1))
    tick()
    tick()
    told = Notice.objects.filter(subject="The hold on carousel waits for approval")
    assert told.count() == 1
    page = client.get(reverse("hold", args=[hold.pk])).content.decode()
    assert "nobody approved it by" in page
    assert "administrators were told" in page
    hold.refresh_from_db()
    assert hold.released_at is None  # it stays
