"""`explain_decision SYSTEM SUBJECT --at T`: the rule chain of a past (or the present) decision."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consent.decision.truth_table import TABLE
from consent.decision.vocabulary import Reason
from consent.history import explain_decision
from governance.core.clock import database_now
from governance.core.errors import DomainError


class Command(BaseCommand):
    help = "Say what was decided for a person and a system at a moment, and by which rules."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("system", metavar="SYSTEM")
        parser.add_argument("subject", metavar="SUBJECT")
        parser.add_argument("--at", metavar="T", help="ISO 8601; without a zone UTC; default now")
        parser.add_argument("--region", default="")
        parser.add_argument("--surface", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            moment = datetime.fromisoformat(options["at"]) if options["at"] else database_now()
        except ValueError as error:
            raise CommandError(f"{options['at']!r} is not a time; write ISO 8601.") from error
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        try:
            found = explain_decision(
                system_key=options["system"],
                subject=options["subject"],
                at=moment,
                region=options["region"],
                surface=options["surface"],
            )
        except DomainError as error:
            raise CommandError(error.sentence) from error
        decision = found.decision
        if decision.reason is Reason.ERASED or Reason.ERASED in decision.lost:
            self.stdout.write("erased: this person was erased; the decision cannot be told again.")
            return
        self.stdout.write(f"at: {moment.isoformat()}")
        self.stdout.write(f"outcome: {decision.outcome}")
        self.stdout.write(f"version: {decision.version_to_serve or 'none'}")
        self.stdout.write(f"reason: {decision.reason} ({TABLE[decision.reason].applies_when})")
        for reason in decision.lost:
            self.stdout.write(f"also applied: {reason} ({TABLE[reason].applies_when})")
        if decision.purpose:
            self.stdout.write(f"purpose: {decision.purpose}, revision {decision.revision}")
        if decision.incident:
            self.stdout.write(f"incident: {decision.incident}")
        if not found.person_known:
            self.stdout.write("person: nothing was recorded; answered by the regional default.")
