"""`manage.py doctor`: what stands in the way of a sound installation, and what to do about it."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from config.diagnosis import diagnose


class Command(BaseCommand):
    help = "Look at the installation; exit 1 when something must be done."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        problems = 0
        for finding in diagnose():
            problems += finding.state == "problem"
            self.stdout.write(f"{finding.state:<8} {finding.sentence}")
        if problems:
            self.stdout.write(f"{problems} to mend.")
            sys.exit(1)
