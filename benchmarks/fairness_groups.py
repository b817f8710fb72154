"""How fast `fairness.groups` is on 10 M rows, as ratios in one run; writes benchmarks/results.

Compares the cube with a bare scan of the same columns and with fairlearn on raw rows (measured on
a sample of rows and scaled: it is linear). Peers of other environments run with `make peers`.
"""

import argparse
import json
import resource
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROWS, SAMPLE = 10_000_000, 300_000
RESULTS = Path(__file__).parent / "results"


def cpu_seconds(work: Callable[[], Any], repeats: int = 3) -> float:
    """Return the least CPU time of a few runs: contention does not count."""
    best = float("inf")
    for _ in range(repeats):
        before = time.process_time()
        work()
        best = min(best, time.process_time() - before)
    return best


def write_rows(path: Path, rows: int) -> None:
    """Write rows with a group of 2, a group of 9, a control of 6, a label and a decision."""
    import duckdb

    duckdb.execute("SELECT setseed(0.5)")
    duckdb.execute(
        f"""COPY (
            SELECT ['f', 'm'][1 + (random() * 2)::INT % 2] AS gender,
                   'age ' || (random() * 9)::INT % 9 AS age,
                   'region ' || (random() * 6)::INT % 6 AS region,
                   (random() < 0.4)::INT AS y_true, (random() < 0.35)::INT AS y_pred
            FROM range({rows})) TO '{path}' (FORMAT parquet, COMPRESSION zstd)"""
    )


def fairlearn_on_rows(path: Path, rows: int) -> Callable[[], object]:
    """Return fairlearn's run on the first rows: the same rates and groupings as the audit."""
    import duckdb
    import fairlearn.metrics as fl
    from sklearn.metrics import accuracy_score, precision_score

    from methods.fairness.rates import RATES

    frame = duckdb.execute(f"SELECT * FROM '{path}' LIMIT {rows}").df()
    special = {"accuracy": accuracy_score, "precision": precision_score}
    functions = {name: special.get(name) or getattr(fl, name) for name in RATES}

    def work() -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return [
                fl.MetricFrame(
                    metrics=functions,
                    y_true=frame["y_true"],
                    y_pred=frame["y_pred"],
                    sensitive_features=frame[by],
                ).by_group
                for by in (["gender"], ["age"], ["gender", "age"])
            ]

    return work


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    rows = parser.parse_args().rows
    import duckdb

    from audits.sources.files import open_source
    from methods.fairness.cube import collect
    from methods.report import Limit
    from methods.run import run_audit

    columns = {"group": ["gender", "age"], "y_true": ["y_true"], "y_pred": ["y_pred"]}
    limits = [Limit.parse("demographic_parity_ratio>=0.8")]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        write_rows(path, rows)
        engine = duckdb.connect()
        engine.execute("SET threads=1")
        scan = f"SELECT count(gender), count(age), sum(y_true), sum(y_pred) FROM '{path}'"
        bare = cpu_seconds(lambda: engine.execute(scan).fetchall())
        with open_source(path, threads=1) as source:
            table = source.table
            cube = cpu_seconds(lambda: collect(table, columns, positive=None, threshold=None))
            run_audit("fairness.groups", table, columns, {}, limits, 0)  # warm imports
            audit = cpu_seconds(lambda: run_audit("fairness.groups", table, columns, {}, limits, 0))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        sample = min(rows, SAMPLE)
        raw = cpu_seconds(fairlearn_on_rows(path, sample), 1) * rows / sample
    result = {
        "rows": rows,
        "cpu_seconds": {"bare_scan": bare, "cube": cube, "audit": audit, "fairlearn_rows": raw},
        "ratios": {
            "cube_to_scan": cube / bare,
            "fairlearn_to_audit": raw / audit,
            "fairlearn_to_cube": raw / cube,
        },
        "peak_memory_mb": memory,
        "fairlearn_measured_on_rows": sample,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "fairness_groups.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
