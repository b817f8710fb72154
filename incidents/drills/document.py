"""A drill's report as picture and as a page that stands alone. Pure: made of the report only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from audits.reports.content import Content, Table
from governance.charts import Drawn, Span, timeline
from governance.charts.svg import Verdict
from incidents.choices import DrillVerdict, Kind, Part, Severity, StepState
from incidents.drills.measures import in_words

Report = Mapping[str, Any]
LIMITS = (
    "A drill shows that people and machines can stop this system today.",
    "It says nothing about how fast a harm would be noticed.",
    "The rehearsal system serves nobody: real targets may be slower, and more of them.",
)


def seconds_in_words(seconds: float | None, empty: str = "not reached") -> str:
    """Write a length of time as people say it."""
    return empty if seconds is None else in_words(timedelta(seconds=seconds))


def picture(report: Report) -> Drawn:
    """Draw the objectives on one axis that begins with the drill."""
    judged = report["verdict"] != DrillVerdict.CALLED_OFF
    rows = report["objectives"]
    return Drawn(
        kind="timeline",
        title="How long each objective took",
        svg=timeline(
            [_span(one, judged=judged) for one in rows], title="How long each objective took"
        ),
        columns=("Objective", "Began after", "Took", "Allowed", "Verdict"),
        rows=tuple(
            (
                one["title"],
                seconds_in_words(one["begins_seconds"]),
                seconds_in_words(one["took_seconds"]),
                seconds_in_words(one["limit_seconds"]),
                ("met" if one["met"] else "missed") if judged else "not judged",
            )
            for one in rows
        ),
        note="The dashed line is the objective. Each mark on the axis is about ten times later "
        "than the one before.",
    )


def _span(one: Mapping[str, Any], *, judged: bool) -> Span:
    begins, took = one["begins_seconds"], one["took_seconds"]
    verdict: Verdict = "pass" if one["met"] else "fail"
    limit = seconds_in_words(one["limit_seconds"])
    return Span(
        label=one["title"],
        begin=begins,
        end=None if begins is None or took is None else begins + took,
        limit=None if begins is None else begins + one["limit_seconds"],
        verdict=verdict if judged else None,
        text=f"{seconds_in_words(took)} of {limit}",
    )


def compared(report: Report) -> list[dict[str, Any]]:
    """Each objective beside what it took in the drill before, where there was one."""
    before = (report["previous"] or {}).get("objectives", {})
    rows = []
    for one in report["objectives"]:
        now, then = one["took_seconds"], before.get(one["key"])
        change = ""
        if now is not None and then is not None:
            gap = timedelta(seconds=abs(now - then))
            change = f"{in_words(gap)} {'faster' if now < then else 'slower'}"
            if gap < timedelta(milliseconds=50):
                change = "as before"
        rows.append({**one, "before_seconds": then, "change": change})
    return rows


def content_of_drill(report: Report, sha256: str, name: Callable[[str], str]) -> Content:
    """Put a report into the form that our standalone pages are written from.

    `name` says how a person is called whom the report names by reference.
    """
    plan = report["plan"]
    verdicts = {DrillVerdict.PASSED: "pass", DrillVerdict.FAILED: "fail"}
    began, ended = (datetime.fromisoformat(report[key]) for key in ("started_at", "ended_at"))
    return Content(
        title=f"{report['reference']}: {plan['title']}",
        subtitle=f"{report['system']}, {began:%d %B %Y, %H:%M} to {ended:%H:%M} UTC. A drill: "
        "nobody was served by this system.",
        verdict=verdicts.get(report["verdict"], "inconclusive"),
        headline=DrillVerdict(report["verdict"]).label,
        sentence=report["sentence"],
        warnings=(*report["reasons"], *report["left_behind"]),
        judged=(f"Scenario: {plan['scenario']}",),
        charts=(picture(report),),
        groups=(),
        measurements=_comparison(report),
        tables=(_targets(report), _roles(report), _holds(report, name), _steps(report)),
        limits=LIMITS,
        origin=(
            ("Kind of harm", str(Kind(plan["kind"]).label)),
            ("Severity", str(Severity(plan["severity"]).label)),
            ("Containment", "by itself" if plan["unattended"] else "decided by a person"),
            ("Stands for", report["stands_for"] or "no system named"),
            ("Incident", report["incident"]),
            ("Started by", name(report["started_by"])),
            ("Ended by", name(report["ended_by"])),
            ("SHA-256 of the report, also in the ledger", sha256),
        ),
    )


def _comparison(report: Report) -> Table:
    before = report["previous"]
    rows = tuple(
        (
            one["title"],
            seconds_in_words(one["took_seconds"]),
            seconds_in_words(one["limit_seconds"]),
            seconds_in_words(one["before_seconds"], "not known"),
            one["change"] or "not known",
        )
        for one in compared(report)
    )
    return Table(
        "Against the objectives and the drill before",
        ("Objective", "Took", "Allowed", "Before", "Change"),
        rows,
        (False, True, True, True, False),
        f"The drill before: {before['reference']}." if before else "There was no drill before.",
    )


def _targets(report: Report) -> Table:
    rows = tuple(
        (one["title"], seconds_in_words(one["confirmed_after_seconds"], "never confirmed"))
        for one in report["targets"]
    )
    return Table("Serving targets", ("Target", "Confirmed after"), rows, (False, True))


def _roles(report: Report) -> Table:
    rows = tuple(
        (one["role"].replace("_", " "), seconds_in_words(one["told_after_seconds"], "never told"))
        for one in report["roles"]
    )
    return Table("Who should respond", ("Role", "Told after"), rows, (False, True))


def _holds(report: Report, name: Callable[[str], str]) -> Table:
    rows = tuple(
        (
            one["target"],
            seconds_in_words(one["placed_after_seconds"]),
            name(one["proposed_by"]) if one["proposed_by"] else "nobody",
            name(one["released_by"]) if one["released_by"] else "nobody",
            seconds_in_words(one["released_after_seconds"], "still in place"),
        )
        for one in report["holds"]
    )
    head = ("On", "Placed after", "Lift proposed by", "Lifted by", "Lifted after")
    return Table("Holds", head, rows, (False, True, False, False, True))


def _steps(report: Report) -> Table:
    rows = tuple(
        (
            one["title"],
            str(Part(one["part"]).label),
            str(StepState(one["state"]).label),
            seconds_in_words(one["after_seconds"], ""),
            one["outcome"],
        )
        for one in report["steps"]
    )
    head = ("Step", "Part", "State", "Ended after", "Outcome")
    return Table("Steps of the playbook", head, rows, (False, False, False, True, False))
