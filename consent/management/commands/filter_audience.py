"""`filter_audience IN OUT`: keep of a file of people those who may be personalised."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from consent.audience.access import readable_question
from consent.audience.files import SUFFIXES, BadAudience, TooManyRows
from consent.audience.filtering import Audience, Question, filter_audience
from consent.fastpath.serving import serving_of_process
from consent.slowpath.database import Database, Unavailable, parameters_from_settings
from consent.slowpath.wsgi import keys_from_settings
from governance.core.actors import SystemActor
from governance.core.errors import DomainError


class Command(BaseCommand):
    """Filter a Parquet, Arrow stream or text file of ids by a purpose or a system."""

    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", type=Path, help=f"ends in {', '.join(SUFFIXES)}")
        parser.add_argument("target", type=Path, help="written in the format of the source")
        asked = parser.add_mutually_exclusive_group(required=True)
        asked.add_argument("--purpose")
        asked.add_argument("--system")
        parser.add_argument("--region", default="")
        parser.add_argument("--gpc", action="store_true")
        parser.add_argument("--column", default="", help="the column of the ids")
        parser.add_argument(
            "--outcomes", action="store_true", help="keep everyone, with a column `outcome`"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        source, target = options["source"], options["target"]
        kind = SUFFIXES.get(source.suffix.lower())
        if kind is None:
            raise CommandError(f"{source} must end in one of {', '.join(SUFFIXES)}.")
        draft = target.with_name(f".{target.name}.part")
        try:
            kind_key = readable_question(
                purpose=options["purpose"],
                system=options["system"],
                actor=SystemActor("filter_audience"),
            )
            question = Question(*kind_key, region=options["region"], gpc=options["gpc"])
            audience = Audience(
                question,
                serving_of_process(),
                Database(parameters_from_settings),
                keys_from_settings(),
            )
            with draft.open("wb") as sink:
                counts = filter_audience(
                    source,
                    sink,
                    kind=kind,
                    audience=audience,
                    column=options["column"],
                    outcomes=options["outcomes"],
                )
        except (DomainError, BadAudience, OSError) as error:
            draft.unlink(missing_ok=True)
            raise CommandError(str(error)) from error
        except TooManyRows as error:
            draft.unlink(missing_ok=True)
            raise CommandError("The file names too many people; part it.") from error
        except Unavailable as error:
            draft.unlink(missing_ok=True)
            raise CommandError("Consent cannot be read now; nothing was written.") from error
        draft.replace(target)
        self.stdout.write(
            f"{counts.allowed:,} of {counts.asked:,} may be personalised"
            f" ({counts.skipped:,} rows named nobody)."
        )
