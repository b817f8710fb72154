"""Anybody may report a harm; a commander decides, once, with a reason."""

from __future__ import annotations

import itertools

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from governance.core.actors import SystemActor
from governance.core.errors import Conflict, Invalid, NotPermitted
from governance.core.ports import registered_personal_data_holders
from governance.ledger.models import LedgerEntry
from governance.outbox.models import Notice
from governance.registry import services as registry
from governance.registry.models import System
from incidents.choices import Dismissal, Kind, Reporter, ReportState, Severity, State
from incidents.models import HarmReport, Incident
from incidents.services.moving import move_incident
from incidents.services.opening import open_incident
from incidents.services.reporting import (
    dismiss_report,
    merge_report,
    open_from_report,
    report_harm,
)
from tests.cast import Cast

pytestmark = pytest.mark.django_db
MACHINE = SystemActor("test")
addresses = (f"198.51.100.{number}" for number in itertools.count(1))


@pytest.fixture
def system(cast: Cast) -> System:
    made = registry.register_system(
        key="carousel", title="Carousel", on_pause="non_profiled", actor=MACHINE
    )
    cast.join("carousel")
    return made


def reported(cast: Cast, system: System | None = None, *, named: bool = True) -> HarmReport:
    return report_harm(
        title="Prices differ by district",
        text="Two neighbours saw two prices for one lamp.",
        reporter=Reporter.STAFF,
        system=system,
        named=named,
        actor=cast.actor("ada"),
    )


def test_a_report_holds_nothing_and_waits_for_a_commander(system: System, cast: Cast) -> None:
    report = reported(cast, system)
    assert report.state == ReportState.NEW
    assert not Incident.objects.exists()
    notice = Notice.objects.get(subject__startswith=report.reference)
    assert notice.recipients == ["role:incident_commander@carousel"]


def test_an_incident_opened_from_a_report_keeps_what_was_seen(system: System, cast: Cast) -> None:
    report = reported(cast, system)
    incident = open_from_report(
        report=report, kind=Kind.BIAS, severity=Severity.S2, actor=cast.actor("ivo")
    )
    report.refresh_from_db()
    assert (report.state, report.incident) == (ReportState.INCIDENT, incident)
    assert (incident.state, incident.system) == (State.REPORTED, system)
    assert incident.summary == report.text
    assert incident.timeline.filter(sentence__startswith=report.reference).exists()


def test_a_report_is_decided_once(system: System, cast: Cast) -> None:
    report = reported(cast, system)
    why = "Both prices were quoted for different lamps."
    ivo = cast.actor("ivo")
    dismiss_report(report=report, dismissal=Dismissal.FALSE_POSITIVE, note=why, actor=ivo)
    with pytest.raises(Conflict, match="decided"):
        open_from_report(report=report, kind=Kind.BIAS, severity=Severity.S2, actor=ivo)
    assert not Incident.objects.exists()


def test_a_dismissal_has_a_reason_from_the_list_and_a_sentence(system: System, cast: Cast) -> None:
    report = reported(cast, system)
    for dismissal, note in (("boring", "It is not interesting."), (Dismissal.BENIGN, "no")):
        with pytest.raises(Invalid):
            dismiss_report(report=report, dismissal=dismissal, note=note, actor=cast.actor("ivo"))
    with (
        pytest.raises(IntegrityError, match="report_dismissed_with_a_reason"),
        transaction.atomic(),
    ):
        HarmReport.objects.filter(pk=report.pk).update(
            state=ReportState.DISMISSED, decided_at=report.created_at
        )


def test_a_report_joins_only_an_incident_that_is_not_over(system: System, cast: Cast) -> None:
    report = reported(cast, system)
    incident, _created = open_incident(
        title="Two prices",
        summary="",
        kind=Kind.BIAS,
        severity=Severity.S3,
        cause_key="report:other",
        system=system,
        actor=MACHINE,
    )
    move_incident(incident=incident, to=State.FALSE_POSITIVE, actor=MACHINE)
    incident.refresh_from_db()
    with pytest.raises(Conflict, match="over"):
        merge_report(report=report, incident=incident, actor=cast.actor("ivo"))
    report.refresh_from_db()
    assert report.state == ReportState.NEW


