"""What people want: intervals, who never chose, steps, splits; and the pages of imports."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from consent import services
from consent.models import ConsentState, ImportBatch
from consent.selectors.rates import Filter, Rates, Row, consent_figures
from consent.services.imports import run_import
from governance.core.actors import SystemActor
from governance.core.clock import database_now
from methods.statistics.proportions import wilson

if TYPE_CHECKING:
    from tests.cast import Cast

pytestmark = pytest.mark.django_db
STAGE = SystemActor("tests")


def say(subject: str, status: str, purpose: str = "ads", **more: Any) -> None:
    services.record_choice(subject=subject, purpose=purpose, status=status, actor=STAGE, **more)


def figures(**wanted: str) -> Rates:
    return consent_figures(Filter(**wanted), today=database_now().date(), actor=STAGE)


def row(found: Rates, purpose: str = "ads", split: str = "") -> Row:
    (one,) = [each for each in found.rows if (each.purpose, each.split) == (purpose, split)]
    return one


def test_a_rate_is_of_those_who_chose_with_its_wilson_interval() -> None:
    for number in range(8):
        say(f"person {number}", "given" if number < 6 else "withdrawn")
    found = row(figures())
    expected = wilson(6, 8)
    assert (found.consent.part, found.consent.whole, found.withdrawn.part) == (6, 8, 2)
    assert (found.consent.low, found.consent.high) == (expected.low, expected.high)


def test_rates_split_by_region_and_by_notice_and_narrow_to_one() -> None:
    say("anna", "given", region="DE", notice_version="v1")
    say("ben", "refused", region="DE", notice_version="v2")
    say("carl", "given", region="FR", notice_version="v2")
    by_region = figures(split="region")
    assert row(by_region, split="DE").consent.value == 0.5
    assert row(by_region, split="FR").consent.value == 1.0
    assert row(figures(split="notice"), split="v2").consent.whole == 2
    assert row(figures(region="FR")).consent.whole == 1
    assert row(figures(notice="v1", region="DE")).consent.value == 1.0


def test_the_week_counts_what_people_said_themselves() -> None:
    say("anna", "given")
    say("anna", "withdrawn")
    say("ben", "given", method="import")
    (week,) = figures().weeks
    assert (week.said_yes.part, week.said_yes.whole) == (1, 2)


def test_steps_in_and_out_are_medians() -> None:
    for clicks in (1, 2, 9):
        say("anna", "given", clicks=clicks)
    say("anna", "withdrawn", clicks=1)
    found = row(figures())
    assert (found.steps_in, found.steps_out) == (2.0, 1.0)


def test_signals_and_those_who_never_chose_are_counted() -> None:
    say("anna", "given", gpc=True)
    say("ben", "given", purpose="product_suggestions")
    found = figures(purpose="ads")
    assert (found.gpc.part, found.gpc.whole) == (1, 2)
    # Ads need consent everywhere: whoever is personalised there has chosen.
    assert (found.never_chose.part, found.never_chose.whole) == (0, 1)


def test_the_number_of_statements_does_not_grow() -> None:
    say("anna", "given", region="DE")
    with CaptureQueriesContext(connection) as few:
        figures(split="region")
    for number in range(10):
        say(f"person {number}", "given", purpose="pricing", region=("DE", "FR")[number % 2])
    with CaptureQueriesContext(connection) as many:
        figures(split="region")
    assert len(few) == len(many) <= 7


def test_the_page_filters_and_exports_what_it_shows(cast: Cast, client: Client) -> None:
    for number in range(8):
        say(f"person {number}", "given" if number < 6 else "withdrawn", region="DE")
    cast.sign_in(client, "pia")
    page = client.get("/consent/?split=region&purpose=ads").content.decode()
    assert "40.9" in page and "<td>DE</td>" in page and "chart-scroll" in page
    lines = client.get("/consent/rates.csv?split=region&purpose=ads").content.decode().splitlines()
    assert lines[1].startswith("ads,DE,8,6,0.75,0.409")
    assert client.get("/consent/?split=nonsense").status_code == 200


def test_a_file_is_tried_then_imported_from_the_page(cast: Cast, client: Client) -> None:
    cast.sign_in(client, "pia")
    yesterday = (database_now() - timedelta(days=1)).isoformat()
    body = (
        f"who,purpose,status,occurred_at,method\nanna,ads,given,{yesterday},web\nben,no,given,,\n"
    )
    upload = {
        "file": SimpleUploadedFile("choices.csv", body.encode()),
        "preset": "tactful",
        "dry_run": "1",
    }
    refused = client.post("/consent/imports/", upload)
    assert refused.status_code == 422 and "no column" in refused.content.decode()
    upload["file"] = SimpleUploadedFile("choices.csv", body.encode())
    told = client.post("/consent/imports/", {**upload, "column-subject": "who"})
    tried = run_import(batch_id=ImportBatch.objects.get().pk, actor=STAGE)
    page = client.get(told["Location"]).content.decode()
    assert "unknown -&gt; given" in page and "Import for real" in page
    assert not ConsentState.objects.exists()
    errors = client.get(f"{told['Location']}errors/")
    assert b"no purpose" in b"".join(errors.streaming_content)  # type: ignore[attr-defined]
    client.post(f"{told['Location']}apply/")
    real = ImportBatch.objects.exclude(pk=tried.pk).get()
    run_import(batch_id=real.pk, actor=STAGE)
    assert ConsentState.objects.get().status == "given"
    assert "choices.csv" in client.get("/consent/imports/").content.decode()


def test_ada_sees_rates_and_imports_nothing(cast: Cast, client: Client) -> None:
    cast.sign_in(client, "ada")
    assert client.get("/consent/").status_code == 200
    assert client.get("/consent/imports/").status_code == 403
