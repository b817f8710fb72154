"""`manage.py selftest [METHOD]`: run the known answers of every method. Needs no database."""

import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    """Compare every method with answers known from elsewhere."""

    help = "Run the known answers of all methods, or of one; exit 1 on any miss."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("method", nargs="?", metavar="METHOD", help="a method's key")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line per known answer; leave with 1 when one is missed."""
        from methods import catalogue
        from methods.errors import BadInput

        try:
            asked = [catalogue.get(options["method"])] if options["method"] else None
        except BadInput as problem:
            self.stderr.write(str(problem))
            sys.exit(2)
        known = catalogue.keys()
        methods = asked or [catalogue.get(key) for key in known]
        missed = total = 0
        for method in methods:
            self.stdout.write(f"{method.key}: {method.title}")
            for answer in method.known_answers():
                started = time.monotonic()
                got = answer.compute()
                taken = time.monotonic() - started
                # Written so that not-a-number counts as a miss.
                right = abs(got - answer.expected) <= answer.tolerance
                total += 1
                missed += not right
                mark = self.style.SUCCESS("ok    ") if right else self.style.ERROR("MISSED")
                self.stdout.write(f"  {mark} {answer.name} ({taken:.2f} s)")
                self.stdout.write(f"         expected {answer.expected:.10g}, from {answer.source}")
                if not right:
                    self.stdout.write(f"         got {got!r}, tolerance {answer.tolerance:g}")
        self.stdout.write(f"{total - missed} of {total} known answers found again.")
        if missed:
            sys.exit(1)
