"""`manage.py render_settings`: rewrite docs/settings.md from the settings table."""

from typing import Any

from django.core.management.base import BaseCommand

from config.settings_page import PAGE, render


class Command(BaseCommand):
    help = "Rewrite docs/settings.md from the table in config/env.py."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        PAGE.write_text(render(), "utf-8")
        self.stdout.write(f"Wrote {PAGE.name}.")
