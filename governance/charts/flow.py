"""A layered map of what flows where: boxes in columns, edges from left to right.

Layout and drawing only; which flows exist is the registry's to say. Cycles are drawn (one edge of
each runs backwards), long edges pass between the boxes instead of through them.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from governance.charts import svg

Emphasis = Literal["none", "focus", "proxy", "sensitive"]

_BOX_HEIGHT = 44.0
_ROW_GAP = 18.0
_COLUMN_GAP = 64.0
_MAX_TEXT = 190.0
_MARGIN = 6.0
_LOOP = 24.0  # how far the edge of a box onto itself reaches out
_TINTS: dict[str, tuple[str, str]] = {
    "none": ("ch-surface", svg.LINE),
    "focus": ("ch-tint ch-stroke-info", svg.INFO),
    "proxy": ("ch-tint ch-stroke-inconclusive", svg.VERDICT_COLOURS["inconclusive"]),
    "sensitive": ("ch-tint ch-stroke-fail", svg.VERDICT_COLOURS["fail"]),
}


@dataclass(frozen=True, slots=True)
class FlowNode:
    """A dataset, feature, system, surface or recipient; `note` is its second line."""

    key: str
    label: str
    note: str = ""
    emphasis: Emphasis = "none"
    href: str = ""


@dataclass(frozen=True, slots=True)
class FlowEdge:
    """From source to target; an edge declared but never observed is dashed."""

    source: str
    target: str
    label: str = ""
    observed: bool = True


@dataclass(slots=True)
class _Place:
    """A box, or a bend of a long edge, in the layering."""

    key: str
    layer: int
    node: FlowNode | None = None
    width: float = 0.0
    x: float = 0.0
    y: float = 0.0
    before: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)


def flow_graph(
    nodes: Sequence[FlowNode],
    edges: Sequence[FlowEdge],
    *,
    title: str = "Data flow",
) -> str:
    """Draw the graph; its size follows from what is in it.

    Raises
    ------
    ValueError : when an edge names a node that is not there, or two nodes share a key.
    """
    known = {node.key: node for node in nodes}
    if len(known) != len(nodes):
        raise ValueError("Two nodes of the flow graph share a key; keys must be unique.")
    for edge in edges:
        for end in (edge.source, edge.target):
            if end not in known:
                raise ValueError(f"The edge {edge.source} to {edge.target} names no node {end!r}.")
    backwards = _cycle_edges(list(known), edges)
    layers = _layers(list(known), edges, backwards)
    places, routes = _places(known, edges, backwards, layers)
    columns = _ordered(places)
    width, height = _set_coordinates(places, columns)
    width += _LOOP if any(edge.source == edge.target for edge in edges) else 0
    body = [_draw_edge(edge, [places[key] for key in route]) for edge, route in routes]
    body.extend(_draw_node(place) for place in places.values() if place.node is not None)
    told = [
        f"{known[edge.source].label} to {known[edge.target].label}"
        + (f" ({edge.label})" if edge.label else "")
        + ("" if edge.observed else ", declared, not observed")
        for edge in edges
    ]
    marked = [f"{node.label}: {node.note}" for node in nodes if node.note]
    return svg.document(
        kind="flow",
        width=width,
        height=height,
        title=title,
        description="; ".join([*told, *marked]) or "Nothing flows yet.",
        body=body,
        interactive=any(node.href for node in nodes),
    )


def _cycle_edges(keys: Sequence[str], edges: Sequence[FlowEdge]) -> set[int]:
    """Indexes of the edges that close a cycle, found depth first without recursion."""
    leaving: dict[str, list[tuple[int, str]]] = {key: [] for key in keys}
    for index, edge in enumerate(edges):
        leaving[edge.source].append((index, edge.target))
    closing: set[int] = set()
    state: dict[str, int] = {}
    for root in keys:
        if root in state:
            continue
        state[root] = 1
        stack = [(root, iter(leaving[root]))]
        while stack:
            key, rest = stack[-1]
            step = next(rest, None)
            if step is None:
                state[key] = 2
                stack.pop()
            elif state.get(step[1]) == 1:
                closing.add(step[0])
            elif step[1] not in state:
                state[step[1]] = 1
                stack.append((step[1], iter(leaving[step[1]])))
    return closing


def _layers(keys: Sequence[str], edges: Sequence[FlowEdge], backwards: set[int]) -> dict[str, int]:
    """Longest path from the sources; each source then moves beside its first reader."""
    arcs = [(e.source, e.target) for i, e in enumerate(edges) if i not in backwards]
    layers = dict.fromkeys(keys, 0)
    for _ in keys:
        moved = False
        for source, target in arcs:
            if layers[target] <= layers[source]:
                layers[target] = layers[source] + 1
                moved = True
        if not moved:
            break
    entered = {target for _, target in arcs}
    for key in keys:
        readers = [layers[target] for source, target in arcs if source == key]
        if key not in entered and readers:
            layers[key] = min(readers) - 1
    return layers


def _places(
    known: dict[str, FlowNode],
    edges: Sequence[FlowEdge],
    backwards: set[int],
    layers: dict[str, int],
) -> tuple[dict[str, _Place], list[tuple[FlowEdge, list[str]]]]:
    """Boxes, and bends where an edge crosses a column; a route names both ends and the bends."""
    places = {
        key: _Place(
            key=key,
            layer=layers[key],
            node=node,
            width=24 + max(_room(node.label, 13), _room(node.note, 11), 48),
        )
        for key, node in known.items()
    }
    routes = []
    for index, edge in enumerate(edges):
        ends = (edge.target, edge.source) if index in backwards else (edge.source, edge.target)
        route = [ends[0]]
        for layer in range(layers[ends[0]] + 1, layers[ends[1]]):
            bend = f"\0{index}:{layer}"
            places[bend] = _Place(key=bend, layer=layer)
            route.append(bend)
        route.append(ends[1])
        for left, right in itertools.pairwise(route):
            if left != right:
                places[left].after.append(right)
                places[right].before.append(left)
        routes.append((edge, route[::-1] if index in backwards else route))
    return places, routes


def _room(text: str, size: float) -> float:
    return min(svg.text_width(text, size), _MAX_TEXT)


def _ordered(places: dict[str, _Place]) -> list[list[_Place]]:
    """Columns, each sorted by the mean place of its neighbours; a few sweeps untangle enough."""
    depth = 1 + max((place.layer for place in places.values()), default=0)
    columns: list[list[_Place]] = [[] for _ in range(depth)]
    for place in places.values():
        columns[place.layer].append(place)
    for sweep in range(6):
        rank = {place.key: i for column in columns for i, place in enumerate(column)}
        forward = sweep % 2 == 0
        for column in columns if forward else reversed(columns):
            weights = {}
            for place in column:
                near = place.before if forward else place.after
                weights[place.key] = (
                    sum(rank[key] for key in near) / len(near) if near else rank[place.key]
                )
            column.sort(key=lambda place: weights[place.key])
            rank.update({place.key: i for i, place in enumerate(column)})
    return columns


def _set_coordinates(
    places: dict[str, _Place], columns: Sequence[Sequence[_Place]]
) -> tuple[float, float]:
    """Columns centred on one line; returns the size of the drawing."""

    def tall(column: Sequence[_Place]) -> float:
        return sum(_BOX_HEIGHT if p.node else _ROW_GAP for p in column) + _ROW_GAP * max(
            len(column) - 1, 0
        )

    height = max([tall(column) for column in columns] + [_BOX_HEIGHT]) + 2 * _MARGIN
    x = _MARGIN
    for column in columns:
        wide = max([place.width for place in column] + [0.0])
        y = (height - tall(column)) / 2
        for place in column:
            size = _BOX_HEIGHT if place.node else _ROW_GAP
            place.x, place.y = x + (wide - place.width) / 2, y + size / 2
            y += size + _ROW_GAP
        x += wide + _COLUMN_GAP
    width = x - _COLUMN_GAP + _MARGIN if columns and places else 120.0
    return width, height


def _draw_edge(edge: FlowEdge, route: Sequence[_Place]) -> str:
    colour = svg.QUIET
    first, last = route[0], route[-1]
    if first is last:  # a loop of a box onto itself
        x, y = first.x + first.width, first.y
        out, up, down = svg.short(x + _LOOP), svg.short(y - 8), svg.short(y + 8)
        path = f"M{svg.short(x)} {up}C{out} {up} {out} {down} {svg.short(x)} {down}"
        head = ""
    else:
        forwards = last.layer > first.layer
        stops = [(first.x + (first.width if forwards else 0), first.y)]
        stops += [(bend.x, bend.y) for bend in route[1:-1]]
        stops += [(last.x + (-5 if forwards else last.width + 5), last.y)]
        path = f"M{svg.short(stops[0][0])} {svg.short(stops[0][1])}"
        for (x1, y1), (x2, y2) in itertools.pairwise(stops):
            middle = (x1 + x2) / 2
            path += (
                f"C{svg.short(middle)} {svg.short(y1)} {svg.short(middle)} {svg.short(y2)} "
                f"{svg.short(x2)} {svg.short(y2)}"
            )
        tip, side = stops[-1], (-7 if forwards else 7)
        head = svg.tag(
            "path",
            {
                "d": f"M{svg.short(tip[0] + (5 if forwards else -5))} {svg.short(tip[1])}"
                f"l{side} -4v8z",
                "class": "ch-quiet",
                "fill": colour,
            },
        )
    words = f"{edge.source} to {edge.target}" + (f": {edge.label}" if edge.label else "")
    words += "" if edge.observed else " (declared, not observed)"
    drawn = svg.tag(
        "path",
        {
            "d": path,
            "class": "ch-axis",
            "stroke": colour,
            "stroke-width": 1.5,
            "stroke-dasharray": None if edge.observed else "4 4",
        },
        svg.hint(words),
    )
    return drawn + head


def _draw_node(place: _Place) -> str:
    node = place.node
    if node is None:
        return ""
    tint, stroke = _TINTS[node.emphasis]
    box = svg.tag(
        "rect",
        {
            "x": place.x,
            "y": place.y - _BOX_HEIGHT / 2,
            "width": place.width,
            "height": _BOX_HEIGHT,
            "rx": 7,
            "class": tint,
            "fill": svg.SURFACE,
            "stroke": stroke,
            "stroke-width": 1 if node.emphasis == "none" else 1.75,
        },
    )
    x = place.x + 12
    weight = 650 if node.emphasis == "focus" else 500
    name = svg.fit(node.label, _MAX_TEXT, 13)
    drawn = [box]
    if node.note:
        note = svg.fit(node.note, _MAX_TEXT, 11)
        drawn.append(svg.label(x, place.y - 3, name, size=13, weight=weight, full=node.label))
        drawn.append(svg.label(x, place.y + 13, note, size=11, tone="quiet", full=node.note))
    else:
        drawn.append(svg.label(x, place.y + 4.5, name, size=13, weight=weight, full=node.label))
    # Only a place on this site becomes a link: no scheme can slip in with a name.
    if node.href.startswith("/") and not node.href.startswith("//"):
        return svg.tag("a", {"href": node.href}, *drawn)
    return svg.tag("g", {}, *drawn)
