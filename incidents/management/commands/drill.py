"""`drill SYSTEM --as EMAIL`: starts the drill planned for a rehearsal system, or ends it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from governance.core.errors import DomainError
from governance.people.actors import PersonActor
from governance.people.models import User
from incidents.models import Drill, DrillPlan
from incidents.selectors import drill_plans_for, drills_for
from incidents.services.drill_endings import end_drill
from incidents.services.drills import start_drill


class Command(BaseCommand):
    help = "Start the drill that is planned for a rehearsal system, or end the one that runs there."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("system", help="key of the rehearsal system")
        parser.add_argument(
            "--as", required=True, dest="email", metavar="EMAIL", help="the person who does it"
        )
        parser.add_argument("--plan", default="", help="its title, where more than one is planned")
        parser.add_argument(
            "--end", action="store_true", help="end the drill that runs, once its hold is lifted"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"], is_active=True).first()
        if user is None:
            raise CommandError(f"Nobody has the address {options['email']}.")
        actor = PersonActor(user)
        try:
            if options["end"]:
                drill = end_drill(drill=self._running(options["system"], actor), actor=actor)
                assert drill.report is not None
                self.stdout.write(f"{drill.reference}: {drill.report['sentence']}")
                for reason in drill.report["reasons"]:
                    self.stdout.write(f"- {reason}")
            else:
                plan = self._planned(options["system"], options["plan"], actor)
                drill = start_drill(plan=plan, actor=actor)
                self.stdout.write(f"{drill.reference} has begun: {drill.incident.reference}")
        except DomainError as refusal:
            raise CommandError(refusal.sentence) from None
        address = settings.PUBLIC_URL.rstrip("/") + reverse("drill", args=[drill.reference])
        self.stdout.write(address)

    def _planned(self, key: str, title: str, actor: PersonActor) -> DrillPlan:
        plans = drill_plans_for(actor).filter(system__key=key, retired_at=None)
        if title:
            plans = plans.filter(title__iexact=title)
        found = list(plans)
        if not found:
            raise CommandError(
                f"No such drill is planned for {key!r}; plan one on the page Drills."
            )
        if len(found) > 1:
            titles = ", ".join(f"{one.title!r}" for one in found)
            raise CommandError(f"Say which with --plan: {titles}.")
        return found[0]

    def _running(self, key: str, actor: PersonActor) -> Drill:
        drill = drills_for(actor).filter(system__key=key, ended_at=None).first()
        if drill is None:
            raise CommandError(f"No drill is running on {key!r}.")
        return drill
