"""Two runs side by side, and a run measured again under other limits: nothing here is recorded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from audits import selectors
from audits.choices import RunState
from audits.models import Run
from audits.reports.assembling import report_of, window_words
from audits.reports.comparing import change_charts, paired, reservations
from audits.reports.content import content_of
from audits.reports.groups import is_hidden
from governance.charts import draw_all
from governance.core.errors import Invalid
from governance.people.actors import request_actor
from governance.people.web.access import requires

if TYPE_CHECKING:
    from methods.report import Limit

OFFERED = 60
ROWS = 200


@requires("audits.view")
def compare(request: HttpRequest) -> HttpResponse:
    """Two finished runs: what changed beyond both intervals, and what keeps them apart."""
    actor = request_actor(request)
    chosen = [request.GET.get(name, "") for name in ("a", "b")]
    runs = [selectors.find_run(one, actor) if one else None for one in chosen]
    a, b = runs
    known = next((run for run in runs if run is not None), None)
    context: dict[str, Any] = {
        "a": a,
        "b": b,
        "known": known,
        "offered": _offered(request, known),
        "chosen": chosen,
    }
    if a is not None and b is not None:
        first, second = report_of(a), report_of(b)
        pairs = paired(first, second)
        names = run_words(a), run_words(b)
        same = (a.window_start, a.window_end) == (b.window_start, b.window_end)
        context |= {
            "names": names,
            "charts": draw_all(change_charts(pairs, *names)),
            "pairs": pairs[:ROWS],
            "left": max(0, len(pairs) - ROWS),
            "apart": sum(pair.apart for pair in pairs if pair.judged),
            "judged": sum(pair.judged for pair in pairs),
            "reservations": reservations(first, second, same_window=same),
        }
    return render(request, "audits/comparison.html", context)


def _offered(request: HttpRequest, known: Run | None) -> list[tuple[str, str]]:
    """The finished runs to choose from: of the same plan once one is chosen."""
    runs = selectors.runs_for(request_actor(request)).filter(state=RunState.SUCCEEDED)
    if known is not None:
        runs = runs.filter(plan=known.plan)
    newest = runs.defer("report").order_by("-window_start", "-finished_at")[:OFFERED]
    many = known is None
    return [
        (str(run.pk), f"{run.plan.title}: {run_words(run)}" if many else run_words(run))
        for run in newest
    ]


def run_words(run: Run) -> str:
    """`learned, 5 Jan 2026 (UTC)`."""
    window = window_words(run.window_start, run.window_end, run.plan.zone)
    return f"{run.version.key}, {window}" if run.version else window


@requires("audits.view")
def what_if(request: HttpRequest, run_id: str) -> HttpResponse:
    """A run's stored cube under other limits or another level; recorded is only what was judged."""
    from audits.cubes import declared_limits
    from methods.report import Report

    found = selectors.find_run(run_id, request_actor(request))
    recorded = Report.from_dict(report_of(found))
    declared = declared_limits(recorded)
    context: dict[str, Any] = {
        "run": found,
        "report": recorded,
        "metrics": sorted({one.metric for one in recorded.measurements}),
        "level": request.GET.get("level", ""),
        "own_level": recorded.parameters.get("level"),
        "declared": len(declared),
        "asked_metric": request.GET.get("metric", ""),
        "asked_op": request.GET.get("op", ""),
        "asked_value": request.GET.get("value", ""),
    }
    try:
        limits = asked_limits(request, declared)
        context["limits"] = limits
        context |= _measured_again(found, limits, request.GET.get("level", ""))
    except Invalid as problem:
        context |= {"problem": problem.sentence, "limits": declared}
    return render(request, "audits/run_what_if.html", context)


def asked_limits(request: HttpRequest, declared: list[Limit]) -> list[Limit]:
    """The declared limits with the values asked for, and one more where it is asked for."""
    from methods.report import Limit

    found = []
    for place, one in enumerate(declared):
        text = request.GET.get(f"limit-{place}", "").strip()
        if text or f"limit-{place}" not in request.GET:
            found.append(
                Limit(one.metric, one.op, _number(text) if text else one.value, one.severity)
            )
    metric, text = request.GET.get("metric", ""), request.GET.get("value", "").strip()
    if metric and text:
        op = "<=" if request.GET.get("op") == "<=" else ">="
        found.append(Limit(metric, op, _number(text)))  # type: ignore[arg-type]
    return found


def _number(text: str) -> float:
    import math

    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise Invalid(f"{text!r} is not a number.")
    return value


def _measured_again(run: Run, limits: list[Limit], level: str) -> dict[str, Any]:
    from audits.cubes import remeasure
    from methods.errors import BadInput
    from methods.report import combine

    parameters = {"level": _number(level)} if level else {}
    try:
        report = remeasure(run, limits=limits, parameters=parameters)
    except BadInput as problem:
        raise Invalid(str(problem)) from None
    # A hidden cell under limits of one's own choosing would be given away by its verdicts.
    shown = tuple(one for one in report.measurements if not is_hidden(one.to_dict()))
    left = len(report.measurements) - len(shown)
    report = replace(report, measurements=shown, verdict=combine(shown))
    return {"content": content_of(report.to_dict()), "left_out": left}
