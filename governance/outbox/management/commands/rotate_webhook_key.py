"""`manage.py rotate_webhook_key`: sign webhooks with a new ed25519 key, the old one beside it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from governance.outbox.webhooks.selectors import published_keys


class Command(BaseCommand):
    help = "Sign webhooks with a new key and the former one, until --end drops the former."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--end", action="store_true", help="sign with the newest key alone")

    def handle(self, *args: Any, end: bool, **options: Any) -> None:
        if end:
            settings.KEYS.end_webhook_rotation()
        else:
            settings.KEYS.rotate_webhook_key()
        names = [key["kid"] for key in published_keys()["keys"]]
        self.stdout.write(
            f"Once Tactful has restarted, webhooks are signed by {' and by '.join(names)}.\n"
            + (
                "The former key verifies nothing any more."
                if end
                else "Receivers read both from /.well-known/webhooks/jwks.json; when all have, run"
                " this with --end."
            )
        )
