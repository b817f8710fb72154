"""The pages, exports and doors of drills: who sees them, and that a drill says what it is."""

from __future__ import annotations

import hashlib
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from governance.people.services import create_api_key
from governance.registry import services as registry
from governance.registry.models import System
from incidents.models import Drill, DrillPlan
from incidents.services.drills import start_drill
from incidents.web.drills import context_for
from tests.cast import Cast
from tests.incidents.drilling import (
    MACHINE,
    lifted_by_two,
    planned,
    rehearsal_system,
    rehearsed,
    target_says_what_it_should,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def system(cast: Cast) -> System:
    return rehearsal_system(cast)


def read(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


FORM = {
    "title": "Ads prefer one group",
    "scenario": "An alert says that the carousel leaves out one group of sellers.",
    "kind": "algorithmic_bias",
    "severity": "s2",
    "unattended": "on",
    "roles": ["incident_commander"],
    "acknowledge": "5",
    "notify": "5",
    "confirm": "30",
    "release": "60",
    "every": "quarterly",
    "due_on": "",
}


def test_a_commander_plans_starts_and_ends_a_drill_from_the_pages(
    system: System, cast: Cast
) -> None:
    client = cast.sign_in(Client(), "ivo")
    planned_at = client.post(reverse("drill_plan_new"), {**FORM, "system": str(system.pk)})
    plan = DrillPlan.objects.get()
    assert planned_at["Location"] == reverse("drill_plan", args=[plan.pk])
    assert plan.limits["confirm"].total_seconds() == 30
    assert plan.due_on is not None, "a drill that is repeated is due from today"
    page = read(client, reverse("drill_plan", args=[plan.pk]))
    assert "Start the drill" in page
    assert "within 30 s" in page
    target_says_what_it_should(system)
    client.post(reverse("drill_start", args=[plan.pk]))
    drill = Drill.objects.get()
    page = read(client, reverse("drill", args=[drill.reference]))
    assert "two people lift it first" in page
    lifted_by_two(drill.incident, cast)
    assert "End the drill" in read(client, reverse("drill_progress", args=[drill.reference]))
    client.post(reverse("drill_end", args=[drill.reference]))
    page = read(client, reverse("drill", args=[drill.reference]))
    assert "Nobody took command." in page
    assert "Steps of the playbook" in page
    assert "<svg" in page
    assert drill.reference in read(client, reverse("drills"))


def test_the_form_offers_rehearsal_systems_alone(system: System, cast: Cast) -> None:
    real = registry.register_system(
        key="carousel", title="Carousel for people", on_pause="non_profiled", actor=MACHINE
    )
    cast.join("carousel")
    client = cast.sign_in(Client(), "ivo")
    answer = client.post(reverse("drill_plan_new"), {**FORM, "system": str(real.pk)})
    assert answer.status_code == 200
    assert not DrillPlan.objects.exists()
    page = answer.content.decode()
    offered = page.split('name="system"', 1)[1].split("</select>", 1)[0]
    assert "Carousel, rehearsal" in offered
    assert "Carousel for people" not in offered


def test_without_a_rehearsal_system_the_page_says_how_to_make_one(cast: Cast) -> None:
    client = cast.sign_in(Client(), "ivo")
    page = read(client, reverse("drills"))
    assert "There is no rehearsal system yet" in page
    assert "“for drills only” ticked" in page


def test_a_plan_that_cannot_start_says_why_and_offers_no_start(system: System, cast: Cast) -> None:
    plan = planned(system, cast)
    registry.place_hold(system=system, cause="by hand", reason="To be sure.", actor=MACHINE)
    page = read(cast.sign_in(Client(), "ivo"), reverse("drill_plan", args=[plan.pk]))
    assert "held already" in page
    assert "Start the drill" not in page


def test_another_team_finds_no_drill(system: System, cast: Cast) -> None:
    plan = planned(system, cast)
    drill = start_drill(plan=plan, actor=cast.actor("ivo"))
    client = cast.sign_in(Client(), "eve")
    assert plan.title not in read(client, reverse("drills"))
    for address in (
        reverse("drill_plan", args=[plan.pk]),
        reverse("drill", args=[drill.reference]),
        reverse("drill_json", args=[drill.reference]),
    ):
        assert client.get(address).status_code == 404


def test_who_only_looks_sees_the_drill_and_no_button(system: System, cast: Cast) -> None:
    plan = planned(system, cast)
    client = cast.sign_in(Client(), "ada")
    assert "Start the drill" not in read(client, reverse("drill_plan", args=[plan.pk]))
    assert client.post(reverse("drill_start", args=[plan.pk])).status_code == 403
    assert not Drill.objects.exists()


def test_the_exported_json_has_the_digest_that_the_ledger_names(system: System, cast: Cast) -> None:
    drill = rehearsed(planned(system, cast), cast)
    client = cast.sign_in(Client(), "aud")
    answer = client.get(reverse("drill_json", args=[drill.reference]))
    assert hashlib.sha256(answer.content).hexdigest() == drill.sha256
    assert answer.json()["format"] == "drill-report/1"
    assert "attachment" in answer["Content-Disposition"]


def test_the_exported_page_stands_alone(system: System, cast: Cast) -> None:
    drill = rehearsed(planned(system, cast), cast)
    client = cast.sign_in(Client(), "aud")
    page = read(client, reverse("drill_html", args=[drill.reference]))
    assert page.startswith("<!doctype html>")
    assert "<svg" in page
    assert drill.sha256 in page
    assert str(cast.person("ivo")) in page, "people are called by name, the report holds none"
    assert str(cast.person("ivo")) not in str(drill.report)
    assert "<script" not in page
    assert 'href="/' not in page


def test_a_running_drill_has_no_report_to_export(system: System, cast: Cast) -> None:
    drill = start_drill(plan=planned(system, cast), actor=cast.actor("ivo"))
    client = cast.sign_in(Client(), "ivo")
    assert client.get(reverse("drill_json", args=[drill.reference])).status_code == 409


def test_the_incident_of_a_drill_says_so_and_leads_to_it(system: System, cast: Cast) -> None:
    drill = start_drill(plan=planned(system, cast), actor=cast.actor("ivo"))
    client = cast.sign_in(Client(), "ivo")
    page = read(client, reverse("incident", args=[drill.incident.reference]))
    assert "This is a drill." in page
    assert reverse("drill", args=[drill.reference]) in page
    assert context_for(drill.incident, cast.actor("ada"))["may_end_drill"] is False


def test_drills_are_read_over_rest_by_those_who_may(system: System, cast: Cast) -> None:
    drill = rehearsed(planned(system, cast), cast)

    def ask(address: str, systems: list[str]) -> tuple[int, object]:
        _row, secret = create_api_key(
            name="reader", scopes=["registry:read"], system_keys=systems, actor=MACHINE
        )
        answer = Client().get(address, headers={"X-API-Key": secret})
        return answer.status_code, answer.json()

    status, found = ask(f"/api/v1/drills/{drill.reference}", [system.key])
    assert status == 200
    assert isinstance(found, dict)
    assert (found["verdict"], found["sha256"]) == ("passed", drill.sha256)
    assert found["report"]["sentence"].startswith("Passed")
    status, listed = ask("/api/v1/drills", [system.key])
    assert status == 200
    assert drill.reference in str(listed)
    assert ask(f"/api/v1/drills/{drill.reference}", ["elsewhere"])[0] == 404


def test_the_command_starts_and_ends_a_drill_in_a_persons_name(system: System, cast: Cast) -> None:
    planned(system, cast)
    planned(system, cast, title="The feed forgets refusals")
    email, said = cast.person("ivo").email, StringIO()
    with pytest.raises(CommandError, match="--plan"):
        call_command("drill", system.key, "--as", email)
    with pytest.raises(CommandError, match="Nobody has the address"):
        call_command("drill", system.key, "--as", "nobody@example.com")
    with pytest.raises(CommandError, match="may not do this"):
        call_command(
            *("drill", system.key, "--as", cast.person("ada").email),
            *("--plan", "The feed forgets refusals"),
        )
    title = "the feed forgets refusals"
    call_command("drill", system.key, "--as", email, "--plan", title, stdout=said)
    drill = Drill.objects.get()
    assert drill.reference in said.getvalue()
    with pytest.raises(CommandError, match="two people lift it first"):
        call_command("drill", system.key, "--as", email, "--end")
    lifted_by_two(drill.incident, cast)
    call_command("drill", system.key, "--as", email, "--end", stdout=said)
    assert "Nobody took command." in said.getvalue()
