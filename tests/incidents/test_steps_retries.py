"""Steps that fail are tried again, then given to people; timers are rows; nobody acts twice."""

from __future__ import annotations

import contextlib
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import close_old_connections, transaction
from hypothesis import given
from hypothesis import strategies as st

from governance.core.actors import Actor
from governance.core.clock import database_now
from governance.core.errors import Conflict
from governance.ledger.models import LedgerEntry
from governance.outbox.models import Notice
from governance.registry.models import Hold, System
from incidents.agenda import IncidentAgenda
from incidents.choices import StepState, StepType, TimelineKind
from incidents.models import Incident, IncidentStep
from incidents.services.moving import move_incident, take_command
from incidents.services.steps import (
    StepResult,
    complete_by_hand,
    effects,
    perform_step,
    run_automatic_steps,
    running,
)
from incidents.services.steps.backoff import GIVES_UP_AFTER, JITTER, LONGEST, next_try
from incidents.services.timeline import add_timeline_entry
from incidents.tasks import tick, wake_steps
from tests.cast import Cast
from tests.incidents.stepping import MACHINE, a_step, begin, carousel, step_of

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
UNKNOWN = a_step("webhook", params={"endpoint": "nobody"})


@pytest.fixture
def system(cast: Cast) -> System:
    return carousel(cast)


def passes(step: IncidentStep, span: timedelta) -> None:
    """Let a span pass for a step: its moments lie that much further back."""
    row = IncidentStep.objects.get(pk=step.pk)
    moments = {}
    for name in ("next_attempt_at", "failing_since", "updated_at"):
        moment = getattr(row, name)
        moments[name] = moment - span if moment else None
    IncidentStep.objects.filter(pk=step.pk).update(**moments)


def wait_of(failures: int, chance: float = 0.0) -> float:
    again = next_try(failures=failures, failing_since=NOON, now=NOON, chance=chance)
    assert again is not None
    return (again - NOON).total_seconds()


def test_waits_double_from_one_second_to_a_minute() -> None:
    assert [wait_of(n) for n in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]


@given(
    failures=st.integers(1, 10_000),
    chance=st.floats(0, 1, exclude_max=True),
    minutes=st.floats(0, 60),
)
def test_a_wait_is_bounded_and_ends_after_a_quarter_of_an_hour(
    failures: int, chance: float, minutes: float
) -> None:
    now = NOON + timedelta(minutes=minutes)
    again = next_try(failures=failures, failing_since=NOON, now=now, chance=chance)
    if now - NOON >= GIVES_UP_AFTER:
        assert again is None
    else:
        assert again is not None
        assert 1 <= (again - now).total_seconds() <= LONGEST * (1 + JITTER)


@pytest.mark.django_db
def test_a_failed_step_is_tried_again_when_it_is_due_and_not_before(
    system: System, cast: Cast
) -> None:
    incident = begin(cast, system, UNKNOWN)
    run_automatic_steps(incident=incident, actor=MACHINE)
    step = step_of(incident, "webhook")
    assert (step.state, step.attempt, step.failures) == (StepState.FAILED, 1, 1)
    passes(step, timedelta(minutes=-1))  # so that a slow machine does not reach its moment
    run_automatic_steps(incident=incident, actor=MACHINE)
    tick()
    assert step_of(incident, "webhook").attempt == 1
    passes(step, timedelta(minutes=1, seconds=2))
    tick()
    step = step_of(incident, "webhook")
    assert (step.attempt, step.failures) == (2, 2)
    assert step.next_attempt_at is not None and step.next_attempt_at > database_now()


@pytest.mark.django_db
def test_after_a_quarter_of_an_hour_a_failed_step_belongs_to_a_person_who_is_told_once(
    system: System, cast: Cast
) -> None:
    incident = begin(cast, system, UNKNOWN)
    take_command(incident=incident, user=cast.ivo, actor=cast.actor("ivo"))
    run_automatic_steps(incident=incident, actor=MACHINE)
    step = step_of(incident, "webhook")
    assert not Notice.objects.filter(subject__contains="needs a person").exists()
    passes(step, GIVES_UP_AFTER)
    tick()
    step = step_of(incident, "webhook")
    assert step.state == StepState.FAILED
    assert step.handed_over_at is not None and step.next_attempt_at is None
    notice = Notice.objects.get(subject__contains="needs a person")
    assert f"user:{cast.ivo.pk}" in notice.recipients
    assert "role:ml_engineer@carousel" in notice.recipients
    passes(step, timedelta(hours=1))
    tick()
    assert step_of(incident, "webhook").attempt == step.attempt
    note = "The partner was told by telephone; they have stopped."
    done = complete_by_hand(step=step, note=note, actor=cast.actor("ivo"))
    assert (done.state, done.outcome) == (StepState.DONE, f"Step webhook: {note}")


