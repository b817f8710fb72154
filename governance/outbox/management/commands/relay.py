"""`relay`: carries out the outbox and sequences the ledger until it is told to stop."""

from __future__ import annotations

import logging
import signal
import time
from argparse import ArgumentParser
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections, connection

from governance.ledger.sequencer import sequence_once
from governance.outbox.relay import announce_notices, relay_once
from governance.outbox.subscriptions import begin_companions, prepare_receivers
from governance.outbox.webhooks.sending import Sender

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.1
LONGEST_PAUSE = 5.0
PATIENCE = 10.0  # for what accompanies it, once it is told to stop


class Command(BaseCommand):
    help = "Deliver events, tasks and notices, and sequence the ledger, until TERM."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="one round, then stop")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        stop = Event()
        if once:
            self.work()
            return
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, lambda *_: stop.set())
        prepare_receivers()
        sender = Sender()
        sender.start()
        companions = begin_companions(stop)
        self.follow(stop)
        sender.stop()
        for each in companions:
            each.join(timeout=PATIENCE)

    def follow(self, stop: Event) -> None:
        """Round after round until told to stop."""
        pause = POLL_SECONDS
        while not stop.is_set():
            started = time.monotonic()
            try:
                busy = self.work()
                pause = POLL_SECONDS
            except Exception:
                # The database may be away: say so, drop the connection, come back.
                logger.exception("The relay's round failed; the next follows in %.1f s.", pause)
                connection.close()
                busy, pause = 0, min(LONGEST_PAUSE, pause * 2)
            close_old_connections()
            if not busy:
                stop.wait(max(0.0, pause - (time.monotonic() - started)))

    def work(self) -> int:
        """One round; the ledger goes first so that a busy outbox cannot hold it back."""
        return sequence_once() + relay_once() + announce_notices()
