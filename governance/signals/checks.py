"""Django's check that every signal somebody reads is declared by somebody."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, register

from governance.signals.definitions import unanswered_readers


@register()
def every_reader_has_a_signal(**kwargs: Any) -> list[CheckMessage]:
    return [
        Error(
            f"{', '.join(rooms)} reads the signal {key!r}, which no room declares.",
            hint="Declare it in the signals.py of the room that knows the fact.",
            id="signals.E001",
        )
        for key, rooms in sorted(unanswered_readers().items())
    ]