@pytest.mark.parametrize("who", ["ada", "pia", "max", "aud"])
def test_only_a_commander_decides(who: str, system: System, cast: Cast) -> None:
    report = reported(cast, system)
    with pytest.raises(NotPermitted):
        dismiss_report(
            report=report,
            dismissal=Dismissal.BENIGN,
            note="Nobody was harmed by it.",
            actor=cast.actor(who),
        )


def test_an_unnamed_colleague_is_named_nowhere(system: System, cast: Cast) -> None:
    report = reported(cast, system, named=False)
    assert report.reported_by == ""
    entry = LedgerEntry.objects.get(object_id=str(report.pk))
    assert entry.actor_reference == "system:unnamed-report"
    assert not LedgerEntry.objects.filter(actor_reference=cast.ada.reference).exists()


def test_erasing_a_colleague_takes_the_name_off_their_reports(system: System, cast: Cast) -> None:
    report = reported(cast, system)
    holder = next(
        one for one in registered_personal_data_holders() if one.label == "Reports of harm"
    )
    (held,) = holder.export(cast.ada.reference)
    assert held["report"] == report.reference
    assert holder.erase(cast.ada.reference) == 1
    assert holder.export(cast.ada.reference) == []
    report.refresh_from_db()
    assert report.text, "what was seen stays"


def test_somebody_outside_reports_without_an_account_or_a_name(cast: Cast) -> None:
    client = Client(REMOTE_ADDR=next(addresses))
    page = reverse("public_harm_report")
    assert "You need no account" in client.get(page).content.decode()
    answer = client.post(
        page,
        {
            "reporter": Reporter.RESEARCHER,
            "title": "Women see fewer offers",
            "text": "In 400 visits, 3 in 10.",
        },
    ).content.decode()
    report = HarmReport.objects.get()
    assert report.reference in answer
    assert "Nothing was kept that says who you are" in answer
    assert (report.reported_by, report.contact) == ("", "")


def test_one_address_cannot_flood_the_commanders(cast: Cast) -> None:
    client, other = Client(REMOTE_ADDR=next(addresses)), Client(REMOTE_ADDR=next(addresses))
    form = {"reporter": Reporter.PERSON, "title": "Spam", "text": "More of it."}
    page = reverse("public_harm_report")
    statuses = [client.post(page, form).status_code for _ in range(7)]
    assert statuses == [200] * 5 + [429] * 2
    assert other.post(page, form).status_code == 200
    assert HarmReport.objects.count() == 6


def test_the_commander_triages_from_the_page(system: System, cast: Cast) -> None:
    report = reported(cast, system)
    client = cast.sign_in(Client(), "ivo")
    assert report.title in client.get(reverse("harm_reports")).content.decode()
    page = client.get(reverse("harm_report", args=[report.pk])).content.decode()
    assert report.text in page
    answer = client.post(
        reverse("harm_report_decide", args=[report.pk]),
        {
            "decision": "open",
            "kind": Kind.BIAS,
            "severity": Severity.S3,
            "system": str(system.pk),
        },
    )
    assert answer["Location"] == reverse("incident", args=[Incident.objects.get().reference])


def test_another_team_sees_no_report_but_its_own(system: System, cast: Cast) -> None:
    report = reported(cast, system)
    eve = cast.sign_in(Client(), "eve")
    assert eve.get(reverse("harm_report", args=[report.pk])).status_code == 404
    own = report_harm(
        title="A rude notification",
        text="It came at night.",
        reporter=Reporter.STAFF,
        actor=cast.actor("eve"),
    )
    assert eve.get(reverse("harm_report", args=[own.pk])).status_code == 200
