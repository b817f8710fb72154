"""One audit from claim to result: open the input, collect the cube, measure, publish or say why.

Knows no broker: the task calls it with the id of a run.
"""

from __future__ import annotations

import logging
import os
import socket
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from audits.alerts.panels import collect_panel
from audits.choices import SourceOrigin
from audits.cubes import LARGEST_STORED, MEGABYTE, SUPPRESSED, PackedCube, pack_cube, with_days
from audits.models import Run
from audits.services.heartbeat import Heartbeat, keep_alive
from audits.services.leases import Claim, claim_run, report_progress
from audits.services.publishing import publish_failure, publish_result
from audits.sources.opening import OpenInput, open_input
from audits.vault.joining import join_attributes
from governance.core.actors import SystemActor
from governance.core.errors import DomainError, Invalid

if TYPE_CHECKING:
    from methods.kinds import Cube
    from methods.report import Report

logger = logging.getLogger(__name__)
ACTOR = SystemActor("audits")


@dataclass(frozen=True)
class Result:
    """What one audit leaves behind."""

    report: Report
    cube: PackedCube | None
    panel: dict[str, Any] | None


@dataclass(frozen=True)
class Collected:
    """A cube, and what is known of the rows it was made of."""

    cube: Cube
    inputs: dict[str, Any]
    engine: str
    notes: tuple[str, ...]


def perform_run(run_id: str) -> bool:
    """Claim and carry out a run; False when it was not free or was lost on the way."""
    claim = claim_run(run_id=run_id, worker=f"{socket.gethostname()}:{os.getpid()}")
    if claim is None:
        return False
    return keep_alive(claim, lambda heartbeat: _carry_out(claim, heartbeat))


def _carry_out(claim: Claim, heartbeat: Heartbeat) -> bool:
    from methods.errors import BadInput

    try:
        result = _audit(claim, heartbeat)
    except (BadInput, DomainError) as problem:
        return publish_failure(claim=claim, sentence=str(problem), actor=ACTOR)
    except Exception as problem:
        if heartbeat.lost.is_set():
            return False
        logger.exception("The audit %s stopped by a fault of the program.", claim.run_id)
        sentence = (
            f"The audit stopped by a fault of the program ({type(problem).__name__}); "
            "the worker's log has the details."
        )
        return publish_failure(claim=claim, sentence=sentence, actor=ACTOR)
    return publish_result(
        claim=claim, report=result.report, cube=result.cube, panel=result.panel, actor=ACTOR
    )


def _audit(claim: Claim, heartbeat: Heartbeat) -> Result:
    run = Run.objects.select_related("plan__system", "plan__source", "version").get(pk=claim.run_id)
    report_progress(claim=claim, percent=10, note="Opening the outputs of the window")
    with open_input(run) as opened:
        heartbeat.on_lost = opened.interrupt
        note = f"Measuring {opened.rows:,} outputs"
        report_progress(claim=claim, percent=30, note=note)
        collected = _collect(run, join_attributes(opened, run))
        panel = collect_panel(run, opened, collected.cube)
        heartbeat.on_lost = None
    report_progress(claim=claim, percent=70, note="Weighing the evidence")
    report = _measure(run, collected)
    packed = pack_cube(run.plan.method, collected.cube)
    report_progress(claim=claim, percent=90, note="Publishing")
    return Result(report, _small_enough(packed), panel)


def _collect(run: Run, opened: OpenInput) -> Collected:
    """Aggregate on the engine; nothing of a row is left when the input is closed."""
    from methods.run import collect_cube, cube_method

    plan = run.plan
    inputs: dict[str, Any] = {
        "rows": opened.rows,
        "sha256": opened.digest,
        "version": run.version and run.version.key,
    }
    if opened.table is None:
        cube: Cube = cube_method(plan.method).unpack(opened.cube or b"")
        return Collected(cube, inputs, opened.engine, opened.notes)
    table = opened.table
    labels = [name for name in plan.columns.get("y_true", []) if name in table.columns]
    if labels:
        # An output whose outcome is not known yet says nothing about errors.
        table = table.filter([table[name].notnull() for name in labels])
        labelled = int(table.count().execute())
        inputs |= {"without_label": opened.rows - labelled, "rows": labelled}
        if not labelled:
            raise Invalid("No output of the window has its outcome yet.")
    cube = collect_cube(plan.method, table, plan.columns, parameters_of(run))
    return _without_noise(run, Collected(cube, inputs, opened.engine, opened.notes))


def _without_noise(run: Run, collected: Collected) -> Collected:
    """Take out what was put on labels before they were counted and sent; most cubes have none."""
    from methods.fairness.cube import GroupCube
    from methods.fairness.randomised import corrected, note

    source = run.plan.source
    if source is None or source.origin != SourceOrigin.CUBE:
        return collected
    epsilon = source.location.get("randomised")
    if not epsilon or not isinstance(collected.cube, GroupCube):
        return collected
    cube = corrected(collected.cube, epsilon)
    return replace(collected, cube=cube, notes=(*collected.notes, note(epsilon)))


def parameters_of(run: Run) -> dict[str, Any]:
    """Return the method's parameters as the plan sets them, its declared looks among them."""
    looks = {"looks": run.plan.planned_looks} if run.plan.planned_looks else {}
    return {**run.plan.parameters, **looks}


def _measure(run: Run, collected: Collected) -> Report:
    from methods.report import Limit
    from methods.run import report_on
    from methods.suppression import suppress

    plan = run.plan
    report = report_on(
        plan.method,
        collected.cube,
        columns=plan.columns,
        parameters=parameters_of(run),
        limits=[Limit.from_dict(one) for one in plan.limits],
        seed=plan.seed,
        inputs={**collected.inputs, SUPPRESSED: plan.suppress_below},
        engine=collected.engine,
        notes=collected.notes,
    )
    # Judged on all there is; shown without what only a few people stand behind.
    return suppress(with_days(report, run), plan.suppress_below)


def _small_enough(packed: PackedCube) -> PackedCube | None:
    if len(packed.data) <= LARGEST_STORED:
        return packed
    logger.warning(
        "A cube of %d MB is not kept: the run cannot be measured again.",
        len(packed.data) // MEGABYTE,
    )
    return None
