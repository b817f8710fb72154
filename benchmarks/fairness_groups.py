"""`fairness.groups` on many rows, beside a bare scan, fairlearn on rows and aequitas.

Everything reads the same Parquet file on one thread. The scan touches every value of every column
once (`bit_xor(hash(column))`): counts and extremes would be answered from the file's metadata.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.measuring import ROOT, Ratio, Result, cpu_seconds, run_python

FULL, SMOKE = 10_000_000, 20_000
#: fairlearn and aequitas run on these many rows; more is extrapolated from the two.
PEER_FULL, PEER_SMOKE = (300_000, 1_000_000), (1_000, 2_000)
PEERS_PYTHON = ROOT / ".venv-peers" / "bin" / "python"
COLUMNS = ("gender", "age", "y_true", "y_pred")
AUDIT = (
    "import json, sys\n"
    "from audits.sources.files import open_source\n"
    "from benchmarks.measuring import peak_memory_megabytes\n"
    "from methods.report import Limit\n"
    "from methods.run import run_audit\n"
    "roles = {'group': ['gender', 'age'], 'y_true': ['y_true'], 'y_pred': ['y_pred']}\n"
    "limits = [Limit.parse('demographic_parity_ratio>=0.8')]\n"
    "with open_source(sys.argv[1], threads=1) as source:\n"
    "    run_audit('fairness.groups', source.table, roles, {}, limits, 0)\n"
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

    from methods.fairness.rates import RATES

    frame = duckdb.execute(f"SELECT * FROM '{path}' LIMIT {rows}").df()
    special = {
        "accuracy": accuracy_score,
        "precision": precision_score,
        "refusal_rate": lambda y_true, y_pred: 1 - fl.selection_rate(y_true, y_pred),
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
    from methods.report import Limit
    from methods.run import run_audit

    rows, peer_rows = (SMOKE, PEER_SMOKE) if smoke else (FULL, PEER_FULL)
    repeats = 1 if smoke else 5
    roles = {"group": ["gender", "age"], "y_true": ["y_true"], "y_pred": ["y_pred"]}
    limits = [Limit.parse("demographic_parity_ratio>=0.8")]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        write_rows(path, rows)
        engine = duckdb.connect()
        engine.execute("SET threads=1")
        touched = ", ".join(f"bit_xor(hash({name}))" for name in COLUMNS)
        counted = (
            f"SELECT {', '.join(COLUMNS)}, count(*) FROM '{path}' GROUP BY {', '.join(COLUMNS)}"
        )
        scan = cpu_seconds(
            lambda: engine.execute(f"SELECT {touched} FROM '{path}'").fetchall(), repeats
        )
        grouped = cpu_seconds(lambda: engine.execute(counted).fetchall(), repeats)
        with open_source(path, threads=1) as source:
            table = source.table
            collect(table, roles, positive=None, threshold=None)  # imports are not the cube's
            cube = cpu_seconds(
                lambda: collect(table, roles, positive=None, threshold=None), repeats
            )
            audit = cpu_seconds(
                lambda: run_audit("fairness.groups", table, roles, {}, limits, 0), repeats
            )
        alone = run_python(["-c", AUDIT, str(path)])
        fairlearn = {size: cpu_of_fairlearn(path, size) for size in peer_rows}
        aequitas = {}
        if PEERS_PYTHON.exists() and not smoke:
            script = "benchmarks/peers/aequitas_crosstabs.py"
            for size in peer_rows:
                told = run_python([script, str(path), str(size)], PEERS_PYTHON)
                aequitas[size] = told["cpu"]
    figures = {
        "scan_cpu_s": scan,
        "group_by_cpu_s": grouped,
        "cube_cpu_s": cube,
        "audit_cpu_s": audit,
        "audit_process_peak_mb": alone["peak"],
        **{f"fairlearn_{size}_rows_cpu_s": cpu for size, cpu in fairlearn.items()},
        "fairlearn_extrapolated_cpu_s": extrapolate(fairlearn, rows),
        **{f"aequitas_{size}_rows_cpu_s": cpu for size, cpu in aequitas.items()},
    }
    ratios = [
        Ratio("cube / scan", cube / scan, "<= 1.5"),
        Ratio("cube / bare GROUP BY", cube / grouped),
        Ratio("fairlearn / audit", extrapolate(fairlearn, rows) / audit, ">= 400"),
        Ratio("fairlearn / cube", extrapolate(fairlearn, rows) / cube),
        Ratio("peak memory / 300 MB", alone["peak"] / 300, "<= 1"),
    ]
    notes = [
        f"fairlearn at {rows:,} rows is extrapolated from {peer_rows[0]:,} and {peer_rows[1]:,}."
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
