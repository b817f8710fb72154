"""`manage.py backup FILE`: the database and the outputs in one file, without the keys."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.up import archive


class Command(BaseCommand):
    help = "Write the database and the stored outputs into FILE; the keys stay out of it."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        target = options["file"].expanduser().absolute()
        try:
            archive.write_backup(target)
        except archive.ArchiveProblem as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write(f"Wrote {target}. The keys are not in it: keep a copy of them apart.")
