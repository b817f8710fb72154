"""`export KIND`: a record of what stands in Tactful, as JSON, CSV or a page to print."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO, cast

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from config.exports import FORMATS, KINDS, write_export
from governance.core.actors import SystemActor
from governance.core.clock import database_now
from governance.ledger.services import record_entry


class Command(BaseCommand):
    help = "Write the record of processing, the inventory, evidence, cards or consent."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", metavar="KIND", choices=KINDS, help=", ".join(KINDS))
        parser.add_argument("--format", choices=FORMATS, default="json")
        parser.add_argument("--out", type=Path, help="a file that is not there yet; else stdout")

    def handle(self, *args: Any, kind: str, **options: Any) -> None:
        form, path = options["format"], options["out"]
        with transaction.atomic():
            with connection.cursor() as cursor:  # every row of one moment
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            now = database_now()
            if path is None:
                self.stdout.ending = ""
                rows = write_export(
                    kind=kind, format=form, now=now, out=cast("TextIO", self.stdout)
                )
            else:
                rows = self._write_file(path, kind, form, now)
            record_entry(
                verb="export.written",
                object_type="export",
                object_id=kind,
                actor=SystemActor("export"),
                facts={"format": form, "rows": rows},
            )

    def _write_file(self, path: Path, kind: str, form: str, now: datetime) -> int:
        """Write a new file that its owner alone may read."""
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from error
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as out:
            rows = write_export(kind=kind, format=form, now=now, out=out)
        self.stderr.write(f"{rows} rows written to {path}.")
        return rows
