"""The same rows give the same cube wherever they lie, and fairlearn's own numbers."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import fairlearn.metrics as fl
import numpy as np
import pandas as pd
import psycopg
import pytest
from psycopg import sql

from audits.models import Run
from audits.services import create_source, schedule_due_runs
from audits.sources.opening import open_input
from tests.audits.conftest import DAY, STAGE, START, Stage
from tests.methods.conftest import loans, tumours, wheels  # noqa: F401  (fixtures)
from tests.methods.test_fairness_equality import FUNCTIONS

METHOD = "fairness.groups"
WHERE = ["segments", "csv", "parquet", "jsonl", "postgresql"]


@dataclass(frozen=True)
class Case:
    """Rows, and what their columns are."""

    frame: pd.DataFrame
    truth: str
    called: str
    groups: list[str]
    controls: list[str]

    @property
    def columns(self) -> dict[str, list[str]]:
        given = {"group": self.groups, "y_true": [self.truth], "y_pred": [self.called]}
        return {**given, "control": self.controls} if self.controls else given

    def rows(self) -> pd.DataFrame:
        """The rows as an output log has them."""
        frame = self.frame.astype(object).where(self.frame.notna(), None)
        frame.insert(0, "output_id", [f"row-{number}" for number in range(len(frame))])
        moments = [START + timedelta(seconds=number) for number in range(len(frame))]
        frame.insert(1, "occurred_at", pd.Series(moments, dtype="datetime64[us, UTC]"))
        return frame


def synthetic() -> pd.DataFrame:
    """20,000 rows of 3 x 2 groups in two regions; some group values are missing."""
    rng = np.random.default_rng(7)
    n = 20_000
    group = rng.choice(["a", "b", "ç"], n, p=[0.6, 0.3, 0.1])
    score = rng.normal(np.where(group == "a", 0.3, 0.0), 1.0)
    sex = pd.Series(rng.choice(["f", "m"], n), dtype=object)
    sex[rng.random(n) < 0.02] = None
    return pd.DataFrame(
        {
            "group": group,
            "sex": sex,
            "region": rng.choice(["north", "south"], n),
            "truth": (score + rng.normal(0, 1, n) > 0).astype(int),
            "called": (score > 0.2).astype(int),
        }
    )


@pytest.fixture(params=["loans", "tumours", "synthetic"])
def case(request: pytest.FixtureRequest) -> Case:
    if request.param == "loans":
        frame = request.getfixturevalue("loans").drop(columns="obrat")
        return Case(frame, "approve", "debt_rule", ["black", "male"], ["married"])
    if request.param == "tumours":
        frame = request.getfixturevalue("tumours")
        return Case(frame, "benign", "called", ["texture", "smooth"], [])
    return Case(synthetic(), "truth", "called", ["group", "sex"], ["region"])


@pytest.fixture
def warehouse(embedded_postgres: Any, settings: Any) -> Iterator[str]:
    """The connection string of somebody else's database."""
    layout = embedded_postgres.layout
    settings.SOURCE_HOSTS = [str(layout.socket_dir)]
    name = sql.Identifier("equality")
    with embedded_postgres.as_superuser() as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(name))
    yield psycopg.conninfo.make_conninfo(
        host=str(layout.socket_dir),
        port=layout.socket_port,
        dbname="equality",
        user=layout.owner_role,
    )
    with embedded_postgres.as_superuser() as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture
def placed(
    stage: Stage, tmp_path: Path, settings: Any, embedded_postgres: Any, warehouse: str
) -> Callable[[Case, str], Run]:
    """Put a case's rows somewhere and plan a run on them."""
    settings.SOURCE_ROOTS = [tmp_path]

    def source(origin: str, location: dict[str, Any], secret: str = "") -> Any:
        return create_source(
            system=stage.system,
            key=f"{origin}-{len(location)}-{location.get('path', '')[-3:].strip('.')}",
            title=origin,
            kind="decisions",
            columns={"occurred_at": ["occurred_at"]},
            origin=origin,
            location=location,
            secret=secret,
            actor=STAGE,
        )

    def place(case: Case, where: str) -> Any:
        rows = case.rows()
        if where == "segments":
            from audits.services import push_outputs

            body = rows.to_json(orient="records", lines=True, date_format="iso").encode()
            push_outputs(
                system=stage.system,
                version=stage.serving,
                data=body,
                media_type="application/x-ndjson",
                actor=STAGE,
            )
            return None
        if where == "postgresql":
            _into_table(embedded_postgres, rows)
            return source("postgresql", {"table": "rows"}, warehouse)
        path = tmp_path / f"rows.{where}"
        if where == "csv":
            rows.to_csv(path, index=False)
        elif where == "parquet":
            rows.to_parquet(path, index=False)
        else:
            rows.to_json(path, orient="records", lines=True, date_format="iso")
        return source("files", {"path": str(path)})

    def run_on(case: Case, where: str) -> Run:
        stage.plan(
            key=where,
            source=place(case, where),
            method=METHOD,
            parameters={},
            columns=case.columns,
            limits=[],
            ends_at=START + DAY,
            planned_looks=None,
            on_breach="finding",
        )
        (run,) = schedule_due_runs()
        return run

    return run_on