@pytest.mark.django_db
def test_a_step_that_was_handed_over_stands_on_the_agenda_of_its_team(
    system: System, cast: Cast
) -> None:
    incident = begin(cast, system, UNKNOWN)
    run_automatic_steps(incident=incident, actor=MACHINE)
    passes(step_of(incident, "webhook"), GIVES_UP_AFTER)
    wake_steps()
    reason = "it did not work by itself and needs a person"
    (item,) = [one for one in IncidentAgenda().items(cast.actor("ivo")) if one.reason == reason]
    assert item.title == "INC-0001: Step webhook"
    assert item.url.endswith("#step-1")
    for name in ("max", "eve"):
        assert not [one for one in IncidentAgenda().items(cast.actor(name)) if one.reason == reason]


@pytest.mark.django_db
def test_the_quick_look_wakes_what_is_due_and_leaves_the_rest_to_the_tick(
    system: System, cast: Cast
) -> None:
    incident = begin(cast, system, UNKNOWN, a_step("notify"))
    assert wake_steps() == 0  # nothing was tried yet, so nothing has a moment
    assert tick() == 1
    passes(step_of(incident, "webhook"), timedelta(seconds=2))
    assert wake_steps() == 1
    assert step_of(incident, "webhook").attempt == 2


@pytest.mark.django_db
def test_whoever_comes_second_leaves_a_step_alone(system: System, cast: Cast) -> None:
    incident = begin(cast, system, UNKNOWN)
    seen = step_of(incident, "webhook")
    perform_step(step=seen, actor=MACHINE, seen_attempt=seen.attempt)
    perform_step(step=seen, actor=MACHINE, seen_attempt=seen.attempt)
    assert step_of(incident, "webhook").attempt == 1


@pytest.mark.django_db
def test_a_step_that_has_not_given_up_is_not_ticked_off_by_hand(system: System, cast: Cast) -> None:
    incident = begin(cast, system, UNKNOWN)
    run_automatic_steps(incident=incident, actor=MACHINE)
    with pytest.raises(Conflict, match="by its effect"):
        complete_by_hand(
            step=step_of(incident, "webhook"), note="It was done.", actor=cast.actor("ivo")
        )


