"""`fairness.groups` on many rows, beside a bare scan, fairlearn on rows and aequitas.

Everything reads the same Parquet file on one thread. The scan decodes every value of every column
and adds it up (`sum(hash(column))`): counts and extremes would be answered from the file's
metadata. Two other floors stand beside it: the cheapest touch of every value there is, and the
rows handed over as Arrow batches, which is what a tool that reads rows begins with.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measuring import ROOT, Ratio, Result, cpu_seconds, run_python

if TYPE_CHECKING:
    import duckdb

FULL, SMOKE = 10_000_000, 20_000
#: fairlearn and aequitas run on these many rows; more is extrapolated from the two.
PEER_FULL, PEER_SMOKE = (300_000, 1_000_000), (1_000, 2_000)
PEERS_PYTHON = ROOT / ".venv-peers" / "bin" / "python"
COLUMNS = ("gender", "age", "y_true", "y_pred")
RATES = (
    "selection_rate",
    "true_positive_rate",
    "false_positive_rate",
    "false_negative_rate",
    "accuracy",
    "precision",
)
#: The large table is the same file, read so many times over under as many names.
COPIES = 10
AUDIT = (
    "import json, sys\n"
    "from audits.sources.files import open_source\n"
    "from benchmarks.measuring import peak_memory_megabytes\n"
    "from methods.report import Limit\n"
    "from methods.run import run_audit\n"
    "roles = {'group': ['gender', 'age'], 'y_true': ['y_true'], 'y_pred': ['y_pred']}\n"
    "limits = [Limit.parse('demographic_parity_ratio>=0.8')]\n"
    "with open_source(sys.argv[1], threads=1) as source:\n"
    "    run_audit('fairness.groups', source.table, roles, {'metrics': sys.argv[2]}, limits, 0)\n"
    "print(json.dumps({'peak': peak_memory_megabytes()}))\n"
)


def write_rows(path: Path, rows: int) -> None:
    """Write rows with a group of 2, a group of 9, a label and a decision."""
    import duckdb

    with duckdb.connect() as engine:
        engine.execute("SET threads=1")
        engine.execute("SELECT setseed(0.5)")
        engine.execute(
            f"""COPY (
                SELECT ['f', 'm'][1 + (random() * 2)::INT % 2] AS gender,
                       'age ' || (random() * 9)::INT % 9 AS age,
                       (random() < 0.4)::INT AS y_true, (random() < 0.35)::INT AS y_pred
                FROM range({rows})) TO '{path}' (FORMAT parquet, COMPRESSION zstd)"""
        )


def cpu_of_fairlearn(path: Path, rows: int) -> float:
    """Return the CPU of fairlearn on the first rows: the rates and groupings of the audit."""
    import warnings

    import duckdb
    import fairlearn.metrics as fl
    from sklearn.metrics import accuracy_score, precision_score

    frame = duckdb.execute(f"SELECT * FROM '{path}' LIMIT {rows}").df()
    special = {
        "accuracy": accuracy_score,
        "precision": precision_score,
    }
    functions = {name: special.get(name) or getattr(fl, name) for name in RATES}

    def work() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for by in (["gender"], ["age"], ["gender", "age"]):
                _ = fl.MetricFrame(
                    metrics=functions,
                    y_true=frame["y_true"],
                    y_pred=frame["y_pred"],
                    sensitive_features=frame[by],
                ).by_group

    return cpu_seconds(work, 1)


def hand_over(engine: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Read the columns as Arrow batches and look at none."""
    for _ in engine.sql(f"SELECT {', '.join(COLUMNS)} FROM '{path}'").to_arrow_reader(100_000):
        pass


def extrapolate(points: dict[int, float], rows: int) -> float:
    """Return the line through the two points at `rows`; exact where `rows` was measured."""
    if rows in points:
        return points[rows]
    (few, low), (many, high) = sorted(points.items())
    return high + (high - low) / (many - few) * (rows - many)


