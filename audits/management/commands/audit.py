"""`manage.py audit METHOD DATA ...`: one audit of a file, printed or written. Needs no database.

Reads the arguments and hands over; the way a report looks is in `audits.presentation`.
"""

import json
import sys
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser

from methods.errors import BadInput


class Command(BaseCommand):
    """Run one audit method on data in files."""

    help = (
        "Audit DATA (CSV, TSV, Parquet or JSON lines; a file or a quoted pattern) with METHOD. "
        "Exit 0 pass or no limit, 1 fail, 2 bad input, 3 inconclusive."
    )
    requires_system_checks: list[str] = []

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
        parser.add_argument("method", metavar="METHOD", help="a method's key, see selftest")
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

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the audit and leave with the exit code of its verdict."""
        from methods.report import EXIT_BAD_INPUT, exit_code

        try:
            report, warnings = run(options)
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
    from methods.report import Limit
    from methods.run import check_limits, run_audit

    # Everything that needs no data is checked before any is read.
    method = catalogue.get(options["method"])
    columns = method.roles.check(method.key, read_columns(options["columns"]))
    parameters = dict(read_parameter(text) for text in options["parameters"])
    method.parse(parameters)
    limits = [Limit.parse(text) for text in options["limits"]]
    check_limits(method, limits)
    if options["seed"] < 0:
        raise BadInput("The seed is a whole number, 0 or more.")
    from audits.sources.files import open_source

    with open_source(options["data"]) as source:
        report = run_audit(
            method.key,
            source.table,
            columns,
            parameters,
            limits,
            options["seed"],
            source.inputs,
        )
        return report, source.warnings


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
