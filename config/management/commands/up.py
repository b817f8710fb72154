"""`manage.py up` as Django's list of commands shows it; the work is `config.up.supervisor`'s."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.up import supervisor


class Command(BaseCommand):
    help = "Run Tactful in the foreground: database, web, workers, relay."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="load the demo")

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(supervisor.main(["--demo"] if options["demo"] else []))