@pytest.mark.django_db
def test_a_try_that_works_forgets_the_failures_before_it(
    system: System, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = begin(cast, system, UNKNOWN)
    run_automatic_steps(incident=incident, actor=MACHINE)
    monkeypatch.setitem(
        effects.EFFECTS, StepType.WEBHOOK, lambda step, actor: StepResult("done", "Told.")
    )
    done = perform_step(step=step_of(incident, "webhook"), actor=cast.actor("ivo"))
    assert (done.state, done.failures, done.failing_since, done.next_attempt_at) == (
        StepState.DONE,
        0,
        None,
        None,
    )


@pytest.mark.django_db
def test_a_try_that_was_overtaken_has_no_word(system: System, cast: Cast) -> None:
    incident = begin(cast, system, a_step("place_hold"))
    stale = step_of(incident, "place-hold")
    IncidentStep.objects.filter(pk=stale.pk).update(attempt=7)
    with pytest.raises(Conflict, match="somebody else"):
        running.end_try(stale, StepResult("done", "I was first."), MACHINE)
    assert step_of(incident, "place-hold").outcome == ""


def _count_and_meet(monkeypatch: pytest.MonkeyPatch, meeting: threading.Barrier) -> None:
    """Give `notify` an effect that is counted and that waits for another performer to be inside."""

    def effect(step: IncidentStep, actor: Actor) -> StepResult:
        with contextlib.suppress(threading.BrokenBarrierError):  # nobody else got in
            meeting.wait()
        add_timeline_entry(
            incident=step.incident, kind=TimelineKind.NOTE, sentence="Effect", actor=actor
        )
        return StepResult("done", "Told.")

    monkeypatch.setitem(effects.EFFECTS, StepType.NOTIFY, effect)


def _without_the_lock(*, step: IncidentStep, actor: Actor) -> None:
    """What `perform_step` would be if it read the row, acted and wrote it."""
    with transaction.atomic():
        step = IncidentStep.objects.select_related("incident__system").get(pk=step.pk)
        if step.state == StepState.DONE:
            return
        result = running.carry_out(step, actor)
        step.state, step.outcome, step.finished_at = result.state, result.sentence, database_now()
        step.save()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("perform", "times", "patience"), [(perform_step, 1, 2), (_without_the_lock, 2, 60)]
)
def test_two_performers_at_once_have_one_effect_only_under_the_lock(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, perform: object, times: int, patience: int
) -> None:
    assert callable(perform)
    incident = begin(cast, carousel(cast), a_step("notify"))
    _count_and_meet(monkeypatch, threading.Barrier(2, timeout=patience))
    step = step_of(incident, "notify")

    def act() -> None:
        try:
            perform(step=step, actor=MACHINE)
        finally:
            close_old_connections()

    threads = [threading.Thread(target=act) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert incident.timeline.filter(sentence="Effect").count() == times
    assert step_of(incident, "notify").state == StepState.DONE


@pytest.mark.django_db
def test_a_step_that_is_done_stays_done_and_is_one_effect(system: System, cast: Cast) -> None:
    incident = begin(cast, system, a_step("place_hold"))
    for _ in range(3):
        run_automatic_steps(incident=incident, actor=MACHINE)
        perform_step(step=step_of(incident, "place-hold"), actor=cast.actor("ivo"))
    assert Hold.objects.count() == 1
    entries = LedgerEntry.objects.filter(verb="incidents.step_ended")
    assert entries.count() == 1


@pytest.mark.django_db
def test_what_a_step_is_told_names_its_effect_and_each_episode_has_another(
    system: System, cast: Cast
) -> None:
    incident = begin(
        cast,
        system,
        a_step("place_hold"),
        a_step("notify", "one", params={"roles": ["admin"]}),
        a_step("notify", "two", params={"roles": ["dpo"]}),
    )
    run_automatic_steps(incident=incident, actor=MACHINE)
    keys = set(incident.steps.values_list("idempotency_key", flat=True))
    assert len(keys) == 3 and all(len(key) == 64 for key in keys)
    incident.refresh_from_db()
    note = "The harm is back on the home page."
    move_incident(incident=incident, to="active", note=note, actor=cast.actor("ivo"))
    again = set(incident.steps.filter(episode=2).values_list("idempotency_key", flat=True))
    assert len(again) == 3 and not again & keys


@pytest.mark.django_db
def test_a_timer_keeps_back_what_stands_behind_it_but_no_containment(
    system: System, cast: Cast
) -> None:
    incident = begin(
        cast,
        system,
        a_step("wait_until", params={"minutes": 30}),
        a_step("notify"),
        a_step("place_hold"),
    )
    run_automatic_steps(incident=incident, actor=MACHINE)
    states = dict(incident.steps.values_list("type", "state"))
    assert states == {"wait_until": "waiting", "notify": "pending", "place_hold": "done"}
    timer = step_of(incident, "wait-until")
    assert timer.next_attempt_at is not None
    assert abs(timer.next_attempt_at - database_now() - timedelta(minutes=30)) < timedelta(
        minutes=1
    )
    tick()
    assert step_of(incident, "notify").state == StepState.PENDING


@pytest.mark.django_db
def test_a_timer_ends_at_its_moment_whoever_looks_then(system: System, cast: Cast) -> None:
    incident = begin(cast, system, a_step("wait_until", params={"minutes": 30}), a_step("notify"))
    run_automatic_steps(incident=incident, actor=MACHINE)
    timer = step_of(incident, "wait-until")
    began = datetime.fromisoformat(timer.effect["began"]) - timedelta(minutes=31)
    IncidentStep.objects.filter(pk=timer.pk).update(
        effect={"began": began.isoformat()}, next_attempt_at=began + timedelta(minutes=30)
    )
    tick()
    states = dict(incident.steps.values_list("type", "state"))
    assert states == {"wait_until": "done", "notify": "done"}


@pytest.mark.django_db
def test_a_timer_since_containment_begins_only_then(system: System, cast: Cast) -> None:
    params = {"minutes": 5, "since": "contained"}
    incident = begin(cast, system, a_step("wait_until", params=params))
    run_automatic_steps(incident=incident, actor=MACHINE)
    assert "once the incident is contained" in step_of(incident, "wait-until").outcome
    moment = incident.detected_at + timedelta(seconds=1)
    Incident.objects.filter(pk=incident.pk).update(contained_at=moment)
    tick()
    assert step_of(incident, "wait-until").next_attempt_at == moment + timedelta(minutes=5)
