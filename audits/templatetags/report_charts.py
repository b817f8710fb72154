"""Template tags of reports: a chart with its table beside it, by the chart's kind.

Draws what it is given; what a report shows is chosen by views and methods.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.safestring import SafeString

from governance.charts import Drawn, draw

register = template.Library()


@register.inclusion_tag("audits/report_chart.html")
def report_chart(chart: Mapping[str, Any] | Drawn, table: bool = True) -> dict[str, object]:
    """`{% report_chart chart %}` for chart data `{"kind": "forest", ...}` or a drawing of it."""
    drawn = chart if isinstance(chart, Drawn) else draw(chart)
    return {"drawn": drawn, "table": table}


@register.filter
def drawing(drawn: Drawn) -> SafeString:
    """The SVG of a drawing; charts escape every text."""
    return SafeString(drawn.svg)
