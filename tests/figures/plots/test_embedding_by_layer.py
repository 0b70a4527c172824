"""Nodes by layer: the projection of the record's embeddings, coloured by class, on one axis range."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
import xarray as xr

from cna_viz.analysis.positions.projection import Projection, project_layers
from cna_viz.errors import UsageError
from cna_viz.figures import plot_embedding_by_layer
from cna_viz.figures.pieces import nodes as pieces
from cna_viz.figures.style.theme import MUTED, ORDERED_COLORS, class_style
from cna_viz.records.record import Record

Make = Callable[..., Record]


def panel_titles(figure: go.Figure) -> list[str]:
    return [note.text for note in figure.layout.annotations if note.text.startswith("layer ")]


def nodes(figure: go.Figure) -> list[go.Scatter]:
    """Return the traces that are not there for the legend alone."""
    return [trace for trace in figure.data if not trace.showlegend]


def positions(figure: go.Figure, panel: int, classes: int) -> np.ndarray:
    """Return the positions of a panel's nodes in the order of the nodes."""
    traces = figure.data[panel * classes : (panel + 1) * classes]
    nodes = np.concatenate([trace.customdata for trace in traces])
    flat = np.stack([np.concatenate([getattr(trace, axis) for trace in traces]) for axis in "xy"], axis=1)
    return flat[np.argsort(nodes)]


def panel(figure: go.Figure, number: int) -> list[go.Scatter]:
    """Return the traces of a panel, from 1."""
    return [trace for trace in nodes(figure) if trace.xaxis == ("x" if number == 1 else f"x{number}")]


def replace_embedding(monkeypatch: pytest.MonkeyPatch, layer: int, value: float) -> None:
    """Let one layer of all records hold one value everywhere."""
    original = Record.embedding

    def embedding(self: Record, number: int, *arguments: Any) -> xr.DataArray:
        features = original(self, number, *arguments)
        return xr.full_like(features, value) if number == layer else features

    monkeypatch.setattr(Record, "embedding", embedding)


def test_clusters_are_those_of_the_layer_and_layers_without_are_grey(make: Make) -> None:
    record = make("cna")
    figure = plot_embedding_by_layer([record, make("relu")], layers=[2, 4], color="cluster")
    label = record.layer_variable("cluster_label", 2).values
    first, *others = (panel(figure, number) for number in range(1, 5))
    assert [(trace.name, list(trace.customdata)) for trace in first] == [
        (str(number), np.flatnonzero(label == number).tolist()) for number in range(3)
    ]
    assert [[(trace.name, trace.marker.color, len(trace.x)) for trace in traces] for traces in others] == [
        [("no clusters", MUTED, 60)]
    ] * 3
    assert [trace.name for trace in figure.data if trace.showlegend] == ["0", "1", "2", "no clusters"]
    assert figure.layout.legend.title.text == "cluster "


def test_clusters_where_there_are_none_are_refused(make: Make) -> None:
    with pytest.raises(UsageError, match=r"has no clusters in these layers .*: colour by class, prediction or degree"):
        plot_embedding_by_layer([make("relu")], color="cluster")


