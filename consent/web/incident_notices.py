"""What went wrong, said to people on their own pages: messages about systems, from the registry."""

from __future__ import annotations

from typing import Any

from consent.web.opening import day
from governance.registry.models import System
from governance.registry.selectors import people_notices

MOST = 5


def notices_of_incidents(language: str, system: System | None = None) -> list[dict[str, Any]]:
    """The newest messages, in the page's language where they were written in it.

    Without a system they are those of every system: nobody can tell here whom an incident
    touched, so everybody may read of it.
    """
    shown = []
    for one in people_notices(system)[:MOST]:
        written = language if language in one.texts else next(iter(one.texts))
        text = one.texts[written]
        shown.append(
            {
                "language": written,
                "subject": text["subject"],
                "paragraphs": [part for part in text["body"].split("\n\n") if part.strip()],
                "at": day(one.published_at),
            }
        )
    return shown
