"""A process that kills itself at one step of Ada's withdrawal: `python -m ... STEP`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any


def die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(step: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from django.db import transaction

    from consent.fastpath.journal import Control
    from consent.fastpath.slots import SlotFile
    from consent.services import record_choice
    from governance.core.actors import SystemActor
    from tests.fastpath.web_process import PURPOSE

    raise_doubts: Callable[..., None] = Control.raise_doubts
    if step == "before_doubt":
        Control.raise_doubts = die  # type: ignore[method-assign]
    elif step == "noted":
        SlotFile.raise_doubt = die  # type: ignore[method-assign]
    elif step == "after_doubt":

        def raise_and_die(*given: Any) -> None:
            raise_doubts(*given)
            die()

        Control.raise_doubts = raise_and_die  # type: ignore[method-assign,assignment]
    elif step == "after_commit":
        from consent.fastpath import doubt

        vars(doubt)["wait_for_hosts"] = die
    with transaction.atomic():
        record_choice(
            subject="ada", purpose=PURPOSE, status="withdrawn", actor=SystemActor("tests")
        )
        if step == "before_commit":
            die()


if __name__ == "__main__":
    main(sys.argv[1])
