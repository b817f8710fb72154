"""The part of a table that one run may see: its window, its version, its mature labels.

Filters only, in words every engine has; which engine computes them is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from audits.models import Run
from governance.core.errors import Invalid

if TYPE_CHECKING:
    import ibis
    import ibis.expr.types as ir

Columns = Mapping[str, Sequence[str]]


def part_of_run(
    table: ibis.Table, run: Run, columns: Columns, *, timed: bool = True
) -> tuple[ibis.Table, tuple[str, ...]]:
    """Return the rows of a run's window and version, and what a report must say of them.

    `columns` are the source's own: which column says when, which version, when it was observed.
    """
    notes: list[str] = []
    when = _column_of("occurred_at", columns, table)
    if when is None and timed:
        raise Invalid(
            "The source does not say which column holds the time: name one in the role occurred_at."
        )
    moment = None
    if when is None:
        notes.append("The data carry no time: the whole of them was read, whatever the window.")
    else:
        moment = instants(table[when], when, notes)
        table = table.filter(
            moment >= _literal(run.window_start), moment < _literal(run.window_end)
        )
    table = _of_version(table, run, columns, notes)
    if moment is not None:
        table = _with_mature_labels(table, run, columns, moment, notes)
    return table, tuple(notes)


def instants(column: ir.Column, name: str, notes: list[str]) -> ir.TimestampValue:
    """Return a column of times as instants; one without a zone is taken as UTC and says so."""
    kind = column.type()
    if kind.is_timestamp() and kind.timezone:
        return column
    if not (kind.is_timestamp() or kind.is_string() or kind.is_date()):
        raise Invalid(f"The column {name!r} holds no times: its type is {kind}.")
    if not kind.is_string():
        notes.append(f"The times in {name!r} were read as UTC.")
    return column.cast("timestamp('UTC', 6)")


def _literal(moment: datetime) -> ir.TimestampScalar:
    import ibis

    return ibis.literal(moment.isoformat()).cast("timestamp('UTC', 6)")


def _of_version(table: ibis.Table, run: Run, columns: Columns, notes: list[str]) -> ibis.Table:
    if run.version is None:
        return table
    name = _column_of("model_version", columns, table)
    if name is None:
        notes.append(
            f"The source does not tell versions apart; its rows were taken as {run.version.key}'s."
        )
        return table
    return table.filter(table[name].cast("string") == run.version.key)


def _with_mature_labels(
    table: ibis.Table, run: Run, columns: Columns, moment: ir.TimestampValue, notes: list[str]
) -> ibis.Table:
    """Leave labels out that were observed later than the plan waits for them."""
    import ibis

    maturity = run.plan.label_maturity
    observed = _column_of("observed_at", columns, table)
    labels = [name for name in run.plan.columns.get("y_true", ()) if name in table.columns]
    if not maturity or not labels:
        return table
    if observed is None:
        notes.append("The source does not say when labels were observed: all were taken as mature.")
        return table
    seconds = int(maturity.total_seconds())
    ripe = instants(table[observed], observed, notes) <= moment + ibis.interval(seconds=seconds)
    return table.mutate(
        **{name: ibis.ifelse(ripe, table[name], ibis.null(table[name].type())) for name in labels}
    )


def _column_of(role: str, columns: Columns, table: ibis.Table) -> str | None:
    names = list(columns.get(role, ()))
    if not names:
        return None
    if names[0] not in table.columns:
        raise Invalid(f"The source has no column {names[0]!r} (role {role}).")
    return names[0]
