"""The content of a stored run's report: its report, its plan, its findings, its ledger entry.

Reads the database; what a report says stands in `content`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse

from audits.models import Run
from audits.reports.content import About, Content, content_of
from audits.services.publishing import digest_of
from governance.core.errors import NotFound
from governance.ledger.selectors import EntryFilter, find_entries

NO_REPORT = "This run has no report."


def report_of(run: Run) -> dict[str, Any]:
    """Return the stored report.

    Raises
    ------
    NotFound : when the run has not ended with one.
    """
    if run.report is None:
        raise NotFound(NO_REPORT)
    return dict(run.report)


def content_of_run(run: Run) -> Content:
    """Return what the report of a run says, with where to check it."""
    return content_of(report_of(run), about_run(run))


def about_run(run: Run) -> About:
    """Return what the run adds to its report."""
    plan = run.plan
    return About(
        question=plan.title,
        system=plan.system.title,
        version=run.version.key if run.version else "",
        window=window_words(run.window_start, run.window_end, plan.zone),
        purpose=str(run.get_purpose_display()).lower(),
        facts=(
            ("Plan", f"{plan.key}, revision {run.plan_revision}"),
            ("Attempt", str(run.attempt)),
            ("Finished", run.finished_at.isoformat(timespec="seconds") if run.finished_at else ""),
        ),
        limits_note=plan.limits_note,
        findings=tuple(f"{one.get_state_display()}: {one.sentence}" for one in run.findings.all()),
        digest=digest_of(report_of(run)),
        entry=ledger_words(run),
        url=settings.PUBLIC_URL.rstrip("/") + reverse("audit_run", args=[run.pk]),
    )


def ledger_words(run: Run) -> str:
    """Return where the ledger holds the digest of a run's report."""
    entry = find_entries(
        EntryFilter(verb="audits.run_finished", object_type="run", object_id=str(run.pk))
    ).first()
    if entry is None:
        return ""
    leaf = getattr(entry, "leaf", None)
    place = f"position {leaf.position}" if leaf is not None else "not yet in the tree"
    return f"{entry.pk}, {place}"


def report_digests(run_ids: Iterable[UUID]) -> dict[str, str]:
    """Return the digest of each run's report as the ledger holds it."""
    entries = find_entries(EntryFilter(verb="audits.run_finished", object_type="run"))
    rows = entries.filter(object_id__in=[str(one) for one in run_ids])
    found: dict[str, str] = {}
    for object_id, facts in rows.values_list("object_id", "facts"):
        found.setdefault(object_id, str(facts.get("report_sha256") or ""))
    return found


def run_as_data(run: Run) -> dict[str, Any]:
    """Return a run's report as data, with whose it is and where to check it."""
    report = report_of(run)
    return {
        "run": str(run.pk),
        "plan": run.plan.key,
        "plan_revision": run.plan_revision,
        "system": run.plan.system.key,
        "version_key": run.version.key if run.version else None,
        "window_start": run.window_start.isoformat(),
        "window_end": run.window_end.isoformat(),
        "sentence": run.sentence,
        "findings": [
            {"id": str(one.pk), "state": one.state, "sentence": one.sentence}
            for one in run.findings.all()
        ],
        "report": report,
        "report_sha256": digest_of(report),
        "ledger_entry": ledger_words(run),
    }


def window_words(start: datetime, end: datetime, zone: str) -> str:
    """Return a window as a reader says it; the end is excluded."""
    here = ZoneInfo(zone)
    first, last = start.astimezone(here), end.astimezone(here)
    whole = all((one.hour, one.minute, one.second) == (0, 0, 0) for one in (first, last))
    if whole and last - first <= timedelta(days=1, hours=1):
        return f"{first.day} {first:%b %Y} ({zone})"
    if whole:
        before = last - timedelta(days=1)
        return f"{first.day} {first:%b %Y} to {before.day} {before:%b %Y} ({zone})"
    return (
        f"{first.day} {first:%b %Y, %H:%M} to {last.day} {last:%b %Y, %H:%M}, end excluded ({zone})"
    )
