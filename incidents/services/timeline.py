"""Writing the timeline of an incident."""

from __future__ import annotations

from governance.core.actors import Actor
from incidents.models import Incident, TimelineEntry


def add_timeline_entry(
    *, incident: Incident, kind: str, sentence: str, actor: Actor, link: str = ""
) -> TimelineEntry:
    """Append one sentence; the database stamps the time."""
    return TimelineEntry.objects.create(
        incident=incident,
        kind=kind,
        sentence=sentence,
        actor_reference=actor.reference,
        actor_display=actor.display,
        link=link,
    )
