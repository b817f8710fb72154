"""Windows become evidence: each ended window of a plan is weighed once, in order, by its alerts.

The mathematics is in `methods.statistics`, the rules in `alert_rules`, what people answer in
`alert_answers`. Of all results of audits only what is announced here may place a hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max, Q

from audits.alerts import words
from audits.choices import (
    OPEN_RUN_STATES,
    AlertAction,
    AlertState,
    RunPurpose,
    RunState,
    WeighedAs,
)
from audits.models import (
    Alert,
    AlertRule,
    AlertStep,
    AlertStream,
    AlertWindow,
    Plan,
    Run,
)
from audits.services.alert_messages import standing_mutes, tell
from audits.services.alert_rules import derive_rules, save_rule
from audits.services.alert_signals import publish_alert_signal
from governance.core.actors import Actor, SystemActor
from governance.core.clock import database_now
from governance.core.events import AlertRaised, AlertRecovered
from governance.ledger.services import record_entry
from governance.outbox.services import emit

if TYPE_CHECKING:
    from audits.alerts.gathering import RunEvidence
    from methods.statistics.alerts import State, Window

__all__ = ["derive_rules", "observe_plan", "observe_waiting_plans", "save_rule"]


@transaction.atomic
def observe_plan(*, plan: Plan, actor: Actor) -> list[Alert]:
    """Weigh every ended window of a plan that was not weighed yet; return the alerts it raised.

    Windows go in order: one that is still open keeps later ones waiting; one that ended without
    a result is passed over, and that is kept. Asking again, or twice at once, changes nothing:
    the plan is locked, and the database refuses a window a second time.
    """
    plan = (
        Plan.objects.select_for_update(no_key=True, of=("self",))
        .select_related("system", "owner")
        .get(pk=plan.pk)
    )
    rules = list(AlertRule.objects.filter(plan=plan, active=True))
    for rule in rules:
        rule.plan = plan
    raised: list[Alert] = []
    for run in _ended_windows(plan) if rules else ():
        raised += _take(plan, run, rules, actor)
    return raised


def observe_waiting_plans() -> int:
    """Weigh what no message asked for, such as windows behind a cancelled one; return how many."""
    waiting = (
        Run.objects.filter(
            purpose=RunPurpose.SCHEDULED,
            alert_window=None,
            finished_at__isnull=False,
            plan__alert_rules__active=True,
        )
        .annotate(taken=Max("plan__alert_windows__window_start"))
        .order_by()
    )
    plans = {run.plan_id for run in waiting if run.taken is None or run.window_start > run.taken}
    for key in sorted(plans):
        observe_plan(plan=Plan(pk=key), actor=SystemActor("audits"))
    return len(plans)


def _ended_windows(plan: Plan) -> Iterator[Run]:
    """The scheduled windows after the last one taken, up to the first that is still open."""
    taken = AlertWindow.objects.filter(plan=plan).aggregate(until=Max("window_start"))["until"]
    runs = Run.objects.filter(plan=plan, purpose=RunPurpose.SCHEDULED)
    runs = runs.select_related("version").order_by("window_start")
    for run in runs.filter(window_start__gt=taken) if taken else runs:
        if run.state in OPEN_RUN_STATES:
            return
        run.plan = plan
        yield run


@dataclass
class _Taken:
    """One stream in one window: where it stood, what was seen, where it stands."""

    stream: AlertStream
    rule: AlertRule
    window: Window
    before: State
    after: State
    step: AlertStep

    @property
    def replaced(self) -> bool:
        return bool(self.before.version) and self.before.version != self.after.version

    @property
    def fires(self) -> bool:
        was = self.before.status == "alert" and not self.replaced
        return self.after.status == "alert" and not was

    @property
    def recovers(self) -> bool:
        return self.before.status == "alert" and self.after.status == "recovered"


def _take(plan: Plan, run: Run, rules: list[AlertRule], actor: Actor) -> list[Alert]:
    from audits.alerts.gathering import RunEvidence
    from audits.alerts.panels import window_before

    reason = _not_evidence(plan, run)
    AlertWindow.objects.create(
        plan=plan,
        run=run,
        window_start=run.window_start,
        taken_as=WeighedAs.SKIPPED if reason else WeighedAs.WEIGHED,
        sentence=reason,
    )
    if reason:
        return []
    evidence = RunEvidence(run, window_before(run))
    taken = _weigh(evidence, rules)
    _keep(taken)
    for one in taken:
        if one.replaced:
            _close(
                one, f"Version {one.after.version} is watched since {words.day(one.window.start)}."
            )
    raised = [_raise(plan, run, one, actor) for one in taken if one.fires]
    for one in taken:
        if one.recovers:
            _recover(plan, run, one, actor)
    _announce(plan, raised)
    publish_alert_signal(plan, run)
    return raised


def _not_evidence(plan: Plan, run: Run) -> str:
    """Why an ended window is passed over; empty where it is weighed."""
    if run.state != RunState.SUCCEEDED:
        return f"Passed over, it has no result: {run.error or run.get_state_display()}"
    weighed = AlertWindow.objects.filter(plan=plan, taken_as=WeighedAs.WEIGHED)
    until = weighed.aggregate(until=Max("run__window_end"))["until"]
    if until is not None and run.window_start < until:
        return "Passed over, it overlaps a window whose outputs were weighed already."
    return ""


def _weigh(evidence: RunEvidence, rules: list[AlertRule]) -> list[_Taken]:
    """Weigh the window by all streams of the plan, known ones and new ones."""
    from audits.alerts.gathering import statistics_of
    from audits.alerts.weighing import Stream, nothing_seen, weigh, with_lasting
    from methods.statistics.alerts import State

    run, now = evidence.run, database_now()
    rows: dict[tuple[Any, str], tuple[AlertStream, AlertRule]] = {}
    streams: dict[tuple[Any, str], Stream] = {}
    known = AlertStream.objects.filter(rule__in=rules)
    by_place = {(stream.rule_id, stream.key): stream for stream in known}
    for rule in rules:
        settings = statistics_of(rule)
        if rule.lasting is None:
            settings = with_lasting(settings, evidence.lasting)
        seen = {
            watched.key: (watched, window) for watched, window in evidence.windows(rule).items()
        }
        for key, (watched, _window) in seen.items():
            by_place.setdefault(
                (rule.pk, key),
                AlertStream(
                    rule=rule, key=key, watched=watched.to_dict(), label=watched.label[:400]
                ),
            )
        for place, stream in by_place.items():
            if place[0] != rule.pk:
                continue
            window = seen[place[1]][1] if place[1] in seen else None
            rows[place] = stream, rule
            streams[place] = Stream(
                State.from_dict(stream.state) if stream.state else State(),
                settings,
                window or nothing_seen(run.window_start, evidence.version),
            )
    after = weigh(streams)
    taken = []
    for place, (stream, rule) in rows.items():
        window, state = streams[place].window, after[place]
        if stream.status != state.status:
            stream.status, stream.moved_at = state.status, now
        stream.state, stream.version = state.to_dict(), state.version
        step = _step(stream, rule, evidence, window, state)
        taken.append(_Taken(stream, rule, window, streams[place].state, state, step))
    return taken


def _step(
    stream: AlertStream, rule: AlertRule, evidence: RunEvidence, window: Window, state: State
) -> AlertStep:
    seen = window.subjects > 0
    return AlertStep(
        stream=stream,
        run=evidence.run,
        window_start=window.start,
        version=window.version,
        estimate=window.estimate if seen else None,
        variance=window.variance if seen else None,
        shared=window.shared,
        subjects=window.subjects,
        log_evidence=state.log_evidence if state.windows or state.status == "alert" else None,
        low=state.low,
        high=state.high,
        limit=rule.limit,
        watch=rule.watch,
        threshold=rule.threshold,
        rule_revision=rule.revision,
        status=state.status,
        cube_sha256=evidence.sha256,
    )


def _keep(taken: Iterable[_Taken]) -> None:
    taken = list(taken)
    fresh = [one.stream for one in taken if one.stream._state.adding]
    known = [one.stream for one in taken if not one.stream._state.adding]
    AlertStream.objects.bulk_create(fresh)
    AlertStream.objects.bulk_update(
        known, ["state", "status", "version", "moved_at"], batch_size=500
    )
    AlertStep.objects.bulk_create([one.step for one in taken], batch_size=500)


def _raise(plan: Plan, run: Run, one: _Taken, actor: Actor) -> Alert:
    mutes = standing_mutes(one.stream)
    action = one.rule.action
    if any(mute.stops_containment for mute in mutes):
        action = AlertAction.NOTIFY
    later = one.rule.escalate_after
    alert = Alert.objects.create(
        stream=one.stream,
        raised_by=one.step,
        version=one.after.version,
        since=_began(one),
        sentence=words.raised_sentence(one.stream.label, one.rule, one.window, one.after),
        action=action,
        destinations=one.rule.destinations,
        escalate_at=database_now() + later if later else None,
        escalate_to=one.rule.escalate_to,
        muted=bool(mutes),
        owner=plan.owner,
    )
    record_entry(
        verb="audits.alert_raised",
        object_type="alert",
        object_id=str(alert.pk),
        actor=actor,
        facts={
            "plan": plan.key,
            "stream": one.stream.key,
            "version": alert.version,
            "run": str(run.pk),
            "log_evidence": one.after.log_evidence,
            "threshold": one.rule.threshold,
            "cube_sha256": one.step.cube_sha256,
            "action": action,
        },
    )
    emit(
        AlertRaised(
            alert_id=str(alert.pk),
            plan_key=plan.key,
            system_key=plan.system.key,
            version_key=alert.version,
            run_id=str(run.pk),
            metric=one.rule.metric,
            slice=slice_of(one.stream),
            sentence=alert.sentence,
            action=str(action),
            window_start=alert.since.isoformat(),
            estimate=one.window.estimate,
            limit=one.rule.limit,
        )
    )
    return alert


def slice_of(stream: AlertStream) -> dict[str, str]:
    """The slice a stream is about, for a pair the group it compares."""
    return {**stream.watched["slice"], **stream.watched["of"]}


def _began(one: _Taken) -> datetime:
    """The first window after the last in which nothing spoke for a change."""
    steps = AlertStep.objects.filter(stream=one.stream, version=one.after.version)
    if one.before.origin:
        steps = steps.filter(window_start__gte=datetime.fromisoformat(one.before.origin))
    quiet = steps.filter(Q(log_evidence__isnull=True) | Q(log_evidence__lt=0))
    last = quiet.aggregate(at=Max("window_start"))["at"]
    later = steps.filter(window_start__gt=last) if last else steps
    first = later.order_by("window_start").values_list("window_start", flat=True).first()
    return first or one.window.start


def _recover(plan: Plan, run: Run, one: _Taken, actor: Actor) -> None:
    sentence = words.recovered_sentence(one.stream.label, one.rule, one.after)
    for alert in _close(one, sentence):
        record_entry(
            verb="audits.alert_recovered",
            object_type="alert",
            object_id=str(alert.pk),
            actor=actor,
            facts={"plan": plan.key, "stream": one.stream.key, "run": str(run.pk)},
        )
        emit(
            AlertRecovered(
                alert_id=str(alert.pk),
                plan_key=plan.key,
                system_key=plan.system.key,
                version_key=alert.version,
                metric=one.rule.metric,
                slice=slice_of(one.stream),
                sentence=sentence,
            )
        )
        if not standing_mutes(one.stream):
            tell([alert], subject=f"{plan.system.title}: recovered", body=sentence)


def _close(one: _Taken, sentence: str) -> list[Alert]:
    """Resolve what a stream still alerts about, for a reason the windows gave."""
    found = list(Alert.objects.filter(stream=one.stream).exclude(state=AlertState.RESOLVED))
    for alert in found:
        alert.state, alert.resolution = AlertState.RESOLVED, sentence
        alert.resolved_at = database_now()
        alert.resolved_by = SystemActor("audits").reference
        alert.save(
            update_fields=["state", "resolution", "resolved_at", "resolved_by", "updated_at"]
        )
    return found


def _announce(plan: Plan, raised: list[Alert]) -> None:
    """One message a rule and window, however many of its streams alert."""
    told = [alert for alert in raised if not alert.muted]
    for rule in sorted({alert.stream.rule_id for alert in told}):
        own = [alert for alert in told if alert.stream.rule_id == rule]
        count = "an alert" if len(own) == 1 else f"{len(own)} alerts"
        tell(
            own,
            subject=f"{plan.system.title}: {count} of “{plan.title}”",
            body="\n".join(alert.sentence for alert in own),
        )
