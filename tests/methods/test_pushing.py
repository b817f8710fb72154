"""What collecting promises: one pushed aggregation, a capped result, and never a row."""

from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest

from methods import catalogue
from methods.errors import BadInput
from methods.kinds import CubeMethod
from methods.pushing import pull, recorded_plans, why_not_pushed
from methods.run import collect_cube
from tests.methods.conftest import as_table
from tests.methods.test_packing import CASES, rows


@pytest.fixture(scope="module")
def log() -> "ibis.Table":
    """A small log on an engine of its own."""
    return as_table(rows(5))


def refusal(plan: "ibis.Table") -> str | None:
    backend = plan.get_backend()
    return why_not_pushed(plan, backend.compile(plan), backend.dialect)


def test_rows_are_never_handed_out(log: "ibis.Table") -> None:
    counted = log.group_by("g").agg(n=log.count())
    for plan in (
        log,
        log.select("g", "p"),
        log.filter(log.p > 0),
        log.mutate(place=ibis.row_number().over(group_by="g")),
        log.mutate(mean=log.p.mean().over(group_by="g")),
        log.join(counted, "g"),
        log.select("g").union(counted.select("g")),
    ):
        with pytest.raises(BadInput, match=r"cannot run on duckdb: it would fetch rows of"):
            pull(plan)


def test_aggregations_are_let_through_however_they_are_dressed(log: "ibis.Table") -> None:
    people = log.group_by(["who", "g"]).agg(s=log.p.sum())
    counted = log.group_by("g").agg(n=log.count())
    for plan in (
        counted,
        counted.mutate(g=counted.g.upper()).order_by("n"),
        people.group_by("g").agg(m=(people.s * people.s).sum()),
        people.join(counted, "g"),
        log.aggregate(n=log.count(), p=log.p.sum()),
        log.select("g").distinct(),
        counted.union(counted),
    ):
        assert refusal(plan) is None
        assert pull(plan).num_rows > 0


def test_a_function_of_ours_is_not_run_on_rows(log: "ibis.Table") -> None:
    @ibis.udf.scalar.python
    def shout(text: str) -> str:
        return text.upper()

    plan = log.mutate(g=shout(log.g))
    with pytest.raises(BadInput, match="'shout' is no function of the engine"):
        pull(plan.group_by("g").agg(n=plan.count()))


def test_a_result_that_is_too_large_is_refused_in_words(log: "ibis.Table") -> None:
    plan = log.group_by("own").agg(n=log.count())
    with pytest.raises(BadInput, match="more than 199 cells"):
        pull(plan, most=199)
    assert pull(plan, most=200).num_rows == 200


@pytest.mark.parametrize("key", CASES)
def test_every_method_collects_by_pushed_aggregations_alone(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What leaves the engine leaves it through `pull`: any other way is counted here."""
    table = as_table(rows(11))
    backend, left = table.get_backend(), []
    for name in ("to_pyarrow", "execute", "to_pandas", "to_pyarrow_batches", "to_polars"):
        own = getattr(backend, name, None)
        if own is not None:

            def counting(*args: Any, _own: Any = own, **kwargs: Any) -> Any:
                left.append(args)
                return _own(*args, **kwargs)

            monkeypatch.setattr(backend, name, counting)
    columns, parameters, _ = CASES[key]
    assert isinstance(catalogue.get(key), CubeMethod)
    with recorded_plans() as plans:
        collect_cube(key, table, columns, parameters)
    assert len(left) == len(plans) > 0


def test_a_cube_of_rows_is_one_group_by() -> None:
    columns = {"group": ["g", "h"], "y_pred": ["p"], "y_true": ["y"], "control": ["who"]}
    with recorded_plans() as plans:
        collect_cube("fairness.groups", as_table(rows(2)), columns, {})
    assert len(plans) == 1
    assert plans[0].count("GROUP BY") == 1


def test_a_cube_of_people_is_one_aggregation_more_for_each_margin() -> None:
    frame = rows(2)
    columns = {"group": ["g", "h"], "y_pred": ["p"], "y_true": ["y"], "subject": ["own"]}
    with recorded_plans() as plans:
        collect_cube("fairness.groups", as_table(frame), columns, {})
    # Everyone, g, h, and g by h; people of one group each need no cross products.
    assert len(plans) == 1 + 4
    with recorded_plans() as plans:
        collect_cube("fairness.groups", as_table(frame), {**columns, "subject": ["who"]}, {})
    assert len(plans) == 1 + 4 + 3


def test_people_and_not_their_rows_are_the_evidence() -> None:
    """Sixty thousand rows of six people are the evidence of six people."""
    generator = np.random.default_rng(4)
    frame = pd.DataFrame(
        {
            "g": np.repeat(["a", "b"], 30_000),
            "who": np.repeat(np.arange(6), 10_000),
            "p": np.concatenate(
                [generator.binomial(1, 0.5, 30_000), generator.binomial(1, 0.3, 30_000)]
            ),
        }
    )
    from methods.report import Limit
    from methods.run import run_audit

    columns = {"group": ["g"], "y_pred": ["p"]}
    limits = [Limit.parse("selection_rate_ratio>=0.8")]
    by_rows = run_audit("fairness.groups", as_table(frame), columns, {}, limits)
    assert by_rows.verdict == "fail"
    counted = run_audit(
        "fairness.groups", as_table(frame), {**columns, "subject": ["who"]}, {}, limits
    )
    (row,) = counted.judged()
    assert (row.verdict, row.n, row.unit) == ("inconclusive", 6, "subjects")
    assert "fewer than 30 subjects on a side" in row.note
