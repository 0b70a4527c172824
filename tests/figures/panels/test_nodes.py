"""Embedding and graph as panels: every node once, where it belongs, on axes that stay."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from cna_viz.analysis.positions.graph_layout import undirected
from cna_viz.analysis.positions.projection import Projection, project_layers
from cna_viz.analysis.tables.node_groups import COLORS, Color, color_groups
from cna_viz.figures.panels import embedding_panel, graph_panel
from cna_viz.figures.panels import nodes as node_panels
from cna_viz.figures.panels.drawing import Drawing
from cna_viz.figures.panels.nodes import SHARE, reach_of
from cna_viz.records.record import Record

Array = np.ndarray[Any, Any]


def places(panel: Drawing) -> dict[int, tuple[float, float]]:
    """Return where every node is drawn."""
    found = {}
    for trace in panel["data"]:
        for node, x, y in zip(trace.get("customdata", ()), trace["x"], trace["y"], strict=False):
            assert node not in found
            found[int(node)] = (float(x), float(y))
    return found


def projection(positions: Array, collapsed: bool = False) -> Projection:
    return Projection(positions, 0.5, 0.9, collapsed)


@pytest.mark.parametrize("color", COLORS)
def test_every_node_is_where_its_projection_is(record: Record, color: Color) -> None:
    layers = project_layers([record.embedding(layer, "slot").values for layer in (1, 2)])
    panel = embedding_panel(layers[1], color_groups(record, color, 2), reach_of(layers), "layer 2")
    found = places(panel)
    assert sorted(found) == list(range(60))
    np.testing.assert_array_equal([found[node] for node in range(60)], layers[1].positions.astype(np.float32))
    assert "<b>layer 2</b><br>relative spread" in panel["layout"]["title"]["text"]
    go.Figure(panel)  # refuses what plotly does not know


def test_axes_reach_as_far_in_all_layers(record: Record) -> None:
    layers = project_layers([record.embedding(layer, "slot").values for layer in (1, 2, 3)])
    panels = [embedding_panel(layer, None, reach_of(layers), "layer") for layer in layers]
    ranges = {(tuple(panel["layout"]["xaxis"]["range"]), tuple(panel["layout"]["yaxis"]["range"])) for panel in panels}
    assert len(ranges) == 1
    assert all(panel["layout"]["uirevision"] == panels[0]["layout"]["uirevision"] for panel in panels)


def test_a_collapsed_layer_is_said_and_marked() -> None:
    flat = projection(np.zeros((5, 2)), collapsed=True)
    panel = embedding_panel(flat, None, (1.0, 1.0), "layer 9")
    assert "collapsed" in panel["layout"]["title"]["text"]
    assert panel["data"][-1]["text"] == ["all nodes"]
    assert reach_of([flat]) == (1.0, 1.0)


def test_few_far_nodes_do_not_press_the_others_into_a_spot() -> None:
    positions = np.random.default_rng(0).uniform(-1, 1, (2 * SHARE, 2))
    positions[:2] = 50.0
    far = reach_of([projection(positions)])
    assert max(far) < 2
    assert "2 outside" in embedding_panel(projection(positions), None, far, "layer")["layout"]["title"]["text"]


@pytest.mark.parametrize("positions", [np.full((4, 2), np.nan), np.zeros((0, 2))])
def test_nothing_to_draw_is_no_trouble(positions: Array) -> None:
    lost = Projection(positions, np.nan, np.nan, collapsed=False)
    assert reach_of([lost]) == (1.0, 1.0)
    assert "not finite" in embedding_panel(lost, None, (1.0, 1.0), "layer")["layout"]["title"]["text"]


def test_the_graph_has_all_nodes_and_edges(record: Record) -> None:
    edges = undirected(record.graph["edge_index"].values)
    layout = np.random.default_rng(0).uniform(-1, 1, (60, 2)).astype(np.float32)
    panel = graph_panel(layout, edges, color_groups(record, "class", 1))
    found = places(panel)
    np.testing.assert_array_equal([found[node] for node in range(60)], layout)
    assert len(panel["data"][0]["x"]) == 3 * edges.shape[1]
    assert f"60 nodes, {edges.shape[1]} edges" in panel["layout"]["title"]["text"]
    go.Figure(panel)


def test_a_sample_of_edges_is_said(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_panels, "MOST_LINES", 7)
    edges = undirected(record.graph["edge_index"].values)
    panel = graph_panel(np.zeros((60, 2), np.float32), edges, None)
    assert len(panel["data"][0]["x"]) == 3 * 7
    assert "a sample is drawn: 60 nodes, 7 edges" in panel["layout"]["title"]["text"]


def test_the_type_of_the_traces_can_be_chosen(record: Record) -> None:
    (layer,) = project_layers([record.embedding(1, "slot").values])
    kinds = {trace["type"] for trace in embedding_panel(layer, None, (1, 1), "", kind="scattergl")["data"][-1:]}
    assert kinds == {"scattergl"}
