"""Flow and rationals as panels: what links them to nodes, and words in their place."""

import numpy as np
import plotly.graph_objects as go

from cna_viz.analysis.tables.cluster_flow import cluster_flow
from cna_viz.analysis.tables.node_groups import node_groups
from cna_viz.analysis.tables.rational import rational_curves
from cna_viz.figures.panels import flow_panel, rational_panel, words_panel
from cna_viz.figures.panels.slots import place_across
from cna_viz.records.record import Record


def test_every_node_is_in_a_bar_of_every_column(record: Record) -> None:
    panel = flow_panel(cluster_flow(record), node_groups(record))
    bars, said = panel["layout"]["meta"]["bars"], panel["data"][0]["node"]["customdata"]
    assert len(bars) == 3
    for layer, column in enumerate(bars, start=1):
        label = record.layer_variable("cluster_label", layer)
        assert label is not None
        for bar, cluster in zip(column, label.values.tolist(), strict=True):
            assert said[bar].startswith(f"layer {layer}, cluster {cluster}: ")
    go.Figure(panel)


def test_the_layer_is_pointed_at_where_its_column_is(record: Record) -> None:
    flow = cluster_flow(record, layers=[1, 3])
    assert flow_panel(flow, node_groups(record))["layout"]["annotations"][-1]["text"] == "3"
    pointer = flow_panel(flow, node_groups(record), place=2)["layout"]["annotations"][-1]
    assert "layer 2" in pointer["text"]
    assert pointer["x"] == 0.5
    assert [place_across((2, 4, 8), place) for place in (1, 2, 6, 8, 9)] == [0, 0, 0.75, 1, 1]


def test_bars_and_what_points_fit_into_the_height(record: Record) -> None:
    flow, groups = cluster_flow(record), node_groups(record)
    for place in (None, 1):
        panel = flow_panel(flow, groups, place=place, height=300)
        assert panel["layout"]["height"] == 300
        assert max(panel["data"][0]["node"]["y"]) < 1


def test_every_node_has_the_curve_of_its_cluster(record: Record) -> None:
    curves, labels = rational_curves(record, 2), record.layer_variable("cluster_label", 2)
    assert labels is not None
    panel = rational_panel(curves, labels.values, "after layer 2")
    assert panel["layout"]["meta"]["curve_of_node"] == [f"cluster {label}" for label in labels.values]
    drawn = {trace.get("legendgroup") for trace in panel["data"]}
    assert drawn >= set(panel["layout"]["meta"]["curve_of_node"])
    go.Figure(panel)


def test_functions_are_drawn_over_their_densities(record: Record) -> None:
    curves = rational_curves(record, 1)
    panel = rational_panel(curves, np.zeros(60, dtype=int), "after layer 1")
    density = {trace["name"]: trace["y"] for trace in panel["data"] if trace.get("yaxis") == "y2"}
    for cluster in np.flatnonzero(curves.size):
        np.testing.assert_allclose(density[str(cluster)], 100 * curves.density[cluster], rtol=1e-6)


def test_words_are_whole_and_harmless() -> None:
    sentence = "There is <b>nothing</b> here, as the slot puts nodes in no clusters: cna-viz run --slot cna --layers 16"
    panel = words_panel("clusters", sentence)
    (words,) = panel["layout"]["annotations"]
    assert words["text"].replace("<br>", " ") == sentence.replace("<", "&lt;").replace(">", "&gt;")
    assert panel["layout"]["height"] > 70 + 19
    go.Figure(panel)
