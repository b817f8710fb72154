"""The report of a plan over a period: every window, the trend, the findings, what ended badly.

Judges nothing anew: each window keeps the verdict of its own run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse

from audits.choices import RunState
from audits.models import Finding, Plan, Run
from audits.reports.assembling import report_digests, window_words
from audits.reports.content import About, Content, Table, limit_words
from audits.selectors import VerdictRow, verdict_rows
from audits.trends import judged_runs, series_of
from governance.charts import draw_all
from governance.charts.figures import count, interval
from governance.core.errors import Invalid

PERIOD = timedelta(days=92)
WINDOWS = 400
_ALONE = (
    "Each window is judged by itself and no number of looks was declared: of many windows in which "
    "all is well, some fail by chance. Alerts weigh the windows together."
)


@dataclass(frozen=True, slots=True)
class Period:
    """The windows of a plan between two moments, with what came of them."""

    plan: Plan
    since: datetime
    until: datetime
    rows: tuple[VerdictRow, ...]
    digests: dict[str, str]
    findings: tuple[Finding, ...]
    errors: tuple[Run, ...]

    @property
    def counted(self) -> dict[str, int]:
        """How many windows ended with which verdict."""
        verdicts = [row.verdict or "none" for row in self.rows]
        order = ("fail", "inconclusive", "pass", "not_applicable", "none")
        return {name: verdicts.count(name) for name in order if name in verdicts}


def asked_period(given: Mapping[str, str], now: datetime) -> tuple[datetime, datetime]:
    """Read `since` and `until`: moments with a zone or days in UTC; by default three months."""
    until = _moment(given.get("until")) or now
    return _moment(given.get("since")) or until - PERIOD, until


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Invalid(f"{text!r} is no date: write it as 2026-01-31.") from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def read_period(plan: Plan, since: datetime, until: datetime) -> Period:
    """Return what happened between two moments; windows lie wholly within.

    Raises
    ------
    Invalid : when the period is empty or holds more windows than one report shows
    """
    if since >= until:
        raise Invalid("A period ends after it starts.")
    runs = list(judged_runs(plan, since, until)[: WINDOWS + 1])
    if len(runs) > WINDOWS:
        raise Invalid(f"More than {WINDOWS} windows lie in this period: choose a shorter one.")
    rows = sorted(verdict_rows(runs), key=lambda row: row.window_start)
    within = {"window_start__gte": since, "window_end__lte": until}
    findings = Finding.objects.filter(
        plan=plan, run__window_start__gte=since, run__window_end__lte=until
    )
    errors = Run.objects.filter(plan=plan, state=RunState.ERROR, **within).defer("report")
    return Period(
        plan,
        since,
        until,
        tuple(rows),
        report_digests(run.pk for run in runs),
        tuple(findings.select_related("owner", "run").defer("run__report")[:WINDOWS]),
        tuple(errors.order_by("window_start")[:WINDOWS]),
    )


def content_of_period(period: Period) -> Content:
    """Return what the report of a period says."""
    plan = period.plan
    facts = _facts(plan)
    newest = sorted(period.rows, key=lambda row: row.window_start, reverse=True)
    words = window_words(period.since, period.until, plan.zone)
    return Content(
        title=plan.title,
        subtitle=f"{plan.system.title}; plan {plan.key}; {words}",
        verdict="none",
        headline=headline(period),
        sentence=_sentence(newest),
        warnings=() if plan.planned_looks or not period.rows else (_ALONE,),
        judged=(),
        charts=tuple(draw_all(series_of(newest))),
        groups=(),
        measurements=_windows(period),
        tables=tuple(
            table for table in (_findings(period.findings), _errors(period)) if table.rows
        ),
        limits=_limits(plan),
        origin=facts,
        about=About(
            question=plan.title,
            system=plan.system.title,
            version="",
            window=words,
            purpose="period",
            url=settings.PUBLIC_URL.rstrip("/") + reverse("audit_plan", args=[plan.key]),
        ),
        findings=tuple(f"{one.get_state_display()}: {one.sentence}" for one in period.findings),
    )


def headline(period: Period) -> str:
    """`3 windows: 1 fail, 2 pass.`"""
    number = len(period.rows)
    if not number:
        return "No window of this period has a verdict."
    told = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in period.counted.items())
    bad = f"; {len(period.errors)} could not be audited" if period.errors else ""
    return f"{number} window{'s' if number != 1 else ''}: {told}{bad}."


def _sentence(newest: Sequence[VerdictRow]) -> str:
    if not newest:
        return "Nothing was audited in this period."
    return f"The newest of them: {newest[0].sentence}"


def _windows(period: Period) -> Table:
    rows = []
    for row in period.rows:
        apart = [row.threshold["value"]] if row.threshold else []
        rows.append(
            (
                window_words(row.window_start, row.window_end, period.plan.zone),
                row.version_key or "all",
                row.metric.replace("_", " "),
                f"{count(row.n)} {row.unit}",
                interval(row.value, row.low, row.high, apart_from=apart),
                limit_words(row.threshold),
                (row.verdict or "").replace("_", " "),
                period.digests.get(str(row.run_id), "")[:16],
            )
        )
    return Table(
        "Every window",
        ("Window", "Version", "Metric", "n", "Value (interval)", "Limit", "Verdict", "Report"),
        tuple(rows),
        (False, False, False, True, True, True, False, False),
        "Report: the first signs of the SHA-256 of each run's report, as the ledger holds it.",
    )


def _findings(findings: Iterable[Finding]) -> Table:
    rows = [
        (
            one.created_at.date().isoformat(),
            one.sentence,
            str(one.get_state_display()),
            (one.owner.name or one.owner.email) if one.owner else "nobody",
            one.due_at.date().isoformat() if one.due_at else "no date",
        )
        for one in findings
    ]
    return Table(
        "Findings of the period", ("Found", "Finding", "State", "Owner", "Due"), tuple(rows)
    )


def _errors(period: Period) -> Table:
    rows = [
        (window_words(run.window_start, run.window_end, period.plan.zone), run.error)
        for run in period.errors
    ]
    return Table("Windows that could not be audited", ("Window", "Why"), tuple(rows))


def _limits(plan: Plan) -> tuple[str, ...]:
    found = [
        (
            "Windows in which nothing was audited are not counted; what each window does not show "
            "stands in its own report."
        ),
        "A row of passing windows is no proof for the next one.",
    ]
    if plan.limits_declared_at > plan.starts_at:
        found.append("The limits were declared after the first window had begun.")
    if plan.limits_note:
        found.append(f"How the limit was chosen: {plan.limits_note}")
    return tuple(found)


def _facts(plan: Plan) -> tuple[tuple[str, str], ...]:
    limits = "; ".join(f"{x['metric'].replace('_', ' ')} {limit_words(x)}" for x in plan.limits)
    return (
        ("Method", plan.method),
        ("Limits", limits or "none"),
        ("Limits declared", plan.limits_declared_at.isoformat(timespec="seconds")),
        ("Planned looks", str(plan.planned_looks or "none declared")),
        ("Revision in force", str(plan.revision)),
        ("Owner", (plan.owner.name or plan.owner.email) if plan.owner else "nobody"),
    )


def period_as_data(period: Period) -> dict[str, Any]:
    """Return the report of a period as plain data."""
    return {
        "plan": period.plan.key,
        "title": period.plan.title,
        "system": period.plan.system.key,
        "since": period.since.isoformat(),
        "until": period.until.isoformat(),
        "verdicts": period.counted,
        "windows": [
            {
                "run": str(row.run_id),
                "window_start": row.window_start.isoformat(),
                "window_end": row.window_end.isoformat(),
                "version": row.version_key or None,
                "verdict": row.verdict,
                "sentence": row.sentence,
                "metric": row.metric,
                "value": row.value,
                "low": row.low,
                "high": row.high,
                "n": row.n,
                "unit": row.unit,
                "threshold": row.threshold,
                "report_sha256": period.digests.get(str(row.run_id)),
            }
            for row in period.rows
        ],
        "findings": [
            {
                "id": str(one.pk),
                "run": str(one.run_id),
                "sentence": one.sentence,
                "state": one.state,
                "due_at": one.due_at.isoformat() if one.due_at else None,
            }
            for one in period.findings
        ],
        "errors": [
            {"run": str(run.pk), "window_start": run.window_start.isoformat(), "error": run.error}
            for run in period.errors
        ],
        "limits": list(_limits(period.plan)),
    }
