"""`applier`: keeps this host's table of the fast check, until it is told to stop."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from consent.fastpath.applier import Applier
from consent.fastpath.hosts import Replaced
from consent.fastpath.journal import folder_of
from consent.slowpath.database import parameters_from_settings

logger = logging.getLogger(__name__)

#: Between two reads of the feed.
CYCLE_SECONDS = 0.02
RETRY_SECONDS = 0.5
PRUNE_SECONDS = 60.0


def host_name(data_dir: Path) -> str:
    """One host's name among several on one database: two folders are two hosts."""
    return f"{socket.gethostname()}:{data_dir}"[-120:]


def connect() -> psycopg.Connection[tuple[Any, ...]]:
    """A connection of its own; its leases need not be on disk to count."""
    return psycopg.connect(
        **{**parameters_from_settings(), "application_name": "tactful-applier"},
        autocommit=True,
        connect_timeout=2,
        options="-c synchronous_commit=off -c timezone=UTC",
        keepalives_idle=5,
        tcp_user_timeout=5_000,
    )


class Command(BaseCommand):
    help = "Keep the table that this host's checks are answered from."

    def handle(self, *args: Any, **options: Any) -> None:
        folder = folder_of(settings.DATA_DIR)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (folder / "applier.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CommandError(f"Another applier keeps the table in {folder}.") from None
            self._run(folder)

    def _run(self, folder: Path) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        applier: Applier | None = None
        parent, pruned = os.getppid(), time.monotonic()
        while not stop.is_set() and os.getppid() == parent:
            began = time.monotonic()
            try:
                if applier is None:
                    applier = Applier(
                        connect(),
                        folder,
                        name=host_name(settings.DATA_DIR),
                        several_peppers=len(settings.KEYS.subject_peppers) > 1,
                    )
                    rows, seconds = applier.slots.taken, time.monotonic() - began
                    logger.info("The table holds %d people after %.1f s.", rows, seconds)
                elif applier.connection.closed:
                    applier.reconnect(connect())
                applier.cycle()
                if began - pruned > PRUNE_SECONDS:
                    applier.prune()
                    pruned = began
            except Replaced:
                raise CommandError("Another applier of this host has taken over.") from None
            except psycopg.Error as problem:
                logger.warning("PostgreSQL cannot be read: %s", str(problem).strip())
                if applier is not None and applier.connection.broken:
                    applier.connection.close()
                stop.wait(RETRY_SECONDS)
            stop.wait(max(0.0, began + CYCLE_SECONDS - time.monotonic()))
        if applier is not None:
            applier.close()
