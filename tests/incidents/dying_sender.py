"""A runner that dies at a chosen point of sending: python -m tests.incidents.dying_sender POINT.

`before_record` dies after the first recipient heard it and before that is written down;
`between_rows` dies once the first recipient's row is committed.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import django


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(point: str) -> None:
    django.setup()
    from django.conf import settings

    from incidents.services import sending

    settings.WEBHOOK_PRIVATE = True
    send, attempt = vars(sending)["send_by_apprise"], sending._attempt

    def send_and_die(*args: Any, **kwargs: Any) -> None:
        send(*args, **kwargs)
        die()

    def attempt_and_die(*args: Any, **kwargs: Any) -> int:
        attempt(*args, **kwargs)
        die()
        return 1

    if point == "before_record":
        vars(sending)["send_by_apprise"] = send_and_die
    elif point == "between_rows":
        sending._attempt = attempt_and_die
    sending.send_due_communications()


if __name__ == "__main__":
    main(*sys.argv[1:])
