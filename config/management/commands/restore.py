"""`manage.py restore FILE`: fill an empty installation from what `backup` wrote."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from config.up import archive, database
from config.up.postgres import CannotRun


class Command(BaseCommand):
    help = "Fill an empty database and the storage folder from FILE, then migrate and grant."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--without-keys",
            action="store_true",
            help="restore although keys are missing; what they sealed stays unreadable",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        source = options["file"].expanduser().absolute()
        try:
            missing = archive.missing_keys(archive.read_note(source))
            if missing and not options["without_keys"]:
                raise CommandError(
                    f"These keys are not the ones the backup was made with: {', '.join(missing)}."
                    " Put them into DATA_DIR/keys first, or say --without-keys."
                )
            archive.check_empty()
            archive.restore_backup(source)
        except archive.ArchiveProblem as problem:
            raise CommandError(str(problem)) from None
        connection.close()
        try:
            database.prepare()
        except CannotRun as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write(f"Restored {source}.")
