"""Pages and doors of sources: three steps from a file to outputs, and nothing for another team."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from audits import services
from audits.models import OutputBatch, Source, StagedUpload
from tests.audits.conftest import STAGE, Stage

CSV = b"applicant,race,decision,zip\n" + b"".join(
    b"p%d,%s,%d,10%d\n" % (n, b"ab"[n % 2 : n % 2 + 1], n % 3 == 0, n % 7) for n in range(80)
)


def loans(stage: Stage, **more: Any) -> Source:
    declared = {"system": stage.system, "key": "loans", "title": "Loans", "kind": "decisions"}
    return services.create_source(**{**declared, **more}, actor=STAGE)


def file() -> SimpleUploadedFile:
    return SimpleUploadedFile("loans.csv", CSV, "text/csv")


def page_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return response.content.decode().replace("&#x27;", "'")


def test_a_file_is_taken_in_by_naming_its_columns_once(stage: Stage, cast: Any) -> None:
    cast.join("carousel")
    client = cast.sign_in(Client(), "max")
    assert "Upload a file or send rows" in page_of(client, reverse("audit_source_new"))
    made = client.post(
        reverse("audit_source_new"),
        {
            "origin": "pushed",
            "title": "Loans",
            "key": "loans",
            "system": "carousel",
            "kind": "decisions",
            "file": file(),
        },
    )
    staged = StagedUpload.objects.get()
    assert made["Location"] == reverse("audit_upload", args=[staged.pk])
    page = page_of(client, made["Location"])
    assert 'value="subject" selected' in page
    assert "'race' has 2 groups, each of 30 rows or more." in page
    assert "May stand in for protected groups: where people live." in page
    assert "Looks like racial or ethnic origin" in page
    checks = client.post(
        reverse("audit_upload_checks", args=[staged.pk]), {"role-0": "output_id"}
    ).content.decode()
    assert "names every output once" in checks
    roles = {"role-0": "subject", "role-1": "group", "role-2": "y_pred", "role-3": ""}
    refused = client.post(made["Location"], {**roles, "version": "learned"}).content.decode()
    assert "say when all of them occurred" in refused
    client.post(made["Location"], {**roles, "version": "learned", "moment": "2026-01-05T12:00"})
    batch = OutputBatch.objects.get()
    assert batch.rows == 80
    assert not StagedUpload.objects.exists()
    # The next file of the same shape goes straight in.
    later = CSV.replace(b"p0,", b"q0,")
    client.post(
        reverse("audit_source_upload", args=["carousel", "loans"]),
        {
            "file": SimpleUploadedFile("next.csv", later),
            "version": "learned",
            "moment": "2026-01-06T12:00",
        },
    )
    assert OutputBatch.objects.count() == 2
    page = page_of(client, reverse("audit_source", args=["carousel", "loans"]))
    assert "160" in page
    assert "occurred_at=2026-01-31" in page
    assert "applicant is subject" in page


def test_a_place_that_cannot_be_read_says_why_on_its_page(
    stage: Stage, cast: Any, settings: Any, tmp_path: Path
) -> None:
    cast.join("carousel")
    settings.SOURCE_ROOTS = [tmp_path]
    client = cast.sign_in(Client(), "max")
    filled = {
        "origin": "files",
        "title": "Files",
        "key": "files",
        "system": "carousel",
        "kind": "decisions",
        "path": str(tmp_path / "none.csv"),
    }
    made = client.post(reverse("audit_source_new"), filled)
    page = client.get(made["Location"], follow=True).content.decode()
    assert "There is no file" in page
    (tmp_path / "none.csv").write_bytes(CSV)
    page = page_of(client, reverse("audit_source_columns", args=["carousel", "files"]))
    assert "80 rows, 4 columns" in page
    client.post(
        reverse("audit_source_columns", args=["carousel", "files"]),
        {"role-0": "subject", "role-1": "group", "role-2": "y_pred", "save": "1"},
    )
    source = Source.objects.get()
    assert source.columns == {"subject": ["applicant"], "group": ["race"], "y_pred": ["decision"]}
    assert source.incoming == {}


def test_sources_are_paused_resumed_and_deleted_with_a_reason(stage: Stage, cast: Any) -> None:
    cast.join("carousel")
    loans(stage)
    client = cast.sign_in(Client(), "max")
    place = reverse("audit_source", args=["carousel", "loans"])
    client.post(
        reverse("audit_source_pause", args=["carousel", "loans"]), {"reason": "It repeats."}
    )
    assert "It repeats." in page_of(client, place)
    answer = client.post(
        reverse("audit_source_upload", args=["carousel", "loans"]), {"file": file()}, follow=True
    )
    assert "is paused: It repeats." in answer.content.decode()
    client.post(reverse("audit_source_resume", args=["carousel", "loans"]))
    client.post(reverse("audit_source_delete", args=["carousel", "loans"]))
    assert not Source.objects.exists()


def test_another_team_sees_no_source_and_no_upload(stage: Stage, cast: Any, tmp_path: Path) -> None:
    cast.join("carousel")
    source = loans(stage)
    data = tmp_path / "a.csv"
    data.write_bytes(CSV)
    staged = services.stage_upload(
        source=source, data=data, name="a.csv", media_type="text/csv", actor=STAGE
    )
    places = [reverse("audit_source", args=["carousel", "loans"])]
    eve, max_ = cast.sign_in(Client(), "eve"), cast.sign_in(Client(), "max")
    assert "Loans" not in page_of(eve, reverse("audit_outputs"))
    for place in places:
        assert eve.get(place).status_code == 404
        assert max_.get(place).status_code == 200
    other = cast.sign_in(Client(), "eve")
    assert other.get(reverse("audit_upload", args=[staged.pk])).status_code in (403, 404)
    assert max_.get(reverse("audit_upload", args=[staged.pk])).status_code == 200
    watcher = cast.sign_in(Client(), "aud")
    assert watcher.get(reverse("audit_source_new")).status_code == 403


@pytest.fixture
def program(stage: Stage) -> dict[str, str]:
    from governance.people.services import create_api_key

    _, secret = create_api_key(
        name="feed", scopes=["outputs:write"], system_keys=["carousel"], actor=STAGE
    )
    return {"Authorization": f"Bearer {secret}"}


def test_a_program_sends_rows_under_its_own_names(
    stage: Stage, cast: Any, program: dict[str, str], client: Client
) -> None:
    cast.join("carousel")
    max_ = cast.sign_in(Client(), "max")
    made = max_.post(
        "/api/v1/sources",
        {"system": "carousel", "key": "loans", "title": "Loans", "kind": "decisions"},
        "application/json",
    )
    assert made.status_code == 201, made.content
    place = f"/api/v1/sources/{made.json()['id']}"
    mapped = max_.post(
        f"{place}/mapping",
        {"roles": {"applicant": "subject", "race": "group", "decision": "y_pred"}},
        "application/json",
    )
    assert mapped.json()["incoming"] == {
        "subject": "applicant", "race": "race", "y_pred": "decision"
    }  # fmt: skip
    sent = client.post(f"{place}/rows?version=learned", CSV, "text/csv", headers=program)
    assert sent.status_code == 422
    assert "say when all of them occurred" in sent.json()["detail"]
    for code in (201, 200):
        sent = client.post(
            f"{place}/rows?version=learned&occurred_at=2026-01-05T12:00:00Z",
            CSV,
            "text/csv",
            headers=program,
        )
        assert sent.status_code == code, sent.content
    assert sent.json()["columns"] == ["race", "subject", "y_pred", "output_id", "occurred_at"]
    told = max_.post(f"{place}/check", {}, "application/json").json()
    assert (told["problem"], told["rows"]) == ("", 80)
    assert max_.delete(place).status_code == 409
    eve = cast.sign_in(Client(), "eve")
    assert eve.get(place).status_code == 404
    assert client.post(f"{place}/mapping", {}, "application/json", headers=program).status_code in (
        403,
        404,
    )


def test_a_paused_place_stops_the_runs_that_would_read_it(
    stage: Stage, settings: Any, tmp_path: Path
) -> None:
    from audits.runner import perform_run
    from tests.audits.conftest import DAY, START

    settings.SOURCE_ROOTS = [tmp_path]
    (tmp_path / "a.csv").write_bytes(CSV)
    source = loans(stage, origin="files", location={"path": str(tmp_path / "a.csv")})
    plan = stage.plan(source=source)
    services.pause_source(source=source, reason="It is being rewritten.", actor=STAGE)
    run = services.schedule_run(plan=plan, window_start=START, window_end=START + DAY, actor=STAGE)
    perform_run(str(run.pk))
    run.refresh_from_db()
    assert "is paused: It is being rewritten." in run.error
