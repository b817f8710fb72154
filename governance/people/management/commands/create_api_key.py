"""`create_api_key NAME --scope S ...`: prints the secret of a new API key once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from governance.core.actors import SystemActor
from governance.core.clock import database_now
from governance.core.errors import DomainError
from governance.people import services


class Command(BaseCommand):
    help = "Make an API key and print its secret, which is kept nowhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the program that will use it")
        parser.add_argument("--scope", action="append", default=[], metavar="S", dest="scopes")
        parser.add_argument("--days", type=int, default=365, help="until it ends (1 to 365)")
        parser.add_argument(
            "--system", action="append", metavar="KEY", dest="systems", help="default: every system"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        days = options["days"]
        try:
            key, secret = services.create_api_key(
                name=options["name"],
                scopes=options["scopes"],
                expires_at=None if days == 365 else database_now() + timedelta(days=days),
                system_keys=options["systems"],
                actor=SystemActor("create_api_key"),
            )
        except DomainError as problem:
            raise CommandError(problem.sentence) from None
        self.stderr.write(f"Key {key.prefix} ends on {key.expires_at:%d %B %Y}. Its secret, once:")
        self.stdout.write(secret)