def test_wrong_predictions_are_crosses(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    record = make()
    predicted = record.graph["target"].values.copy()
    predicted[[3, 4]] = 2  # of classes 0 and 1
    monkeypatch.setattr(Record, "prediction", lambda self, epoch: xr.DataArray(predicted))
    figure = plot_embedding_by_layer([record], layers=[2], color="prediction")
    for trace in nodes(figure):
        symbols = dict(zip(trace.customdata.tolist(), trace.marker.symbol, strict=True))
        assert {node for node, symbol in symbols.items() if symbol == "x"} == set(symbols) & {3, 4}
        assert {trace.name} == {str(predicted[node]) for node in symbols}
    assert [trace.name for trace in figure.data if trace.showlegend] == ["0", "1", "2", "wrong"]


def test_degrees_ascend_in_the_legend(make: Make) -> None:
    record = make()
    record.graph["degree"][:] = np.arange(60) // 10
    figure = plot_embedding_by_layer([record], layers=[2], color="degree")
    assert [trace.name for trace in figure.data if trace.showlegend] == ["0", "1", "2 to 3", "4 to 5"]
    assert [trace.marker.color for trace in nodes(figure)] == list(ORDERED_COLORS[:4])


def test_an_unknown_color_is_refused(make: Make) -> None:
    with pytest.raises(UsageError, match="unknown color 'colour'; choices, nearest first: cluster"):
        plot_embedding_by_layer([make()], color="colour")  # type: ignore[arg-type]


def test_of_very_many_nodes_a_sample_is_drawn_and_said(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "MOST_POINTS", 20)
    record = make()
    figure = plot_embedding_by_layer([record], layers=[2])
    shown = np.concatenate([trace.customdata for trace in nodes(figure)])
    assert len(set(shown.tolist())) == 20
    (projection,) = project_layers([record.embedding(2, "conv").values])
    for trace in nodes(figure):
        np.testing.assert_array_equal(trace.x, projection.positions[trace.customdata, 0].astype(np.float32))
    assert "a sample is drawn: 20 of 60 nodes; " in figure.layout.annotations[-1].text
    assert {trace.type for trace in nodes(figure)} == {"scatter"}
    assert {trace.type for trace in nodes(plot_embedding_by_layer([record]))} == {"scattergl"}


@pytest.mark.parametrize(("stage", "layers"), [("conv", [1, 2, 3, 4]), ("slot", [1, 2, 3])])
@pytest.mark.parametrize("epoch", [None, 0])
def test_panels_are_the_projected_embeddings(make: Make, stage: str, layers: list[int], epoch: int | None) -> None:
    records = [make("relu"), make("cna", seed=1)]
    figure = plot_embedding_by_layer(records, stage=stage, epoch=epoch)
    panels = [
        projection
        for record in records
        for projection in project_layers([record.embedding(layer, stage, epoch).values for layer in layers])
    ]
    assert len(nodes(figure)) == 3 * len(panels)
    for number, projection in enumerate(panels):
        np.testing.assert_array_equal(positions(figure, number, 3), projection.positions.astype(np.float32))
    assert panel_titles(figure) == [
        f"layer {layer} · spread {projection.spread:.2g}" for layer, projection in zip(layers * 2, panels, strict=True)
    ]


def test_the_epoch_makes_a_difference(make: Make) -> None:
    record = make()
    assert plot_embedding_by_layer([record], epoch=0).to_json() != plot_embedding_by_layer([record]).to_json()


def test_nodes_have_the_colour_of_their_class(make: Make) -> None:
    record = make(classes=12, nodes=48)
    figure = plot_embedding_by_layer([record], layers=[1])
    target = record.graph["target"].values
    assert [trace.name for trace in nodes(figure)] == [str(number) for number in range(12)]
    for number, trace in enumerate(nodes(figure)):
        assert list(trace.customdata) == np.flatnonzero(target == number).tolist()
        assert (trace.marker.color, trace.marker.symbol) == class_style(number)


def test_each_class_is_once_in_the_legend(make: Make) -> None:
    figure = plot_embedding_by_layer([make(), make("cna")])
    assert [trace.name for trace in figure.data if trace.showlegend] == ["0", "1", "2"]


def test_all_panels_have_one_axis_range_that_holds_every_node(make: Make) -> None:
    figure = plot_embedding_by_layer([make(), make("cna", seed=1)])
    ranges = {tuple(axis.range) for axis in (*figure.select_xaxes(), *figure.select_yaxes())}
    assert len(ranges) == 1
    ((low, high),) = ranges
    farthest = max(np.abs([trace.x, trace.y]).max() for trace in nodes(figure))
    assert -low == high > farthest > 0.5 * high


def test_rows_say_the_slot(make: Make) -> None:
    texts = [note.text for note in plot_embedding_by_layer([make("none"), make("cna")]).layout.annotations]
    assert {"none (linear)", "CNA"} <= set(texts)


def test_at_most_five_layers_from_first_to_last(make: Make) -> None:
    shown = [text.split()[1] for text in panel_titles(plot_embedding_by_layer([make(layers=96)]))]
    assert (len(shown), shown[0], shown[-1]) == (5, "1", "96")
    assert sorted(map(int, shown)) == list(map(int, shown))
    assert [t.split()[1] for t in panel_titles(plot_embedding_by_layer([make(layers=96)], stage="slot"))][-1] == "95"


def test_the_layers_can_be_chosen(make: Make) -> None:
    assert [t.split()[1] for t in panel_titles(plot_embedding_by_layer([make()], layers=[4, 2]))] == ["4", "2"]


def test_a_collapsed_layer_is_said_to_be_and_drawn_at_a_point(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_embedding(monkeypatch, layer=3, value=0.25)
    figure = plot_embedding_by_layer([make()])
    assert [title.split(" · ")[1] == "<b>collapsed</b>" for title in panel_titles(figure)] == [
        False,
        False,
        True,
        False,
    ]
    assert not positions(figure, 2, 3).any()
    assert positions(figure, 1, 3).any()


def test_only_collapsed_layers_can_be_drawn(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_embedding(monkeypatch, layer=2, value=0)
    figure = plot_embedding_by_layer([make()], layers=[2])
    low, high = figure.layout.xaxis.range
    assert low < 0 < high


@pytest.mark.filterwarnings("error")
def test_a_layer_that_is_not_finite_leaves_its_panel_empty(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_embedding(monkeypatch, layer=3, value=np.nan)
    figure = plot_embedding_by_layer([make()])
    assert np.isnan(positions(figure, 2, 3)).all()
    assert np.isfinite(positions(figure, 3, 3)).all()
    assert np.isfinite(figure.layout.xaxis.range).all()


def test_a_layer_that_is_not_finite_is_not_said_to_be_collapsed(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_embedding(monkeypatch, layer=3, value=np.nan)
    assert "collapsed" not in panel_titles(plot_embedding_by_layer([make()]))[2]


def test_a_missing_snapshot_is_refused_with_those_there_are(make: Make) -> None:
    with pytest.raises(UsageError, match="has no snapshot of epoch 3; snapshots kept: 0, 5"):
        plot_embedding_by_layer([make()], epoch=3)
    with pytest.raises(UsageError, match="snapshots kept: none"):
        plot_embedding_by_layer([make(snapshots="none")])


def test_one_record_without_snapshots_among_others_is_refused(make: Make) -> None:
    bare = make("cna", snapshots="none")
    with pytest.raises(UsageError, match=bare.id):
        plot_embedding_by_layer([make(), bare])


def test_an_unknown_layer_is_refused_with_those_there_are(make: Make) -> None:
    with pytest.raises(UsageError, match="layers are 1 to 4"):
        plot_embedding_by_layer([make()], layers=[1, 5])
    with pytest.raises(UsageError, match="has no slot"):
        plot_embedding_by_layer([make(layers=1)], stage="slot")


def test_umap_is_drawn_as_it_comes_with_its_parameters(
    make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = []

    def fake(layers: list[np.ndarray], cache: Path | None) -> list[Projection]:
        asked.append(cache)
        return [Projection(layer[:, :2], 0.5, np.nan, collapsed=False) for layer in layers]

    monkeypatch.setattr("cna_viz.analysis.positions.methods.umap_layers", fake)
    record = make()
    figure = plot_embedding_by_layer([record], layers=[2], method="umap", cache=tmp_path)
    np.testing.assert_array_equal(positions(figure, 0, 3), record.embedding(2, "conv").values[:, :2])
    assert asked == [tmp_path]
    footnote = figure.layout.annotations[-1].text
    assert "UMAP" in footnote
    assert "n_neighbors 15" in footnote
    assert "PCA" in plot_embedding_by_layer([record]).layout.annotations[-1].text
