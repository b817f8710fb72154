"""Stored cubes: packed with the result of a run, and measured again without any engine.

New limits, other parameters and pictures come from here; how a run collects is in `runner`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from audits.models import Run, RunCube
from governance.core.errors import Invalid

if TYPE_CHECKING:
    from methods.kinds import Cube
    from methods.report import Limit, Report

# A larger cube would weigh on every backup; its report stands without it.
LARGEST_STORED = 64_000_000
MEGABYTE = 1_000_000
# Under this name a report's inputs say below how many subjects a cell is hidden.
SUPPRESSED = "suppress_below"


@dataclass(frozen=True)
class PackedCube:
    """A cube as it is stored: its bytes and what lists show of it."""

    method: str
    form: str
    data: bytes
    cells: int
    subjects: int

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def pack_cube(method_key: str, cube: Cube) -> PackedCube:
    """Return a cube ready to be stored."""
    from methods.run import cube_method

    method = cube_method(method_key)
    return PackedCube(
        method_key, method.cube_format, method.pack(cube), cube.cell_count, cube.subject_count
    )


def keep_cube(run: Run, packed: PackedCube, panel: dict[str, Any] | None) -> RunCube:
    """Store the cube of a run; called inside the transaction that publishes its result."""
    return RunCube.objects.create(
        run=run,
        method=packed.method,
        format=packed.form,
        data=packed.data,
        cells=packed.cells,
        subjects=packed.subjects,
        sha256=packed.sha256,
        panel=panel,
    )


def load_cube(run: Run) -> Cube:
    """Return the cube a run collected.

    Raises
    ------
    Invalid : when the run has none, or its bytes are not what was stored
    """
    from methods.run import cube_method

    stored = RunCube.objects.filter(run=run).first()
    if stored is None:
        raise Invalid("This run kept no cube: audit the window again to measure it anew.")
    data = bytes(stored.data)
    if hashlib.sha256(data).hexdigest() != stored.sha256:
        raise Invalid("The stored cube of this run is damaged: audit the window again.")
    cube: Cube = cube_method(stored.method).unpack(data)
    return cube


def remeasure(
    run: Run,
    *,
    limits: Sequence[Limit] | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> Report:
    """Return the report on a run's stored cube, under other limits or parameters if given.

    No row of the data is read and nothing is stored. Parameters the engine acted on cannot
    change: the cube was collected with them.

    Raises
    ------
    Invalid : when the run has no result or no cube
    BadInput : when a limit or parameter cannot be used
    """
    from methods.errors import BadInput
    from methods.report import Report
    from methods.run import cube_method, report_on
    from methods.suppression import suppress

    if run.report is None:
        raise Invalid("This run has no result to measure again.")
    first = Report.from_dict(run.report)
    method = cube_method(first.method)
    chosen = {**first.parameters, **(parameters or {})}
    settings = method.parse(chosen).model_dump(mode="json")
    for name in sorted(method.collected_with):
        if settings[name] != first.parameters.get(name, settings[name]):
            raise BadInput(
                f"The cube was collected with {name}={first.parameters[name]!r}: "
                "audit the window again to change it."
            )
    inputs = dict(first.inputs)
    columns, notes = inputs.pop("columns"), inputs.pop("notes", ())
    report = report_on(
        first.method,
        load_cube(run),
        columns=columns,
        parameters=chosen,
        limits=declared_limits(first) if limits is None else limits,
        seed=first.seed,
        inputs=inputs,
        engine=first.engine,
        notes=notes,
    )
    # As the run did: two reports on one cube must hide the same cells.
    return suppress(with_days(report, run), int(first.inputs.get(SUPPRESSED, 0)))


def declared_limits(report: Report) -> list[Limit]:
    """Return the limits a report was judged by, each once, as its measurements carry them."""
    from methods.report import Limit
    from methods.run import cube_method

    known = cube_method(report.method).metrics()
    found = {
        Limit(one.metric, one.threshold.op, one.threshold.value, one.threshold.severity): None
        for one in report.measurements
        if one.threshold is not None and one.metric in known
    }
    return list(found)


def with_days(report: Report, run: Run) -> Report:
    """Return the report with the days that what is missing would take, by the window's size."""
    units = max((one.n for one in report.measurements), default=0)
    days = (run.window_end - run.window_start).total_seconds() / 86_400
    return report.with_units_per_day(units / days)
