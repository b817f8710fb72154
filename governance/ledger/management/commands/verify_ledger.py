"""`verify_ledger`: exit 0 when the ledger is as it was written, else 1 and a line a fault."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from governance.ledger.bundle import verify_bundle, write_bundle
from governance.ledger.verify import Fault, verify_ledger


class Command(BaseCommand):
    help = "Recompute the ledger from its rows and check it against every stored checkpoint."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--bundle",
            type=Path,
            metavar="FILE",
            help="an existing bundle is checked, by itself and against the ledger; "
            "a FILE that does not exist is written",
        )
        parser.add_argument(
            "--trust",
            action="append",
            default=[],
            metavar="KEY",
            help="a verifier key of the past (name+hash+base64); may be repeated",
        )

    def handle(self, *args: Any, bundle: Path | None, trust: list[str], **options: Any) -> None:
        result = verify_ledger(trusted_keys=set(trust))
        faults: list[Fault] = list(result.faults)
        told = f"{result.entries} entries and {result.checkpoints} checkpoints"
        if bundle is not None and bundle.exists():
            with bundle.open(encoding="utf-8") as lines:
                check = verify_bundle(iter(lines), set(trust))
            faults += check.faults
            told += f"; bundle: {check.entries} entries and {check.checkpoints} checkpoints"
        elif bundle is not None:
            with bundle.open("x", encoding="utf-8") as out:
                write_bundle(out)
            told += f"; bundle written to {bundle}"
        for fault in faults:
            self.stdout.write(str(fault))
        if faults:
            self.stderr.write(f"The ledger is not as it was written: {len(faults)} faults.")
            raise SystemExit(1)
        self.stdout.write(f"The ledger is as it was written: {told}.")
