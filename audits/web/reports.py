"""The report of a plan over a period: to read here, to print and to hand on."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode

from audits import selectors
from audits.reports.html import report_html
from audits.reports.pdf import report_pdf
from audits.reports.period import Period, asked_period, content_of_period, read_period
from governance.core.clock import database_now
from governance.people.actors import request_actor
from governance.people.web.access import requires


def _period(request: HttpRequest, key: str) -> Period:
    plan = selectors.find_plan(key, request_actor(request))
    since, until = asked_period(request.GET, database_now())
    return read_period(plan, since, until)


@requires("audits.view")
def plan_report(request: HttpRequest, key: str) -> HttpResponse:
    """Every window of the period, the trend, the findings."""
    period = _period(request, key)
    asked = {name: request.GET[name] for name in ("since", "until") if request.GET.get(name)}
    context = {
        "plan": period.plan,
        "period": period,
        "content": content_of_period(period),
        "query": f"?{urlencode(asked)}" if asked else "",
    }
    return render(request, "audits/report_period.html", context)


@requires("audits.view")
def plan_report_html(request: HttpRequest, key: str) -> HttpResponse:
    """The same as one page that stands alone."""
    page = report_html(content_of_period(_period(request, key)))
    return _file(page.encode(), "text/html; charset=utf-8", f"{key}.html")


@requires("audits.view")
def plan_report_pdf(request: HttpRequest, key: str) -> HttpResponse:
    """The same for print."""
    made = report_pdf(content_of_period(_period(request, key)))
    return _file(made, "application/pdf", f"{key}.pdf")


def _file(body: bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(body, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
