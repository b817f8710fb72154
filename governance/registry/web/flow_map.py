"""Data flows as a picture: places as nodes, flows as edges, undeclared ones marked."""

from __future__ import annotations

from collections.abc import Iterable

from governance.charts import FlowEdge, FlowNode, flow_graph
from governance.registry.models import DataFlow


def draw_map(flows: Iterable[DataFlow]) -> str:
    """The SVG of a map; empty without flows. Its table twin stands beside it on the page."""
    flows = list(flows)
    if not flows:
        return ""
    undeclared = {flow.destination for flow in flows if not flow.declared}
    places = dict.fromkeys(place for flow in flows for place in (flow.source, flow.destination))
    nodes = [
        FlowNode(
            key=place,
            label=place,
            note="undeclared" if place in undeclared else "",
            emphasis="sensitive" if place in undeclared else "none",
        )
        for place in places
    ]
    edges = [
        FlowEdge(
            source=flow.source,
            target=flow.destination,
            label=flow.purpose.key if flow.purpose else flow.get_kind_display(),
            observed=flow.observed_last_at is not None,
        )
        for flow in flows
    ]
    return flow_graph(nodes, edges, title="Where data goes")
