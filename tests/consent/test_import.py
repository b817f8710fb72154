"""Importing choices: a newer withdrawal stands, evidence counts, a killed import goes on."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from consent import services
from consent.importing.presets import PRESETS
from consent.importing.rows import moment
from consent.models import ConsentEvent, ConsentState, DataSubject, ImportBatch
from consent.services.imports import SMALLEST, errors_of, run_import, start_import
from governance.core.actors import SystemActor
from governance.core.clock import database_now
from governance.core.errors import Invalid, NotPermitted
from governance.ledger.models import LedgerEntry
from governance.outbox.models import EventRow
from tests.ground_database import EmbeddedPostgres

STAGE = SystemActor("tests")
HEADER = "subject,purpose,status,occurred_at,notice_version,method\n"
MARCH = "2026-03-01T12:00:00Z"

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_lines(*lines: str, name: str = "choices.csv", header: str = HEADER) -> Path:
        path = tmp_path / name
        path.write_text(header + "".join(f"{line}\n" for line in lines))
        return path

    return write_lines


def _import(path: Path, **how: Any) -> ImportBatch:
    batch = start_import(source=path, file_name=path.name, actor=STAGE, **how)
    return run_import(batch_id=batch.pk, actor=STAGE)


def _statuses() -> dict[str, str]:
    return dict(ConsentState.objects.values_list("purpose__key", "status"))


@pytest.mark.django_db
def test_a_file_becomes_events_heads_and_one_ledger_entry_a_chunk(write: Write) -> None:
    batch = _import(write(f"anna,ads,given,{MARCH},v1,banner", f"ben,ads,refused,{MARCH},,"))
    assert (batch.state, batch.rows, batch.applied, batch.refused) == ("done", 2, 2, 0)
    event = ConsentEvent.objects.get(status="given")
    assert (event.method, event.actor_kind, event.revision) == ("import", "import", 1)
    assert event.occurred_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    entries = LedgerEntry.objects.filter(verb="consent.choices_imported")
    assert entries.get().pk == event.ledger_entry
    assert entries.get().facts["rows"] == 2 and "anna" not in str(entries.get().facts)
    head = ConsentState.objects.get(status="given")
    assert (head.revision, head.notice_version, head.decided_at) == (1, "v1", event.occurred_at)


@pytest.mark.django_db
def test_an_import_never_turns_a_newer_withdrawal_into_a_grant(write: Write) -> None:
    march = datetime(2026, 3, 1, 12, tzinfo=UTC)
    services.record_choice(
        subject="anna",
        purpose="ads",
        status="withdrawn",
        occurred_at=march + timedelta(days=1),
        actor=STAGE,
    )
    batch = _import(write(f"anna,ads,given,{MARCH},v1,banner"))
    assert (batch.applied, batch.unchanged) == (0, 1)
    assert _statuses() == {"ads": "withdrawn"}


@pytest.mark.django_db
@pytest.mark.parametrize(("first", "second"), [("withdrawn", "given"), ("given", "withdrawn")])
def test_a_tie_denies_whichever_came_first(write: Write, first: str, second: str) -> None:
    march = datetime(2026, 3, 1, 12, tzinfo=UTC)
    services.record_choice(
        subject="anna", purpose="ads", status=first, occurred_at=march, actor=STAGE
    )
    _import(write(f"anna,ads,{second},{MARCH},v1,banner"))
    assert _statuses() == {"ads": "withdrawn"}


@pytest.mark.django_db
def test_two_rows_about_the_same_choice_deny_at_a_tie_and_else_the_newer_counts(
    write: Write,
) -> None:
    _import(
        write(
            f"anna,ads,given,{MARCH},v1,banner",
            f"anna,ads,withdrawn,{MARCH},v1,banner",
            "anna,pricing,given,2026-03-03T12:00:00Z,v1,banner",
            "anna,pricing,withdrawn,2026-03-02T12:00:00Z,v1,banner",
        )
    )
    assert _statuses() == {"ads": "withdrawn", "pricing": "given"}


@pytest.mark.django_db
@pytest.mark.parametrize("row", ["anna,ads,given,,v1,banner", f"anna,ads,given,{MARCH},,"])
def test_a_consent_without_evidence_is_unknown_and_moves_no_head_that_stands(
    write: Write, row: str
) -> None:
    assert _import(write(row)).without_evidence == 1
    assert _statuses() == {"ads": "unknown"}
    services.record_choice(subject="anna", purpose="ads", status="withdrawn", actor=STAGE)
    _import(write(row, f"ben,ads,refused,{MARCH},,", name="again.csv"))
    assert ConsentState.objects.get(status="withdrawn").revision == 2


@pytest.mark.django_db
def test_broken_rows_go_to_the_error_file_with_their_line_and_the_rest_goes_on(
    write: Write,
) -> None:
    batch = _import(
        write(
            f"anna,nothing,given,{MARCH},v1,banner",
            f",ads,given,{MARCH},v1,banner",
            f"ben,ads,perhaps,{MARCH},v1,banner",
            "ben,ads,given,yesterday,v1,banner",
            "ben,ads,given,2999-01-01T00:00:00Z,v1,banner",
            f'"carl\nthe second",ads,given,{MARCH},v1,banner',
            f"dora,ads,maybe,{MARCH},v1,banner",
        )
    )
    assert (batch.applied, batch.refused) == (1, 6)
    told = errors_of(batch).read_text().splitlines()
    assert [line.partition(",")[0] for line in told] == ["line", "2", "3", "4", "5", "6", "9"]
    assert "no purpose 'nothing'" in told[1] and "ISO 8601" in told[4] and "future" in told[5]


@pytest.mark.django_db
def test_an_erased_person_stays_erased(write: Write) -> None:
    services.record_choice(subject="anna", purpose="ads", status="given", actor=STAGE)
    services.erase_subject(pseudonym=DataSubject.objects.get().pseudonym or "", actor=STAGE)
    batch = _import(write(f"anna,ads,given,{MARCH},v1,banner"))
    assert (batch.applied, batch.refused) == (0, 1)
    assert "erased" in errors_of(batch).read_text()
    assert not ConsentState.objects.exists()


@pytest.mark.django_db
def test_a_dry_run_tells_the_differences_and_changes_nothing(write: Write) -> None:
    services.record_choice(
        subject="anna", purpose="ads", status="given",
        occurred_at=datetime(2026, 1, 1, tzinfo=UTC), actor=STAGE,
    )  # fmt: skip
    path = write(f"anna,ads,withdrawn,{MARCH},v1,banner", f"ben,ads,given,{MARCH},v1,banner")
    entries = LedgerEntry.objects.count()
    batch = _import(path, dry_run=True)
    assert batch.differences == {"ads: given -> withdrawn": 1, "ads: unknown -> given": 1}
    assert _statuses() == {"ads": "given"} and DataSubject.objects.count() == 1
    assert LedgerEntry.objects.count() == entries
    assert _import(path).differences == batch.differences


@pytest.mark.django_db
def test_the_same_file_again_is_the_same_import(write: Write) -> None:
    path = write(f"anna,ads,given,{MARCH},v1,banner")
    assert _import(path).pk == _import(path).pk
    assert ConsentEvent.objects.count() == 1


@pytest.mark.django_db
def test_who_is_no_longer_allowed_is_news_and_who_newly_is_allowed_is_not(write: Write) -> None:
    _import(write(f"anna,ads,given,{MARCH},v1,banner"))
    assert not EventRow.objects.filter(name="ConsentChanged").exists()
    _import(write("anna,ads,withdrawn,2026-04-01T00:00:00Z,,", name="later.csv"))
    news = EventRow.objects.get(name="ConsentChanged").payload
    assert (news["status"], news["revision"]) == ("withdrawn", 2)


@pytest.mark.django_db
@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_every_preset_reads_its_own_columns_and_says_whether_it_was_tried(
    write: Write, preset: str
) -> None:
    chosen = PRESETS[preset]
    said = {"subject": "anna", "purpose": "ads", "status": "opt_out", "occurred_at": MARCH}
    header = ",".join(chosen.columns.values()) + "\n"
    row = ",".join(said.get(name, "") for name in chosen.columns)
    batch = _import(write(row, header=header), preset=preset)
    assert (batch.applied, _statuses()) == (1, {"ads": "withdrawn"})
    assert chosen.tested == ("untested" not in chosen.label)


@pytest.mark.django_db
def test_parquet_says_the_same_as_csv(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    path = tmp_path / "choices.parquet"
    table = pa.table(
        {
            "subject": ["anna", "ben", None],
            "purpose": ["ads"] * 3,
            "status": ["given", "refused", "given"],
            "occurred_at": [datetime(2026, 3, 1, tzinfo=UTC)] * 3,
            "notice_version": ["v1", None, None],
        }
    )
    pq.write_table(table, path, row_group_size=1)
    batch = _import(path)
    assert (batch.applied, batch.refused) == (2, 1)
    assert set(ConsentState.objects.values_list("status", flat=True)) == {"given", "refused"}
    path.write_bytes(b"PAR1 broken")
    with pytest.raises(Invalid):
        _import(path)


@pytest.mark.django_db
def test_what_cannot_be_read_is_said_in_a_sentence(write: Write, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="no column 'status'"):
        _import(write("anna,ads", header="subject,purpose\n"))
    with pytest.raises(Invalid, match=r"csv or a \.parquet"):
        _import(write("x", name="choices.xlsx"))
    with pytest.raises(CommandError, match="no file"):
        call_command("import_consent", tmp_path / "nothing.csv")


def test_only_a_privacy_lead_imports(cast: Any, write: Write) -> None:
    path = write(f"anna,ads,given,{MARCH},v1,banner")
    with pytest.raises(NotPermitted):
        start_import(source=path, file_name=path.name, actor=cast.actor("ada"))
    assert start_import(source=path, file_name=path.name, actor=cast.actor("pia")).state == "ready"


@pytest.mark.django_db
def test_the_command_tells_what_it_did(write: Write) -> None:
    out = io.StringIO()
    path = write(f"anna,ads,given,{MARCH},v1,banner", "x,nothing,given,,,")
    call_command("import_consent", path, stdout=out)
    assert "1 changed something" in out.getvalue() and "errors.csv" in out.getvalue()
    assert "ads: unknown -> given: 1" in out.getvalue()


def test_a_time_without_zone_is_utc_and_numbers_are_seconds_or_milliseconds() -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    seconds = int(noon.timestamp())
    for text in ("2026-03-01T12:00:00", "2026-03-01T13:00:00+01:00", f"{seconds}", f"{seconds}000"):
        assert moment(text) == noon


@pytest.mark.django_db(transaction=True)
def test_a_killed_import_goes_on_and_counts_every_row_once(
    embedded_postgres: EmbeddedPostgres, write: Write
) -> None:
    rows = 60 * SMALLEST
    path = write(*(f"person-{n},ads,given,{MARCH},v1,banner" for n in range(rows)), "x,none,no,,,")
    environment = {
        **os.environ,
        **embedded_postgres.env_of(str(connection.settings_dict["NAME"])),
        "DATA_DIR": str(settings.DATA_DIR),
    }
    command = [sys.executable, "manage.py", "import_consent", str(path)]
    until = time.monotonic() + 60
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as child:
        while time.monotonic() < until and child.poll() is None:
            if ImportBatch.objects.filter(chunks__gte=1).exists():
                child.send_signal(signal.SIGKILL)
                break
    batch = ImportBatch.objects.get()
    assert 0 < batch.rows < rows + 1, "the import ended before it was killed"
    assert ConsentEvent.objects.count() == batch.applied
    call_command("import_consent", path, stdout=io.StringIO())
    batch.refresh_from_db()
    assert (batch.state, batch.rows, batch.applied, batch.refused) == ("done", rows + 1, rows, 1)
    assert ConsentEvent.objects.count() == rows == DataSubject.objects.count()
    assert errors_of(batch).read_text().count("no purpose") == 1
    assert database_now() > batch.created_at
