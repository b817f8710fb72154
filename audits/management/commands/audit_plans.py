"""`manage.py audit_plans apply FILE... | export KEY | check FILE... | schema`: plans as files.

`check` and `schema` ask the database nothing.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from audits.plan_files.checking import check_plan_file
from audits.plan_files.model import json_schema
from audits.plan_files.text import read_plan_file, write_plan_text
from governance.core.actors import SystemActor
from governance.core.errors import DomainError
from methods.errors import BadInput

ACTOR = SystemActor("command-line")
WAITS = 3


class Command(BaseCommand):
    """Apply, export and check plan files."""

    help = (
        "Plans as files. Exit 0 done, 2 bad input (one line on stderr), "
        "3 a change that weakens a plan waits for a second person."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        apply = verbs.add_parser("apply", help="make or change the plans that files describe")
        apply.add_argument("files", nargs="+", metavar="FILE")
        apply.add_argument("--reason", default="", help="why, where a change weakens a plan")
        export = verbs.add_parser("export", help="print a plan as a file")
        export.add_argument("key", metavar="KEY")
        check = verbs.add_parser("check", help="say what is wrong in files, without a database")
        check.add_argument("files", nargs="+", metavar="FILE")
        verbs.add_parser("schema", help="print the JSON Schema of plan files")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            code = getattr(self, f"_{options['verb']}")(options)
        except (BadInput, DomainError) as problem:
            self.stderr.write(" ".join(str(problem).split()))
            code = 2
        if code:
            sys.exit(code)

    def _apply(self, options: dict[str, Any]) -> int:
        from audits.services.plan_files import apply_plan_file

        code = 0
        files = [read_plan_file(path) for path in options["files"]]
        for file in files:
            check_plan_file(file)
        for file in files:
            made = apply_plan_file(file=file, reason=options["reason"], actor=ACTOR)
            said = f"{file.key}: {made.outcome}"
            if made.outcome == "applied":
                said += f", revision {made.plan.revision}"
            self.stdout.write(said)
            if made.change is not None and made.outcome == "proposed":
                code = WAITS
                for reason in made.change.reasons:
                    self.stdout.write(f"  {reason}")
                self.stdout.write("  It waits for a second person.")
        return code

    def _export(self, options: dict[str, Any]) -> int:
        from audits.plan_files.content import file_of
        from audits.selectors import find_plan

        text = write_plan_text(file_of(find_plan(options["key"], ACTOR)))
        self.stdout.write(text, ending="")
        return 0

    def _check(self, options: dict[str, Any]) -> int:
        for path in options["files"]:
            file = read_plan_file(path)
            check_plan_file(file)
            self.stdout.write(f"{path}: {file.key} is a plan of {file.method}.")
        return 0

    def _schema(self, options: dict[str, Any]) -> int:
        self.stdout.write(json.dumps(json_schema(), indent=2))
        return 0
