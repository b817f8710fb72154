"""`render_permissions`: writes docs/permissions.md from the permission table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from governance.people.permissions_page import permissions_page


class Command(BaseCommand):
    help = "Write docs/permissions.md from the permission table."

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(settings.ROOT) / "docs" / "permissions.md"
        path.write_text(permissions_page(), encoding="utf-8")
        self.stdout.write(f"Wrote {path.relative_to(settings.ROOT)}.")
