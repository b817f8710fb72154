"""Verdicts in words: one sentence for a measurement, one for a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audits.models import Finding

_RANK = {"fail": 0, "inconclusive": 1, "not_applicable": 2, "pass": 3}


def measurement_sentence(measurement: dict[str, Any], subject_word: str = "") -> str:
    """Return what was found, with interval, n and limit."""
    from methods.report import Measurement
    from methods.sentences import verdict_sentence

    word = subject_word or ("people" if measurement["unit"] == "subjects" else "outputs")
    return verdict_sentence(Measurement.from_dict(measurement), word)


def worst_measurement(report: dict[str, Any]) -> dict[str, Any] | None:
    """Return the judged measurement that decided the verdict; None when none was judged."""
    judged = [one for one in report["measurements"] if one["threshold"] is not None]
    deciding = [one for one in judged if one["threshold"]["severity"] == "fail"] or judged
    return min(deciding, key=lambda one: _RANK.get(one["verdict"], 4), default=None)


def run_sentence(report: dict[str, Any]) -> str:
    """Return the verdict of a run in one sentence."""
    worst = worst_measurement(report)
    if worst is None:
        return (
            f"{len(report['measurements'])} measurements, none judged: the plan declares no limit."
        )
    return measurement_sentence(worst)


@dataclass(frozen=True, slots=True)
class Mail:
    """A subject and a body that stand by themselves."""

    subject: str
    body: str


def finding_mail(finding: Finding) -> Mail:
    """Return a finding as a message: what was found, who has it, until when."""
    system = finding.plan.system.title
    version = f", version {finding.run.version.key}" if finding.run.version else ""
    window = f"{finding.run.window_start:%Y-%m-%d} to {finding.run.window_end:%Y-%m-%d}"
    owner = finding.owner.name or finding.owner.email if finding.owner else "nobody yet"
    due = f"{finding.due_at:%Y-%m-%d}" if finding.due_at else "no date yet"
    state = finding.get_state_display().lower()
    return Mail(
        subject=f"Finding on {system}: {finding.metric.replace('_', ' ')}",
        body=(
            f"{finding.sentence} System: {system}{version}. Window: {window}. "
            f"The finding is {state}; owner: {owner}; due: {due}."
        ),
    )
