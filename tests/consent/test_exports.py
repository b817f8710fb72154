"""Promises of `manage.py export`: what stands is written, as it stands, and nothing is invented."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from config.exports import FORMATS, KINDS
from consent import services
from consent.identity import pseudonym_of
from consent.services import erase_subject
from governance.core.actors import SystemActor
from governance.core.exports import NOT_HELD
from governance.ledger.models import LedgerEntry
from governance.registry.models import Feature, Purpose, Surface
from tests.consent.conftest import make_carousel

STAGE = SystemActor("tests")
pytestmark = pytest.mark.django_db(transaction=True)


def export(kind: str, **options: Any) -> str:
    out = io.StringIO()
    call_command("export", kind, stdout=out, **options)
    return out.getvalue()


def rows(kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(export(kind))["rows"]
    return found


def test_consent_is_written_by_pseudonym_and_an_erased_person_is_gone(settings: Any) -> None:
    for subject in ("anna", "bert"):
        services.record_choice(subject=subject, purpose="ads", status="given", actor=STAGE)
    services.record_choice(subject="anna", purpose="ads", status="withdrawn", actor=STAGE)
    erase_subject(pseudonym=pseudonym_of(settings.KEYS.subject_pepper, "bert"), actor=STAGE)
    (row,) = rows("consent")
    assert row["subject_pseudonym"] == pseudonym_of(settings.KEYS.subject_pepper, "anna")
    assert (row["purpose"], row["status"], row["revision"]) == ("ads", "withdrawn", 2)
    assert "anna" not in export("consent")


def test_every_kind_is_written_in_every_format_and_noted_in_the_ledger() -> None:
    make_carousel()
    for kind in KINDS:
        for form in FORMATS:
            assert export(kind, format=form)
            entry = LedgerEntry.objects.filter(verb="export.written").latest("id")
            assert (entry.object_id, entry.facts["format"]) == (kind, form)
        written = list(csv.DictReader(io.StringIO(export(kind, format="csv"), newline="")))
        told = rows(kind)
        assert len(written) == len(told)
        assert all(set(row) == set(written[0]) for row in told)


def test_the_record_of_processing_names_what_is_known_and_says_what_is_not() -> None:
    system = make_carousel()
    purpose = Purpose.objects.get(key="product_suggestions")
    used, other = (
        Feature.objects.create(key=key, title=key, source="shop", retention="P90D")
        for key in ("clicks", "height")
    )
    for feature in (used, other):
        feature.systems.add(system)
    used.allowed_purposes.add(purpose)
    (row,) = [each for each in rows("ropa") if each["purpose"] == purpose.key]
    assert row["systems"] == ["carousel"] and row["lawful_basis"] == purpose.lawful_basis
    assert row["categories_of_data"] == ["clicks"]
    assert row["retention_of_data"] == ["clicks: P90D"]
    assert row["controller"] == NOT_HELD


def test_what_people_wrote_is_neither_a_formula_nor_a_tag() -> None:
    system = make_carousel()
    surface = Surface.objects.create(
        key="home", title="Home", kind="recommendations", objective="<b>more</b>"
    )
    surface.systems.add(system)
    type(system).objects.filter(pk=system.pk).update(title="=1+1")
    assert "'=1+1" in export("inventory", format="csv")
    assert "<b>more" not in export("system-card", format="html")


def test_a_file_is_its_owners_alone_and_is_never_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "ropa.json"
    call_command("export", "ropa", out=target, stderr=io.StringIO())
    assert target.stat().st_mode & 0o777 == 0o600
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export", "ropa", out=target)
    assert LedgerEntry.objects.filter(verb="export.written").count() == 1
