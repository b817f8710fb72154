"""Who does what beside the commander: given, handed over, laid down, and always on the record."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from governance.core.actors import SystemActor
from governance.core.errors import Conflict, Invalid, NotPermitted
from governance.ledger.models import LedgerEntry
from governance.outbox.models import Notice
from governance.people.choices import Role
from governance.registry import services as registry
from governance.registry.models import System
from incidents.choices import Kind, ParticipantRole, Severity, State
from incidents.models import Incident, Participant
from incidents.services.duplicates import mark_duplicate
from incidents.services.moving import take_command
from incidents.services.opening import open_incident
from incidents.services.roles import (
    ELIGIBLE,
    assign_role,
    candidates,
    hand_over_command,
    hand_over_role,
    lay_down_role,
)
from tests.cast import Cast

MACHINE = SystemActor("test")
pytestmark = pytest.mark.django_db
BECAUSE = "The shift changes; the shop still waits for an answer."


@pytest.fixture
def system(cast: Cast) -> System:
    made = registry.register_system(
        key="carousel", title="Carousel", on_pause="non_profiled", actor=MACHINE
    )
    cast.join("carousel")
    return made


def opened(system: System | None, cause: str = "breach:a", title: str = "Too few") -> Incident:
    incident, _created = open_incident(
        title=title,
        summary="",
        kind=Kind.BIAS,
        severity=Severity.S2,
        cause_key=cause,
        system=system,
        actor=MACHINE,
    )
    return incident


@pytest.fixture
def incident(system: System) -> Incident:
    return opened(system)


def test_a_role_is_given_told_and_on_the_record(incident: Incident, cast: Cast) -> None:
    given = assign_role(incident=incident, role="privacy", user=cast.pia, actor=cast.actor("ivo"))
    assert given.user == cast.pia
    assert incident.timeline.filter(sentence="Pia is privacy lead or DPO.").exists()
    assert LedgerEntry.objects.get(verb="incidents.role_given").facts["role"] == "privacy"
    assert Notice.objects.get(recipients=[cast.pia.reference]).subject.endswith("DPO")


def test_only_the_commander_gives_roles(incident: Incident, cast: Cast) -> None:
    with pytest.raises(NotPermitted):
        assign_role(incident=incident, role="scribe", user=cast.max, actor=cast.actor("ada"))


def test_a_role_goes_to_somebody_whose_work_it_is(incident: Incident, cast: Cast) -> None:
    ivo = cast.actor("ivo")
    with pytest.raises(Invalid, match="it takes the role"):
        assign_role(incident=incident, role="ethics", user=cast.max, actor=ivo)
    with pytest.raises(Invalid, match="does not work on this system"):
        assign_role(incident=incident, role="scribe", user=cast.eve, actor=ivo)
    assert not Participant.objects.exists()


def test_one_person_a_role_but_any_number_of_observers(incident: Incident, cast: Cast) -> None:
    ivo = cast.actor("ivo")
    assign_role(incident=incident, role="scribe", user=cast.max, actor=ivo)
    assign_role(incident=incident, role="scribe", user=cast.ada, actor=ivo)
    standing = incident.participants.filter(role="scribe", until=None)
    assert [one.user for one in standing] == [cast.ada]
    assert incident.timeline.filter(sentence="Scribe went from Max to Ada.").exists()
    for name in ("aud", "max"):
        assign_role(incident=incident, role="observer", user=cast.person(name), actor=ivo)
    assert incident.participants.filter(role="observer", until=None).count() == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        Participant.objects.create(
            incident=incident,
            role="scribe",
            user=cast.max,
            assigned_by="x",
            since=timezone.now(),
        )


def test_the_holder_hands_over_with_what_the_next_one_must_know(
    incident: Incident, cast: Cast
) -> None:
    given = assign_role(
        incident=incident, role="communications", user=cast.ada, actor=cast.actor("ivo")
    )
    with pytest.raises(NotPermitted):
        hand_over_role(participant=given, user=cast.max, because=BECAUSE, actor=cast.actor("max"))
    with pytest.raises(Invalid):
        hand_over_role(participant=given, user=cast.max, because="ill", actor=cast.actor("ada"))
    hand_over_role(participant=given, user=cast.max, because=BECAUSE, actor=cast.actor("ada"))
    assert incident.timeline.filter(
        sentence=f"Communications went from Ada to Max: {BECAUSE}"
    ).exists()
    given.refresh_from_db()
    with pytest.raises(Conflict, match="laid down"):
        hand_over_role(participant=given, user=cast.pia, because=BECAUSE, actor=cast.actor("ada"))


def test_a_role_is_laid_down_once(incident: Incident, cast: Cast) -> None:
    given = assign_role(incident=incident, role="scribe", user=cast.max, actor=cast.actor("ivo"))
    lay_down_role(participant=given, actor=cast.actor("max"))
    with pytest.raises(Conflict):
        lay_down_role(participant=given, actor=cast.actor("max"))
    assert incident.timeline.filter(sentence="Max is no longer scribe.").count() == 1


def test_command_is_handed_to_another_commander_and_to_nobody_else(
    incident: Incident, cast: Cast
) -> None:
    ivo = cast.actor("ivo")
    with pytest.raises(Conflict, match="take command instead"):
        hand_over_command(incident=incident, user=cast.root, because=BECAUSE, actor=ivo)
    take_command(incident=incident, user=cast.ivo, actor=ivo)
    with pytest.raises(Invalid, match="cannot command"):
        hand_over_command(incident=incident, user=cast.ada, because=BECAUSE, actor=ivo)
    moved = hand_over_command(incident=incident, user=cast.root, because=BECAUSE, actor=ivo)
    assert moved.commander == cast.root
    assert incident.timeline.filter(sentence__startswith="Command went from Ivo to Root").exists()


def test_those_offered_for_a_role_may_all_take_it(incident: Incident, cast: Cast) -> None:
    for name in ("ada", "pia", "dan", "root", "elif", "max", "ivo", "aud", "eve"):
        cast.person(name)
    offered = {
        role: set(candidates(incident, ELIGIBLE[role]).values_list("name", flat=True))
        for role in ParticipantRole.values
    }
    assert offered["privacy"] == {"Pia", "Dan"}
    assert offered["model_owner"] == {"Ada", "Max"}
    assert offered["ethics"] == {"Elif"}
    assert "Eve" not in offered["observer"]
    assert "Aud" in offered["observer"]
    assert "Aud" not in offered["scribe"]
    assert Role.AUDITOR not in ELIGIBLE["scribe"]


def test_the_page_gives_and_hands_over_roles(incident: Incident, cast: Cast) -> None:
    client = cast.sign_in(Client(), "ivo")
    cast.person("pia")
    url = reverse("incident_role", args=[incident.reference])
    page = client.get(reverse("incident", args=[incident.reference])).content.decode()
    assert url in page
    client.post(url, {"role": "privacy", "user": str(cast.pia.pk)})
    given = Participant.objects.get()
    assert "Pia" in client.get(reverse("incident", args=[incident.reference])).content.decode()
    over = reverse("incident_role_hand_over", args=[incident.reference, given.pk])
    client.post(over, {"user": str(cast.dan.pk), "because": BECAUSE})
    assert Participant.objects.get(until=None).user == cast.dan
    stranger = cast.sign_in(Client(), "eve")
    assert stranger.post(over, {"user": str(cast.pia.pk), "because": BECAUSE}).status_code == 404


def test_a_duplicate_is_joined_and_seen_from_both_sides(
    system: System, incident: Incident, cast: Cast
) -> None:
    twin = opened(system, "report:b", "The same in other words")
    take_command(incident=twin, user=cast.ivo, actor=cast.actor("ivo"))
    client = cast.sign_in(Client(), "ivo")
    url = reverse("incident_duplicate", args=[twin.reference])
    client.post(url, {"original": incident.reference, "because": "The same version and week."})
    twin.refresh_from_db()
    assert (twin.state, twin.duplicate_of) == (State.DUPLICATE, incident)
    mine = client.get(reverse("incident", args=[incident.reference])).content.decode()
    theirs = client.get(reverse("incident", args=[twin.reference])).content.decode()
    assert twin.reference in mine
    assert incident.reference in theirs
    assert "The same in other words" in mine


def test_an_incident_is_no_duplicate_of_itself_nor_of_one_that_is_over(
    system: System, incident: Incident, cast: Cast
) -> None:
    ivo, because = cast.actor("ivo"), "The same version and week."
    with pytest.raises(Invalid, match="itself"):
        mark_duplicate(incident=incident, original=incident, because=because, actor=ivo)
    over = opened(system, "report:b")
    Incident.objects.filter(pk=over.pk).update(state=State.FALSE_POSITIVE)
    with pytest.raises(Conflict, match="is over"):
        mark_duplicate(incident=incident, original=over, because=because, actor=ivo)


def test_an_incident_that_holds_a_system_is_not_joined_away(
    system: System, incident: Incident, cast: Cast
) -> None:
    twin = opened(system, "report:b")
    registry.place_hold(
        system=system,
        cause="report:b",
        reason="Harms people.",
        incident_reference=twin.reference,
        actor=MACHINE,
    )
    with pytest.raises(Conflict, match="hold of"):
        mark_duplicate(
            incident=twin,
            original=incident,
            because="The same version and week.",
            actor=cast.actor("ivo"),
        )
