"""One run of a method: check what was given, collect, measure, and put the report together."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from methods import catalogue
from methods.errors import BadInput
from methods.kinds import CubeMethod, Findings, Method
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
    method = catalogue.get(method_key)
    checked = method.roles.check(method_key, columns)
    settings = method.parse(parameters)
    check_limits(method, limits)
    if not isinstance(method, CubeMethod):
        raise BadInput(f"{method_key} does not read a table.")
    cube = method.collect(table, checked, settings)
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
        },
        parameters=settings.model_dump(mode="json"),
        seed=seed,
        engine=engine_of(table),
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        tables=findings.tables,
        charts=findings.charts,
        limits=findings.limits,
    )


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
