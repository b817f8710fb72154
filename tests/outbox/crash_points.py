"""A process that dies at a chosen point between the commit of a fact and the sending of its task.

Run as `python -m tests.outbox.crash_points POINT FILE`; a message "sent" is a line in FILE.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import django


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(point: str, sent_to: str) -> None:
    django.setup()
    from django.db import transaction

    from governance.outbox.models import EventRow
    from governance.outbox.relay import send_tasks
    from governance.outbox.services import enqueue

    def publish(name: str, payload: dict[str, Any]) -> None:
        if point != "after_publish":
            die()
        with Path(sent_to).open("a", encoding="utf-8") as out:
            out.write(f"{payload['ids'][0]}\n")
        die()

    with transaction.atomic():
        EventRow.objects.create(name=point)  # the fact
        if point == "naive":
            transaction.on_commit(lambda: publish("audits.run", {"ids": [point]}))
        else:
            enqueue("audits.run", point)
    send_tasks(publish)


if __name__ == "__main__":
    main(*sys.argv[1:])
