"""`render_decision_docs`: write docs/decision.md from the tables; `--check` only compares."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from consent.decision.documentation import render_document


class Command(BaseCommand):
    help = "Write docs/decision.md from the decision's truth table."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="compare, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        place = Path(settings.ROOT) / "docs" / "decision.md"
        text = render_document()
        if options["check"]:
            if not place.exists() or place.read_text() != text:
                raise CommandError("docs/decision.md is out of date; run render_decision_docs.")
            return
        place.write_text(text)
        self.stdout.write(f"Wrote {place.name}.")
