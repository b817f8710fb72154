"""Brings the database to this release: migrations, broker, grants, and the connection budget."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.up import database
from config.up.postgres import CannotRun


class Command(BaseCommand):
    help = "Migrate, install the broker's schema, apply the grants, check the connection budget."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            database.prepare(verbosity=max(0, options["verbosity"] - 1))
        except CannotRun as refusal:
            raise CommandError(str(refusal)) from None
        if problem := database.budget_problem():
            raise CommandError(problem)
