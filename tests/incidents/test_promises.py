"""What a post-mortem promises is put in place, looked at by another person, and not forgotten."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from audits import services as audits
from audits.choices import PlanChangeState
from audits.models import Plan
from governance.core.actors import SystemActor
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotFound, NotPermitted
from governance.registry import services as registry
from governance.registry.models import System
from governance.reviews.models import Checklist
from governance.signals.selectors import current_signal
from incidents.choices import ActionState, Kind, Severity, State
from incidents.duty_agenda import DutyAgenda
from incidents.models import (
    ActionSafeguard,
    ActionVerification,
    Incident,
    PostMortem,
    PostMortemAction,
)
from incidents.post_mortem.calendar import Day, calendar
from incidents.post_mortem.reading import similar_incidents, standing_of_actions
from incidents.post_mortem.similarity import ENOUGH, Traits, likeness
from incidents.services import safeguards
from incidents.services.actions import (
    OVERDUE,
    add_action,
    finish_action,
    publish_overdue_actions,
    verify_action,
)
from incidents.services.opening import open_incident
from incidents.services.post_mortems import open_post_mortem
from tests.cast import Cast

pytestmark = pytest.mark.django_db
MACHINE = SystemActor("test")
EVIDENCE = "The alert fired on the log of the third of May."


def register(key: str) -> System:
    return registry.register_system(
        key=key, title=key.capitalize(), on_pause="non_profiled", actor=MACHINE
    )


def an_incident(system: System, cause: str, title: str = "Eight items took half") -> Incident:
    opened, _created = open_incident(
        title=title,
        summary="Too much went to too few for a week.",
        kind=Kind.BIAS,
        severity=Severity.S2,
        cause_key=cause,
        system=system,
        actor=MACHINE,
    )
    return opened


@pytest.fixture
def system(cast: Cast) -> System:
    made = register("carousel")
    cast.join("carousel")
    return made


@pytest.fixture
def draft(system: System) -> PostMortem:
    incident = an_incident(system, "breach:shares:v1:top_share")
    return open_post_mortem(incident=incident)


@pytest.fixture
def plan(system: System) -> Plan:
    return audits.create_plan(
        key="shares",
        title="Do a few items take most showings?",
        system=system,
        method="exposure.popularity",
        columns={"subject": ["user"], "item": ["item"]},
        limits=["top_share<=0.30"],
        starts_at=datetime(2026, 1, 1, tzinfo=UTC),
        actor=MACHINE,
    )


def promise(draft: PostMortem, cast: Cast, **changes: Any) -> PostMortemAction:
    given: dict[str, Any] = {
        "title": "Alert on the share of the top tenth",
        "owner": cast.max,
        "due_on": date(2027, 1, 31),
        "verification": "The alert fires on the log of the incident.",
        "actor": cast.actor("elif"),
        **changes,
    }
    return add_action(post_mortem=draft, **given)


def agenda_of(cast: Cast, name: str) -> list[str]:
    return [f"{one.title}: {one.reason}" for one in DutyAgenda().items(cast.actor(name))]


def test_whoever_did_it_does_not_say_that_it_helped(draft: PostMortem, cast: Cast) -> None:
    action, elif_ = promise(draft, cast), cast.actor("elif")
    with pytest.raises(Conflict, match="open"):
        verify_action(action=action, helped=True, evidence=EVIDENCE, actor=elif_)
    finish_action(action=action, actor=cast.actor("max"))
    with pytest.raises(Conflict, match="does not verify"):
        verify_action(action=action, helped=True, evidence=EVIDENCE, actor=cast.actor("max"))
    with pytest.raises(Invalid, match="what shows it"):
        verify_action(action=action, helped=True, evidence="yes", actor=elif_)
    with pytest.raises(IntegrityError, match="action_verified_by_another"), transaction.atomic():
        PostMortemAction.objects.filter(pk=action.pk).update(
            state=ActionState.VERIFIED, verified_by=action.done_by, evidence="Behind the service."
        )


def test_what_did_not_help_is_open_again_with_a_new_day_and_every_look_is_kept(
    draft: PostMortem, cast: Cast
) -> None:
    action = promise(draft, cast, due_on=date(2026, 1, 1))
    elif_, max_ = cast.actor("elif"), cast.actor("max")
    finish_action(action=action, actor=max_)
    seen = verify_action(
        action=action, helped=False, evidence=EVIDENCE, method="Replayed the log.", actor=elif_
    )
    assert seen.state == ActionState.INEFFECTIVE
    assert seen.due_on > database_now().date()
    again = finish_action(action=seen, actor=elif_)
    assert again.state == ActionState.DONE, "who looked at it may do it the next time"
    helped = verify_action(action=again, helped=True, evidence=EVIDENCE, actor=max_)
    assert helped.state == ActionState.VERIFIED
    looks = list(action.verifications.values_list("helped", "method"))
    assert looks == [(False, "Replayed the log."), (True, action.verification)]
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ActionVerification.objects.update(helped=True)


def test_what_helped_is_looked_at_once_more_and_can_still_turn_out_in_vain(
    draft: PostMortem, cast: Cast
) -> None:
    action, elif_ = promise(draft, cast), cast.actor("elif")
    today = database_now().date()
    done = finish_action(action=action, actor=cast.actor("max"))
    assert done.look_again_on == today + timedelta(days=30)
    first = verify_action(action=done, helped=True, evidence=EVIDENCE, actor=elif_)
    assert first.look_again_on == today + timedelta(days=60)
    second = verify_action(action=first, helped=True, evidence=EVIDENCE, actor=elif_)
    assert second.look_again_on is None
    third = verify_action(action=second, helped=False, evidence=EVIDENCE, actor=elif_)
    assert third.state == ActionState.INEFFECTIVE


def test_what_is_overdue_stands_on_its_owners_agenda_and_in_the_figures(
    draft: PostMortem, cast: Cast
) -> None:
    yesterday = database_now().date() - timedelta(days=1)
    action = promise(draft, cast, due_on=yesterday)
    line = f"{draft.incident.reference}: {action.title}: you promised it"
    assert line in agenda_of(cast, "max")
    assert line not in agenda_of(cast, "elif")
    assert agenda_of(cast, "eve") == []
    assert publish_overdue_actions(actor=MACHINE) == 1
    reading = current_signal(OVERDUE, "carousel")
    assert reading is not None
    assert (reading.value, reading.state) == (1.0, "warn")
    assert publish_overdue_actions(actor=MACHINE) == 0, "nothing moved"
    page = cast.sign_in(Client(), "elif").get(reverse("incident_metrics")).content.decode()
    assert "1 of 1 promised actions is overdue" in page
    finish_action(action=action, actor=cast.actor("max"))
    assert line not in agenda_of(cast, "max")
    publish_overdue_actions(actor=MACHINE)
    reading = current_signal(OVERDUE, "carousel")
    assert reading is not None
    assert reading.value == 0.0
    PostMortemAction.objects.update(look_again_on=yesterday)
    look = f"{draft.incident.reference}: {action.title}: look whether it helps"
    assert look in agenda_of(cast, "elif")
    assert look not in agenda_of(cast, "max")
    actions = PostMortemAction.objects.all()
    assert standing_of_actions(actions, yesterday).promised == 1


def test_an_action_puts_a_question_into_every_later_review(draft: PostMortem, cast: Cast) -> None:
    action = promise(draft, cast)
    before = Checklist.objects.first()
    assert before is not None
    given: dict[str, Any] = {
        "section": "verify",
        "question": "Does an alert watch the share of the top tenth?",
        "evidence_expected": "The alert rule",
        "roles": ["ml_engineer"],
    }
    with pytest.raises(NotPermitted):
        safeguards.make_item(action=action, actor=cast.actor("max"), **given)
    with pytest.raises(Invalid, match="question mark"):
        safeguards.make_item(
            action=action, actor=cast.actor("elif"), **{**given, "question": "Watch the share."}
        )
    made = safeguards.make_item(action=action, actor=cast.actor("elif"), **given)
    after = Checklist.objects.first()
    assert after is not None
    assert after.version == before.version + 1
    assert after.items.count() == before.items.count() + 1
    assert before.items.filter(code="V-P01").count() == 0, "a published version never changes"
    item = made.item
    assert item is not None
    assert item.code == "V-P01"
    assert item.source == f"{draft.incident.reference}: {action.title}", "the item leads back"
    with pytest.raises(Conflict, match="asks this already"):
        safeguards.make_item(action=action, actor=cast.actor("elif"), **given)


def test_an_action_sets_a_stricter_limit_at_once_and_a_weaker_one_waits(
    draft: PostMortem, plan: Plan, cast: Cast
) -> None:
    action, elif_ = promise(draft, cast), cast.actor("elif")
    made = safeguards.make_limit(action=action, plan=plan, limit="top_share<=0.20", actor=elif_)
    plan.refresh_from_db()
    assert [(one["metric"], one["value"]) for one in plan.limits] == [("top_share", 0.2)]
    assert made.change is not None
    assert made.change.justification == f"{draft.incident.reference}: {action.title}"
    weaker = safeguards.make_limit(action=action, plan=plan, limit="top_share<=0.50", actor=elif_)
    assert weaker.change is not None
    assert weaker.change.state == PlanChangeState.PROPOSED
    plan.refresh_from_db()
    assert plan.limits[0]["value"] == 0.2


def test_an_action_makes_a_plan_of_its_own_or_names_one_that_is_there(
    draft: PostMortem, plan: Plan, cast: Cast
) -> None:
    action, elif_ = promise(draft, cast), cast.actor("elif")
    made = safeguards.make_plan(
        action=action,
        like=plan,
        key="shares-of-new",
        title="Do a few items take most showings of new people?",
        limits=["top_share<=0.25"],
        starts_at=datetime(2026, 11, 1, tzinfo=UTC),
        actor=elif_,
    )
    assert made.plan is not None
    assert (made.plan.method, made.plan.columns) == (plan.method, plan.columns)
    assert made.plan.limits_note == f"{draft.incident.reference}: {action.title}"
    safeguards.link_plan(action=action, plan=plan, actor=elif_)
    with pytest.raises(Conflict, match="already"):
        safeguards.link_plan(action=action, plan=plan, actor=elif_)
    assert action.safeguards.count() == 2
    other = promise(
        open_post_mortem(incident=an_incident(register("search"), "report:other")),
        cast,
        actor=MACHINE,
    )
    with pytest.raises(NotFound):
        safeguards.link_plan(action=other, plan=plan, actor=MACHINE)
    with pytest.raises(IntegrityError, match="safeguard_is_one_thing"), transaction.atomic():
        ActionSafeguard.objects.create(
            action=action, kind="limit", plan=plan, title="No change behind it", made_by="nobody"
        )


def test_the_page_puts_a_limit_in_place(draft: PostMortem, plan: Plan, cast: Cast) -> None:
    action = promise(draft, cast)
    client = cast.sign_in(Client(), "elif")
    place = [draft.incident.reference, action.pk, "limit"]
    form = reverse("incident_safeguard", args=place)
    assert "Set a limit for it" in client.get(form).content.decode()
    refused = client.post(form, {"plan": str(plan.pk), "limit": "as low as can be"})
    assert refused.status_code == 422
    assert "A limit is not usable" in refused.content.decode()
    assert client.post(form, {"plan": str(plan.pk), "limit": "top_share<=0.10"}).status_code == 302
    page = client.get(reverse("incident_post_mortem", args=place[:1])).content.decode()
    assert "top_share &lt;= 0.1" in page
    for kind in ("item", "plan", "link"):
        assert client.get(reverse("incident_safeguard", args=[*place[:2], kind])).status_code == 200
    assert client.get(reverse("incident_safeguard", args=[*place[:2], "wish"])).status_code == 404


def test_likeness_needs_more_than_the_same_system_and_kind() -> None:
    one = Traits("bias", "carousel", "", "", "breach:a:v1:top_share", "", "")
    assert likeness(one, Traits("bias", "carousel", "", "", "report:1", "", ""))[0] < ENOUGH
    points, why = likeness(one, Traits("bias", "search", "", "", "breach:b:v9:top_share", "", ""))
    assert points >= ENOUGH
    assert "the same measure left its limit" in why
    assert likeness(one, one)[0] >= ENOUGH
    nothing = Traits("bias", "", "", "", "report:1", "", "")
    other = Traits("privacy", "", "", "", "report:2", "", "")
    assert likeness(nothing, other) == (0, ())


def test_earlier_incidents_that_are_alike_are_found_with_what_became_of_their_promises(
    draft: PostMortem, system: System, cast: Cast
) -> None:
    promise(draft, cast)
    an_incident(system, "report:1", title="Somebody else's name was shown")
    drill = an_incident(system, "breach:shares:v3:top_share")
    Incident.objects.filter(pk=drill.pk).update(drill=True)
    wrong = an_incident(system, "breach:shares:v4:top_share")
    Incident.objects.filter(pk=wrong.pk).update(state=State.FALSE_POSITIVE)
    now = an_incident(system, "breach:shares:v2:top_share", title="Nine items took half")
    (found,) = similar_incidents(now)
    assert found.incident == draft.incident
    assert "Promised then: Alert on the share of the top tenth (open)" in found.sentence
    assert similar_incidents(draft.incident) == [], "nothing later is in the past"


def test_the_calendar_is_one_that_calendars_read() -> None:
    day = Day(
        uid="1@tactful",
        on=date(2026, 12, 31),
        title="INC-0001: Prüfen, ob der Anteil; " + "ä" * 80,
        text="Zwei\nZeilen",
        url="https://example.org/",
        changed_at=datetime(2026, 11, 22, 10, 0, tzinfo=UTC),
    )
    text = calendar("Reviews", [day])
    lines = text.split("\r\n")
    assert all(len(line.encode()) <= 75 for line in lines)
    assert "DTEND;VALUE=DATE:20270101" in lines
    whole = text.replace("\r\n ", "")
    assert "Prüfen\\, ob der Anteil\\; " + "ä" * 80 in whole
    assert "Zwei\\nZeilen" in whole
