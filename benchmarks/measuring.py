"""How a benchmark measures and what it hands back. No benchmark stands here.

Only CPU counts: waiting and other work on the machine do not.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Ratio:
    """One comparison: `value` times, and what the project asks for, if it asks."""

    name: str
    value: float
    wanted: str = ""

    @property
    def met(self) -> bool | None:
        """Whether `<= x` or `>= x` holds; None where nothing is asked."""
        if not self.wanted:
            return None
        sign, bound = self.wanted.split()
        return self.value <= float(bound) if sign == "<=" else self.value >= float(bound)


@dataclass(frozen=True)
class Result:
    """What a benchmark measured."""

    name: str
    size: dict[str, int]
    figures: dict[str, float]  # the unit stands at the end of each name
    ratios: tuple[Ratio, ...]
    notes: tuple[str, ...] = field(default=())

    def to_json(self) -> str:
        """Return the result as it is written to the results folder."""
        ratios = [{**asdict(ratio), "met": ratio.met} for ratio in self.ratios]
        return json.dumps({**asdict(self), "ratios": ratios}, indent=2) + "\n"


def cpu_seconds(work: Callable[[], Any], repeats: int = 3) -> float:
    """Return the least CPU time of a few runs of `work` in this process."""
    best = float("inf")
    for _ in range(repeats):
        before = time.process_time()
        work()
        best = min(best, time.process_time() - before)
    return best


def cpu_of_processes(pids: Iterable[int]) -> float:
    """Return the CPU seconds that these processes have used, user and kernel."""
    ticks = 0
    for pid in pids:
        # The name in brackets may hold blanks; what follows it does not.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS_A_SECOND


def children_of(pid: int) -> list[int]:
    """Return the process and everything below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += children_of(int(child))
    return found


def peak_memory_megabytes() -> float:
    """Return this process's own peak; unlike ru_maxrss it owes nothing to the parent."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise OSError("This kernel does not tell the peak memory of a process.")


def run_python(words: Sequence[str], python: Path | None = None) -> dict[str, float]:
    """Run Python in a process of its own; its last line of output is JSON."""
    command = [str(python or sys.executable), *words]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    answer: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer
