"""Verdicts in words: one sentence for a measurement, one for a run."""

from __future__ import annotations

from typing import Any

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
