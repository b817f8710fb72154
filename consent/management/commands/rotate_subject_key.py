"""`rotate_subject_key [--forget]`: a new key for the names of people; former ones are kept.

People are named anew when they are next met; a former key goes once nobody is named by it.
"""

from __future__ import annotations

import secrets
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from consent.identity import key_id_of
from consent.models import DataSubject, Suppression
from governance.core.actors import SystemActor
from governance.ledger.services import record_entry

_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


class Command(BaseCommand):
    help = "Put a new key of people's names in front; keep the former ones until unused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--forget",
            action="store_true",
            help="instead drop the former keys that name nobody any more",
        )

    def handle(self, *args: Any, forget: bool, **options: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_OTHERS)
            row = cursor.fetchone()
        if row is not None and row[0]:
            raise CommandError(
                "Stop Tactful first: two processes with different keys would name one person twice."
            )
        if forget:
            self._forget()
        else:
            self._rotate()

    def _write(self, peppers: tuple[bytes, ...], verb: str) -> None:
        """The ledger entry commits only when the file stands."""
        with transaction.atomic():
            record_entry(
                verb=verb,
                object_type="key",
                object_id="subject_pepper",
                actor=SystemActor("rotate_subject_key"),
                facts={"keys": [key_id_of(pepper) for pepper in peppers]},
            )
            try:
                settings.KEYS.write_subject_peppers(peppers)
            except OSError as problem:
                raise CommandError(
                    f"The key file cannot be written ({problem.strerror}): put the new key on its "
                    "first line yourself, the former ones below."
                ) from problem

    def _rotate(self) -> None:
        peppers = (secrets.token_bytes(32), *settings.KEYS.subject_peppers)
        # Rows from before key ids were kept belong to the key that was newest until now.
        DataSubject.objects.filter(key_id="", pseudonym__isnull=False).update(
            key_id=key_id_of(peppers[1])
        )
        self._write(peppers, "consent.subject_key_rotated")
        waiting = DataSubject.objects.filter(pseudonym__isnull=False).count()
        self.stdout.write(
            f"New names come from key {key_id_of(peppers[0])}. {waiting} people keep their former "
            f"name until they are next met; until --forget drops the former keys, every check is "
            "answered from PostgreSQL."
        )

    def _forget(self) -> None:
        newest, *former = settings.KEYS.subject_peppers
        if not former:
            raise CommandError("There is one key only; nothing is to be forgotten.")
        waiting = (
            DataSubject.objects.filter(pseudonym__isnull=False)
            .exclude(key_id=key_id_of(newest))
            .count()
        )
        if waiting:
            raise CommandError(f"{waiting} people are still named by a former key.")
        if Suppression.objects.exists():
            raise CommandError(
                "Erased people are kept denied by former names; their entries end by retention."
            )
        self._write((newest,), "consent.subject_key_forgotten")
        self.stdout.write("The former keys are gone.")
