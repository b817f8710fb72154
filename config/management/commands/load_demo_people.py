"""`load_demo_people`: add a recommender with real people's ratings, once their terms are accepted.

Run by `make demo-people`, beside a running house or alone; a second call changes nothing.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config import env
from config.demo import movies
from config.demo.data import DemoDataMissing, fetch_wheels
from config.demo.loader import load_demo
from config.demo.movielens import TERMS
from governance.core.errors import DomainError

REQUIREMENTS = env.ROOT / "requirements-demo-people.txt"


class Command(BaseCommand):
    help = "Add movie lists made from MovieLens 100k to the demo, after accepting its terms."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--accept-terms", action="store_true", help="Accept the terms shown, without a prompt."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Set DEMO=1, or use: make demo-people.")
        self.stdout.write(TERMS)
        if not options["accept_terms"] and not self._are_accepted():
            raise CommandError("The terms were not accepted, so nothing was downloaded.")
        folder = settings.DATA_DIR / "demo"
        try:
            load_demo(settings.DATA_DIR)
            wheels = fetch_wheels(folder, requirements=REQUIREMENTS, wanted=frozenset({"recbole"}))
            self.stdout.write("Training, declaring, scoring; then the audits wait for their day.")
            movies.load(wheels["recbole"])
            runs = movies.audit()
        except (DemoDataMissing, DomainError, movies.AuditUnfinished) as problem:
            raise CommandError(str(problem)) from None
        url = settings.PUBLIC_URL
        for run in runs:
            self.stdout.write(f"\n{run.plan.title}\n  {run.sentence or run.error}")
            self.stdout.write(f"  {url}/audits/runs/{run.pk}/")
        self.stdout.write(f"\nThe system: {url}/systems/{movies.SYSTEM}/ (served by: make run)")

    def _are_accepted(self) -> bool:
        self.stdout.write("Type yes to accept these terms: ", ending="")
        self.stdout.flush()
        try:
            return input().strip() == "yes"
        except EOFError:
            return False