def measure(*, smoke: bool) -> Result:
    """Measure the scan, the cube, the audit, and the peers."""
    import duckdb

    from audits.sources.files import open_source
    from methods.fairness.cube import collect
    from methods.fairness.kernel import points
    from methods.report import Limit
    from methods.run import cube_method, run_audit

    rows, peer_rows = (SMOKE, PEER_SMOKE) if smoke else (FULL, PEER_FULL)
    repeats = 1 if smoke else 5
    roles = {"group": ["gender", "age"], "y_true": ["y_true"], "y_pred": ["y_pred"]}
    limits = [Limit.parse("demographic_parity_ratio>=0.8")]
    chosen = {"metrics": RATES}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        write_rows(path, rows)
        engine = duckdb.connect()
        engine.execute("SET threads=1")
        added = ", ".join(f"sum(hash({name}))" for name in COLUMNS)
        touched = ", ".join(f"bit_xor(hash({name}))" for name in COLUMNS)
        counted = (
            f"SELECT {', '.join(COLUMNS)}, count(*) FROM '{path}' GROUP BY {', '.join(COLUMNS)}"
        )
        scan = cpu_seconds(
            lambda: engine.execute(f"SELECT {added} FROM '{path}'").fetchall(), repeats
        )
        touch = cpu_seconds(
            lambda: engine.execute(f"SELECT {touched} FROM '{path}'").fetchall(), repeats
        )
        handed = cpu_seconds(lambda: hand_over(engine, path), repeats)
        grouped = cpu_seconds(lambda: engine.execute(counted).fetchall(), repeats)
        with open_source(path, threads=1) as source:
            table = source.table
            collect(table, roles, positive=None, threshold=None)  # imports are not the cube's
            cube = cpu_seconds(
                lambda: collect(table, roles, positive=None, threshold=None), repeats
            )
            audit = cpu_seconds(
                lambda: run_audit("fairness.groups", table, roles, chosen, limits, 0), repeats
            )
            kept = collect(table, roles, positive=None, threshold=None)
        method = cube_method("fairness.groups")
        packed = method.pack(kept)
        again = cpu_seconds(lambda: points(method.unpack(packed)), 50)
        copies = [path.with_name(f"copy-{number}.parquet") for number in range(COPIES)]
        for copy in copies:
            copy.hardlink_to(path)
        with open_source(copies, threads=1) as source:
            table = source.table
            large = cpu_seconds(
                lambda: run_audit("fairness.groups", table, roles, chosen, limits, 0),
                1 if smoke else 2,
            )
        alone = run_python(["-c", AUDIT, str(path), ",".join(RATES)])
        fairlearn = {size: cpu_of_fairlearn(path, size) for size in peer_rows}
        aequitas = {}
        if PEERS_PYTHON.exists() and not smoke:
            script = "benchmarks/peers/aequitas_crosstabs.py"
            for size in peer_rows:
                told = run_python([script, str(path), str(size)], PEERS_PYTHON)
                aequitas[size] = told["cpu"]
    figures = {
        "scan_cpu_s": scan,
        "least_touch_cpu_s": touch,
        "arrow_batches_cpu_s": handed,
        "group_by_cpu_s": grouped,
        "cube_cpu_s": cube,
        "audit_cpu_s": audit,
        "audit_process_peak_mb": alone["peak"],
        f"audit_of_{COPIES * rows}_rows_cpu_s": large,
        "stored_cube_bytes": float(len(packed)),
        "stored_cube_points_cpu_ms": again * 1e3,
        **{f"fairlearn_{size}_rows_cpu_s": cpu for size, cpu in fairlearn.items()},
        "fairlearn_extrapolated_cpu_s": extrapolate(fairlearn, rows),
        **{f"aequitas_{size}_rows_cpu_s": cpu for size, cpu in aequitas.items()},
    }
    ratios = [
        Ratio("cube / scan", cube / scan, "<= 1.5"),
        Ratio("cube / least touch", cube / touch),
        Ratio("cube / Arrow batches", cube / handed),
        Ratio("cube / bare GROUP BY", cube / grouped),
        Ratio(f"audit of {COPIES} x rows / 2.5 s", large / 2.5, "<= 1"),
        Ratio("points of a stored cube / 1 ms", again / 1e-3, "<= 1"),
        Ratio("fairlearn / audit", extrapolate(fairlearn, rows) / audit, ">= 400"),
        Ratio("fairlearn / cube", extrapolate(fairlearn, rows) / cube),
        Ratio("peak memory / 300 MB", alone["peak"] / 300, "<= 1"),
    ]
    notes = [
        "The least touch is bit_xor(hash(column)): it never puts the columns of a row together.",
        f"fairlearn at {rows:,} rows is extrapolated from {peer_rows[0]:,} and {peer_rows[1]:,}.",
    ]
    if aequitas:
        figures["aequitas_extrapolated_cpu_s"] = extrapolate(aequitas, rows)
        ratios.append(Ratio("aequitas / audit", extrapolate(aequitas, rows) / audit, ">= 10"))
        ratios.append(Ratio("aequitas / cube", extrapolate(aequitas, rows) / cube))
        notes.append(
            "aequitas is extrapolated alike; it gives no simultaneous intervals and no verdict."
        )
    elif not smoke:
        notes.append("aequitas was left out: `make peers` makes its environment.")
    return Result("fairness_groups", {"rows": rows}, figures, tuple(ratios), tuple(notes))
