"""The standing of each checklist item for a version: machine answers, people's answers, waivers."""

from __future__ import annotations

import enum
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from governance.core.clock import database_now
from governance.people.choices import Role
from governance.registry.models import ModelVersion
from governance.reviews.choices import Outcome
from governance.reviews.machine import ANSWERS, Facts, MachineAnswer
from governance.reviews.models import Answer, ChecklistItem, ChecklistRun, Waiver


class Standing(enum.StrEnum):
    PASS = "pass"  # noqa: S105 (a verdict, no password)
    FAIL = "fail"
    NOT_APPLICABLE = "not_applicable"
    WAIVED = "waived"
    OPEN = "open"


SATISFIED = frozenset({Standing.PASS, Standing.NOT_APPLICABLE, Standing.WAIVED})


@dataclass(frozen=True)
class ItemStanding:
    """One item: how it stands, by whose word, and what that rests on."""

    item: ChecklistItem
    standing: Standing
    sentence: str
    by_machine: bool
    answer: Answer | None
    waiver: Waiver | None

    @property
    def satisfied(self) -> bool:
        return self.standing in SATISFIED

    @property
    def role(self) -> str:
        """Who acts on it first."""
        return str(self.item.roles[0])


def standings(version: ModelVersion, run: ChecklistRun) -> list[ItemStanding]:
    """Every item of the run's checklist, in order."""
    now = database_now()
    answers = {
        answer.item_id: answer
        for answer in run.answers.select_related("item").prefetch_related("evidence")
    }
    waivers = valid_waivers(version, now)
    facts = Facts(version)
    result = []
    for item in run.checklist.items.all():
        machine = ANSWERS[item.code](facts) if item.code in ANSWERS else None
        answer = answers.get(item.pk)
        result.append(_standing(item, machine, answer, waivers.get(item.code), now))
    return result


def valid_waivers(version: ModelVersion, now: datetime) -> dict[str, Waiver]:
    """Granted waivers of the version's system that have neither ended nor been revoked."""
    granted = Waiver.objects.filter(system_id=version.system_id, revoked_at=None)
    valid = granted.filter(~Q(granted_by=""), expires_at__gt=now).order_by("expires_at")
    return {waiver.item_code: waiver for waiver in valid}


def unsatisfied(version: ModelVersion, run: ChecklistRun) -> list[ItemStanding]:
    return [one for one in standings(version, run) if not one.satisfied]


def _standing(
    item: ChecklistItem,
    machine: MachineAnswer | None,
    answer: Answer | None,
    waiver: Waiver | None,
    now: datetime,
) -> ItemStanding:
    known = machine is not None and machine.passed is not None
    if machine is not None and machine.passed is not None:
        standing = Standing.PASS if machine.passed else Standing.FAIL
        sentence = machine.sentence
    elif answer is None:
        standing = Standing.OPEN
        signers = " or ".join(Role(role).label.lower() for role in item.roles)
        sentence = f"Not answered yet; the {signers} answers it."
        if machine is not None:
            sentence = f"{machine.sentence} {sentence}"
    else:
        standing, sentence = _by_person(answer, now)
    if standing in (Standing.FAIL, Standing.OPEN) and waiver is not None:
        standing = Standing.WAIVED
        sentence = f"Waived until {waiver.expires_at:%-d %B %Y}: {waiver.reason}"
    return ItemStanding(item, standing, sentence, known, answer, waiver)


def _by_person(answer: Answer, now: datetime) -> tuple[Standing, str]:
    if answer.outcome != Outcome.PASS:
        return Standing(answer.outcome), answer.note
    evidence = list(answer.evidence.all())
    standing = [one for one in evidence if one.expires_at is None or one.expires_at > now]
    if evidence and not standing:
        last = max(one.expires_at for one in evidence if one.expires_at)
        return Standing.OPEN, f"The evidence ended on {last:%-d %B %Y}; renew it."
    return Standing.PASS, answer.note or ", ".join(one.title for one in standing)


def standings_by_section(found: list[ItemStanding]) -> dict[str, list[ItemStanding]]:
    """The same, grouped for a page."""
    grouped: dict[str, list[ItemStanding]] = defaultdict(list)
    for one in found:
        grouped[one.item.get_section_display()].append(one)
    return dict(grouped)
