"""A run's result becomes a fact, once: report, measurements, findings, signals, events, ledger.

All of it stands in one transaction behind one guarded update: an attempt that lost its claim
publishes nothing.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models.functions import Now

from audits.choices import OnBreach, RunPurpose, RunState, Verdict
from audits.cubes import PackedCube, keep_cube
from audits.models import Finding, Measurement, Run
from audits.services.leases import Claim
from audits.wording import measurement_sentence, run_sentence
from governance.core.actors import Actor, SystemActor
from governance.core.events import BreachFound, RunFinished
from governance.ledger.services import record_entry
from governance.outbox.services import emit
from governance.signals.services import publish_signal

if TYPE_CHECKING:
    from methods.report import Report

SIGNAL_STATES = {
    Verdict.PASS: "ok",
    Verdict.FAIL: "fail",
    Verdict.INCONCLUSIVE: "inconclusive",
    Verdict.NOT_APPLICABLE: "inconclusive",
}


@transaction.atomic
def publish_result(
    *,
    claim: Claim,
    report: Report,
    actor: Actor,
    cube: PackedCube | None = None,
    panel: dict[str, Any] | None = None,
) -> bool:
    """Publish a report with everything that follows from it; False when the claim was lost."""
    content = report.to_dict()
    published = Run.objects.filter(claim.standing()).update(
        state=RunState.SUCCEEDED,
        report=content,
        verdict=report.verdict,
        sentence=run_sentence(content),
        finished_at=Now(),
        lease_until=None,
        progress=100,
        progress_note="",
    )
    if published != 1:
        return False
    run = _whole_run(claim)
    _keep_measurements(run)
    if cube is not None:
        keep_cube(run, cube, panel)
    for position, one in enumerate(content["measurements"]):
        if _is_breach(one):
            _record_breach(run, position, one)
    if report.verdict is not None:
        _publish_signals(run, report.verdict)
    facts = {"report_sha256": digest_of(content)}
    if cube is not None:
        facts["cube_sha256"] = cube.sha256
    _finish(run, actor, facts)
    return True


@transaction.atomic
def publish_failure(*, claim: Claim, sentence: str, actor: Actor) -> bool:
    """End a run that could not be audited, with the reason; False when the claim was lost."""
    ended = Run.objects.filter(claim.standing()).update(
        state=RunState.ERROR,
        error=sentence,
        finished_at=Now(),
        lease_until=None,
        progress_note="",
    )
    if ended != 1:
        return False
    run = _whole_run(claim)
    # The last verdict stands: a window that could not be audited says nothing about the system.
    _finish(run, actor, {"error": sentence})
    return True


def digest_of(content: dict[str, Any]) -> str:
    """Return the SHA-256 of a report as canonical JSON."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _whole_run(claim: Claim) -> Run:
    related = ("plan__system", "plan__owner", "version")
    return Run.objects.select_related(*related).get(pk=claim.run_id)


def _is_breach(measurement: dict[str, Any]) -> bool:
    """Whether a limit was left; a number that is hidden for the people behind it counts too."""
    return measurement["verdict"] == Verdict.FAIL and measurement["threshold"] is not None


def _keep_measurements(run: Run) -> None:
    """Keep as rows what trends and lists read: the judged numbers and those of the whole."""
    Measurement.objects.bulk_create(
        Measurement(
            run=run,
            position=position,
            metric=one["metric"],
            definition=one["definition"],
            slice=one["slice"],
            comparison=one["comparison"],
            value=one["value"],
            low=one["low"],
            high=one["high"],
            level=one["level"],
            interval=one["interval"] or "",
            n=one["n"],
            unit=one["unit"],
            threshold=one["threshold"],
            verdict=one["verdict"],
        )
        for position, one in enumerate((run.report or {})["measurements"])
        if one["threshold"] is not None or (not one["slice"] and one["comparison"] is None)
    )


def _slice_of(measurement: dict[str, Any]) -> dict[str, str]:
    """The slice itself, or for a contrast the group it is about."""
    comparison = measurement["comparison"]
    if measurement["slice"] or comparison is None:
        return dict(measurement["slice"])
    return dict(comparison["of"])


def _record_breach(run: Run, position: int, measurement: dict[str, Any]) -> None:
    threshold = measurement["threshold"]
    sentence = measurement_sentence(measurement)
    finding = Finding.objects.create(
        plan=run.plan,
        run=run,
        position=position,
        metric=measurement["metric"],
        definition=measurement["definition"],
        slice=_slice_of(measurement),
        value=measurement["value"],
        low=measurement["low"],
        high=measurement["high"],
        n=measurement["n"],
        unit=measurement["unit"],
        threshold_op=threshold["op"],
        threshold_value=threshold["value"],
        severity=threshold["severity"],
        sentence=sentence,
        owner=run.plan.owner,
    )
    emit(
        BreachFound(
            plan_key=run.plan.key,
            system_key=run.plan.system.key,
            version_key=run.version.key if run.version else "",
            run_id=str(run.pk),
            finding_id=str(finding.pk),
            metric=finding.metric,
            definition=finding.definition,
            slice=finding.slice,
            value=finding.value,
            low=finding.low,
            high=finding.high,
            threshold_op=finding.threshold_op,
            threshold_value=finding.threshold_value,
            n=finding.n,
            unit=finding.unit,
            window_start=run.window_start.isoformat(),
            window_end=run.window_end.isoformat(),
            on_breach=reaction(run, finding.severity),
            sentence=sentence,
        )
    )


def reaction(run: Run, severity: str) -> str:
    """Return what a breach of this run may set off: a finding, or an incident without a hold.

    A test of one window that is repeated raises a false alarm sooner or later, so no verdict
    contains: a plan that contains leaves it to its alerts, which weigh all windows together. A
    run that verifies a remedy reports to its incident; a limit of severity `warn` only finds.
    """
    opens = run.plan.on_breach == OnBreach.OPEN_INCIDENT
    if severity != "fail" or run.purpose == RunPurpose.VERIFICATION or not opens:
        return OnBreach.FINDING.value
    return OnBreach.OPEN_INCIDENT.value


def _publish_signals(run: Run, verdict: str) -> None:
    """Tell lower rooms the newest verdict, of the version and of the system it serves."""
    newer = Run.objects.filter(
        plan=run.plan,
        version=run.version,
        state=RunState.SUCCEEDED,
        window_end__gt=run.window_end,
    )
    if newer.exists():
        return
    system = run.plan.system
    scopes = [] if run.version is None else [run.version.scope_key]
    if run.version is None or run.version.pk == system.serving_version_id:
        scopes.append(system.key)
    for scope in scopes:
        publish_signal(
            key=f"audit.{run.plan.key}.verdict",
            scope_key=scope,
            value=verdict,
            state=SIGNAL_STATES[Verdict(verdict)],
            sentence=run.sentence,
            source=f"run:{run.pk}",
            actor=SystemActor("audits"),
        )


def _finish(run: Run, actor: Actor, facts: dict[str, Any]) -> None:
    record_entry(
        verb="audits.run_finished",
        object_type="run",
        object_id=str(run.pk),
        actor=actor,
        facts={
            "plan": run.plan.key,
            "version": run.version.key if run.version else None,
            "attempt": run.attempt,
            "state": run.state,
            "verdict": run.verdict,
            **facts,
        },
    )
    emit(
        RunFinished(
            run_id=str(run.pk),
            plan_key=run.plan.key,
            system_key=run.plan.system.key,
            version_key=run.version.key if run.version else "",
            verdict=run.verdict,
            incident_id=run.incident_id,
        )
    )
