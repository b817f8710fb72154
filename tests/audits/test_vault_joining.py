"""A protected attribute is joined inside a run, for a permitted plan, and leaves nothing behind."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from audits import services
from audits.models import Plan, Run, RunCube, VaultAccess, VaultAttribute
from audits.runner import perform_run
from audits.sources.opening import open_input
from audits.subjects import pseudonym
from audits.vault.attributes import create_attribute, permit_plan, revoke_permit
from audits.vault.joining import join_attributes
from audits.vault.loading import load_values
from governance.core.clock import database_now
from tests.audits.conftest import DAY, STAGE, START, Stage

PEOPLE = 600


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """The heartbeat looks through a connection of its own, which does not see this transaction."""
    monkeypatch.setattr("audits.services.heartbeat.LOOK_SECONDS", 600.0)
    settings.AUDIT_LEASE_SECONDS = 1800


def declare(**changes: Any) -> VaultAttribute:
    declared: dict[str, Any] = {
        "key": "origin",
        "title": "Origin as people told it",
        "kind": "self_declared",
        "purposes": ["fairness_audit"],
        "reason": "Nobody can see unequal treatment by origin without it.",
        "legal_basis": "consent",
        "article9": "explicit_consent",
        "dpia": "https://example.org/dpia/12",
        "expires_at": database_now() + timedelta(days=90),
        "actor": STAGE,
    }
    return create_attribute(**{**declared, **changes})


def load(attribute: VaultAttribute, text: str, folder: Path, replace: bool = False) -> int:
    file = folder / "values.csv"
    file.write_text(text)
    return load_values(
        attribute=attribute,
        data=file,
        media_type="text/csv",
        replace=replace,
        why="The survey of January.",
        actor=STAGE,
    )


def origins() -> str:
    """Half are of one origin, half of another; every twentieth has told nothing."""
    lines = (f"person-{n},{'north' if n % 2 else 'south'}" for n in range(PEOPLE) if n % 20)
    return "subject,value\n" + "\n".join(lines) + "\n"


def decisions() -> list[dict[str, Any]]:
    """Of the north 80 of 100 are selected, of the south 30; no column says who is from where."""
    return [
        {
            "output_id": f"d-{number}",
            "occurred_at": (START + timedelta(seconds=number)).isoformat(),
            "subject": f"person-{number}",
            "y_pred": int(number % 100 < (80 if number % 2 else 30)),
        }
        for number in range(PEOPLE)
    ]


@pytest.fixture
def audited(stage: Stage, tmp_path: Path) -> Callable[..., Plan]:
    def make(**changes: Any) -> Plan:
        stage.push(stage.serving, decisions())
        plan = stage.plan(
            key="selection",
            method="fairness.groups",
            parameters={},
            columns={"y_pred": ["y_pred"], "group": ["origin"], "subject": ["subject"]},
            limits=["selection_rate_ratio>=0.80"],
            on_breach="finding",
        )
        Plan.objects.filter(pk=plan.pk).update(vault_attributes=["origin"], suppress_below=0)
        plan.refresh_from_db()
        attribute = declare(**changes)
        load(attribute, origins(), tmp_path)
        permit_plan(plan=plan, attribute=attribute, reason="The yearly audit.", actor=STAGE)
        return plan

    return make


def carry_out(plan: Plan) -> Run:
    run = services.schedule_run(plan=plan, window_start=START, window_end=START + DAY, actor=STAGE)
    assert perform_run(str(run.pk))
    run.refresh_from_db()
    return run


def tables_with(needles: set[str]) -> list[str]:
    """Tables of this database, but for the vault's own, where any of the texts stands."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT t::text FROM {table} t")
            if any(needle in row[0] for row in cursor.fetchall() for needle in needles):
                found.append(table)
    return found


def files() -> dict[Path, bytes]:
    """Every file of the installation's store, and what engines left in the temporary folder."""
    roots = [Path(settings.STORAGE_URL.removeprefix("file://"))]
    roots += Path(tempfile.gettempdir()).glob("tactful-engine-*")
    return {file: file.read_bytes() for root in roots for file in root.rglob("*") if file.is_file()}


def test_a_column_that_is_only_in_the_vault_gives_a_full_audit_and_the_run_keeps_no_row_of_it(
    audited: Callable[..., Plan],
) -> None:
    plan = audited()
    before = files()
    run = carry_out(plan)
    assert run.state == "succeeded", run.error
    assert run.report is not None
    rates = {
        one["slice"]["origin"]: (one["value"], one["n"])
        for one in run.report["measurements"]
        if one["metric"] == "selection_rate" and one["slice"]
    }
    # Every twentieth is even and has told nothing; the others are counted as they are.
    assert set(rates) == {"north", "south", "(missing)"}
    assert rates["north"] == (pytest.approx(0.8), 300)
    assert rates["(missing)"][1] == 30
    assert rates["south"][1] == 270
    assert run.verdict == "fail"
    assert any("95 % of the people" in text for text in run.report["limits"])

    told = json.dumps(run.report)
    someone = {pseudonym(f"person-{number}") for number in range(PEOPLE)}
    raw = {f'person-{number}"' for number in range(PEOPLE)}
    assert not any(name in told for name in someone | raw)
    cube = RunCube.objects.get(run=run)
    assert not any(name.encode() in bytes(cube.data) for name in someone)
    assert cube.cells <= 12
    assert tables_with(someone) == ["vault.value"]
    assert files() == before
    assert not any(b"north" in content for content in before.values())


