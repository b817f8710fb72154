"""Purposes, what lies below them and how long a yes lasts, held in the process between writes.

A book is used only where the database finds its stamp current, in the statement that writes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from consent.decision.expiry import PurposeRules
from consent.services.expiry import rules_for_recording
from governance.registry.models import Purpose

_STAMP = "SELECT consent_rules_stamp()"


@dataclass(frozen=True, slots=True)
class Rulebook:
    """One state of the registry, as far as recording a choice needs it."""

    stamp: str
    purposes: dict[UUID, Purpose]
    named: dict[str, Purpose]
    rules: dict[UUID, PurposeRules]
    children: dict[UUID, tuple[Purpose, ...]]
    boundaries: tuple[datetime, ...]

    def rules_of(self, purpose: Purpose) -> PurposeRules:
        return self.rules.get(purpose.pk, PurposeRules(purpose.default_ttl_days))

    def below(self, purposes: Iterable[UUID]) -> list[Purpose]:
        """Everything below these purposes, at any depth, each once."""
        found: dict[UUID, Purpose] = {}
        waiting = list(purposes)
        while waiting:
            for child in self.children.get(waiting.pop(), ()):
                if child.pk not in found:
                    found[child.pk] = child
                    waiting.append(child.pk)
        return list(found.values())

    def steady_around(self, moment: datetime) -> tuple[datetime | None, datetime | None]:
        """From when until before when every rule holds, or does not, as it does at a moment."""
        past = [each for each in self.boundaries if each <= moment]
        coming = [each for each in self.boundaries if each > moment]
        return max(past, default=None), min(coming, default=None)


class _Process:
    held: Rulebook | None = None


def held_rulebook() -> Rulebook:
    """The book of this process, perhaps outdated: the stamp tells."""
    return _Process.held or read_rulebook()


def read_rulebook() -> Rulebook:
    """Read the book anew. Its stamp is read first: a change meanwhile makes it match nothing."""
    with connection.cursor() as cursor:
        cursor.execute(_STAMP)
        stamp = str(cursor.fetchone()[0])
    purposes = {each.pk: each for each in Purpose.objects.all()}
    rules = rules_for_recording(purposes.values())
    children: dict[UUID, tuple[Purpose, ...]] = {}
    for each in purposes.values():
        if each.parent_id is not None:
            children[each.parent_id] = (*children.get(each.parent_id, ()), each)
    edges = {
        edge
        for one in rules.values()
        for rule in one.rules
        for edge in (rule.valid_from, rule.valid_until)
        if edge is not None
    }
    _Process.held = Rulebook(
        stamp=stamp,
        purposes=purposes,
        named={each.key: each for each in purposes.values()},
        rules=rules,
        children=children,
        boundaries=tuple(sorted(edges)),
    )
    return _Process.held
