"""`manage.py audit METHOD DATA ...`, or `audit --plan FILE DATA`: one audit of a file, printed or
written. Needs no database.

Reads the arguments and hands over; the way a report looks is in `audits.presentation`.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser

from methods.errors import BadInput


@dataclass(frozen=True)
class Question:
    """What is asked of the data, by arguments or by a plan file."""

    method: str
    columns: dict[str, list[str]]
    parameters: dict[str, Any]
    limits: list[Any]
    seed: int
    suppress_below: int = 0


class Command(BaseCommand):
    """Run one audit method on data in files."""

    help = (
        "Audit DATA (CSV, TSV, Parquet or JSON lines; a file or a quoted pattern) with METHOD. "
        "Exit 0 pass or no limit, 1 fail, 2 bad input, 3 inconclusive."
    )
    requires_system_checks: list[str] = []
    by_plan = False  # then a file says the method, and DATA stands alone

    def run_from_argv(self, argv: list[str]) -> None:
        """See whether a plan file says what else stands in the arguments."""
        self.by_plan = any(one == "--plan" or one.startswith("--plan=") for one in argv)
        super().run_from_argv(argv)

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Return a parser whose complaints are one line."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)

        def complain(message: str) -> NoReturn:
            if self._called_from_code(parser):
                raise CommandError(f"Error: {message}", returncode=2)
            sys.stderr.write(f"audit: {message}\n")
            sys.exit(2)

        parser.error = complain  # type: ignore[method-assign]
        return parser

    @staticmethod
    def _called_from_code(parser: CommandParser) -> bool:
        return not parser.called_from_command_line

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        if not self.by_plan:
            parser.add_argument("method", metavar="METHOD", help="a method's key, see selftest")
        parser.add_argument(
            "--plan",
            metavar="FILE",
            help="a plan file, which says method, columns, parameters, limits and seed",
        )
        parser.add_argument("data", metavar="DATA", help="a file, or a quoted pattern of files")
        parser.add_argument(
            "--columns",
            nargs="+",
            action="extend",
            default=[],
            metavar="ROLE=NAME[,NAME]",
            help="which column plays which role",
        )
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="PARAM=VALUE",
            dest="parameters",
            help="a parameter of the method; values may be JSON",
        )
        parser.add_argument(
            "--limit",
            action="append",
            default=[],
            metavar="METRIC>=VALUE",
            dest="limits",
            help="a limit, such as 'demographic_parity_ratio>=0.8'; may repeat",
        )
        parser.add_argument("--seed", type=int, default=0, help="of every random draw")
        parser.add_argument("--format", choices=("table", "json", "html"), default="table")
        parser.add_argument("--out", metavar="FILE", help="write there instead of printing")
        parser.add_argument(
            "--also",
            action="append",
            default=[],
            metavar="FILE",
            help="write the same report there as well, as its name ends: .json, .html or .txt",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the audit and leave with the exit code of its verdict."""
        from methods.report import EXIT_BAD_INPUT, exit_code

        try:
            also = [(Path(name), form_of(name)) for name in options["also"]]
            report, warnings = run(options)
            for path, form in also:
                _write(path, render(report, form))
            text = render(report, options["format"], color=self._colour(options))
            if options["out"]:
                _write(Path(options["out"]), text)
            else:
                self.stdout.write(text, ending="" if text.endswith("\n") else "\n")
        except BadInput as problem:
            self.stderr.write(" ".join(str(problem).split()))
            sys.exit(EXIT_BAD_INPUT)
        for warning in warnings:
            self.stderr.write(f"Note: {warning}")
        code = exit_code(report)
        if code:
            sys.exit(code)

    def _colour(self, options: dict[str, Any]) -> bool:
        return not options["out"] and not options.get("no_color") and self.stdout.isatty()


def run(options: dict[str, Any]) -> tuple[Any, tuple[str, ...]]:
    """Return the report the options ask for, and warnings about the data."""
    from methods import catalogue
    from methods.run import check_limits, run_audit
    from methods.suppression import suppress

    # Everything that needs no data is checked before any is read.
    asked = asked_by_plan(options) if options.get("plan") else asked_by_arguments(options)
    method = catalogue.get(asked.method)
    columns = method.roles.check(method.key, asked.columns)
    method.parse(asked.parameters)
    check_limits(method, asked.limits)
    if asked.seed < 0:
        raise BadInput("The seed is a whole number, 0 or more.")
    from audits.sources.files import open_source

    with open_source(options["data"]) as source:
        report = run_audit(
            method.key,
            source.table,
            columns,
            asked.parameters,
            asked.limits,
            asked.seed,
            source.inputs,
        )
        return suppress(report, asked.suppress_below), source.warnings


def asked_by_arguments(options: dict[str, Any]) -> Question:
    """Read what the arguments ask."""
    from methods.report import Limit

    return Question(
        method=options["method"],
        columns=read_columns(options["columns"]),
        parameters=dict(read_parameter(text) for text in options["parameters"]),
        limits=[Limit.parse(text) for text in options["limits"]],
        seed=options["seed"],
    )


def asked_by_plan(options: dict[str, Any]) -> Question:
    """Read what a plan file asks; an argument beside it that contradicts it is refused."""
    from audits.plan_files.text import read_plan_file
    from methods.report import Limit

    said: Sequence[str] = [
        name
        for name, given in (
            ("--columns", options["columns"]),
            ("--set", options["parameters"]),
            ("--limit", options["limits"]),
            ("--seed", options["seed"]),
        )
        if given
    ]
    if said:
        raise BadInput(f"The plan file says this already: leave out {', '.join(said)}.")
    file = read_plan_file(options["plan"])
    looks = {"looks": file.planned_looks} if file.planned_looks else {}
    return Question(
        method=file.method,
        columns=file.columns,
        parameters={**file.parameters, **looks},
        limits=[Limit.from_dict(one) for one in file.limit_rows()],
        seed=file.seed,
        suppress_below=file.suppress_below,
    )


def read_columns(given: list[str]) -> dict[str, list[str]]:
    """Read `role=name[,name]`; a role named twice gathers its columns."""
    columns: dict[str, list[str]] = {}
    for text in given:
        role, sign, names = text.partition("=")
        if not sign or not role or not names:
            raise BadInput(f"--columns {text!r} does not read role=name.")
        columns.setdefault(role.strip(), []).extend(name.strip() for name in names.split(","))
    return columns


def read_parameter(text: str) -> tuple[str, Any]:
    """Read `param=value`; a value that looks like JSON is read as JSON."""
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise BadInput(f"--set {text!r} does not read param=value.")
    if value.lstrip().startswith(("{", "[")):
        try:
            return name.strip(), json.loads(value)
        except ValueError:
            raise BadInput(f"--set {name}: the value is not well-formed JSON.") from None
    return name.strip(), value


def form_of(name: str) -> str:
    """Return the format that a file's name asks for."""
    form = {".json": "json", ".html": "html", ".txt": "table"}.get(Path(name).suffix)
    if form is None:
        raise BadInput(f"--also {name!r} ends in none of .json, .html, .txt.")
    return form


def render(report: Any, form: str, *, color: bool = False) -> str:
    """Return the report as text in one of the formats."""
    if form == "json":
        return json.dumps(report.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    if form == "html":
        from audits.presentation.page import report_page

        return report_page(report)
    from audits.presentation.plain import report_text

    return report_text(report, color=color)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}.") from None
