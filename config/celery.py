"""The Celery application: transport only; PostgreSQL is the truth."""

import os
from contextlib import suppress
from threading import Thread
from typing import Any

from celery import Celery
from celery.signals import celeryd_init, worker_process_init, worker_ready

from config import env

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

AUDIT_QUEUES = {"audits", "audits_heavy"}

app = Celery("tactful")
app.config_from_object("config.celery_settings")
app.autodiscover_tasks()


@worker_ready.connect  # type: ignore[untyped-decorator]  # Celery has no types
def tell_ready(**_: object) -> None:
    """Tell `up`, if it started this worker, that tasks are being taken."""
    descriptor = env.read("TACTFUL_READY_FD")
    if descriptor:
        with suppress(OSError):  # `up` is gone, or heard it before
            os.write(descriptor, b"1")


@celeryd_init.connect  # type: ignore[untyped-decorator]  # Celery has no types
def prepare_worker(options: dict[str, Any], **_: object) -> None:
    """Only the processes that audit pay for fairlearn, and they pay before the first audit."""
    if AUDIT_QUEUES & set(options.get("queues") or ()):
        worker_process_init.connect(warm_fairlearn, weak=False)


def warm_fairlearn(**_: object) -> None:
    """Load it beside the wait for work: Celery gives up a process that is not there in 4 s."""
    from methods.fairness.oracle import load

    Thread(target=load, daemon=True, name="warm-fairlearn").start()
