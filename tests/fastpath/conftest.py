"""One host's table in this process: an applier that moves when the test says so."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings as configured

from consent.fastpath.applier import Applier
from consent.fastpath.fingerprint import (
    lookup_key,
    lookup_of,
    suppression_key,
    suppression_lookup_of,
)
from consent.fastpath.journal import folder_of
from consent.fastpath.table import SharedTable, Slot
from consent.slowpath.database import parameters_from_settings


def connect() -> psycopg.Connection[tuple[Any, ...]]:
    return psycopg.connect(
        **parameters_from_settings(), autocommit=True, options="-c synchronous_commit=off"
    )


def lookup(subject: str) -> int:
    return lookup_of(lookup_key(configured.KEYS.subject_pepper), subject)


def suppression(subject: str) -> int:
    key = suppression_key(configured.KEYS.fingerprint_key)
    return suppression_lookup_of(key, lookup(subject))


@dataclass
class HostTable:
    """A host's applier, and its table as a door reads it."""

    applier: Applier
    table: SharedTable

    def settle(self, seconds: float = 5) -> None:
        """Let the applier work until the table may answer and no doubt is left."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            vouched = self.applier.cycle()
            if vouched and self.table.stamp_is_valid() and not self.applier.control.entries():
                return
            time.sleep(0.005)
        raise AssertionError("The table did not settle.")

    def read(self, subject: str) -> Slot | None:
        """As the front does: the person, else their suppression."""
        slot = self.table.read(lookup(subject))
        return slot if slot is not None else self.table.read(suppression(subject))


@pytest.fixture
def new_host(
    transactional_db: None, settings: Any, tmp_path: Path
) -> Iterator[Callable[[str], HostTable]]:
    """Hosts on one database, each with a DATA_DIR of its own; the writer is on the last made."""
    hosts: list[HostTable] = []

    def make(name: str = "one") -> HostTable:
        settings.DATA_DIR = tmp_path / name
        folder = folder_of(settings.DATA_DIR)
        applier = Applier(connect(), folder, name=name)
        hosts.append(HostTable(applier, SharedTable.open(folder)))
        return hosts[-1]

    yield make
    for host in hosts:
        host.applier.close()
        host.applier.connection.close()


@pytest.fixture
def host(new_host: Callable[[str], HostTable]) -> HostTable:
    return new_host("one")
