"""Server-side SVG charts: pure functions from figures to accessible, printable SVG text.

No Django, no database, no JavaScript; pages, reports and mail draw with the same functions.
"""

from governance.charts.flow import FlowEdge, FlowNode, flow_graph
from governance.charts.funnel import FunnelStep, funnel
from governance.charts.heat import heat_map
from governance.charts.interval import ForestRow, Limit, forest_plot, interval_bar
from governance.charts.svg import Verdict
from governance.charts.trend import TrendPoint, sparkline, trend

__all__ = [
    "FlowEdge",
    "FlowNode",
    "ForestRow",
    "FunnelStep",
    "Limit",
    "TrendPoint",
    "Verdict",
    "flow_graph",
    "forest_plot",
    "funnel",
    "heat_map",
    "interval_bar",
    "sparkline",
    "trend",
]
