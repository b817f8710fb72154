"""`import_consent FILE [--preset P] [--dry-run]`: choices from a CSV or Parquet file.

The same file named again goes on where it was stopped.
"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consent import services
from consent.importing.presets import PRESETS
from consent.models import ImportBatch
from consent.services.imports import errors_of
from governance.core.actors import SystemActor
from governance.core.errors import DomainError


class Command(BaseCommand):
    help = "Import choices that people made elsewhere, from CSV or Parquet."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--preset",
            default="tactful",
            choices=sorted(PRESETS),
            help="; ".join(f"{each.key}: {each.label}" for each in PRESETS.values()),
        )
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            metavar="FIELD=COLUMN",
            help="take a field from another column, such as subject=customer_id",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would change, change nothing"
        )

    def handle(self, *args: Any, file: Path, preset: str, dry_run: bool, **options: Any) -> None:
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        pairs = [each.partition("=") for each in options["column"]]
        if any(not separator for _, separator, _ in pairs):
            raise CommandError("--column takes FIELD=COLUMN, such as subject=customer_id.")
        actor = SystemActor("import_consent")
        try:
            batch = services.start_import(
                source=file.resolve(),
                file_name=file.name,
                preset=preset,
                mapping={name: column for name, _, column in pairs},
                dry_run=dry_run,
                copy=False,
                actor=actor,
            )
            if batch.rows and batch.state != "done":
                self.stdout.write(f"Going on after row {batch.rows}.")
            batch = services.run_import(batch_id=batch.pk, actor=actor, tell=self._progress)
        except DomainError as refusal:
            raise CommandError(refusal.sentence) from refusal
        self._report(batch)

    def _progress(self, batch: ImportBatch) -> None:
        if batch.chunks % 50 == 0 and batch.chunks:
            self.stdout.write(f"{batch.rows} rows read")

    def _report(self, batch: ImportBatch) -> None:
        verb = "would change" if batch.dry_run else "changed"
        self.stdout.write(
            f"{batch.rows} rows: {batch.applied} {verb} something, {batch.unchanged} change "
            f"nothing, {batch.without_evidence} without evidence of consent count as unknown, "
            f"{batch.refused} refused."
        )
        for move, times in sorted(batch.differences.items()):
            self.stdout.write(f"  {move}: {times}")
        if batch.refused:
            self.stdout.write(f"Refused rows: {errors_of(batch)}")
