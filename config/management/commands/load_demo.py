"""`load_demo`: insert the demo's inputs. Run by `up --demo`; loading twice changes nothing."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.demo.data import DemoDataMissing
from config.demo.loader import load_demo
from governance.core.errors import DomainError


class Command(BaseCommand):
    help = "Insert the demo's registrations, logs, plans and sign-ins."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Set DEMO=1, or use: python manage.py up --demo.")
        try:
            load_demo(settings.DATA_DIR)
        except (DemoDataMissing, DomainError) as problem:
            raise CommandError(str(problem)) from None
