"""A process that sends what is due, and its naive twin that notes first and dies before it sends.

Run as `python -m tests.outbox.webhook_crash_points ours|naive`; the receiver of the test kills the
first one while it waits for an answer.
"""

from __future__ import annotations

import os
import signal
import sys

import django


def main(kind: str) -> None:
    django.setup()
    from django.db.models.functions import Now

    from governance.outbox.webhooks import sending
    from governance.outbox.webhooks.models import MessageState, WebhookMessage

    if kind == "naive":
        waiting = WebhookMessage.objects.filter(state=MessageState.PENDING)
        waiting.update(state=MessageState.DELIVERED, done_at=Now())
        os.kill(os.getpid(), signal.SIGKILL)  # between its note and its request
    sending.deliver_due()


if __name__ == "__main__":
    main(*sys.argv[1:])
