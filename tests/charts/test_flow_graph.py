"""The flow map: every edge runs forwards where it can, boxes never overlap, links stay here."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.charts import FlowEdge, FlowNode, flow_graph
from tests.charts.drawing import NAMESPACE, Box, assert_sound


def _boxes(svg: str) -> dict[str, Box]:
    found = {}
    for group in assert_sound(svg).iter():
        rect, text = group.find(f"{NAMESPACE}rect"), group.find(f"{NAMESPACE}text")
        if rect is not None and text is not None:
            x, y, w, h = (float(rect.get(key, "0")) for key in ("x", "y", "width", "height"))
            found["".join(text.itertext())] = Box(x, y, x + w, y + h)
    return found


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=24))
def test_any_graph_with_or_without_cycles_is_drawn_without_overlaps(
    pairs: list[tuple[int, int]],
) -> None:
    nodes = [FlowNode(str(key), f"node {key}", "a note") for key in range(8)]
    boxes = _boxes(flow_graph(nodes, [FlowEdge(str(a), str(b)) for a, b in pairs]))
    assert len(boxes) == 8
    for one, other in itertools.combinations(boxes.values(), 2):
        assert not one.overlaps(other)


@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda p: p[0] < p[1])))
def test_in_a_graph_without_cycles_every_edge_runs_to_the_right(
    pairs: set[tuple[int, int]],
) -> None:
    nodes = [FlowNode(str(key), str(key)) for key in range(7)]
    boxes = _boxes(flow_graph(nodes, [FlowEdge(str(a), str(b)) for a, b in sorted(pairs)]))
    for a, b in pairs:
        assert boxes[str(a)].right < boxes[str(b)].left


def test_a_declared_flow_that_was_never_observed_is_dashed_and_said() -> None:
    nodes = [FlowNode("a", "web events"), FlowNode("b", "partner")]
    root = assert_sound(flow_graph(nodes, [FlowEdge("a", "b", observed=False)]))
    dashed = [path for path in root.iter(f"{NAMESPACE}path") if path.get("stroke-dasharray")]
    assert len(dashed) == 1
    description = root.find("{*}desc")
    assert description is not None
    assert description.text == "web events to partner, declared, not observed"


def test_only_places_on_this_site_become_links() -> None:
    nodes = [
        FlowNode("a", "a", href="/systems/a/"),
        FlowNode("b", "b", href="javascript:alert(1)"),
        FlowNode("c", "c", href="//elsewhere.example"),
    ]
    links = [link.get("href") for link in assert_sound(flow_graph(nodes, [])).iter(f"{NAMESPACE}a")]
    assert links == ["/systems/a/"]


def test_an_edge_to_nowhere_and_a_doubled_key_are_refused_in_words() -> None:
    with pytest.raises(ValueError, match="names no node 'b'"):
        flow_graph([FlowNode("a", "a")], [FlowEdge("a", "b")])
    with pytest.raises(ValueError, match="share a key"):
        flow_graph([FlowNode("a", "a"), FlowNode("a", "b")], [])
