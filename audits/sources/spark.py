"""Sources on Spark: a table of a remote session, or Parquet files read by a local one.

pyspark is an extra: it is imported when such a source is opened, and its absence is a sentence.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from audits.sources.locations import SparkLocation
from audits.sources.marks import Mark, digest_of
from audits.sources.reach import check_host, files_below_roots
from audits.sources.reading import Place
from governance.core.errors import Invalid

if TYPE_CHECKING:
    import ibis

MISSING = (
    "Spark is not installed here: install the extra with "
    "`pip install --require-hashes -r requirements-spark.txt`."
)


@contextmanager
def open_spark(location: SparkLocation) -> Iterator[Place]:
    """Open a table on Spark.

    Raises
    ------
    Invalid : with one sentence, when Spark is missing, refuses, or has no such table
    """
    if location.remote:
        check_host(urlsplit(location.remote).hostname or "")
    files = [] if location.remote else files_below_roots(location.path)
    marks = [Mark.of(file) for file in files]
    with _session(location.remote) as session, _answers():
        import ibis

        backend = ibis.pyspark.connect(session)
        if location.remote:
            *database, name = location.table.split(".")
            if not session.catalog.tableExists(location.table):
                raise Invalid(f"Spark has no table {location.table} that may be read.")
            table = backend.table(name, database=tuple(database) or None)
        else:
            session.read.parquet(*[str(file) for file in files]).createOrReplaceTempView("audited")
            table = backend.table("audited")

        def measure(part: ibis.Table) -> tuple[int, str]:
            rows, contents = _contents(part)
            return rows, digest_of(marks) if marks else _digest(location.table, part, contents)

        yield Place(table=table, interrupt=_stopper(session), measure=measure)
    for mark in marks:
        mark.check()


def _contents(part: ibis.Table) -> tuple[int, str]:
    """Return how many rows are read and an order-free sum of what they hold, in one pass."""
    from pyspark.sql import functions as f

    frame = part.get_backend()._session.sql(ibis_sql(part))
    hashed = f.xxhash64(*[f.col(f"`{name}`").cast("string") for name in part.columns])
    row = frame.agg(
        f.count(f.lit(1)).alias("rows"), f.sum(hashed.cast("decimal(38,0)")).alias("sum")
    ).collect()[0]
    return int(row["rows"]), str(row["sum"])


def ibis_sql(part: ibis.Table) -> str:
    """Return the Spark SQL of an expression."""
    import ibis

    return str(ibis.to_sql(part, dialect="pyspark"))


def _digest(table: str, part: ibis.Table, contents: str) -> str:
    told = {"table": table, "columns": list(part.columns), "sum": contents}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _stopper(session: Any) -> Callable[[], None]:
    def stop() -> None:
        if hasattr(session, "interruptAll"):
            session.interruptAll()
        else:
            session.sparkContext.cancelAllJobs()

    return stop


@contextmanager
def _session(remote: str) -> Iterator[Any]:
    try:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        raise Invalid(MISSING) from None
    with tempfile.TemporaryDirectory(prefix="tactful-spark-") as folder:
        builder = SparkSession.builder.config("spark.sql.session.timeZone", "UTC")
        if remote:
            builder = builder.remote(remote)
        else:
            for name, value in _local(Path(folder)).items():
                builder = builder.config(name, value)
        try:
            session = builder.getOrCreate()
        except (PySparkException, Py4JError, OSError, RuntimeError) as problem:
            raise Invalid(f"Spark does not start: {_reason(problem)}.") from None
        try:
            yield session
        finally:
            session.stop()
            if not remote:
                _end_java()


def _end_java() -> None:
    """End the virtual machine of a local session: a worker lives on, its memory shall not."""
    from pyspark import SparkContext

    gateway = SparkContext._gateway
    if gateway is None:
        return
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait(timeout=60)
    SparkContext._gateway = SparkContext._jvm = None


def _local(folder: Path) -> dict[str, str]:
    """Return the settings of a session in this process that listens on this machine alone."""
    return {
        "spark.master": "local[2]",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "1g",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.local.dir": str(folder),
    }


@contextmanager
def _answers() -> Iterator[None]:
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError) as problem:
        raise Invalid(f"Spark refuses: {_reason(problem)}.") from None


def _reason(problem: Exception) -> str:
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    return (lines[0] if lines else type(problem).__name__).rstrip(".")[:300]
