"""Playbooks are data: variants of one, versions that never reach what runs, imports with a diff."""

from __future__ import annotations

import contextlib
import re

import pytest
import yaml
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from governance.core.actors import SystemActor
from governance.core.errors import Conflict, DomainError, Invalid, NotPermitted
from governance.registry import services as registry
from governance.registry.models import Hold, System
from incidents.choices import CONTAINMENT, Kind, Part, Severity, StepState, StepType, Undo
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
from incidents.playbook.params import PARAMS, Params
from incidents.services.clocks import rule_out_duties
from incidents.services.copying import current_playbook, import_playbook, newest_playbook
from incidents.services.opening import open_incident
from incidents.services.steps import complete_by_hand, run_automatic_steps, skip_step
from incidents.services.steps.effects import EFFECTS
from tests.architecture.sources import ROOT
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
        (edited(params={"colour": "red"}), "it has: none"),
        (edited(type="place_hold", params={"on": "planet"}), "params.on: input should be"),
        (edited(type="place_hold", params={"keys": ["home"]}), "leave out keys"),
        (edited(type="reduce_scope"), "name one of surfaces, keep_surfaces and purposes"),
        (edited(type="disable_feature"), "params.features: field required"),
        (edited(type="wait_until", params={"minutes": 0}), "greater than or equal to 1"),
        (edited(type="start_clock", params={"regime": "moon-law"}), "no duty 'moon-law'"),
        (edited(type="escalate", params={"roles": ["king"], "minutes": 1}), "params.roles.0"),
        (edited(type="webhook"), "params.endpoint: field required"),
        (edited(type="status_update", params={"audience": "moon"}), "params.audience"),
        (edited(undo="propose_lift"), "cannot be undone by propose_lift"),
        (edited(type="notify", undo="correction"), "cannot be undone by correction"),
        (
            VARIANT + "replace: {hold: {params: {on: planet}}}\n",
            "hold: the step 'hold' has params.on",
        ),
    ],
)
def test_a_file_that_is_no_playbook_gets_a_sentence_that_names_the_place(
    text: str, sentence: str
) -> None:
    with pytest.raises(NotAPlaybook, match=sentence):
        plain_steps(read_playbook(text))


def test_the_parameters_of_a_type_do_not_outlive_it() -> None:
    """A variant that changes the type starts from the defaults of the new one."""
    file = read_playbook(VARIANT + "replace: {hold: {type: notify}}\n")
    step = {one.key: one for one in resolve(file, builtin())}["hold"]
    assert step.params["roles"] and "on" not in step.params
    assert step.undo is None


def test_on_is_a_word_and_not_a_yes() -> None:
    text = (
        "format: playbook/1\nkey: a\ntitle: Abc\nsteps:\n"
        "- {key: a, part: contain, type: place_hold, title: Hold it, role: dpo, automatic: true,"
        " instruction: Hold the surfaces., params: {on: surface, keys: [no]}}\n"
    )
    (step,) = resolve(read_playbook(text), builtin())
    assert (step.params["on"], step.params["keys"], step.automatic) == ("surface", ["no"], True)


def test_every_type_that_acts_takes_its_parameters_and_people_do_the_rest() -> None:
    assert set(EFFECTS) | set(BY_PEOPLE) == set(StepType)
    assert not set(EFFECTS) & set(BY_PEOPLE)
    assert set(CONTAINMENT) < set(EFFECTS)


def test_the_documentation_names_every_type_and_each_of_its_parameters() -> None:
    text = (ROOT / "docs" / "playbooks.md").read_text("utf-8")
    parts = re.split(r"^### ", text, flags=re.MULTILINE)
    said = {part.split("\n", 1)[0].strip("` "): part for part in parts}
    for step_type in EFFECTS:
        assert step_type in said, f"docs/playbooks.md says nothing of {step_type}"
        for name in PARAMS.get(step_type, Params).model_fields:
            assert f"`{name}`" in said[step_type], f"{step_type} has {name}"
    for way in Undo:
        assert f"`{way}`" in text


def test_each_variant_contains_in_the_way_its_harm_needs() -> None:
    def hold_of(key: str) -> tuple[str, object]:
        steps = {step["key"]: step for step in plain_steps(builtin()[key])}
        return steps["hold"]["type"], steps["hold"]["params"].get("on")

    assert hold_of(GENERIC) == ("place_hold", "system")
    assert hold_of("consent-erosion") == ("place_hold", "purpose")
    assert hold_of("manipulation") == ("fallback_non_profiled", None)
    types = {step["type"] for step in plain_steps(builtin()["privacy-violation"])}
    assert {"start_clock", "draft_report"} <= types


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
    before = list(running.steps.values_list("title", "params", "undo"))
    text = yaml.safe_dump(
        {
            "format": "playbook/1",
            "key": "opacity",
            "title": "Wrong explanation",
            "kinds": ["opacity"],
            "extends": GENERIC,
            "replace": {
                "evidence": {"title": "Keep the evidence safe"},
                "hold": {"params": {"on": "surface"}, "undo": None},
            },
        }
    )
    made = import_playbook(text=text, actor=cast.actor("ivo"))
    assert made.version == 2
    assert list(running.steps.values_list("title", "params", "undo")) == before
    following = open_one(system, Kind.OPACITY, "report:b")
    assert following.steps.get(key="evidence").title == "Keep the evidence safe"
    hold = following.steps.get(key="hold")
    assert (hold.params["on"], hold.undo) == ("surface", "")


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
def test_the_page_of_a_playbook_says_what_each_step_does(cast: Cast) -> None:
    client = cast.sign_in(Client(), "ivo")
    shown = client.get(reverse("playbook", args=["consent-erosion"])).content.decode()
    assert "Place a hold" in shown and "on: purpose" in shown
    assert "Way back: propose lifting what it held" in shown


@pytest.mark.django_db
def test_the_commander_takes_a_step_back_from_the_page(system: System, cast: Cast) -> None:
    incident = open_one(system)
    run_automatic_steps(incident=incident, actor=MACHINE)
    client = cast.sign_in(Client(), "ivo")
    hold = incident.steps.get(key="hold")
    where = reverse("incident_step_undo", args=[incident.reference, hold.position])
    page = client.get(reverse("incident", args=[incident.reference])).content.decode()
    assert where in page
    told = client.post(where, {"reason": "The alert came from a broken log."})
    assert [str(one) for one in get_messages(told.wsgi_request)] == [
        "Begun. Another person confirms it."
    ]
    assert Hold.objects.get().release_proposed_by == cast.actor("ivo").reference
    assert cast.sign_in(Client(), "max").post(where, {"reason": "Just so."}).status_code == 403


@pytest.mark.django_db
def test_the_page_of_an_incident_opens_the_part_that_is_next(system: System, cast: Cast) -> None:
    incident = open_one(system)
    client = cast.sign_in(Client(), "ivo")
    page = client.get(reverse("incident", args=[incident.reference])).content.decode()
    for part in Part:
        assert f'id="part-{part}"' in page
    assert page.count(" open id=") == 1
