"""One run of a method: check what was given, collect a cube, and report on it.

`run_audit` does both; a stored cube needs only `report_on`, and no engine.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from methods import catalogue
from methods.errors import BadInput
from methods.kinds import Cube, CubeMethod, Findings, Method
from methods.report import Limit, Report, combine

if TYPE_CHECKING:
    import ibis


def run_audit(
    method_key: str,
    table: "ibis.Table",
    columns: Mapping[str, Sequence[str]],
    parameters: Mapping[str, Any],
    limits: Sequence[Limit],
    seed: int = 0,
    inputs: Mapping[str, Any] | None = None,
) -> Report:
    """Run a method on a table and return its report.

    Parameters
    ----------
    method_key : a key of `methods.catalogue`
    table : an Ibis table; the aggregation runs where the table lives
    columns : role -> column names
    parameters : of the method; unknown ones are refused
    limits : declared before the run
    seed : of every random draw
    inputs : what is known of the data, such as `rows` and `sha256`

    Raises
    ------
    BadInput : when something handed in cannot be used; the text is one sentence
    """
    check_limits(cube_method(method_key), limits)
    cube = collect_cube(method_key, table, columns, parameters)
    return report_on(
        method_key,
        cube,
        columns=columns,
        parameters=parameters,
        limits=limits,
        seed=seed,
        inputs=inputs,
        engine=engine_of(table),
    )


def collect_cube(
    method_key: str,
    table: "ibis.Table",
    columns: Mapping[str, Sequence[str]],
    parameters: Mapping[str, Any],
) -> Cube:
    """Return the cube a method collects on the engine the table lives on; see `run_audit`."""
    method = cube_method(method_key)
    cube: Cube = method.collect(
        table, method.roles.check(method_key, columns), method.parse(parameters)
    )
    return cube


def report_on(
    method_key: str,
    cube: Cube,
    *,
    columns: Mapping[str, Sequence[str]],
    parameters: Mapping[str, Any],
    limits: Sequence[Limit],
    seed: int = 0,
    inputs: Mapping[str, Any] | None = None,
    engine: str = "",
    notes: Sequence[str] = (),
) -> Report:
    """Return the report on a cube; a pure function of its arguments but for `created_at`.

    `engine` says what collected the cube, `notes` what the way to it does not show: they come
    after the method's own limits. See `run_audit` for the others.
    """
    method = cube_method(method_key)
    checked = method.roles.check(method_key, columns)
    settings = method.parse(parameters)
    check_limits(method, limits)
    method.check(cube, settings)
    findings: Findings = method.measure(cube, settings, limits, seed)
    known = dict(inputs or {})
    return Report(
        method=method.key,
        version=method.version,
        title=method.title,
        verdict=combine(findings.measurements),
        measurements=findings.measurements,
        inputs={
            "rows": known.pop("rows", None) or cube.rows,
            "sha256": known.pop("sha256", None),
            **known,
            "columns": checked,
            **({"notes": list(notes)} if notes else {}),
        },
        parameters=settings.model_dump(mode="json"),
        seed=seed,
        engine=engine,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        tables=findings.tables,
        charts=findings.charts,
        limits=(*findings.limits, *notes),
    )


def cube_method(method_key: str) -> CubeMethod[Any, Any]:
    """Return a method that collects cubes; any other reads no table."""
    method = catalogue.get(method_key)
    if not isinstance(method, CubeMethod):
        raise BadInput(f"{method_key} does not read a table.")
    return method


def check_limits(method: Method, limits: Sequence[Limit]) -> None:
    """Refuse a limit on a metric the method does not have."""
    for limit in limits:
        if limit.metric not in method.metrics():
            raise BadInput(
                f"{method.key} has no metric {limit.metric!r}: "
                f"it has {', '.join(method.metrics())}."
            )


def engine_of(table: "ibis.Table") -> str:
    """Return the name and version of the engine a table lives on."""
    backend = table.get_backend()
    return f"{backend.name} {backend.version}, ibis {version('ibis-framework')}"
