"""The documentation of the decision is the table the code decides with."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from consent.decision.truth_table import ROWS, render_markdown


def test_the_document_is_rendered_from_the_table() -> None:
    call_command("render_decision_docs", "--check")


def test_a_document_that_lies_is_found(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "decision.md").write_text("The first reason is luck.\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "ROOT", tmp_path)
        with pytest.raises(CommandError):
            call_command("render_decision_docs", "--check")


def test_every_reason_stands_in_the_table_once() -> None:
    lines = render_markdown().splitlines()
    for row in ROWS:
        assert sum(line.startswith(f"| `{row.reason}` |") for line in lines) == 1
