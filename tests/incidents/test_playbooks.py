"""Playbooks are data: variants of one, versions that never reach what runs, imports with a diff."""

from __future__ import annotations

import contextlib

import pytest
import yaml
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from governance.core.actors import SystemActor
from governance.core.errors import Conflict, DomainError, Invalid, NotPermitted
from governance.registry import services as registry
from governance.registry.models import System
from incidents.choices import Kind, Part, Severity, StepState, StepType
from incidents.clocks.regimes import REGIMES
from incidents.models import Incident, Playbook
from incidents.playbook.files import (
    BY_PEOPLE,
    GENERIC,
    NotAPlaybook,
    builtin,
    differences,
    plain_steps,
    read_playbook,
    resolve,
)
from incidents.services.clocks import rule_out_duties
from incidents.services.copying import current_playbook, import_playbook, newest_playbook
from incidents.services.opening import open_incident
from incidents.services.steps import complete_by_hand, skip_step
from tests.cast import Cast

MACHINE = SystemActor("test")
VARIANT = f"format: playbook/1\nkey: a\ntitle: Abc\nextends: {GENERIC}\n"


@pytest.fixture
def system(cast: Cast) -> System:
    made = registry.register_system(
        key="carousel", title="Carousel", on_pause="non_profiled", actor=MACHINE
    )
    cast.join("carousel")
    return made


def open_one(system: System, kind: str = Kind.BIAS, cause: str = "breach:a") -> Incident:
    incident, _created = open_incident(
        title="Too concentrated",
        summary="",
        kind=kind,
        severity=Severity.S2,
        cause_key=cause,
        system=system,
        unattended=True,
        actor=MACHINE,
    )
    return incident


def edited(**changes: object) -> str:
    """The generic playbook with its first step changed, as YAML."""
    steps = plain_steps(builtin()[GENERIC])
    steps[0] |= changes
    return yaml.safe_dump(
        {"format": "playbook/1", "key": GENERIC, "title": "Harm of personalisation", "steps": steps}
    )


def test_every_kind_of_harm_has_a_playbook_and_five_are_variants() -> None:
    variants = [file for file in builtin().values() if file.extends == GENERIC]
    assert {kind for file in variants for kind in file.kinds} == set(Kind)
    for file in variants:
        assert differences(plain_steps(builtin()[GENERIC]), plain_steps(file))


def test_every_playbook_answers_the_six_parts_and_ends_in_a_lift_by_two() -> None:
    for file in builtin().values():
        steps = resolve(file, builtin())
        assert {step.part for step in steps} == set(Part)
        assert [step.type for step in steps].count(StepType.LIFT_HOLD) == 1
        order = [step.type for step in steps]
        assert order.index(StepType.FREEZE_EVIDENCE) < order.index(StepType.ROLLBACK_MODEL)


def test_what_people_do_is_never_automatic() -> None:
    for file in builtin().values():
        automatic = {step.type for step in resolve(file, builtin()) if step.automatic}
        assert automatic.isdisjoint(BY_PEOPLE)
    with pytest.raises(NotAPlaybook, match="done by people"):
        read_playbook(edited(type="by_hand", automatic=True))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("key: [", "no YAML in line"),
        ("just a text", "valid dictionary"),
        (edited(type="launch_rockets"), "steps.0.type"),
        (edited(role="king"), "steps.0.role"),
        (edited(colour="red"), "steps.0.colour"),
        (edited(key="hold"), "stands there twice"),
        ("format: playbook/2\nkey: a\ntitle: Abc\n", "format"),
        ("format: playbook/1\nkey: a\ntitle: Abc\n", "at least one step"),
        ("format: playbook/1\nkey: a\ntitle: Abc\nextends: nothing\n", "to extend"),
        (
            VARIANT + "replace: {nowhere: {title: A title}}\n",
            "no step 'nowhere'",
        ),
        ("!!python/object/apply:os.system ['true']", "no YAML"),
    ],
)
def test_a_file_that_is_no_playbook_gets_a_sentence_that_names_the_place(
    text: str, sentence: str
) -> None:
    with pytest.raises(NotAPlaybook, match=sentence):
        plain_steps(read_playbook(text))


@given(st.text(max_size=300))
def test_no_text_makes_the_reader_fail_otherwise(text: str) -> None:
    with contextlib.suppress(NotAPlaybook):
        read_playbook(text)


def test_the_difference_names_what_was_added_removed_changed_and_moved() -> None:
    before = plain_steps(builtin()[GENERIC])
    after = [dict(step) for step in before]
    after[0]["title"] = "Keep the evidence safe"
    removed = after.pop(4)
    after.append({**removed, "key": "new-one", "title": "Something new"})
    after[1], after[2] = after[2], after[1]
    found = {(one["change"], one["key"]) for one in differences(before, after)}
    assert found == {
        ("changed", before[0]["key"]),
        ("removed", removed["key"]),
        ("added", "new-one"),
        ("moved", ""),
    }
    assert differences(before, before) == []


