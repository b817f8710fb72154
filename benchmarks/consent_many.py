"""Many people at once: the shared table's size, a batch over HTTP, an audience from file to file.

The table is made without a database; nobody in it is in doubt, so PostgreSQL is not asked.
"""

from __future__ import annotations

import json
import random
import tempfile
from pathlib import Path

from benchmarks.measuring import Ratio, Result, run_python
from benchmarks.serving import Asked, served_by_granian

FULL, SMOKE = (10_000_000, 10_000, 30), (20_000, 1_000, 2)  # people, ids a batch, batches
#: Of the ids asked about, one in so many is unknown.
UNKNOWN = 10
MAKE = (
    "import json, sys; from pathlib import Path\n"
    "from benchmarks.large_table import make\n"
    "print(json.dumps({'secret': make(Path(sys.argv[1]), int(sys.argv[2]))}))\n"
)
WRITE = (
    "import json, sys, pyarrow as pa, pyarrow.parquet as pq, numpy as np\n"
    "from benchmarks.large_table import names\n"
    "people, step = int(sys.argv[2]), min(int(sys.argv[2]), 1_000_000)\n"
    "writer = pq.ParquetWriter(sys.argv[1], pa.schema([('subject', pa.string())]))\n"
    "for first in range(0, people, step):\n"
    "    some = names(first + people // 10, step)\n"  # the last tenth is unknown
    "    order = np.random.default_rng(first).permutation(len(some))\n"
    "    writer.write_table(pa.table({'subject': some.take(pa.array(order))}))\n"
    "writer.close(); print(json.dumps({}))\n"
)
FILTER = (
    "import json, sys, time; from pathlib import Path\n"
    "from benchmarks.large_table import benchmark_keys, serving_of\n"
    "from benchmarks.measuring import peak_memory_megabytes\n"
    "from consent.audience.files import Format\n"
    "from consent.audience.filtering import Audience, Question, filter_audience\n"
    "import numpy, pyarrow.parquet\n"
    "serving = serving_of(Path(sys.argv[1]))\n"
    "audience = Audience(Question('purpose', 'ads', 'DE'), serving, None, benchmark_keys())\n"
    "wall, cpu = time.perf_counter(), time.process_time()\n"
    "with open(sys.argv[3], 'wb') as sink:\n"
    "    told = filter_audience(Path(sys.argv[2]), sink, kind=Format.PARQUET, audience=audience)\n"
    "wall, cpu = time.perf_counter() - wall, time.process_time() - cpu\n"
    "assert told.in_doubt == 0 and 0 < told.allowed < told.asked\n"
    "print(json.dumps({'wall': wall, 'cpu': cpu, 'memory': peak_memory_megabytes()}))\n"
)


def measure(*, smoke: bool) -> Result:
    """Make the table, then ask it."""
    people, ids, batches = SMOKE if smoke else FULL
    chance = random.Random(1)
    with tempfile.TemporaryDirectory(prefix="tactful-table-") as folder:
        table = Path(folder) / "table"
        secret = str(run_python(["-c", MAKE, str(table), str(people)])["secret"])
        megabytes = sum(each.stat().st_size for each in table.iterdir()) / 1e6
        bodies = [
            json.dumps(
                {
                    "subjects": [
                        f"customer-{chance.randrange(people + people // UNKNOWN):09d}"
                        for _ in range(ids)
                    ],
                    "purpose": "ads",
                    "region": "DE",
                }
            )
            for _ in range(4)
        ]
        own = {"LARGE_TABLE": str(table), "DJANGO_SETTINGS_MODULE": "config.settings"}
        with served_by_granian("benchmarks.peers.large_front:application", env=own) as front:
            headers = {"Authorization": f"Bearer {secret}"}
            asked = Asked("batch", *front, "/api/v1/consent/check", bodies, headers)
            for body in bodies:
                if len(json.loads(asked.once(body))["results"]) != ids:
                    raise SystemExit("The batch was not answered whole.")
            batch = min(asked.cpu_of_some(batches) for _ in range(1 if smoke else 5))
        source, target = Path(folder) / "in.parquet", Path(folder) / "out.parquet"
        run_python(["-c", WRITE, str(source), str(people)])
        runs = [
            run_python(["-c", FILTER, str(table), str(source), str(target)])
            for _ in range(1 if smoke else 3)
        ]
    wall = min(run["wall"] for run in runs)
    memory = max(run["memory"] for run in runs)
    figures = {
        "table_mb": megabytes,
        "batch_cpu_ms": batch * 1e3,
        "audience_wall_s": wall,
        "audience_cpu_s": min(run["cpu"] for run in runs),
        "audience_memory_mb": memory,
    }
    ratios = (
        Ratio("table / 450 MB", megabytes / 450, "<= 1"),
        Ratio("batch (web) / 5 ms", batch * 1e3 / 5, "<= 1"),
        Ratio("audience (wall) / 3 s", wall / 3, "<= 1"),
        Ratio("audience (memory) / 1,000 MB", memory / 1_000, "<= 1"),
    )
    notes = ("The audience's memory counts the pages of the table it touched, which all share.",)
    return Result("consent_many", {"people": people, "ids_a_batch": ids}, figures, ratios, notes)
