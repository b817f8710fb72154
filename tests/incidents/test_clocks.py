"""Clocks of law on an incident: only a stated fact starts one, and none is forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from governance.core.actors import SystemActor
from governance.core.clock import database_now
from governance.core.errors import Conflict, DomainError, Invalid, NotPermitted
from governance.outbox.models import Notice
from governance.registry import services as registry
from governance.registry.models import System
from incidents.choices import ClockState, FilingPhase, Kind, Severity, State
from incidents.clocks.regimes import BY_KEY, REGIMES
from incidents.machine import missing_for
from incidents.models import ClockReminder, Incident, RegulatorClock
from incidents.selectors import undecided_duties
from incidents.services.clocks import (
    correct_awareness,
    record_filing,
    remind_of_clocks,
    rule_out_duties,
    start_clock,
)
from incidents.services.moving import gather_facts
from incidents.services.opening import open_incident
from incidents.services.steps import run_automatic_steps
from tests.cast import Cast

pytestmark = pytest.mark.django_db
MACHINE = SystemActor("test")
BREACH = BY_KEY["gdpr-33"]


@pytest.fixture
def system(cast: Cast) -> System:
    made = registry.register_system(
        key="carousel", title="Carousel", on_pause="non_profiled", actor=MACHINE
    )
    cast.join("carousel")
    return made


@pytest.fixture
def incident(system: System) -> Incident:
    opened, _created = open_incident(
        title="Interests were shown to others",
        summary="Forty people saw the interests of somebody else.",
        kind=Kind.PRIVACY,
        severity=Severity.S2,
        cause_key="report:leak",
        system=system,
        unattended=True,
        actor=MACHINE,
    )
    run_automatic_steps(incident=opened, actor=MACHINE)
    opened.refresh_from_db()
    return opened


def start(incident: Incident, cast: Cast, **changes: Any) -> RegulatorClock:
    given: dict[str, Any] = {
        "regime_key": "gdpr-33",
        "aware_at": database_now() - timedelta(hours=1),
        "confirmed": BREACH.conditions,
        "statement": "The engineer saw the rows of forty people in the wrong feed.",
        "country": "DE",
        "zone": "Europe/Berlin",
        "actor": cast.actor("pia"),
        **changes,
    }
    return start_clock(incident=incident, **given)


def test_a_breach_of_a_limit_starts_no_clock(incident: Incident) -> None:
    assert not incident.clocks.exists()
    assert undecided_duties(incident) == list(REGIMES)


def test_the_clock_counts_from_awareness_not_from_the_statement(
    incident: Incident, cast: Cast
) -> None:
    aware = database_now() - timedelta(hours=30)
    clock = start(incident, cast, aware_at=aware)
    assert clock.due_at == aware + timedelta(hours=72)
    assert clock.latest_at is not None
    assert clock.due_at <= clock.latest_at < clock.due_at + timedelta(hours=1)


def test_every_condition_of_the_article_is_stood_for(incident: Incident, cast: Cast) -> None:
    with pytest.raises(Invalid, match="We are the controller"):
        start(incident, cast, confirmed=[BREACH.conditions[0], BREACH.conditions[2]])
    assert not incident.clocks.exists()


@pytest.mark.parametrize("who", ["dan", "max", "ivo", "aud"])
def test_only_the_privacy_lead_decides_on_a_duty(who: str, incident: Incident, cast: Cast) -> None:
    with pytest.raises(NotPermitted):
        start(incident, cast, actor=cast.actor(who))


def test_no_machine_starts_a_clock(incident: Incident, cast: Cast) -> None:
    with pytest.raises(NotPermitted):
        start(incident, cast, actor=MACHINE)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"regime_key": "gdpr-99"}, "no duty"),
        ({"statement": "yes"}, "sentence"),
        ({"country": "XX"}, "country"),
        ({"zone": "Europe/Nowhere"}, "time zone"),
        ({"aware_at": datetime(2026, 1, 1)}, "zone"),
    ],
)
def test_bad_input_gets_a_sentence_and_starts_nothing(
    changes: dict[str, Any], sentence: str, incident: Incident, cast: Cast
) -> None:
    with pytest.raises(DomainError, match=sentence):
        start(incident, cast, **changes)
    assert not incident.clocks.exists()


def test_nobody_becomes_aware_in_the_future(incident: Incident, cast: Cast) -> None:
    with pytest.raises(Invalid, match="future"):
        start(incident, cast, aware_at=database_now() + timedelta(minutes=5))


def test_a_duty_is_decided_once_and_corrected_on_record(incident: Incident, cast: Cast) -> None:
    first = start(incident, cast)
    with pytest.raises(Conflict, match="decided on already"):
        start(incident, cast)
    assert first.aware_at is not None
    earlier = first.aware_at - timedelta(hours=5)
    second = correct_awareness(
        clock=first,
        aware_at=earlier,
        statement="The support team had seen it five hours before.",
        actor=cast.actor("pia"),
    )
    first.refresh_from_db()
    assert (first.state, second.state) == (ClockState.SUPERSEDED, ClockState.RUNNING)
    assert second.supersedes == first
    assert second.due_at == earlier + timedelta(hours=72)
    with pytest.raises(Conflict, match="running"):
        correct_awareness(
            clock=first, aware_at=earlier, statement="Once more, later.", actor=cast.actor("pia")
        )


def test_the_database_itself_refuses_a_second_clock_of_one_duty(
    incident: Incident, cast: Cast
) -> None:
    clock = start(incident, cast)
    with pytest.raises(IntegrityError, match="clock_once_per_duty"), transaction.atomic():
        RegulatorClock.objects.create(
            incident=incident,
            regime_key=clock.regime_key,
            state=ClockState.NOT_APPLICABLE,
            statement="Behind the service's back.",
            decided_by="nobody",
        )


def test_a_duty_without_a_number_has_no_date(incident: Incident, cast: Cast) -> None:
    clock = start(incident, cast, regime_key="gdpr-34", confirmed=BY_KEY["gdpr-34"].conditions)
    assert clock.due_at is None
    assert remind_of_clocks(actor=MACHINE, now=database_now() + timedelta(days=400)) == 0


def test_an_incident_closes_only_when_every_duty_is_decided_and_reported(
    incident: Incident, cast: Cast
) -> None:
    incident.state = State.REVIEW
    closing = " ".join(missing_for(gather_facts(incident), State.CLOSED))
    assert "Decide whether these apply: GDPR, Article 33(1)" in closing
    clock = start(incident, cast)
    rule_out_duties(
        incident=incident,
        regime_keys=[one.key for one in REGIMES],
        statement="No high-risk AI system is involved, and the risk to people is low.",
        actor=cast.actor("pia"),
    )
    assert undecided_duties(incident) == []
    clock.refresh_from_db()
    assert clock.state == ClockState.RUNNING, "ruling out the rest leaves what runs"
    closing = " ".join(missing_for(gather_facts(incident), State.CLOSED))
    assert "Not reported yet: GDPR, Article 33(1)" in closing
    record_filing(
        clock=clock, phase=FilingPhase.INITIAL, reference="LfD 12/26", actor=cast.actor("pia")
    )
    closing = " ".join(missing_for(gather_facts(incident), State.CLOSED))
    assert "reported" not in closing


def test_a_report_is_frozen_with_what_it_said(incident: Incident, cast: Cast) -> None:
    clock = start(incident, cast)
    with pytest.raises(Conflict, match="initial report comes first"):
        record_filing(clock=clock, phase=FilingPhase.FINAL, reference="", actor=cast.actor("pia"))
    filing = record_filing(
        clock=clock, phase=FilingPhase.INITIAL, reference="LfD 12/26", actor=cast.actor("pia")
    )
    clock.refresh_from_db()
    assert clock.state == ClockState.FILED
    assert filing.content["what_happened"] == incident.summary
    assert filing.content["cause"] == "Not known yet."
    assert any("held" in one for one in filing.content["measures"])
    Incident.objects.filter(pk=incident.pk).update(cause="A join on the wrong key, since March.")
    clock = RegulatorClock.objects.get(pk=clock.pk)
    final = record_filing(
        clock=clock, phase=FilingPhase.FINAL, reference="LfD 12/26", actor=cast.actor("pia")
    )
    filing.refresh_from_db()
    assert filing.content["cause"] == "Not known yet."
    assert final.content["cause"] == "A join on the wrong key, since March."
    with pytest.raises(Conflict, match="recorded already"):
        record_filing(clock=clock, phase=FilingPhase.INITIAL, reference="", actor=cast.actor("pia"))


def test_a_late_report_gives_the_reasons_for_the_delay(incident: Incident, cast: Cast) -> None:
    clock = start(incident, cast, aware_at=database_now() - timedelta(hours=80))
    with pytest.raises(Invalid, match="delay"):
        record_filing(clock=clock, phase=FilingPhase.INITIAL, reference="", actor=cast.actor("pia"))
    reasons = "The log that shows who saw what had to be restored first."
    filing = record_filing(
        clock=clock,
        phase=FilingPhase.INITIAL,
        reference="",
        delay=reasons,
        actor=cast.actor("pia"),
    )
    assert filing.content["reasons_for_delay"] == reasons


def test_each_reminder_is_sent_once_and_the_newest_speaks_for_those_missed(
    incident: Incident, cast: Cast
) -> None:
    clock = start(incident, cast)
    assert clock.aware_at is not None
    assert clock.due_at is not None
    length = clock.due_at - clock.aware_at
    told = []
    for share in (0.1, 0.49, 0.51, 0.52, 0.95, 0.96, 1.5, 2.0):
        before = set(Notice.objects.values_list("pk", flat=True))
        remind_of_clocks(actor=MACHINE, now=clock.aware_at + share * length)
        new = Notice.objects.exclude(pk__in=before)
        told.append([notice.subject.split(": ", 1)[1] for notice in new])
    article = "GDPR, Article 33(1)"
    assert told == [
        [],
        [],
        [f"50 % of {article} has passed"],
        [],
        [f"90 % of {article} has passed"],
        [],
        [f"the period of {article} is over"],
        [],
    ]
    noted = ClockReminder.objects.filter(clock=clock).values_list("percent", flat=True)
    assert sorted(noted) == [50, 75, 90, 100]


def test_a_reported_duty_reminds_nobody(incident: Incident, cast: Cast) -> None:
    clock = start(incident, cast)
    record_filing(clock=clock, phase=FilingPhase.INITIAL, reference="", actor=cast.actor("pia"))
    assert remind_of_clocks(actor=MACHINE, now=database_now() + timedelta(days=10)) == 0


def test_the_privacy_lead_walks_from_the_page_to_a_filed_report(
    incident: Incident, cast: Cast
) -> None:
    client = cast.sign_in(Client(), "pia")
    page = reverse("incident", args=[incident.reference])
    assert "Nobody has decided yet" in client.get(page).content.decode()
    started = client.post(
        reverse("incident_clock_start", args=[incident.reference, "gdpr-33"]),
        {
            "confirmed": list(BREACH.conditions),
            "aware_at": "2026-06-01T10:20",
            "zone": "Europe/Berlin",
            "country": "DE",
            "statement": "The engineer saw the rows of forty people.",
        },
    )
    assert started.status_code == 302
    clock = incident.clocks.get()
    assert clock.due_at is not None
    assert clock.due_at.isoformat() == "2026-06-04T08:20:00+00:00"
    form = reverse("incident_clock_file", args=[incident.reference, clock.pk])
    assert incident.summary in client.get(form).content.decode()
    refused = client.post(form, {"phase": "initial", "reference": "LfD 12/26"})
    assert "reasons for the delay" in refused.content.decode()
    assert "LfD 12/26" in refused.content.decode(), "what was typed stays"
    filed = client.post(
        form,
        {
            "phase": "initial",
            "reference": "LfD 12/26",
            "delay": "It was found late, by an outside researcher.",
        },
    )
    assert filed.status_code == 302
    assert "LfD 12/26" in client.get(page).content.decode()
    report = client.get(reverse("incident_clock_json", args=[incident.reference, clock.pk])).json()
    assert report["duty"]["article"] == "GDPR, Article 33(1)"


def test_others_see_the_duties_but_cannot_decide(incident: Incident, cast: Cast) -> None:
    client = cast.sign_in(Client(), "max")
    page = client.get(reverse("incident", args=[incident.reference])).content.decode()
    assert "Nobody has decided yet" in page
    assert "Record that they do not apply" not in page
    start_page = reverse("incident_clock_start", args=[incident.reference, "gdpr-33"])
    assert client.get(start_page).status_code == 403