@pytest.mark.django_db
def test_an_incident_copies_the_playbook_of_its_kind(system: System) -> None:
    leak = open_one(system, Kind.PRIVACY, "report:leak")
    assert leak.steps.get(key="inference").title == "Assess what others can learn"
    bias = open_one(system, Kind.BIAS)
    assert not bias.steps.filter(key="inference").exists()
    assert bias.steps.count() == len(plain_steps(builtin()["algorithmic-bias"]))


@pytest.mark.django_db
def test_a_later_version_never_reaches_an_incident_that_runs(system: System, cast: Cast) -> None:
    running = open_one(system, Kind.OPACITY, "report:a")
    before = list(running.steps.values_list("title", flat=True))
    text = yaml.safe_dump(
        {
            "format": "playbook/1",
            "key": "opacity",
            "title": "Wrong explanation",
            "kinds": ["opacity"],
            "extends": GENERIC,
            "replace": {"evidence": {"title": "Keep the evidence safe"}},
        }
    )
    made = import_playbook(text=text, actor=cast.actor("ivo"))
    assert made.version == 2
    assert list(running.steps.values_list("title", flat=True)) == before
    following = open_one(system, Kind.OPACITY, "report:b")
    assert following.steps.get(key="evidence").title == "Keep the evidence safe"


@pytest.mark.django_db
def test_what_was_imported_stays_in_force_over_what_is_built_in(cast: Cast) -> None:
    made = import_playbook(text=edited(title="Keep the evidence safe"), actor=cast.actor("ivo"))
    assert newest_playbook(GENERIC) == made
    assert current_playbook().version == 2 == Playbook.objects.filter(key=GENERIC).count()
    with pytest.raises(Conflict, match="already reads"):
        import_playbook(text=edited(title="Keep the evidence safe"), actor=cast.actor("ivo"))


@pytest.mark.django_db
def test_only_commanders_import(cast: Cast) -> None:
    with pytest.raises(NotPermitted):
        import_playbook(text=edited(title="Keep the evidence safe"), actor=cast.actor("max"))
    with pytest.raises(Invalid, match="YAML"):
        import_playbook(text="key: [", actor=cast.actor("ivo"))


@pytest.mark.django_db
def test_a_step_that_is_needed_is_never_left_out(system: System, cast: Cast) -> None:
    incident = open_one(system)
    needed, optional = incident.steps.get(key="reach"), incident.steps.get(key="ramp")
    ivo = cast.actor("ivo")
    with pytest.raises(Conflict, match="part of every incident"):
        skip_step(step=needed, reason="There is no time for that.", actor=ivo)
    with pytest.raises(Invalid, match="why"):
        skip_step(step=optional, reason="no", actor=ivo)
    left = skip_step(step=optional, reason="The fallback serves everybody for good.", actor=ivo)
    assert left.state == StepState.SKIPPED
    done = complete_by_hand(step=needed, note="4,113 people, none known to be minors.", actor=ivo)
    assert (done.state, done.done_by) == (StepState.DONE, cast.actor("ivo").display)


@pytest.mark.django_db
def test_a_step_that_ends_by_a_fact_is_not_ticked_off(system: System, cast: Cast) -> None:
    incident = open_one(system)
    duties = incident.steps.get(type=StepType.DECIDE_DUTIES)
    for step in (duties, incident.steps.get(type=StepType.INVESTIGATE)):
        with pytest.raises(DomainError, match="by its effect"):
            complete_by_hand(step=step, note="It was done somehow.", actor=cast.actor("ivo"))
    rule_out_duties(
        incident=incident,
        regime_keys=[one.key for one in REGIMES],
        statement="No personal data were exposed, and no high-risk system took part.",
        actor=cast.actor("pia"),
    )
    duties.refresh_from_db()
    assert duties.state == StepState.DONE


@pytest.mark.django_db
def test_the_commander_sees_what_an_import_changes_before_it_counts(cast: Cast) -> None:
    client = cast.sign_in(Client(), "ivo")
    exported = client.get(reverse("playbook_yaml", args=[GENERIC])).content.decode()
    changed = exported.replace("Freeze the evidence", "Keep the evidence safe")
    page = client.post(reverse("playbook_import"), {"text": changed}).content.decode()
    assert "<del>Freeze the evidence</del> <ins>Keep the evidence safe</ins>" in page
    assert newest_playbook(GENERIC).version == 1
    client.post(reverse("playbook_import"), {"text": changed, "confirm": "1"})
    assert newest_playbook(GENERIC).version == 2
    shown = client.get(reverse("playbook", args=[GENERIC])).content.decode()
    assert "Keep the evidence safe" in shown
    listed = client.get(reverse("playbooks")).content.decode()
    assert "Privacy violation (version 1)" in listed


@pytest.mark.django_db
def test_the_page_of_an_incident_opens_the_part_that_is_next(system: System, cast: Cast) -> None:
    incident = open_one(system)
    client = cast.sign_in(Client(), "ivo")
    page = client.get(reverse("incident", args=[incident.reference])).content.decode()
    for part in Part:
        assert f'id="part-{part}"' in page
    assert page.count(" open id=") == 1
