"""`manage.py gate GATE SYSTEM VERSION`: 0 allow, 1 deny with a line per missing item, 2 unknown."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from governance.core.actors import SystemActor
from governance.core.errors import NotFound
from governance.registry.selectors import find_system, find_version
from governance.reviews.gates import evaluate_gate


class Command(BaseCommand):
    help = "Ask a gate about a version of a system."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("gate", help="release or release_hold")
        parser.add_argument("system", help="the key of the system")
        parser.add_argument("version", help="the key of the version")

    def handle(self, *args: Any, **options: Any) -> None:
        actor = SystemActor("command")
        try:
            system = find_system(options["system"], actor)
            version = find_version(options["system"], options["version"], actor)
            decision = evaluate_gate(options["gate"], system, version)
        except NotFound as unknown:
            self.stderr.write(unknown.sentence)
            sys.exit(2)
        subject = f"{decision.gate} {version.scope_key}"
        if decision.allowed:
            self.stdout.write(f"{subject}: allow")
            return
        self.stdout.write(f"{subject}: deny, {len(decision.missing)} missing")
        for one in decision.missing:
            who = f"{one.role} ({one.person})" if one.person else one.role
            self.stdout.write(f"- {one.sentence} [{who}, {one.url}]")
        sys.exit(1)
