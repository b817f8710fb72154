"""Server-side SVG charts: pure functions from figures to accessible, printable SVG text.

No Django, no database, no JavaScript; pages, reports and mail draw with the same functions.
"""

from governance.charts.change import Change, Side, change_chart
from governance.charts.concentration import concentration_curve
from governance.charts.evidence import EvidencePoint, evidence_path
from governance.charts.flow import FlowEdge, FlowNode, flow_graph
from governance.charts.funnel import FunnelStep, funnel
from governance.charts.heat import HIDDEN, heat_map
from governance.charts.interval import ForestRow, Limit, forest_plot, interval_bar
from governance.charts.kinds import RENDERERS, Drawn, draw, draw_all
from governance.charts.reliability import ReliabilitySeries, reliability_panels
from governance.charts.svg import Verdict
from governance.charts.timeline import Span, timeline
from governance.charts.trend import TrendPoint, sparkline, trend

__all__ = [
    "HIDDEN",
    "RENDERERS",
    "Change",
    "Drawn",
    "EvidencePoint",
    "FlowEdge",
    "FlowNode",
    "ForestRow",
    "FunnelStep",
    "Limit",
    "ReliabilitySeries",
    "Side",
    "Span",
    "TrendPoint",
    "Verdict",
    "change_chart",
    "concentration_curve",
    "draw",
    "draw_all",
    "evidence_path",
    "flow_graph",
    "forest_plot",
    "funnel",
    "heat_map",
    "interval_bar",
    "reliability_panels",
    "sparkline",
    "timeline",
    "trend",
]
