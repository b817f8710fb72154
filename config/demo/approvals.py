"""Reviewing the demo's versions: the checklist answered by its roles, two people sign."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from config.demo.people import SignIn
from governance.core.clock import database_now
from governance.registry.models import ModelVersion, System
from governance.reviews.choices import Outcome
from governance.reviews.services.answers import EvidenceInput, answer_item
from governance.reviews.services.decisions import approve, start_review
from governance.reviews.services.waivers import grant_waiver, request_waiver


@dataclass(frozen=True)
class Given:
    """One person's answer to an item: evidence where it is in order, a note where it is not."""

    person: str
    evidence: str = ""
    link: str = ""
    note: str = ""


COMMON = {
    "R-02": Given("pia", "Lawful basis of each purpose in the register", "/register/purposes/"),
    "E-01": Given("ada", "Main parameters of the surface in the register", "/register/purposes/"),
    "E-02": Given("ada", "Notice of the preference centre: two sentences, then the full text"),
    "C-02": Given("elif", "Preference centre: one save, either way"),
    "C-06": Given("pia", "Consent events with their receipts", "/consent/"),
    "V-09": Given("max", "Plan with limits, schedule, owner and action on breach", "/audits/"),
    "G-02": Given("ada", "Description of the system in the register", "/systems/"),
    "G-07": Given("ivo", "Built-in playbook, as copied onto every incident", "/incidents/"),
}
FASHION = COMMON | {
    "V-02": Given(
        "max",
        note="The logs carry no attribute of people but hashed segments, whose meaning is not "
        "published; click rates by segment are shown as inconclusive.",
    ),
}
LOANS = COMMON | {"V-02": Given("max", "Plan loan-selection: race and sex", "/audits/")}


def review(*, version: ModelVersion, answers: dict[str, Given], people: dict[str, SignIn]) -> None:
    """Answer every item that needs a person, then have the product owner and ethics sign."""
    opened = start_review(version=version, actor=people["max"].actor)
    for code, given in answers.items():
        evidence = [EvidenceInput(given.evidence, given.link)] if given.evidence else []
        answer_item(
            review=opened,
            code=code,
            outcome=Outcome.PASS if evidence else Outcome.NOT_APPLICABLE,
            note=given.note,
            evidence=evidence,
            actor=people[given.person].actor,
        )
    for signer in ("ada", "elif"):
        approve(approval=opened, actor=people[signer].actor)
    version.refresh_from_db()


def waive(*, system: System, reasons: dict[str, str], people: dict[str, SignIn]) -> None:
    """Waive items for half a year less a day: asked by the owner, granted by ethics."""
    for code, reason in reasons.items():
        waiver = request_waiver(
            system=system,
            item_code=code,
            reason=reason,
            expires_at=database_now() + timedelta(days=180),
            actor=people["ada"].actor,
        )
        grant_waiver(waiver=waiver, actor=people["elif"].actor)
