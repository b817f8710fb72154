"""Brings the database to this release: migrations, broker, grants, and the connection budget."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.up import database


class Command(BaseCommand):
    help = "Migrate, install the broker's schema, apply the grants, check the connection budget."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        database.prepare(verbosity=max(0, options["verbosity"] - 1))
        if problem := database.budget_problem():
            raise CommandError(problem)
