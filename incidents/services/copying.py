"""The playbook in force, and its copy on an incident: later edits never reach it."""

from __future__ import annotations

import dataclasses

from incidents.choices import CONTAINMENT
from incidents.models import Incident, IncidentStep, Playbook
from incidents.playbook.content import PLAYBOOK_KEY, PLAYBOOK_TITLE, STEPS


def current_playbook() -> Playbook:
    """Return the newest version of the built-in playbook; write one when its text has changed."""
    steps = [dataclasses.asdict(step) for step in STEPS]
    newest = Playbook.objects.filter(key=PLAYBOOK_KEY).order_by("-version").first()
    if newest is not None and newest.steps == steps:
        return newest
    return Playbook.objects.create(
        key=PLAYBOOK_KEY,
        version=newest.version + 1 if newest else 1,
        title=PLAYBOOK_TITLE,
        steps=steps,
    )


def copy_playbook(incident: Incident, *, unattended: bool) -> None:
    """Copy the playbook in force onto the present episode of an incident.

    Its containment steps run by themselves only where the cause was allowed to contain.
    """
    playbook = current_playbook()
    IncidentStep.objects.bulk_create(
        IncidentStep(
            incident=incident,
            episode=incident.episode,
            playbook=playbook,
            position=position,
            type=step["type"],
            title=step["title"],
            instruction=step["instruction"],
            role=step["role"],
            automatic=step["automatic"] and (unattended or step["type"] not in CONTAINMENT),
        )
        for position, step in enumerate(playbook.steps, start=1)
    )
