"""Reading columns off an Ibis table: do they exist, what text are their values, are labels binary.

Every message is a sentence for the person who handed in the file.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from methods.errors import BadInput

if TYPE_CHECKING:
    import ibis
    import ibis.expr.types as ir

MISSING = "(missing)"
_TRUE = {"1", "1.0", "true"}
_FALSE = {"0", "0.0", "false"}


def require_columns(table: "ibis.Table", columns: Mapping[str, Sequence[str]]) -> None:
    """Refuse a role whose column the data do not have."""
    present = list(table.columns)
    for role, names in columns.items():
        for name in names:
            if name not in present:
                shown = ", ".join(present[:12]) + (", ..." if len(present) > 12 else "")
                raise BadInput(f"There is no column {name!r} (role {role}); the data have {shown}.")


def value_text(column: "ir.Column") -> "ir.StringValue":
    """Return a column's values as text, missing values and NaN as the group `(missing)`."""
    import ibis

    text = column.cast("string")
    if column.type().is_floating():
        text = ibis.ifelse(column.isnan(), ibis.null("string"), text)
    return text.fill_null(MISSING)


def _same(text: str, positive: str) -> bool:
    if text == positive:
        return True
    try:
        return float(text) == float(positive)
    except ValueError:
        return text.lower() == positive.lower() and text.lower() in _TRUE | _FALSE


def binary_labels(
    values: Iterable[str], column: str, role: str, positive: str | None
) -> dict[str, bool]:
    """Map each value of a label to whether it is the positive one.

    `values` are the distinct values as text. Without `positive` they must be 0/1 or false/true.
    """
    distinct = sorted(set(values))
    if MISSING in distinct:
        raise BadInput(
            f"The column {column!r} ({role}) is empty in some rows: "
            "leave out the rows whose label is not known."
        )
    if positive is not None:
        return {text: _same(text, positive) for text in distinct}
    odd = [text for text in distinct if text.lower() not in _TRUE | _FALSE]
    if odd:
        shown = ", ".join(odd[:3]) + (", ..." if len(odd) > 3 else "")
        raise BadInput(
            f"The column {column!r} ({role}) is not a 0/1 or false/true label (it has {shown}): "
            "name the positive value with --set positive=VALUE."
        )
    return {text: text.lower() in _TRUE for text in distinct}


def number(column: "ir.Column", name: str, role: str) -> "ir.FloatingValue":
    """Return a column as double precision numbers."""
    if not (column.type().is_numeric() or column.type().is_string() or column.type().is_boolean()):
        raise BadInput(f"The column {name!r} ({role}) does not hold numbers.")
    return column.cast("float64")


def check_weights(least: float | None, empty: int, column: str) -> None:
    """Refuse weights that are negative, missing or not finite."""
    if empty:
        raise BadInput(f"The column {column!r} (weight) is empty in {empty:,} rows.")
    if least is None or not math.isfinite(least) or least < 0:
        raise BadInput(f"The column {column!r} (weight) has a negative or unusable value.")