def test_each_reading_is_in_the_access_log_with_run_reason_and_number_of_people(
    audited: Callable[..., Plan],
) -> None:
    run = carry_out(audited())
    entry = VaultAccess.objects.get(act="run")
    assert entry.run_id == run.pk
    assert entry.subjects == 570
    assert "Plan selection" in entry.why
    assert "system:tests" in entry.why
    with pytest.raises(Exception, match="append-only"):
        VaultAccess.objects.filter(pk=entry.pk).delete()


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("expires_at", START, "expired on 05 January 2026"),
        ("purposes", ["incident"], "is not held for fairness auditing"),
        ("systems", ["another"], "may be used for another only"),
        ("kind", "inferred", "inferred attributes are off"),
        ("key", "elsewhere", "The vault has no attribute 'origin'"),
        ("subjects", 0, "The vault holds no value of 'origin'"),
    ],
)
def test_an_attribute_that_may_not_be_used_stops_the_run_with_the_reason(
    audited: Callable[..., Plan], field: str, value: Any, sentence: str
) -> None:
    plan = audited()
    VaultAttribute.objects.update(**{field: value})
    run = carry_out(plan)
    assert run.state == "error"
    assert sentence in run.error
    assert not VaultAccess.objects.filter(act="run").exists()


def test_a_plan_that_nobody_permitted_joins_nothing(audited: Callable[..., Plan]) -> None:
    plan = audited()
    revoke_permit(plan=plan, attribute=VaultAttribute.objects.get(), actor=STAGE)
    run = carry_out(plan)
    assert "Nobody has permitted the plan selection to join 'origin'" in run.error
    assert not VaultAccess.objects.filter(act="run").exists()


def test_outputs_without_people_or_with_the_column_are_refused(
    audited: Callable[..., Plan], stage: Stage
) -> None:
    plan = audited()
    later = [
        {**row, "output_id": f"e-{row['output_id']}", "origin": "north"} for row in decisions()
    ]
    stage.push(stage.serving, later)
    assert "carry a column 'origin' themselves" in carry_out(plan).error
    Plan.objects.filter(pk=plan.pk).update(columns={**plan.columns, "subject": ["nobody"]})
    assert "no column 'nobody' of people" in carry_out(plan).error


def test_an_engine_outside_this_process_is_never_handed_a_value(
    audited: Callable[..., Plan],
) -> None:
    import ibis

    from audits.sources.reading import OpenInput
    from governance.core.errors import Invalid

    plan = audited()
    run = services.schedule_run(plan=plan, window_start=START, window_end=START + DAY, actor=STAGE)
    elsewhere = ibis.sqlite.connect().create_table(
        "rows", schema=ibis.schema({"subject": "string"})
    )
    opened = OpenInput(elsewhere, None, 1, "", "sqlite")
    with pytest.raises(Invalid, match="not sent to sqlite"):
        join_attributes(opened, run)
    with pytest.raises(Invalid, match="aggregated cube"):
        join_attributes(OpenInput(None, b"cube", 1, "", "none"), run)
    assert not VaultAccess.objects.filter(act="run").exists()


def test_rows_that_are_read_where_they_are_join_by_the_same_pseudonym(
    audited: Callable[..., Plan], settings: Any, tmp_path: Path
) -> None:
    plan = audited()
    folder = tmp_path / "open"
    folder.mkdir()
    settings.SOURCE_ROOTS = [folder]
    lines = "".join(json.dumps(row) + "\n" for row in decisions())
    (folder / "decisions.jsonl").write_text(lines)
    source = services.create_source(
        system=plan.system,
        key="folder",
        title="Folder",
        kind="decisions",
        origin="files",
        location={"path": str(folder / "decisions.jsonl")},
        columns={"occurred_at": ["occurred_at"]},
        actor=STAGE,
    )
    Plan.objects.filter(pk=plan.pk).update(source=source, version=None)
    plan = Plan.objects.get(pk=plan.pk)
    run = services.schedule_run(plan=plan, window_start=START, window_end=START + DAY, actor=STAGE)
    with open_input(Run.objects.select_related("plan__source").get(pk=run.pk)) as opened:
        joined = join_attributes(opened, run)
        assert joined.table is not None
        counted = joined.table.group_by("origin").agg(n=joined.table.count()).to_pyarrow()
    rows = {row["origin"]: row["n"] for row in counted.to_pylist()}
    assert rows == {"north": 300, "south": 270, None: 30}
    assert VaultAccess.objects.get(act="run").subjects == 570


def test_a_plan_without_a_permit_waits_on_the_desk_of_those_who_give_it(
    audited: Callable[..., Plan], cast: Any
) -> None:
    from audits.vault.agenda import VaultAgenda

    plan = audited()
    agenda = VaultAgenda()
    assert agenda.items(cast.actor("pia")) == []
    revoke_permit(plan=plan, attribute=VaultAttribute.objects.get(), actor=STAGE)
    (item,) = agenda.items(cast.actor("pia"))
    assert "waits for origin as people told it" in item.title
    assert agenda.items(cast.actor("max")) == []
    VaultAttribute.objects.update(expires_at=database_now() + timedelta(days=10), kind="inferred")
    assert len(agenda.items(cast.actor("pia"))) == 3
    assert len(agenda.items(cast.actor("root"))) == 2
