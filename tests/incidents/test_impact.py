"""Whom an incident touched: counted where it can be, estimated where it says so, never guessed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from audits.models import OutputBatch
from consent.choices import AgeBand
from consent.fastpath.fingerprint import lookup_key, lookup_of
from consent.identity import pseudonym_of
from consent.models import ConsentState, DataSubject
from governance.core.actors import SystemActor
from governance.core.errors import Invalid, NotPermitted
from governance.ledger.models import LedgerEntry
from governance.outbox.models import OutboxTask
from governance.people.services import create_api_key
from governance.registry.choices import Sensitivity
from governance.registry.models import Feature, Purpose, Surface
from incidents.choices import Affected, ImpactBasis, ImpactMeasure, Kind, Severity
from incidents.impact.figures import figures_of_log, worst_known
from incidents.models import Impact, Incident
from incidents.selectors import impact_of
from incidents.services.impact import ask_for_due_impacts, count_impact, set_harm_start
from incidents.services.opening import open_incident
from tests.audits.conftest import DAY, START, Stage, impressions, stage, storage
from tests.cast import Cast

__all__ = ["stage", "storage"]
MACHINE = SystemActor("test")
pytestmark = pytest.mark.django_db


def person(subject: str, settings: Any, **known: Any) -> DataSubject:
    pepper = settings.KEYS.subject_pepper
    return DataSubject.objects.create(
        pseudonym=pseudonym_of(pepper, subject),
        lookup=lookup_of(lookup_key(pepper), subject),
        **known,
    )


def opened(stage: Stage, **times: Any) -> Incident:
    incident, _created = open_incident(
        title="Too concentrated",
        summary="",
        kind=Kind.BIAS,
        severity=Severity.S2,
        cause_key="breach:a",
        system=stage.system,
        version=stage.serving,
        started_at=START,
        actor=MACHINE,
    )
    Incident.objects.filter(pk=incident.pk).update(**times)
    incident.refresh_from_db()
    return incident


def figure(impact: Impact, measure: str, basis: str) -> Any:
    return impact.figures.filter(measure=measure, basis=basis).first()


def test_the_people_in_the_outputs_are_counted_exactly_once_each(stage: Stage) -> None:
    stage.push(stage.serving, impressions("learned", day=0))
    stage.push(stage.serving, impressions("learned", day=1))
    impact = count_impact(incident=opened(stage))
    people = figure(impact, ImpactMeasure.PEOPLE, ImpactBasis.OUTPUTS)
    assert (people.value, people.n, people.low) == (97, 800, None)
    assert figure(impact, ImpactMeasure.DECISIONS, ImpactBasis.OUTPUTS).value == 800


def test_outputs_of_another_version_and_of_another_time_harmed_nobody(stage: Stage) -> None:
    stage.push(stage.serving, impressions("learned", day=0, rows=50))
    stage.push(stage.serving, impressions("learned", day=2, rows=90))
    stage.push(stage.fallback, impressions("uniform", day=0))
    incident = opened(stage, detected_at=START + DAY, contained_at=START + DAY)
    impact = count_impact(incident=incident)
    assert figure(impact, ImpactMeasure.PEOPLE, ImpactBasis.OUTPUTS).value == 50
    assert impact.until == START + DAY


def test_minors_among_them_are_named_with_how_many_ages_are_known(
    stage: Stage, settings: Any
) -> None:
    stage.push(stage.serving, impressions("learned", rows=10))
    for number, band in enumerate((AgeBand.MINOR, AgeBand.FROM_13_TO_15, AgeBand.ADULT)):
        person(f"person-{number}", settings, age_band=band)
    person("person-96", settings, age_band=AgeBand.MINOR)  # not in these outputs
    impact = count_impact(incident=opened(stage))
    minors = figure(impact, ImpactMeasure.MINORS, ImpactBasis.OUTPUTS)
    assert (minors.value, minors.n) == (2, 3)
    assert "7 people is not known" in minors.note


def test_outputs_of_several_versions_in_one_log_are_told_apart(stage: Stage) -> None:
    rows = impressions("learned", rows=60)
    for number, row in enumerate(rows):
        row["model_version"] = "learned" if number < 20 else "uniform"
    from audits.services import push_outputs
    from tests.audits.conftest import json_lines

    push_outputs(
        system=stage.system,
        version=None,
        data=json_lines(rows),
        media_type="application/x-ndjson",
        actor=MACHINE,
    )
    assert OutputBatch.objects.get().version is None
    impact = count_impact(incident=opened(stage))
    assert figure(impact, ImpactMeasure.PEOPLE, ImpactBasis.OUTPUTS).value == 20


def sampled(lookup: int | None, at: Any, flag: str, outcome: str = "personalise") -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO consent_decisionsample (at, lookup, door, flag, outcome, reason, revision)"
            " VALUES (%s, %s, 'ofrep', %s, %s, 'given', 1)",
            [at, lookup, flag, outcome],
        )


def test_a_sampled_log_gives_an_estimate_that_says_so_and_holds_the_truth(
    stage: Stage, settings: Any
) -> None:
    settings.SAMPLE_EVERY = 10
    now = timezone.now()
    for number in range(30):
        sampled(number, now, "system.carousel")
    sampled(3, now, "system.carousel")  # seen twice
    sampled(None, now, "system.carousel")  # nobody
    sampled(99, now, "system.carousel", "non_profiled")  # not personalised
    sampled(98, now - 2 * DAY, "system.carousel")  # before the window
    sampled(97, now, "system.other")
    incident = opened(stage, started_at=now - timedelta(hours=1))
    impact = count_impact(incident=incident)
    people = figure(impact, ImpactMeasure.PEOPLE, ImpactBasis.DECISION_LOG)
    assert people.n == people.low == 30
    assert 30 < people.value < people.high
    assert people.high >= 29 * 10  # had everybody asked once
    assert "One answer in 10" in people.note
    decisions = figure(impact, ImpactMeasure.DECISIONS, ImpactBasis.DECISION_LOG)
    assert decisions.value == 320
    assert decisions.low < 320 < decisions.high


def test_a_log_that_keeps_every_answer_is_exact(stage: Stage, settings: Any) -> None:
    settings.SAMPLE_EVERY = 1
    now = timezone.now()
    for number in (1, 1, 2):
        sampled(number, now, "system.carousel")
    impact = count_impact(incident=opened(stage, started_at=now - timedelta(hours=1)))
    people = figure(impact, ImpactMeasure.PEOPLE, ImpactBasis.DECISION_LOG)
    assert (people.value, people.low, people.high) == (2, None, None)


def test_an_answer_about_every_flag_counts_a_person_once(stage: Stage, settings: Any) -> None:
    settings.SAMPLE_EVERY = 1
    now = timezone.now()
    for flag in ("system.carousel", "system.carousel.version"):
        sampled(1, now, flag)
    impact = count_impact(incident=opened(stage, started_at=now - timedelta(hours=1)))
    assert figure(impact, ImpactMeasure.DECISIONS, ImpactBasis.DECISION_LOG).value == 1


def test_without_outputs_or_a_log_the_count_says_what_is_missing(
    stage: Stage, settings: Any
) -> None:
    settings.SAMPLE_EVERY = 0
    impact = count_impact(incident=opened(stage))
    assert not impact.figures.filter(measure=ImpactMeasure.PEOPLE).exists()
    assert "No outputs of this window were sent." in impact.notes
    assert "No sample of decisions is kept, so the log says nothing." in impact.notes


def test_whom_the_system_may_serve_follows_what_people_chose(stage: Stage, settings: Any) -> None:
    purpose = Purpose.objects.create(
        key="shelf-order",
        title="Recommendations",
        description="What to show",
        dpv_iri="https://w3id.org/dpv#Personalisation",
        fideslang_use="personalize",
        lawful_basis="consent",
    )
    stage.system.purposes.add(purpose)
    stage.serving.state = "serving"
    stage.serving.save()
    now = timezone.now()
    for number, (status, band) in enumerate(
        [("given", "adult"), ("given", "minor"), ("withdrawn", "adult"), ("refused", "adult")]
    ):
        known = person(f"person-{number}", settings, age_band=band)
        ConsentState.objects.create(
            subject=known, purpose=purpose, revision=1, status=status, decided_at=now
        )
    impact = count_impact(incident=opened(stage))
    assert figure(impact, ImpactMeasure.REACH, ImpactBasis.CONSENT_STATE).value == 2
    assert figure(impact, ImpactMeasure.REACH_MINORS, ImpactBasis.CONSENT_STATE).value == 1


def test_what_the_register_knows_is_listed_with_what_is_sensitive(stage: Stage) -> None:
    surface = Surface.objects.create(key="home", title="Home page", kind="recommendations")
    stage.system.surfaces.add(surface)
    feature = Feature.objects.create(
        key="illness",
        title="Bought medicine",
        sensitivity=Sensitivity.SPECIAL_CATEGORY,
        justification="Asked for.",
        justification_expires_at=timezone.now().date() + DAY,
    )
    stage.serving.features.add(feature)
    incident = opened(stage)
    count_impact(incident=incident)
    read = impact_of(incident)
    assert read is not None
    assert [one.key for one in read.parts[Affected.SYSTEM]] == ["carousel"]
    assert [one.key for one in read.parts[Affected.SURFACE]] == ["home"]
    assert read.parts[Affected.FEATURE][0].sensitive
    assert any("Bought medicine (special category" in one for one in read.sentences)


def test_a_window_that_moves_is_counted_again_and_one_that_stands_is_not(stage: Stage) -> None:
    stage.push(stage.serving, impressions("learned", day=0, rows=50))
    stage.push(stage.serving, impressions("learned", day=1, rows=97))
    incident = opened(stage, detected_at=START + DAY, contained_at=START + DAY)
    assert ask_for_due_impacts() == 1
    assert OutboxTask.objects.filter(name="incidents.count_impact").count() == 1
    assert ask_for_due_impacts() == 0
    assert figure(count_impact(incident=incident), "people", "outputs").value == 50
    assert ask_for_due_impacts(now=timezone.now() + timedelta(hours=1)) == 0

    Incident.objects.filter(pk=incident.pk).update(contained_at=START + 3 * DAY)
    incident.refresh_from_db()
    assert ask_for_due_impacts() == 1
    impact = count_impact(incident=incident)
    assert figure(impact, "people", "outputs").value == 97
    assert Impact.objects.count() == 1


def test_harm_that_goes_on_is_counted_every_ten_minutes(stage: Stage) -> None:
    incident = opened(stage)
    assert ask_for_due_impacts() == 1
    count_impact(incident=incident)
    assert ask_for_due_impacts(now=timezone.now() + timedelta(minutes=9)) == 0
    assert ask_for_due_impacts(now=timezone.now() + timedelta(minutes=11)) == 1


def test_the_numbers_of_a_window_that_ended_are_in_the_ledger(stage: Stage) -> None:
    stage.push(stage.serving, impressions("learned", rows=50))
    incident = opened(stage)
    count_impact(incident=incident)
    entries = LedgerEntry.objects.filter(verb="incidents.impact_counted")
    assert not entries.exists()
    Incident.objects.filter(pk=incident.pk).update(contained_at=timezone.now())
    incident.refresh_from_db()
    count_impact(incident=incident)
    count_impact(incident=incident)  # the same numbers are said once
    assert entries.get().facts["figures"][0]["value"] in (50, 97)


def test_the_commander_says_when_the_harm_began_and_it_is_counted_from_there(
    stage: Stage, cast: Cast
) -> None:
    cast.join("carousel")
    incident = opened(stage)
    with pytest.raises(NotPermitted):
        set_harm_start(
            incident=incident, started_at=START, because="Seen in the log.", actor=cast.actor("max")
        )
    with pytest.raises(Invalid, match="not in the future"):
        set_harm_start(
            incident=incident,
            started_at=timezone.now() + DAY,
            because="Seen in the log.",
            actor=cast.actor("ivo"),
        )
    set_harm_start(
        incident=incident,
        started_at=START - DAY,
        because="The log shows the first case that day.",
        actor=cast.actor("ivo"),
    )
    assert Impact.objects.get().since == START - DAY
    assert incident.timeline.filter(sentence__contains="The harm began on 4 January").exists()


def test_counted_people_win_over_estimated_ones_in_the_headline() -> None:
    from consent.selectors.decision_log import LogCounts
    from incidents.impact.figures import Figure

    log = LogCounts(1000, 5, 0, 0, 5, 5, 0, 0, 0, None)
    counted = Figure(ImpactMeasure.PEOPLE, ImpactBasis.OUTPUTS, 7, 9)
    assert worst_known([*figures_of_log(log), counted]) == counted
    estimated = worst_known(figures_of_log(log))
    assert estimated is not None
    assert estimated.low == 5


def test_the_rest_door_tells_the_numbers_with_how_they_are_known(stage: Stage, cast: Cast) -> None:
    _key, secret = create_api_key(
        name="reader",
        scopes=["registry:read"],
        expires_at=timezone.now() + DAY,
        actor=cast.actor("root"),
    )
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    stage.push(stage.serving, impressions("learned", rows=50))
    incident = opened(stage)
    url = f"/api/v1/incidents/{incident.reference}/impact"
    assert client.get(url).status_code == 404
    count_impact(incident=incident)
    told = client.get(url).json()
    assert told["figures"][0]["basis"] == "outputs"
    assert told["figures"][0]["value"] == 50
    assert any((one["part"], one["key"]) == ("system", "carousel") for one in told["parts"])
