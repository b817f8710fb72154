"""`create_admin`: makes an administrator, or gives an existing person the role."""

from __future__ import annotations

from getpass import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from governance.core.actors import SystemActor
from governance.core.errors import DomainError
from governance.people import services
from governance.people.choices import Role
from governance.people.models import User


class Command(BaseCommand):
    help = "Make an administrator. Asks for what is not given."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email")
        parser.add_argument("--name", default="Administrator")
        parser.add_argument("--password", help="Better left out: it is asked for, unseen.")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["email"] or input("E-mail address: ")
        actor = SystemActor("create_admin")
        try:
            with transaction.atomic():
                user = User.objects.filter(email=email.strip().lower()).first()
                if user is None:
                    password = options["password"] or self._ask_password()
                    user = services.create_user(
                        email=email, name=options["name"], password=password, actor=actor
                    )
                services.assign_role(user=user, role=Role.ADMIN, actor=actor)
        except DomainError as problem:
            raise CommandError(problem.sentence) from None
        self.stdout.write(f"{user.email} is an administrator and can sign in.")

    def _ask_password(self) -> str:
        first, second = getpass("Password (at least 12 characters): "), getpass("Once more: ")
        if first != second:
            raise CommandError("The two passwords differ; nothing was made.")
        return first
