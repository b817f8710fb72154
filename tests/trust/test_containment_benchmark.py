"""The benchmark of containment runs over an `up` of its own; no timing is judged at this size."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.test_benchmarks import run_small
from tests.trust.up_process import environment, free_port

pytestmark = [pytest.mark.trust, pytest.mark.timeout(900)]


def test_the_benchmark_of_containment_runs(tmp_path: Path) -> None:
    given = environment(tmp_path, free_port())
    run_small("containment", tmp_path, {**given, "PATH": os.environ["PATH"]})
