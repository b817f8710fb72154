"""The stage of these tests: a registered system with two versions and a log of what it showed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from governance.core.actors import SystemActor

if TYPE_CHECKING:
    from audits.models import OutputBatch, Plan
    from governance.registry.models import ModelVersion, System

START = datetime(2026, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)
STAGE = SystemActor("tests")


def json_lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def impressions(
    version: str, *, day: int = 0, rows: int = 400, favourites: float = 0.0
) -> list[dict[str, Any]]:
    """A day's log over 20 items: the given share shows two favourites, the rest all in turn."""
    chosen = round(rows * favourites)
    return [
        {
            "output_id": f"{version}-{day}-{number}",
            "occurred_at": (START + DAY * day + timedelta(seconds=number)).isoformat(),
            "subject": f"person-{number % 97}",
            "item": f"item-{number % 2 if number < chosen else number % 20}",
            "clicked": int(number % 50 == 0),
        }
        for number in range(rows)
    ]


@dataclass
class Stage:
    """One system, its serving version and its fallback, and short ways to feed and plan it."""

    system: System
    serving: ModelVersion
    fallback: ModelVersion

    def push(self, version: ModelVersion, rows: list[dict[str, Any]]) -> tuple[OutputBatch, bool]:
        from audits.services import push_outputs

        return push_outputs(
            system=self.system,
            version=version,
            data=json_lines(rows),
            media_type="application/x-ndjson",
            actor=STAGE,
        )

    def plan(self, **changes: Any) -> Plan:
        from audits.services import create_plan

        declared: dict[str, Any] = {
            "key": "exposure",
            "title": "Is what people see spread over the items?",
            "system": self.system,
            "version": self.serving,
            "method": "exposure.popularity",
            "parameters": {"top_fraction": 0.1, "catalogue_size": 20},
            "columns": {"item": ["item"]},
            "limits": ["top_share<=0.30"],
            "starts_at": START,
            "ends_at": START + 3 * DAY,
            "backfill": True,
            "planned_looks": 3,
            "on_breach": "auto_contain",
            "actor": STAGE,
        }
        return create_plan(**{**declared, **changes})


def make_stage() -> Stage:
    from governance.registry.models import ModelVersion, System

    system = System.objects.create(key="carousel", title="Carousel", on_pause="non_profiled")
    made = [
        ModelVersion.objects.create(
            system=system, key=key, registered_by="system:tests", changed_by="system:tests"
        )
        for key in ("learned", "uniform")
    ]
    system.serving_version, system.fallback_version = made
    system.save()
    return Stage(system, made[0], made[1])


@pytest.fixture
def storage(tmp_path: Any, settings: Any) -> None:
    """Segments of this test lie in a folder of its own."""
    settings.STORAGE_URL = (tmp_path / "storage").as_uri()


@pytest.fixture
def stage(db: None, storage: None) -> Stage:
    return make_stage()


@pytest.fixture
def team(stage: Stage, cast: Any) -> Stage:
    """The stage with its people on the system."""
    cast.join("carousel")
    return stage


@pytest.fixture
def run_due() -> Callable[[], list[str]]:
    """Schedule what is due and carry it out; return the ids of the runs."""

    def carry_out() -> list[str]:
        from audits.runner import perform_run
        from audits.services import schedule_due_runs

        runs = [str(run.pk) for run in schedule_due_runs()]
        for run_id in runs:
            assert perform_run(run_id)
        return runs

    return carry_out
