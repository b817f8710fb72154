"""An incident that comes back begins a new episode; how fast each went is counted apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from governance.core.actors import SystemActor
from governance.core.errors import Invalid
from governance.registry import services as registry
from governance.registry.models import System
from incidents.choices import Kind, Severity, State, StepState
from incidents.metrics import MEASURES, Times, mitigated_within, spreads
from incidents.models import Incident
from incidents.selectors import episodes_for, present_steps
from incidents.services.moving import move_incident
from incidents.services.opening import open_incident
from incidents.services.steps import run_automatic_steps
from incidents.web.metrics import in_words
from tests.cast import Cast

MACHINE = SystemActor("test")
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


@pytest.fixture
def incident(cast: Cast) -> Incident:
    system: System = registry.register_system(
        key="carousel", title="Carousel", on_pause="non_profiled", actor=MACHINE
    )
    cast.join("carousel")
    opened, _created = open_incident(
        title="Too concentrated",
        summary="",
        kind=Kind.BIAS,
        severity=Severity.S2,
        cause_key="breach:a",
        system=system,
        unattended=True,
        actor=MACHINE,
    )
    run_automatic_steps(incident=opened, actor=MACHINE)
    opened.refresh_from_db()
    return opened


@pytest.mark.django_db
def test_reopening_keeps_the_times_of_the_episode_that_ended(incident: Incident) -> None:
    contained, detected = incident.contained_at, incident.detected_at
    reason = "The storefront served the old version again."
    again = move_incident(incident=incident, to=State.ACTIVE, note=reason, actor=MACHINE)
    past = again.past_episodes.get()
    assert (past.number, past.contained_at, past.detected_at) == (1, contained, detected)
    assert past.reopened_because == reason
    assert again.episode == 2
    assert again.contained_at is None
    assert again.detected_at > detected


@pytest.mark.django_db
def test_a_new_episode_has_the_whole_playbook_before_it(incident: Incident) -> None:
    first = list(incident.steps.values_list("type", flat=True))
    again = move_incident(
        incident=incident, to=State.ACTIVE, note="It is back since noon.", actor=MACHINE
    )
    steps = present_steps(again)
    assert list(steps.values_list("type", flat=True)) == first
    assert set(steps.values_list("state", flat=True)) == {StepState.PENDING}
    before = again.steps.filter(episode=1).values_list("state", flat=True)
    assert set(before) == {StepState.DONE, StepState.SKIPPED}


@pytest.mark.django_db
def test_nobody_reopens_without_a_reason(incident: Incident) -> None:
    with pytest.raises(Invalid, match="why"):
        move_incident(incident=incident, to=State.ACTIVE, actor=MACHINE)
    incident.refresh_from_db()
    assert (incident.state, incident.episode) == (State.MITIGATED, 1)


@pytest.mark.django_db
def test_an_episode_that_ended_cannot_be_rewritten(incident: Incident) -> None:
    move_incident(incident=incident, to=State.ACTIVE, note="It is back since noon.", actor=MACHINE)
    with pytest.raises(Exception, match="append-only"), connection.cursor() as cursor:
        cursor.execute("UPDATE incidents_episode SET contained_at = now()")


@pytest.mark.django_db
def test_the_commander_reopens_from_the_page(incident: Incident, cast: Cast) -> None:
    client = cast.sign_in(Client(), "ivo")
    page = reverse("incident", args=[incident.reference])
    assert "Reopen" in client.get(page).content.decode()
    client.post(
        reverse("incident_reopen", args=[incident.reference]), {"note": "It is back since noon."}
    )
    shown = client.get(page).content.decode()
    assert "Episode 1" in shown
    assert "It is back since noon." in shown


@pytest.mark.django_db
def test_the_page_counts_every_episode_and_leaves_out_what_was_no_harm(
    incident: Incident, cast: Cast
) -> None:
    move_incident(incident=incident, to=State.ACTIVE, note="It is back since noon.", actor=MACHINE)
    other, _created = open_incident(
        title="A false alarm",
        summary="",
        kind=Kind.BIAS,
        severity=Severity.S2,
        cause_key="report:b",
        system=incident.system,
        actor=MACHINE,
    )
    move_incident(incident=other, to=State.FALSE_POSITIVE, actor=MACHINE)
    assert len(episodes_for(cast.actor("ivo"))) == 2
    client = cast.sign_in(Client(), "ivo")
    page = client.get(reverse("incident_metrics")).content.decode()
    assert "of the episodes of severity S1 or S2 were mitigated" in page
    assert "n = 2" in page
    nothing = client.get(reverse("incident_metrics"), {"severity": "s4"}).content.decode()
    assert "No episode fits" in nothing
    stranger = cast.sign_in(Client(), "eve").get(reverse("incident_metrics")).content.decode()
    assert "No episode fits" in stranger


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (3600, "1 h"), (97_200, "1 d 3 h")],
)
def test_a_length_is_told_by_its_two_largest_parts(seconds: int, words: str) -> None:
    assert in_words(timedelta(seconds=seconds)) == words


def test_each_measure_runs_between_its_two_moments() -> None:
    one = Times(
        severity="s2",
        started_at=NOON,
        detected_at=NOON + minutes(30),
        reported_at=NOON + minutes(31),
        acknowledged_at=NOON + minutes(33),
        containment_requested_at=NOON + minutes(40),
        contained_at=NOON + minutes(41),
        mitigated_at=NOON + minutes(50),
        resolved_at=NOON + minutes(240),
    )
    expected = {"detect": 30, "acknowledge": 2, "contain": 1, "mitigate": 20, "resolve": 240}
    found = {spread.measure.key: spread for spread in spreads([one])}
    assert set(found) == {measure.key for measure in MEASURES}
    for key, length in expected.items():
        assert found[key].n == 1
        assert found[key].median == found[key].p90 == minutes(length)


def test_the_ninetieth_percentile_is_a_time_that_was_observed() -> None:
    # Nearest rank (Hyndman and Fan 1996, definition 1): of 1..20 minutes the 18th.
    episodes = [
        Times(severity="s2", reported_at=NOON, acknowledged_at=NOON + minutes(length))
        for length in range(1, 21)
    ]
    found = next(one for one in spreads(episodes) if one.measure.key == "acknowledge")
    assert (found.n, found.median, found.p90) == (20, minutes(10.5), minutes(18))


def test_an_unknown_moment_counts_towards_nothing() -> None:
    found = spreads([Times(severity="s1", detected_at=NOON)])
    assert {(one.n, one.median, one.p90) for one in found} == {(0, None, None)}


def test_what_is_still_open_is_not_mitigated_in_time() -> None:
    episodes = [
        Times(severity="s1", detected_at=NOON, mitigated_at=NOON + minutes(29)),
        Times(severity="s2", detected_at=NOON, mitigated_at=NOON + minutes(31)),
        Times(severity="s1", detected_at=NOON),
        Times(severity="s4", detected_at=NOON, mitigated_at=NOON),
    ]
    assert mitigated_within(episodes, minutes(30), ["s1", "s2"]) == (1, 3)
