"""A report to an authority as a tagged PDF (PDF/UA-1), set the way reports of audits are.

What it says stands in `forms`; the same report is the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from audits.reports.typesetting import set_pdf
from incidents.choices import FilingPhase

TEMPLATE = Path(__file__).with_name("report.typ")


def printed_report(form: Mapping[str, Any], *, sha256: str = "", reference: str = "") -> bytes:
    """Return the PDF of a filled form; with its digest it is one that was sent."""
    return set_pdf(
        TEMPLATE,
        _data(form, sha256, reference),
        elsewhere="the same report as JSON",
    )


def _data(form: Mapping[str, Any], sha256: str, reference: str) -> dict[str, Any]:
    duty, phase = form["duty"], FilingPhase(form["phase"])
    standing = "" if sha256 else ", draft"
    unknown = [field["label"] for field in form["fields"] if not field["known"]]
    warnings = []
    if not sha256:
        warnings.append("A draft from the record of the incident: nothing was sent yet.")
    if unknown:
        warnings.append(f"Not known yet: {'; '.join(unknown)}.")
    return {
        "language": "en",
        "title": duty["title"],
        "subtitle": f"{form['incident']}: {form['title']}",
        "headline": f"{phase.label}{standing} ({form['phase_article']})",
        "footer": f"{form['incident']}, {duty['article']}{standing}",
        "warnings": warnings,
        "duty": [
            ["Duty", duty["article"]],
            ["Legal class", duty["legal_class"]],
            ["Aware since", form["aware_at"]],
            ["Report by", form["due_at"]],
            ["Expires by the rules on periods", form["latest_at"] or "No period is named"],
            ["Why it applies", form["grounds"]],
        ],
        "fields": form["fields"],
        "earlier": [_earlier(one) for one in form["earlier"]],
        "proof": _proof(sha256, reference),
    }


def _earlier(one: Mapping[str, str]) -> str:
    numbered = f", number {one['reference']}" if one["reference"] else ""
    phase = FilingPhase(one["phase"]).label
    return f"{phase}, {one['sent_at']}{numbered}; SHA-256 {one['sha256']}"


def _proof(sha256: str, reference: str) -> list[list[str]]:
    if not sha256:
        return []
    numbered = [["Number given by the authority", reference]] if reference else []
    return [*numbered, ["SHA-256 of the report, in the ledger", sha256]]
