"""A plan gets stricter at once and weaker only by two people; every run says which plan it was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, InternalError, ProgrammingError, transaction

from audits.loosening import weakenings
from audits.models import Plan, PlanChange, Run
from audits.plan_files.content import content_of
from audits.runner import perform_run
from audits.selectors import plan_at_revision, waiting_change
from audits.services import (
    claim_run,
    decide_plan_change,
    propose_plan_change,
    schedule_run,
    withdraw_plan_change,
)
from governance.core.clock import database_now
from governance.core.errors import Conflict, Invalid, NotFound, NotPermitted
from governance.ledger.models import LedgerEntry
from governance.outbox.models import EventRow
from tests.audits.conftest import DAY, STAGE, START, Stage, impressions
from tests.cast import Cast

HOUR = timedelta(hours=1)


@pytest.fixture
def plan(stage: Stage, cast: Cast) -> Plan:
    cast.join("carousel")
    return stage.plan(
        method="fairness.groups",
        parameters={},
        columns={"group": ["race", "sex"], "y_pred": ["approved"], "subject": ["person"]},
        limits=["selection_rate_ratio>=0.8", {"limit": "accuracy>=0.7", "severity": "warn"}],
        on_breach="open_incident",
        planned_looks=None,
    )


def propose(plan: Plan, actor: Any, **changes: Any) -> PlanChange:
    return propose_plan_change(plan=plan, changes=changes, reason="Agreed on Monday.", actor=actor)


WITHOUT_SEX = {"group": ["race"], "y_pred": ["approved"], "subject": ["person"]}


def test_removing_a_group_waits_for_a_second_person(plan: Plan, cast: Cast) -> None:
    change = propose(plan, cast.actor("ada"), columns=WITHOUT_SEX)
    plan.refresh_from_db()
    assert (change.state, plan.revision) == ("proposed", 1)
    assert change.reasons == ["The group sex would no longer be audited."]
    assert plan.columns["group"] == ["race", "sex"]

    decide_plan_change(change=change, approve=True, actor=cast.actor("elif"))
    plan.refresh_from_db()
    assert (plan.columns["group"], plan.revision) == (["race"], 2)
    change.refresh_from_db()
    assert (change.state, change.revision) == ("applied", 2)


def test_nobody_decides_on_what_they_proposed_themselves(plan: Plan, cast: Cast) -> None:
    change = propose(plan, cast.actor("ada"), columns=WITHOUT_SEX)
    for approve in (True, False):
        with pytest.raises(NotPermitted, match="Another person"):
            decide_plan_change(
                change=change, approve=approve, note="Mine.", actor=cast.actor("ada")
            )
    plan.refresh_from_db()
    assert plan.columns["group"] == ["race", "sex"]


def test_a_key_does_not_make_a_second_person_of_its_maker(plan: Plan, cast: Cast) -> None:
    from governance.people.actors import KeyActor
    from governance.people.services import create_api_key

    key, _ = create_api_key(name="pipeline", scopes=["audits:plan"], actor=cast.actor("root"))
    change = propose(plan, KeyActor(key), columns=WITHOUT_SEX)
    with pytest.raises(NotPermitted, match="Another person"):
        decide_plan_change(change=change, approve=True, actor=cast.actor("root"))
    decide_plan_change(change=change, approve=True, actor=cast.actor("elif"))


def test_who_may_not_decide_or_see_the_system_does_not(plan: Plan, cast: Cast) -> None:
    change = propose(plan, cast.actor("ada"), columns=WITHOUT_SEX)
    with pytest.raises(NotPermitted):
        decide_plan_change(change=change, approve=True, actor=cast.actor("max"))
    with pytest.raises(NotFound):
        decide_plan_change(change=change, approve=True, actor=cast.actor("eve"))
    with pytest.raises(NotPermitted, match="is not a person"):
        decide_plan_change(change=change, approve=True, actor=STAGE)


def test_a_refused_change_leaves_the_plan_and_says_why(plan: Plan, cast: Cast) -> None:
    change = propose(plan, cast.actor("ada"), columns=WITHOUT_SEX)
    with pytest.raises(Invalid, match="says why"):
        decide_plan_change(change=change, approve=False, actor=cast.actor("elif"))
    decide_plan_change(change=change, approve=False, note="Sex stays.", actor=cast.actor("elif"))
    plan.refresh_from_db()
    assert plan.revision == 1
    with pytest.raises(Conflict, match="refused already"):
        decide_plan_change(change=change, approve=True, actor=cast.actor("pia"))


def test_a_waiting_change_is_on_the_desk_of_those_who_may_decide(plan: Plan, cast: Cast) -> None:
    from audits.desk import AuditAgenda

    propose(plan, cast.actor("ada"), columns=WITHOUT_SEX)
    told = {
        name: [one.reason for one in AuditAgenda().items(cast.actor(name))]
        for name in ("elif", "ada", "max", "eve")
    }
    assert told["elif"] == ["The group sex would no longer be audited."]
    assert told["ada"] == told["max"] == told["eve"] == []


def test_only_the_proposer_withdraws_and_then_another_change_may_come(
    plan: Plan, cast: Cast
) -> None:
    change = propose(plan, cast.actor("ada"), columns=WITHOUT_SEX)
    with pytest.raises(Conflict, match="waits for a decision"):
        propose(plan, cast.actor("elif"), limits=[])
    with pytest.raises(NotPermitted, match="Only the one"):
        withdraw_plan_change(change=change, actor=cast.actor("elif"))
    withdraw_plan_change(change=change, actor=cast.actor("ada"))
    assert waiting_change(plan) is None
    assert propose(plan, cast.actor("elif"), limits=[]).state == "proposed"


def test_what_is_stricter_applies_at_once(plan: Plan, cast: Cast) -> None:
    change = propose(
        plan,
        cast.actor("max"),
        limits=["selection_rate_ratio>=0.9", "accuracy>=0.7"],
        weight="heavy",
    )
    plan.refresh_from_db()
    assert (change.state, change.revision, plan.revision) == ("applied", 2, 2)
    assert [one["severity"] for one in plan.limits] == ["fail", "fail"]
    assert plan.limits_declared_at > plan.created_at


def test_what_is_stricter_passes_by_a_waiting_change_that_it_does_not_touch(
    plan: Plan, cast: Cast
) -> None:
    waiting = propose(plan, cast.actor("ada"), columns=WITHOUT_SEX)
    propose(plan, cast.actor("max"), weight="heavy")
    decide_plan_change(change=waiting, approve=True, actor=cast.actor("elif"))
    plan.refresh_from_db()
    assert (plan.revision, plan.weight, plan.columns["group"]) == (3, "heavy", ["race"])


def test_a_change_on_outdated_ground_is_not_applied(plan: Plan, cast: Cast) -> None:
    waiting = propose(plan, cast.actor("ada"), limits=["selection_rate_ratio>=0.7"])
    propose(plan, cast.actor("max"), limits=["selection_rate_ratio>=0.9", "accuracy>=0.7"])
    with pytest.raises(Conflict, match=r"changed since this was proposed \(limits\)"):
        decide_plan_change(change=waiting, approve=True, actor=cast.actor("elif"))


def test_a_weaker_plan_needs_a_reason_and_a_change_something_to_change(
    plan: Plan, cast: Cast
) -> None:
    ada = cast.actor("ada")
    with pytest.raises(Invalid, match="needs a reason"):
        propose_plan_change(plan=plan, changes={"columns": WITHOUT_SEX}, actor=ada)
    for changes, said in (
        ({"title": plan.title}, "Nothing of the plan would change"),
        ({"key": "other"}, "key never changes"),
        ({"seed": 7}, "seed never changes"),
        ({"nonsense": 1}, "not a field of a plan"),
        ({"cron": "0 6 * *"}, "five fields"),
        ({"source": "nowhere"}, "The source 'nowhere' is not one of carousel"),
        ({"limits": ["nothing>=0.5"]}, "has no metric 'nothing'"),
        ({"every": "soon"}, "is not a duration"),
        ({"time_limit": timedelta(hours=3)}, "at most 55 minutes"),
        ({"every": timedelta(seconds=1)}, "a minute or longer"),
    ):
        with pytest.raises(Invalid, match=said):
            propose_plan_change(plan=plan, changes=changes, reason="So.", actor=ada)
    assert not PlanChange.objects.exists()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"limits": ["accuracy>=0.7"]}, "selection_rate_ratio >= 0.8 would be removed"),
        ({"limits": ["selection_rate_ratio>=0.75", "accuracy>=0.7"]}, "loosened to 0.75"),
        (
            {"limits": [{"limit": "selection_rate_ratio>=0.8", "severity": "warn"}]},
            "would only warn",
        ),
        ({"on_breach": "finding"}, "would set off less: finding for open incident"),
        ({"parameters": {"min_subjects": 5}}, "Fewer subjects would be needed: 5"),
        ({"parameters": {"level": 0.99}}, "What is measured would change: level"),
        ({"columns": {"group": ["race", "sex"], "y_pred": ["approved"]}}, "told apart by person"),
        (
            {"columns": {"group": ["race", "sex"], "y_pred": ["other"], "subject": ["person"]}},
            "y_pred would no longer be read from approved",
        ),
        (
            {
                "columns": {
                    "group": ["race", "sex"],
                    "y_pred": ["approved"],
                    "subject": ["person"],
                    "control": ["region"],
                }
            },
            "compared within region only",
        ),
        ({"version": None}, ""),
        ({"every": timedelta(days=7), "length": timedelta(days=7)}, "Audits would be rarer"),
        ({"cron": "0 6 * * 1"}, "Audits would be rarer: 1"),
        ({"length": HOUR}, "Some time would lie in no window"),
        ({"lateness": timedelta(days=9)}, "Results would come later"),
        ({"ends_at": START + 2 * DAY}, "would end earlier, on 07 January 2026"),
        ({"suppress_below": 2}, "Cells of 2 people would be shown"),
        ({"time_limit": "1 minute"}, "stopped sooner, after 1 minute"),
        ({"title": "Another question?"}, ""),
        ({"every": HOUR, "length": HOUR}, ""),
        ({"limits": ["selection_rate_ratio>=0.8", "accuracy>=0.8"]}, ""),
    ],
)
def test_each_way_of_weakening_is_told_in_words(
    plan: Plan, changes: dict[str, Any], said: str
) -> None:
    from audits.plan_files.content import plain
    from audits.services.plans import checked_limits

    before = content_of(plan)
    told = {
        name: plain(name, checked_limits(value) if name == "limits" else value)
        for name, value in changes.items()
    }
    found = weakenings(before, {**before, **told}, START)
    assert any(said in one for one in found) if said else not found


def test_the_database_keeps_what_was_proposed_and_two_people(plan: Plan, cast: Cast) -> None:
    change = propose(plan, cast.actor("ada"), columns=WITHOUT_SEX)
    rows = PlanChange.objects.filter(pk=change.pk)
    refusals = (IntegrityError, InternalError, ProgrammingError)
    updates: list[dict[str, Any]] = [
        {"after": {"limits": []}},
        {"proposed_by": "user:somebody"},
        {
            "state": "applied",
            "revision": 2,
            "decided_by": change.proposed_by,
            "decided_at": database_now(),
        },
    ]
    for update in updates:
        with pytest.raises(refusals), transaction.atomic():
            rows.update(**update)
    with pytest.raises(refusals), transaction.atomic():
        rows.delete()
    withdraw_plan_change(change=change, actor=cast.actor("ada"))
    with pytest.raises(refusals), transaction.atomic():
        rows.update(state="proposed", decided_at=None, decided_by="")


def test_every_step_of_a_change_is_in_the_ledger_and_approvals_hear_of_it(
    plan: Plan, cast: Cast
) -> None:
    change = propose(plan, cast.actor("ada"), columns=WITHOUT_SEX)
    assert not EventRow.objects.filter(name="MaterialChange").exists()
    decide_plan_change(change=change, approve=True, actor=cast.actor("elif"))
    verbs = LedgerEntry.objects.filter(object_id=str(plan.pk)).values_list("verb", flat=True)
    assert {"audits.plan_change_proposed", "audits.plan_change_applied"} <= set(verbs)
    (event,) = EventRow.objects.filter(name="MaterialChange")
    assert event.payload["sentence"] == "The audit plan exposure was changed: columns."
    propose(plan, cast.actor("ada"), title="Another question?")
    assert EventRow.objects.filter(name="MaterialChange").count() == 1


def test_a_plan_is_known_at_each_of_its_revisions(plan: Plan, cast: Cast) -> None:
    ada = cast.actor("ada")
    propose(plan, ada, title="Second?")
    propose(plan, ada, title="Third?", weight="heavy")
    plan.refresh_from_db()
    titles = [plan_at_revision(plan, number)["title"] for number in (1, 2, 3)]
    assert titles == ["Is what people see spread over the items?", "Second?", "Third?"]
    assert plan_at_revision(plan, 1)["weight"] == "light"
    assert plan_at_revision(plan, 3) == content_of(plan)


def test_a_result_is_measured_by_one_revision_and_says_which(stage: Stage) -> None:
    plan = stage.plan(on_breach="finding")
    stage.push(stage.serving, impressions("learned", favourites=0.7))
    run = schedule_run(plan=plan, window_start=START, window_end=START + DAY, actor=STAGE)
    old = claim_run(run_id=run.pk, worker="before the change")
    assert old is not None
    propose(plan, STAGE, limits=["top_share<=0.2"])

    run.refresh_from_db()
    assert (run.state, run.plan_revision) == ("queued", 1)
    assert not Run.objects.filter(old.standing()).exists()
    assert perform_run(str(run.pk))
    run.refresh_from_db()
    assert run.plan_revision == 2
    assert run.report is not None
    (judged,) = [one for one in run.report["measurements"] if one["threshold"]]
    assert judged["threshold"]["value"] == 0.2


def test_the_alert_rules_follow_the_revision_in_force(stage: Stage) -> None:
    from audits.models import AlertRule

    plan = stage.plan(on_breach="finding")
    rules = AlertRule.objects.filter(plan=plan, active=True)
    assert [(rule.limit, rule.action) for rule in rules] == [(0.3, "notify")]
    propose(plan, STAGE, limits=["top_share<=0.2"], on_breach="auto_contain")
    assert [(rule.limit, rule.action) for rule in rules.all()] == [(0.2, "contain")]


def test_a_plan_that_ended_goes_on_when_its_end_is_moved(stage: Stage) -> None:
    from audits.services import schedule_due_runs

    plan = stage.plan(on_breach="finding", planned_looks=None)
    assert len(schedule_due_runs()) == 3
    plan.refresh_from_db()
    assert plan.state == "ended"
    propose(plan, STAGE, ends_at=START + 5 * DAY)
    plan.refresh_from_db()
    assert plan.state == "active"
    starts = [run.window_start for run in schedule_due_runs()]
    assert starts == [START + 3 * DAY, START + 4 * DAY]


def test_another_rhythm_begins_where_the_last_window_ended(stage: Stage) -> None:
    from audits.services import schedule_due_runs

    plan = stage.plan(on_breach="finding", planned_looks=None)
    schedule_due_runs()
    propose(plan, STAGE, ends_at=START + 4 * DAY, every="12 hours", length="12 hours")
    windows = [(run.window_start, run.window_end) for run in schedule_due_runs()]
    half = DAY / 2
    assert windows == [
        (START + 3 * DAY, START + 3 * DAY + half),
        (START + 3 * DAY + half, START + 4 * DAY),
    ]
