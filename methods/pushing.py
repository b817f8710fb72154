"""The one way from an engine to a cube: an aggregation that runs there, and a capped result.

Every plan is read as the SQL it compiles to before it runs; one that would hand out rows, or run
a function of ours on them, is refused. What is aggregated is decided by each method.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from methods.errors import BadInput

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa
    from sqlglot import expressions as sg

MAX_CELLS = 2_000_000
_seen: ContextVar[list[str] | None] = ContextVar("pushed_plans", default=None)


@contextmanager
def recorded_plans() -> Iterator[list[str]]:
    """Collect the SQL of every aggregation pulled inside the block, in order."""
    plans: list[str] = []
    token = _seen.set(plans)
    try:
        yield plans
    finally:
        _seen.reset(token)


def pull(aggregation: "ibis.Table", *, most: int = MAX_CELLS, too_many: str = "") -> "pa.Table":
    """Run one aggregation where its table lives and return the small result.

    Parameters
    ----------
    aggregation : an Ibis table that groups or aggregates; any other is refused
    most : rows of the result at most
    too_many : what to say when there are more

    Raises
    ------
    BadInput : when the plan cannot be pushed to the engine, or its result is too large
    """
    backend = aggregation.get_backend()
    plan = aggregation.limit(most + 1)
    sql = backend.compile(plan)
    refusal = why_not_pushed(plan, sql, getattr(backend, "dialect", None))
    if refusal:
        raise BadInput(f"This audit cannot run on {backend.name}: {refusal}.")
    plans = _seen.get()
    if plans is not None:
        plans.append(sql)
    found = plan.to_pyarrow()
    if found.num_rows > most:
        raise BadInput(too_many or f"The audit has more than {most:,} cells: use fewer columns.")
    return found


def pull_one(aggregation: "ibis.Table") -> dict[str, Any]:
    """Run an aggregation without groups and return its one row."""
    row: dict[str, Any] = pull(aggregation, most=1).to_pylist()[0]
    return row


def why_not_pushed(plan: "ibis.Table", sql: str, dialect: Any) -> str | None:
    """Return what keeps a plan from being one pushed aggregation; None when nothing does."""
    import ibis.expr.operations as ops
    import sqlglot

    for node in plan.op().find((ops.ScalarUDF, ops.AggUDF)):
        if str(getattr(node, "__input_type__", "")).split(".")[-1].lower() != "builtin":
            return f"the function {node.__func_name__!r} is no function of the engine"
    statements = sqlglot.parse(sql, read=dialect)
    if len(statements) != 1 or statements[0] is None:
        return "the plan is not one statement"
    return _hands_out_rows(statements[0], {})


def _hands_out_rows(query: "sg.Expression", named: dict[str, "sg.Expression"]) -> str | None:
    """Return which rows a query would hand out unaggregated; None when it reduces them all."""
    from sqlglot import expressions as sg

    named = dict(named)
    parts = query.args.get("with_") or query.args.get("with")
    for part in parts.expressions if parts is not None else ():
        named[part.alias] = part.this
    if isinstance(query, (sg.Subquery, sg.Paren)):
        return _hands_out_rows(query.this, named)
    if isinstance(query, sg.SetOperation):
        return _hands_out_rows(query.left, named) or _hands_out_rows(query.right, named)
    if not isinstance(query, sg.Select):
        return "the plan is not a query"
    if query.args.get("distinct") or query.args.get("group") or _all_aggregates(query):
        return None
    # Neither grouped nor aggregated: then all it reads must be.
    source = query.args.get("from_") or query.args.get("from")
    if source is None:
        return None
    for each in (source.this, *(join.this for join in query.args.get("joins") or ())):
        if isinstance(each, sg.Table) and each.name in named and not each.db:
            name = each.name
            refusal = _hands_out_rows(named[name], {k: v for k, v in named.items() if k != name})
        elif isinstance(each, sg.Table):
            refusal = f"it would fetch rows of {each.name or 'the data'} one by one"
        else:
            refusal = _hands_out_rows(each, named)
        if refusal:
            return refusal
    return None


def _all_aggregates(query: "sg.Select") -> bool:
    """Return whether every column is an aggregate over all rows, none a window over them."""
    from sqlglot import expressions as sg

    return bool(query.selects) and all(
        any(not found.find_ancestor(sg.Window) for found in column.find_all(sg.AggFunc))
        for column in query.selects
    )
