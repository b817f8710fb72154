"""Clocks of law on an incident: only a stated fact starts one, and none is forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from governance.core.clock import database_now
from governance.core.errors import Conflict, DomainError, Invalid, NotPermitted
from governance.registry.choices import RiskTier
from governance.registry.models import System
from incidents.choices import ClockState, FilingPhase, Kind, State
from incidents.clocks.regimes import BY_KEY, REGIMES
from incidents.machine import missing_for
from incidents.models import Awareness, Incident, RegulatorClock
from incidents.selectors import barred_duties, undecided_duties
from incidents.services.awareness import correct_awareness
from incidents.services.clocks import (
    reconsider_duty,
    remind_of_clocks,
    rule_out_duties,
    start_clock,
)
from incidents.services.filing import record_filing, write_answers
from incidents.services.moving import gather_facts
from tests.cast import Cast
from tests.incidents.clocks.stage import BREACH, MACHINE, aware, start

pytestmark = pytest.mark.django_db


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
