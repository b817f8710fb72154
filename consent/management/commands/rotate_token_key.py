"""`manage.py rotate_token_key`: sign subject tokens with a new key; the old one still verifies."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from consent.tokens import key_id


class Command(BaseCommand):
    help = "Make a new key for subject tokens. The one before verifies until the next rotation."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        settings.KEYS.rotate_token_key()
        newest, before = settings.KEYS.token_public_keys
        self.stdout.write(
            f"New tokens are signed by {key_id(newest)} once the web server has restarted;"
            f" {key_id(before)} still verifies those it signed.\n"
            "Where the old key is feared stolen, rotate twice: then it verifies nothing."
        )
