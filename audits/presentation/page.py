"""A report as one self-contained HTML page, for the command line and for whoever has no run."""

from __future__ import annotations

from audits.reports.content import content_of
from audits.reports.html import report_html
from methods.report import Report


def report_page(report: Report) -> str:
    """Return a whole HTML document."""
    return report_html(content_of(report.to_dict()))
