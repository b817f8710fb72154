"""Clocks of law on an incident: only a stated fact starts one, and none is forgotten."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from governance.core.actors import SystemActor
from governance.core.clock import database_now
from governance.core.errors import Conflict, DomainError, Invalid, NotPermitted
from governance.outbox.models import Notice
from governance.registry import services as registry
from governance.registry.choices import RiskTier
from governance.registry.models import System
from incidents.choices import AwareOf, ClockState, FilingPhase, Kind, Severity, State
from incidents.clocks.forms import filled_form
from incidents.clocks.printing import printed_report
from incidents.clocks.questions import QUESTIONS
from incidents.clocks.regimes import BY_KEY, REGIMES
from incidents.duty_agenda import DutyAgenda
from incidents.machine import missing_for
from incidents.models import Awareness, ClockReminder, Incident, RegulatorClock
from incidents.selectors import barred_duties, standing_awareness, undecided_duties
from incidents.services.awareness import correct_awareness, state_awareness
from incidents.services.clocks import (
    reconsider_duty,
    remind_of_clocks,
    rule_out_duties,
    start_clock,
)
from incidents.services.filing import record_filing, write_answers
from incidents.services.moving import gather_facts
from incidents.services.opening import open_incident
from incidents.services.steps import run_automatic_steps
from tests.audits.test_reports import streams
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


def aware(incident: Incident, cast: Cast, **changes: Any) -> Awareness:
    given: dict[str, Any] = {
        "fact": AwareOf.DATA_BREACH,
        "so": True,
        "who": "The engineer on call",
        "aware_at": database_now() - timedelta(hours=1),
        "zone": "Europe/Berlin",
        "statement": "The engineer saw the rows of forty people in the wrong feed.",
        "actor": cast.actor("pia"),
        **changes,
    }
    return state_awareness(incident=incident, **given)


def start(
    incident: Incident, cast: Cast, *, aware_at: datetime | None = None, **changes: Any
) -> RegulatorClock:
    """Both steps: the fact, then that the duty applies."""
    given: dict[str, Any] = {
        "regime_key": "gdpr-33",
        "confirmed": BREACH.conditions,
        "statement": "The interests of forty people were shown to others.",
        "country": "DE",
        "actor": cast.actor("pia"),
        **changes,
    }
    fact = BY_KEY.get(given["regime_key"], BREACH).fact
    if standing_awareness(incident, fact) is None:
        aware(incident, cast, fact=fact, aware_at=aware_at or database_now() - timedelta(hours=1))
    return start_clock(incident=incident, **given)


def test_nothing_starts_a_clock_by_itself(incident: Incident) -> None:
    assert not incident.clocks.exists()
    assert not incident.awareness.exists()
    assert [one.key for one in undecided_duties(incident)] == ["gdpr-33", "gdpr-34"]


def test_duties_of_high_risk_systems_start_for_no_other_and_the_page_says_why(
    incident: Incident, cast: Cast
) -> None:
    general = BY_KEY["ai-act-73-general"]
    assert [regime.key for regime, _why in barred_duties(incident)] == [
        one.key for one in REGIMES if one.high_risk_only
    ]
    with pytest.raises(Conflict, match="binds high-risk systems, and this one is registered"):
        start(incident, cast, regime_key=general.key, confirmed=general.conditions)
    page = cast.sign_in(Client(), "pia").get(reverse("incident", args=[incident.reference]))
    assert "registered with low risk" in page.content.decode()
    System.objects.update(risk_tier=RiskTier.HIGH)
    incident = Incident.objects.get(pk=incident.pk)
    assert barred_duties(incident) == []
    assert undecided_duties(incident) == list(REGIMES)
    clock = start(incident, cast, regime_key=general.key, confirmed=general.conditions)
    assert clock.due_at is not None


def test_no_text_that_is_only_reported_moves_a_date() -> None:
    for regime in REGIMES:
        assert all(one.source for one in regime.dates)
        assert regime.applies_from == min(one.since for one in regime.dates if one.in_force)
    assert BY_KEY["ai-act-73-general"].applies_from.isoformat() == "2026-08-02"


def test_a_clock_waits_for_the_fact_that_starts_it(incident: Incident, cast: Cast) -> None:
    with pytest.raises(Conflict, match="state first who became aware, and when"):
        start_clock(
            incident=incident,
            regime_key="gdpr-33",
            confirmed=BREACH.conditions,
            statement="An audit found that a limit was left.",
            country="DE",
            actor=cast.actor("pia"),
        )
    assert not incident.clocks.exists()


def test_the_page_of_a_privacy_incident_asks_who_became_aware(
    incident: Incident, cast: Cast
) -> None:
    page = reverse("incident", args=[incident.reference])
    client = cast.sign_in(Client(), "pia")
    assert "To be answered first" in client.get(page).content.decode()
    Incident.objects.filter(pk=incident.pk).update(kind=Kind.BIAS)
    text = client.get(page).content.decode()
    assert "To be answered first" not in text
    assert "nobody has stated it" in text


def test_what_did_not_happen_starts_nothing_and_says_so_once(
    incident: Incident, cast: Cast
) -> None:
    nothing = "The rows were made up for a test; no person stood behind them."
    stated = aware(incident, cast, so=False, statement=nothing)
    assert undecided_duties(incident) == []
    assert {one.statement for one in incident.clocks.all()} == {nothing}
    with pytest.raises(Conflict, match="stated that there was no such fact"):
        start(incident, cast)
    correct_awareness(
        awareness=stated,
        so=True,
        who="A customer who wrote to us",
        aware_at=database_now() - timedelta(minutes=5),
        zone="Europe/Berlin",
        statement="One of the rows was a person after all.",
        actor=cast.actor("pia"),
    )
    assert [one.key for one in undecided_duties(incident)] == ["gdpr-33", "gdpr-34"]
    assert start(incident, cast).state == ClockState.RUNNING


def test_a_statement_is_never_edited_only_superseded(incident: Incident, cast: Cast) -> None:
    stated = aware(incident, cast)
    with pytest.raises(Conflict, match="stated already"):
        aware(incident, cast)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Awareness.objects.filter(pk=stated.pk).update(who="Somebody else")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        stated.delete()
    assert Awareness.objects.get(pk=stated.pk).who == "The engineer on call"


def test_a_duty_that_was_ruled_out_can_be_opened_again(incident: Incident, cast: Cast) -> None:
    (clock,) = rule_out_duties(
        incident=incident,
        regime_keys=["gdpr-34"],
        statement="The risk to people is low.",
        actor=cast.actor("pia"),
    )
    reconsider_duty(clock=clock, statement="A child was among them.", actor=cast.actor("pia"))
    assert "gdpr-34" in {one.key for one in undecided_duties(incident)}
    with pytest.raises(Conflict, match="ruled out"):
        reconsider_duty(clock=clock, statement="Once more for luck.", actor=cast.actor("pia"))


def test_the_clock_counts_from_awareness_not_from_the_statement(
    incident: Incident, cast: Cast
) -> None:
    known = database_now() - timedelta(hours=30)
    clock = start(incident, cast, aware_at=known)
    assert clock.due_at == known + timedelta(hours=72)
    assert clock.latest_at is not None
    assert clock.due_at <= clock.latest_at < clock.due_at + timedelta(hours=1)


def test_every_condition_of_the_article_is_stood_for(incident: Incident, cast: Cast) -> None:
    with pytest.raises(Invalid, match="We are the controller"):
        start(incident, cast, confirmed=[BREACH.conditions[1]])
    assert not incident.clocks.exists()


@pytest.mark.parametrize("who", ["dan", "max", "ivo", "aud"])
def test_only_the_privacy_lead_decides_on_a_duty(who: str, incident: Incident, cast: Cast) -> None:
    with pytest.raises(NotPermitted):
        aware(incident, cast, actor=cast.actor(who))
    aware(incident, cast)
    with pytest.raises(NotPermitted):
        start(incident, cast, actor=cast.actor(who))


def test_no_machine_states_a_fact_or_starts_a_clock(incident: Incident, cast: Cast) -> None:
    with pytest.raises(NotPermitted):
        aware(incident, cast, actor=MACHINE)
    aware(incident, cast)
    with pytest.raises(NotPermitted):
        start(incident, cast, actor=MACHINE)
    assert not incident.clocks.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"regime_key": "gdpr-99"}, "no duty"),
        ({"statement": "yes"}, "sentence"),
        ({"country": "XX"}, "country"),
    ],
)
def test_bad_input_gets_a_sentence_and_starts_nothing(
    changes: dict[str, Any], sentence: str, incident: Incident, cast: Cast
) -> None:
    with pytest.raises(DomainError, match=sentence):
        start(incident, cast, **changes)
    assert not incident.clocks.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"fact": "a_bad_day"}, "No duty"),
        ({"zone": "Europe/Nowhere"}, "time zone"),
        ({"aware_at": datetime(2026, 1, 1)}, "zone"),
        ({"aware_at": None}, "when"),
        ({"who": " "}, "who became aware"),
        ({"statement": "yes"}, "sentence"),
    ],
)
def test_a_statement_says_who_when_and_why(
    changes: dict[str, Any], sentence: str, incident: Incident, cast: Cast
) -> None:
    with pytest.raises(DomainError, match=sentence):
        aware(incident, cast, **changes)
    assert not incident.awareness.exists()


def test_nobody_becomes_aware_in_the_future(incident: Incident, cast: Cast) -> None:
    with pytest.raises(Invalid, match="future"):
        aware(incident, cast, aware_at=database_now() + timedelta(minutes=5))


def test_a_corrected_statement_takes_its_running_clocks_along_and_leaves_reports(
    incident: Incident, cast: Cast
) -> None:
    first = start(incident, cast)
    with pytest.raises(Conflict, match="decided on already"):
        start(incident, cast)
    told = start(incident, cast, regime_key="gdpr-34", confirmed=BY_KEY["gdpr-34"].conditions)
    write_answers(clock=first, answers={"people": "Forty."}, actor=cast.actor("pia"))
    record_filing(clock=told, phase=FilingPhase.INITIAL, reference="", actor=cast.actor("pia"))
    assert first.aware_at is not None
    assert first.awareness is not None
    earlier = first.aware_at - timedelta(hours=5)
    given: dict[str, Any] = {
        "so": True,
        "who": "The support team",
        "aware_at": earlier,
        "zone": "Europe/Berlin",
        "statement": "The support team had seen it five hours before.",
        "actor": cast.actor("pia"),
    }
    corrected = correct_awareness(awareness=first.awareness, **given)
    first.refresh_from_db()
    told.refresh_from_db()
    second = incident.clocks.get(regime_key="gdpr-33", state=ClockState.RUNNING)
    assert (first.state, told.state) == (ClockState.SUPERSEDED, ClockState.FILED)
    assert (second.supersedes, second.awareness) == (first, corrected)
    assert second.due_at == earlier + timedelta(hours=72)
    assert second.answers == {"people": "Forty."}
    with pytest.raises(Conflict, match="corrected already"):
        correct_awareness(awareness=first.awareness, **given)


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


def said(content: dict[str, Any], key: str) -> str:
    (text,) = [one["text"] for one in content["fields"] if one["key"] == key]
    return str(text)


def test_every_field_names_the_article_that_asks_for_it(incident: Incident, cast: Cast) -> None:
    for regime in REGIMES:
        named = {one.article.split(",")[0] for one in QUESTIONS[regime.key]}
        assert named == {regime.article.split(",")[0]}
    form = filled_form(start(incident, cast))
    assert "GDPR, Article 33(3)(c)" in {one["article"] for one in form["fields"]}


def test_a_report_is_filled_in_from_the_record_and_people_write_over_it(
    incident: Incident, cast: Cast
) -> None:
    clock = start(incident, cast)
    form = filled_form(clock)
    assert said(form, "nature") == incident.summary
    assert "The engineer on call" in said(form, "aware")
    assert "held" in said(form, "measures")
    assert said(form, "people") == said(form, "cause") == "Not known yet."
    pia = cast.actor("pia")
    write_answers(clock=clock, answers={"people": "Forty.", "nature": "A mix-up."}, actor=pia)
    form = filled_form(RegulatorClock.objects.get(pk=clock.pk))
    assert (said(form, "people"), said(form, "nature")) == ("Forty.", "A mix-up.")
    write_answers(clock=clock, answers={"nature": " "}, actor=pia)
    clock.refresh_from_db()
    assert said(filled_form(clock), "nature") == incident.summary, "empty follows the record"
    write_answers(clock=clock, answers={"nature": incident.summary}, actor=pia)
    clock.refresh_from_db()
    assert clock.answers == {"people": "Forty."}, "what the record says is not kept twice"
    with pytest.raises(Invalid, match="no field 'weather'"):
        write_answers(clock=clock, answers={"weather": "Rain."}, actor=pia)
    with pytest.raises(NotPermitted):
        write_answers(clock=clock, answers={"people": "None."}, actor=cast.actor("max"))


def test_a_report_is_frozen_with_what_it_said_and_the_final_one_says_everything(
    incident: Incident, cast: Cast
) -> None:
    clock, pia = start(incident, cast), cast.actor("pia")
    with pytest.raises(Conflict, match="initial report comes first"):
        record_filing(clock=clock, phase=FilingPhase.FINAL, reference="", actor=pia)
    filing = record_filing(clock=clock, phase=FilingPhase.INITIAL, reference="LfD 12", actor=pia)
    clock.refresh_from_db()
    assert clock.state == ClockState.FILED
    assert said(filing.content, "cause") == "Not known yet."
    Incident.objects.filter(pk=incident.pk).update(cause="A join on the wrong key, since March.")
    clock = RegulatorClock.objects.get(pk=clock.pk)
    with pytest.raises(Conflict, match="Which people, and about how many"):
        record_filing(clock=clock, phase=FilingPhase.FINAL, reference="LfD 12", actor=pia)
    unknown = [one["key"] for one in filled_form(clock)["fields"] if not one["known"]]
    write_answers(clock=clock, answers=dict.fromkeys(unknown, "As found."), actor=pia)
    clock = RegulatorClock.objects.get(pk=clock.pk)
    final = record_filing(clock=clock, phase=FilingPhase.FINAL, reference="LfD 12", actor=pia)
    filing.refresh_from_db()
    assert said(filing.content, "cause") == "Not known yet."
    assert said(final.content, "cause") == "A join on the wrong key, since March."
    assert final.content["earlier"][0]["sha256"] == filing.sha256
    for phase in FilingPhase.values:
        with pytest.raises(Conflict):
            record_filing(clock=clock, phase=phase, reference="", actor=pia)


def test_a_late_report_gives_the_reasons_for_the_delay(incident: Incident, cast: Cast) -> None:
    known = database_now() - timedelta(hours=80)
    clock, pia = start(incident, cast, aware_at=known), cast.actor("pia")
    with pytest.raises(Invalid, match="delay"):
        record_filing(clock=clock, phase=FilingPhase.INITIAL, reference="", actor=pia)
    reasons = "The log that shows who saw what had to be restored first."
    filing = record_filing(
        clock=clock, phase=FilingPhase.INITIAL, reference="", delay=reasons, actor=pia
    )
    assert said(filing.content, "delay") == reasons


def test_what_was_sent_in_time_and_recorded_later_was_in_time(
    incident: Incident, cast: Cast
) -> None:
    now, pia = database_now(), cast.actor("pia")
    clock = start(incident, cast, aware_at=now - timedelta(hours=80))
    for wrong in (now + timedelta(hours=1), now - timedelta(hours=81)):
        with pytest.raises(Invalid):
            record_filing(
                clock=clock, phase=FilingPhase.INITIAL, reference="", sent_at=wrong, actor=pia
            )
    sent = now - timedelta(hours=20)
    record_filing(clock=clock, phase=FilingPhase.INITIAL, reference="", sent_at=sent, actor=pia)
    clock.refresh_from_db()
    assert clock.filed_at == sent


def test_a_report_prints_as_tagged_pdf_the_same_each_time(incident: Incident, cast: Cast) -> None:
    clock = start(incident, cast)
    form = filled_form(clock)
    draft = printed_report(form)
    assert draft == printed_report(form)
    for part in (b"/StructTreeRoot", b"/Marked true", b"/Lang", b"pdfuaid:part"):
        assert part in draft or any(part in one for one in streams(draft))
    assert printed_report(form, sha256="ab" * 32) != draft, "what was sent is no draft"


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
    start_page = reverse("incident_clock_start", args=[incident.reference, "gdpr-33"])
    first_step = reverse("incident_awareness", args=[incident.reference, "personal_data_breach"])
    assert client.get(start_page).headers["Location"] == first_step
    refused = client.post(first_step, {"so": "yes", "zone": "Europe/Berlin", "statement": "Seen."})
    assert "What does this rest on" in refused.content.decode()
    stated = client.post(
        first_step,
        {
            "so": "yes",
            "who": "The engineer on call",
            "aware_at": "2026-06-01T10:20",
            "zone": "Europe/Berlin",
            "statement": "The engineer saw the rows of forty people.",
        },
    )
    assert stated.status_code == 302
    assert "The engineer on call" in client.get(start_page).content.decode()
    started = client.post(
        start_page,
        {
            "confirmed": list(BREACH.conditions),
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
    typed = {"shown-people": "", "field-people": "Forty.", "field-nature": "x", "shown-nature": "x"}
    client.post(reverse("incident_clock_write", args=[incident.reference, clock.pk]), typed)
    clock.refresh_from_db()
    assert clock.answers == {"people": "Forty."}, "a field left as it was shown is not written"
    refused = client.post(form, {"phase": "initial", "reference": "LfD 12/26", "zone": "UTC"})
    assert "reasons for the delay" in refused.content.decode()
    assert "LfD 12/26" in refused.content.decode(), "what was typed stays"
    filed = client.post(
        form,
        {
            "phase": "initial",
            "reference": "LfD 12/26",
            "zone": "UTC",
            "delay": "It was found late, by an outside researcher.",
        },
    )
    assert filed.status_code == 302
    assert "LfD 12/26" in client.get(page).content.decode()
    filing = clock.filings.get()
    sent = [incident.reference, clock.pk, filing.pk]
    whole = client.get(reverse("incident_filing_json", args=sent)).json()
    assert whole["report"]["duty"]["article"] == "GDPR, Article 33(1)"
    assert said(whole["report"], "people") == "Forty."
    for name, args in (("incident_filing_pdf", sent), ("incident_clock_pdf", sent[:2])):
        assert client.get(reverse(name, args=args)).content.startswith(b"%PDF")
        eve = cast.sign_in(Client(), "eve").get(reverse(name, args=args))
        assert eve.status_code == 404
    draft = client.get(reverse("incident_clock_json", args=sent[:2])).json()
    assert draft["phase"] == "further"


def test_others_see_the_duties_but_cannot_decide(incident: Incident, cast: Cast) -> None:
    client = cast.sign_in(Client(), "max")
    page = client.get(reverse("incident", args=[incident.reference])).content.decode()
    assert "Nobody has decided yet" in page
    assert "Record that they do not apply" not in page
    start_page = reverse("incident_clock_start", args=[incident.reference, "gdpr-33"])
    assert client.get(start_page).status_code == 403


def test_running_clocks_and_open_questions_stand_on_the_agenda(
    incident: Incident, cast: Cast
) -> None:
    def agenda(name: str) -> dict[str, tuple[str, Any]]:
        items = DutyAgenda().items(cast.actor(name))
        return {one.title: (one.reason, one.due) for one in items}

    reason, _due = agenda("pia")[str(incident)]
    assert "who became aware when" in reason
    assert agenda("max") == agenda("eve") == {}
    known = database_now() - timedelta(hours=60)
    clock = start(incident, cast, aware_at=known)
    assert agenda("pia")[str(incident)][0].startswith("which duties")
    remind_of_clocks(actor=MACHINE)
    title = f"{incident.reference}: GDPR, Article 33(1)"
    reason, due = agenda("pia")[title]
    assert "75 % of the period has passed" in reason
    assert due == clock.due_at
    record_filing(clock=clock, phase=FilingPhase.INITIAL, reference="", actor=cast.actor("pia"))
    assert title not in agenda("pia")


def test_the_api_tells_what_runs_what_is_open_and_what_cannot_start(
    incident: Incident, cast: Cast
) -> None:
    clock = start(incident, cast)
    path = f"/api/v1/incidents/{incident.reference}/clocks"
    found = cast.sign_in(Client(), "ivo").get(path).json()
    (running,) = found["clocks"]
    assert (running["duty"], running["state"]) == ("gdpr-33", "running")
    assert running["awareness"]["who"] == "The engineer on call"
    assert clock.due_at is not None
    assert datetime.fromisoformat(running["due_at"]) == clock.due_at
    assert [one["duty"] for one in found["undecided"]] == ["gdpr-34"]
    assert {one["duty"] for one in found["barred"]} == {
        one.key for one in REGIMES if one.high_risk_only
    }
    assert cast.sign_in(Client(), "eve").get(path).status_code == 404
    assert Client().get(path).status_code in (401, 403)


DIES_WHILE_REMINDING = """
import os, signal
import django
django.setup()
from django.db import transaction
from governance.core.actors import SystemActor
from governance.outbox.models import Notice
from incidents.services.clocks import remind_of_clocks
with transaction.atomic():
    assert remind_of_clocks(actor=SystemActor("incidents")) == 1
    assert Notice.objects.filter(subject__contains="has passed").exists()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.django_db(transaction=True)
def test_a_reminder_survives_the_process_that_was_killed_while_sending_it(
    incident: Incident, cast: Cast, embedded_postgres: Any
) -> None:
    start(incident, cast, aware_at=database_now() - timedelta(hours=60))
    name = str(connection.settings_dict["NAME"])
    ended = subprocess.run(
        [sys.executable, "-c", DIES_WHILE_REMINDING],
        env={
            **os.environ,
            **embedded_postgres.env_of(name),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATA_DIR": str(settings.DATA_DIR),
        },
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()[-500:]
    sent = Notice.objects.filter(subject__contains="has passed")
    assert sent.count() == 0, "what died with its process was not half done"
    assert remind_of_clocks(actor=MACHINE) == 1
    once = sent.count()
    assert once >= 1
    assert remind_of_clocks(actor=MACHINE) == 0
    assert sent.count() == once
