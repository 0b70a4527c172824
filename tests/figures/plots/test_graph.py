"""The graph beside an embedding: the same nodes in the same order and colours, and the edges of the record."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
import xarray as xr

from cna_viz.analysis.positions.graph_layout import graph_layout, undirected
from cna_viz.analysis.positions.projection import Projection, project_layers
from cna_viz.config import DataConfig, ModelConfig, RecordingConfig, RunConfig, WatchedConfig
from cna_viz.errors import UsageError
from cna_viz.figures import plot_embedding_animation, plot_embedding_by_layer, plot_graph
from cna_viz.figures.pieces import nodes
from cna_viz.figures.style.theme import SEQUENTIAL, class_style
from cna_viz.records.record import Record
from cna_viz.records.synthetic import synthetic_record

Array = np.ndarray
Make = Callable[..., Record]


def pairs(figure: go.Figure) -> list[tuple[Any, Any]]:
    """Return the traces of nodes, that of the graph and that of the embedding."""
    return [(figure.data[one], figure.data[other]) for one, other in figure.layout.meta["linked"]]


def positions(figure: go.Figure, panel: int) -> dict[int, tuple[float, float]]:
    """Return the place of every node that is drawn in a panel, 0 or 1."""
    traces = [pair[panel] for pair in pairs(figure)]
    places = [zip(trace.customdata.tolist(), trace.x.tolist(), trace.y.tolist(), strict=True) for trace in traces]
    return {node: (x, y) for place in places for node, x, y in place}


def edges(figure: go.Figure) -> set[tuple[tuple[float, float], ...]]:
    """Return the places of the ends of every edge that is drawn."""
    line = figure.data[0]
    flat = np.stack([line.x, line.y], axis=1).reshape(-1, 3, 2)
    assert np.isnan(flat[:, 2]).all()
    return {tuple(sorted(map(tuple, ends.tolist()))) for ends in flat[:, :2]}


@pytest.mark.parametrize(("layer", "stage", "epoch"), [(1, "conv", None), (3, "slot", 0), (4, "conv", 5)])
@pytest.mark.parametrize("color", ["class", "degree", "embedding"])
def test_both_panels_show_the_same_nodes_where_they_belong(
    make: Make, layer: int, stage: str, epoch: int | None, color: Any
) -> None:
    record = make("cna")
    figure = plot_graph(record, layer, stage=stage, epoch=epoch, color=color)
    layout = graph_layout(record.graph["edge_index"].values, 60)
    (projection,) = project_layers([record.embedding(layer, stage, epoch).values])
    for panel, expected in enumerate((layout, projection.positions.astype(np.float32))):
        shown = positions(figure, panel)
        np.testing.assert_array_equal([shown[node] for node in range(60)], expected)
    for graph, embedding in pairs(figure):
        np.testing.assert_array_equal(graph.customdata, embedding.customdata)
        assert (graph.xaxis, embedding.xaxis) == ("x", "x2")
        np.testing.assert_array_equal(graph.marker.color, embedding.marker.color)


def test_every_edge_is_drawn_once(make: Make) -> None:
    record = make()
    figure = plot_graph(record, 1)
    place = positions(figure, 0)
    links = undirected(record.graph["edge_index"].values).T
    expected = {tuple(sorted((place[one], place[other]))) for one, other in links}
    assert edges(figure) == expected
    assert len(expected) == 60
    assert figure.layout.annotations[0].text == "<b>graph</b> · 60 nodes, 60 edges"


@pytest.mark.parametrize("links", [[], [[0, 1], [1, 0], [1, 1], [5, 2], [5, 2]]])
def test_directions_self_loops_and_nodes_without_edges_are_no_trouble(make: Make, links: list[list[int]]) -> None:
    record = make()
    index = np.array(links, dtype=np.int64).reshape(-1, 2).T
    record.__dict__["graph"] = record.graph.drop_dims("edge").assign(edge_index=(("end", "edge"), index))
    figure = plot_graph(record, 1)
    assert len(edges(figure)) == (2 if links else 0)
    assert len(set(positions(figure, 0).values())) == 60


def test_colours_are_classes_clusters_or_the_first_coordinate(make: Make) -> None:
    record = make("cna")
    for color, expected in (("class", record.graph["target"]), ("cluster", record.layer_variable("cluster_label", 2))):
        for number, (graph, _) in enumerate(pairs(plot_graph(record, 2, color=color))):
            assert graph.customdata.tolist() == np.flatnonzero(expected == number).tolist()
            assert (graph.marker.color, graph.marker.symbol) == class_style(number)
    figure = plot_graph(record, 2, color="embedding")
    ((graph, embedding),) = pairs(figure)
    np.testing.assert_array_equal(graph.marker.color, embedding.x)
    assert graph.marker.coloraxis == "coloraxis"
    assert figure.layout.coloraxis.colorbar.title.text == "first coordinate of the embedding"
    assert figure.layout.coloraxis.colorscale == go.layout.Coloraxis(colorscale=SEQUENTIAL).colorscale


def test_the_title_and_the_panel_say_the_layer(make: Make) -> None:
    figure = plot_graph(make(), 3)
    assert figure.layout.title.text == "Are nodes that are close in layer 3 also close in the graph?"
    assert figure.layout.annotations[1].text.startswith("<b>layer 3</b> · relative spread ")


def test_a_collapsed_layer_is_said_to_be(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    original = Record.embedding
    monkeypatch.setattr(Record, "embedding", lambda self, *where: xr.full_like(original(self, *where), 0.5))
    for color in ("class", "embedding"):
        figure = plot_graph(make(), 2, color=color)  # type: ignore[arg-type]
        assert "<b>collapsed</b>, all nodes alike" in figure.layout.annotations[1].text
        assert set(positions(figure, 1).values()) == {(0, 0)}


def test_of_very_many_nodes_and_edges_samples_are_drawn_and_said(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "MOST_POINTS", 30)
    monkeypatch.setattr("cna_viz.figures.pieces.nodes.MOST_EDGES", 5)
    record = make()
    figure = plot_graph(record, 1)
    shown = positions(figure, 0)
    layout = graph_layout(record.graph["edge_index"].values, 60)
    assert len(shown) == 30
    np.testing.assert_array_equal(list(shown.values()), layout[list(shown)])
    assert len(edges(figure)) == 5
    assert {end for ends in edges(figure) for end in ends} <= set(shown.values())
    footnote = figure.layout.annotations[-1].text
    assert "a sample is drawn: 30 of 60 nodes; " in footnote
    assert "a sample is drawn: 5 of 60 edges; " in footnote
    assert {trace.type for pair in pairs(figure) for trace in pair} == {"scattergl"}


def test_umap_and_layout_are_kept_where_they_are_told_to(
    make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fake(layers: list[Array], cache: Path | None) -> list[Projection]:
        assert cache == tmp_path
        return [Projection(layer[:, :2], 0.5, np.nan, collapsed=False) for layer in layers]

    monkeypatch.setattr("cna_viz.analysis.positions.methods.umap_layers", fake)
    figure = plot_graph(make(), 2, method="umap", cache=tmp_path)
    assert "n_neighbors 15, min_dist 0.1, " in figure.layout.annotations[-1].text
    assert len(list(tmp_path.iterdir())) == 1


def test_what_is_not_there_is_refused(make: Make) -> None:
    with pytest.raises(UsageError, match="layers are 1 to 4"):
        plot_graph(make(), 5)
    with pytest.raises(UsageError, match="snapshots kept: none"):
        plot_graph(make(snapshots="none"), 1)
    with pytest.raises(UsageError, match="has no clusters"):
        plot_graph(make("relu"), 1, color="cluster")
    with pytest.raises(UsageError, match="has no clusters"):
        plot_graph(make("cna"), 4, color="cluster")
    for option in ({"stage": "conf"}, {"color": "clas"}, {"method": "PCA"}):
        with pytest.raises(UsageError, match=r"unknown (stage|color|method) "):
            plot_graph(make(), 1, **option)  # type: ignore[arg-type]


@pytest.mark.parametrize("plot", [plot_graph, plot_embedding_animation, plot_embedding_by_layer])
def test_what_names_carry_is_escaped(make: Make, text_of: Callable[[go.Figure], str], plot: Callable[..., Any]) -> None:
    watched = WatchedConfig(name="<b>mine</b>", model="GAT", dataset="<script>x</script>", layers=4, key="k")
    record = dataclasses.replace(make(), config=RunConfig(watched=watched))
    figure = {"plot_graph": lambda: plot(record, 2), "plot_embedding_animation": lambda: plot(record)}.get(
        plot.__name__, lambda: plot([record])
    )()
    assert "<script>" not in text_of(figure)
    assert "&lt;script&gt;" in text_of(figure)
    assert "<b>mine" not in text_of(figure)


@pytest.mark.parametrize(("choice", "said"), [("yes", True), ("no", False)])
def test_a_direction_that_is_not_drawn_is_said(choice: Any, said: bool, tmp_path: Path) -> None:
    data = DataConfig(dataset="chameleon-directed", directed=choice)
    model = ModelConfig(backbone="dirgnn" if said else "gcn", layers=2, hidden=4)
    record = synthetic_record(tmp_path, RunConfig(data=data, model=model, recording=RecordingConfig(snapshots="ends")))
    note = plot_graph(record, 1).layout.annotations[-1].text
    assert ("direction not drawn; measures use the symmetric copy" in note) == said
