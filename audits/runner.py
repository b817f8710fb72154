"""One audit from claim to result: open the window's segments, run the method, publish or say why.

Knows no broker: the task calls it with the id of a run.
"""

from __future__ import annotations

import hashlib
import logging
import os
import socket
from typing import TYPE_CHECKING

from django.db.models import Q

from audits import storage
from audits.models import OutcomeBatch, OutputBatch, Run
from audits.services.leases import Claim, Heartbeat, claim_run, report_progress
from audits.services.publishing import publish_failure, publish_result
from audits.sources.segments import OpenTable, SegmentSelection, open_segments
from governance.core.actors import SystemActor
from governance.core.errors import DomainError, Invalid

if TYPE_CHECKING:
    from methods.report import Report

logger = logging.getLogger(__name__)
ACTOR = SystemActor("audits")


def perform_run(run_id: str) -> bool:
    """Claim and carry out a run; False when it was not free or was lost on the way."""
    from methods.errors import BadInput

    claim = claim_run(run_id=run_id, worker=f"{socket.gethostname()}:{os.getpid()}")
    if claim is None:
        return False
    with Heartbeat(claim) as heartbeat:
        try:
            report = _audit(claim, heartbeat)
        except (BadInput, DomainError) as problem:
            return publish_failure(claim=claim, sentence=str(problem), actor=ACTOR)
        except Exception as problem:
            if heartbeat.lost.is_set():
                return False
            logger.exception("The audit %s stopped by a fault of the program.", run_id)
            sentence = (
                f"The audit stopped by a fault of the program ({type(problem).__name__}); "
                "the worker's log has the details."
            )
            return publish_failure(claim=claim, sentence=sentence, actor=ACTOR)
        return publish_result(claim=claim, report=report, actor=ACTOR)


def _audit(claim: Claim, heartbeat: Heartbeat) -> Report:
    run = Run.objects.select_related("plan__system", "version").get(pk=claim.run_id)
    selection, digest = select_segments(run)
    report_progress(claim=claim, percent=10, note="Opening the outputs of the window")
    with open_segments(selection) as opened:
        heartbeat.on_lost = opened.interrupt
        if not opened.rows:
            raise Invalid(_nothing_there(run))
        note = f"Measuring {opened.rows:,} outputs"
        report_progress(claim=claim, percent=30, note=note)
        report = _measure(run, opened, digest)
        heartbeat.on_lost = None
    report_progress(claim=claim, percent=90, note="Publishing")
    return report


def _measure(run: Run, opened: OpenTable, digest: str) -> Report:
    from methods.report import Limit
    from methods.run import run_audit

    plan = run.plan
    table = opened.table
    inputs: dict[str, object] = {"sha256": digest, "version": run.version and run.version.key}
    labels = [name for name in plan.columns.get("y_true", []) if name in table.columns]
    if labels:
        # An output whose outcome is not known yet says nothing about errors.
        table = table.filter([table[name].notnull() for name in labels])
        labelled = int(table.count().execute())
        inputs["without_label"] = opened.rows - labelled
        if not labelled:
            raise Invalid("No output of the window has its outcome yet.")
        inputs["rows"] = labelled
    else:
        inputs["rows"] = opened.rows
    looks = {"looks": plan.planned_looks} if plan.planned_looks else {}
    days = (run.window_end - run.window_start).total_seconds() / 86_400
    report = run_audit(
        plan.method,
        table,
        plan.columns,
        {**plan.parameters, **looks},
        [Limit.from_dict(one) for one in plan.limits],
        plan.seed,
        inputs,
    )
    units = max((one.n for one in report.measurements), default=0)
    return report.with_units_per_day(units / days)


def select_segments(run: Run) -> tuple[SegmentSelection, str]:
    """Return the files a run reads and the digest of what was sent for them.

    The digest is over the sorted `digest  id` lines of the batches.
    """
    plan = run.plan
    batches = OutputBatch.objects.filter(
        system=plan.system, occurred_from__lt=run.window_end, occurred_to__gte=run.window_start
    )
    if plan.source_id:
        batches = batches.filter(Q(source=plan.source_id) | Q(source=None))
    named: list[OutputBatch] = []
    mixed: list[OutputBatch] = []
    for batch in batches.order_by("id"):
        if run.version_id is None or batch.version_id == run.version_id:
            named.append(batch)
        elif batch.version_id is None and "model_version" in batch.columns:
            mixed.append(batch)
    if not named and not mixed:
        raise Invalid(_nothing_there(run))
    outcomes: list[OutcomeBatch] = []
    if "y_true" in plan.columns:
        outcomes = list(
            OutcomeBatch.objects.filter(
                system=plan.system, observed_to__gte=run.window_start
            ).order_by("id")
        )
    lines = sorted(f"{one.digest}  {one.pk}" for one in (*named, *mixed, *outcomes))
    digest = hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
    selection = SegmentSelection(
        outputs=[storage.locate(one.path) for one in named],
        unversioned=[storage.locate(one.path) for one in mixed],
        outcomes=[storage.locate(one.path) for one in outcomes],
        window_start=run.window_start,
        window_end=run.window_end,
        version=run.version.key if run.version else None,
        label_maturity=plan.label_maturity,
    )
    return selection, digest


def _nothing_there(run: Run) -> str:
    version = f" version {run.version.key}" if run.version else ""
    return (
        f"No outputs of {run.plan.system.key}{version} lie between "
        f"{run.window_start.isoformat()} and {run.window_end.isoformat()}: send them, run again."
    )