def _into_table(server: Any, rows: pd.DataFrame) -> None:
    kinds = {
        name: "timestamptz" if name == "occurred_at" else _kind(rows[name]) for name in rows.columns
    }
    made = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in kinds.items()
    )
    with server.as_superuser("equality") as admin:
        admin.execute(sql.SQL("CREATE TABLE rows ({})").format(made))
        with admin.cursor().copy("COPY rows FROM STDIN") as copy:
            for row in rows.itertuples(index=False):
                copy.write_row([None if value is None else value for value in row])
        owner = sql.Identifier(server.layout.owner_role)
        admin.execute(sql.SQL("GRANT SELECT ON rows TO {}").format(owner))


def _kind(column: pd.Series) -> str:
    return (
        "bigint" if all(isinstance(value, int) for value in column if value is not None) else "text"
    )


def test_the_cube_is_the_same_wherever_the_rows_lie(
    case: Case, placed: Callable[[Case, str], Run]
) -> None:
    from methods.run import collect_cube, cube_method

    packed = {}
    for where in WHERE:
        with open_input(placed(case, where)) as opened:
            assert opened.rows == len(case.frame)
            cube = collect_cube(METHOD, opened.table, case.columns, {})
            packed[where] = cube_method(METHOD).pack(cube)
    assert len(packed) == len(WHERE)
    assert set(packed.values()) == {packed["segments"]}


@pytest.mark.parametrize("where", ["segments", "parquet", "postgresql"])
def test_every_engine_reports_fairlearns_numbers(
    case: Case, placed: Callable[[Case, str], Run], where: str
) -> None:
    from methods.run import collect_cube, report_on

    with open_input(placed(case, where)) as opened:
        cube = collect_cube(METHOD, opened.table, case.columns, {})
    report = report_on(METHOD, cube, columns=case.columns, parameters={}, limits=[])
    assert compared_with_fairlearn(case, report) >= 50


def compared_with_fairlearn(case: Case, report: Any) -> int:
    """Compare every rate and disparity of the crossed groups; return how many were."""
    by = [*case.controls, *case.groups]
    frame = case.frame.copy()
    for name in by:
        frame[name] = frame[name].fillna("(missing)").astype(str)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        oracle = fl.MetricFrame(
            metrics=FUNCTIONS,
            y_true=frame[case.truth],
            y_pred=frame[case.called],
            sensitive_features=frame[case.groups],
            control_features=frame[case.controls] if case.controls else None,
        )
        scalars = {kind: getattr(oracle, kind)() for kind in ("difference", "ratio")}
    compared = 0
    for row in report.measurements:
        if row.by != tuple(case.groups) or row.value is None:
            continue
        if row.comparison is None and row.metric in FUNCTIONS:
            expected = oracle.by_group[row.metric][tuple(row.slice[name] for name in by)]
            assert row.value == pytest.approx(expected, abs=1e-12)
            compared += 1
    for kind, scalar in scalars.items():
        for metric in FUNCTIONS:
            for stratum in scalar.index if case.controls else [None]:
                expected = scalar[metric] if stratum is None else scalar[metric][stratum]
                values = [
                    row.value
                    for row in report.measurements
                    if row.metric == f"{metric}_{kind}"
                    and row.by == tuple(case.groups)
                    and row.value is not None
                    and (stratum is None or stratum in row.slice.values())
                ]
                if not values or np.isnan(expected):
                    continue
                worst = (
                    max(map(abs, values))
                    if kind == "difference"
                    else min(min(value, 1 / value) if value else 0.0 for value in values)
                )
                assert worst == pytest.approx(expected, abs=1e-12)
                compared += 1
    return compared
