"""Reports to authorities: filled in from the record, frozen when filed, and reminded of."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from config.env import ROOT
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotPermitted
from governance.outbox.models import Notice
from incidents.choices import ClockState, FilingPhase
from incidents.clocks.forms import filled_form
from incidents.clocks.printing import printed_report
from incidents.clocks.questions import QUESTIONS
from incidents.clocks.regimes import REGIMES
from incidents.duty_agenda import DutyAgenda
from incidents.models import ClockReminder, Incident, RegulatorClock
from incidents.services.clocks import (
    remind_of_clocks,
)
from incidents.services.filing import record_filing, write_answers
from tests.audits.test_reports import streams
from tests.cast import Cast
from tests.incidents.clocks.stage import BREACH, MACHINE, start

pytestmark = pytest.mark.django_db


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
    with embedded_postgres.outliving(name):
        ended = subprocess.run(
            [sys.executable, "-c", DIES_WHILE_REMINDING],
            env={
                **os.environ,
                **embedded_postgres.env_of(name),
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "DATA_DIR": str(settings.DATA_DIR),
            },
            cwd=ROOT,
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
