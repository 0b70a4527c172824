"""Frames of an animation: the projection of every layer or epoch, the same nodes in the same marks, on one range."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
import xarray as xr

from cna_viz.analysis.positions.projection import Projection, project_layers
from cna_viz.errors import UsageError
from cna_viz.figures import plot_embedding_animation
from cna_viz.figures.style.theme import MUTED, class_style
from cna_viz.records.record import Record

Array = np.ndarray
Make = Callable[..., Record]


def features(record: Record, layers: list[int], stage: str = "conv", epoch: int | None = None) -> list[Array]:
    return [record.embedding(layer, stage, epoch).values for layer in layers]


def marks(figure: go.Figure, frame: go.Frame) -> list[tuple[Any, Any]]:
    """Return the traces of nodes, and what the frame makes of each."""
    pairs = [(figure.data[number], change) for number, change in zip(frame.traces, frame.data, strict=True)]
    return [(trace, change) for trace, change in pairs if trace.customdata is not None]


def positions(figure: go.Figure, frame: go.Frame) -> Array:
    """Return the positions of a frame's nodes in the order of the nodes; each node is in one place at most."""
    flat = np.full((60, 2), np.nan, dtype=np.float32)
    for trace, change in marks(figure, frame):
        place = np.stack([change.x, change.y], axis=1)
        there = np.isfinite(place).all(axis=1)
        assert np.isnan(flat[trace.customdata[there]]).all()
        flat[trace.customdata[there]] = place[there]
    return flat


def caption(frame: go.Frame) -> str:
    """Return the words above the nodes."""
    return str(frame.data[-2].text[0])


def point(frame: go.Frame) -> tuple[Any, ...]:
    """Return the place of the mark that stands for all nodes."""
    assert frame.data[-3].text[0] == "all nodes"
    return tuple(frame.data[-3].x)


def here(frame: go.Frame) -> tuple[float, float]:
    """Return the mark of the frame beside the nodes."""
    return frame.data[-1].x[0], frame.data[-1].y[0]


def replace_embedding(monkeypatch: pytest.MonkeyPatch, layer: int, change: Callable[[Array], Array]) -> None:
    original = Record.embedding

    def embedding(self: Record, number: int, *arguments: Any) -> xr.DataArray:
        stored = original(self, number, *arguments)
        return stored.copy(data=change(stored.values)) if number == layer else stored

    monkeypatch.setattr(Record, "embedding", embedding)


@pytest.mark.parametrize(("stage", "layers"), [("conv", [1, 2, 3, 4]), ("slot", [1, 2, 3])])
@pytest.mark.parametrize("epoch", [None, 0])
@pytest.mark.parametrize("color", ["class", "cluster"])
def test_frames_are_the_projected_layers_in_order(
    make: Make, stage: str, layers: list[int], epoch: int | None, color: Any
) -> None:
    record = make("cna")
    figure = plot_embedding_animation(record, stage=stage, epoch=epoch, color=color)
    assert [frame.name for frame in figure.frames] == [str(layer) for layer in layers]
    projections = project_layers(features(record, layers, stage, epoch))
    for layer, frame, projection in zip(layers, figure.frames, projections, strict=True):
        np.testing.assert_array_equal(positions(figure, frame), projection.positions.astype(np.float32))
        assert here(frame) == (layer, projection.spread)
        seen = f"{100 * projection.explained:.0f} % of the variance in view"
        assert caption(frame) == f"<b>layer {layer}</b> · relative spread {projection.spread:.2g} · {seen}"


def test_what_is_drawn_first_is_the_first_frame(make: Make) -> None:
    figure = plot_embedding_animation(make("cna"), color="cluster")
    first = figure.frames[0]
    for number, change in zip(first.traces, first.data, strict=True):
        for name, value in change.to_plotly_json().items():
            assert str(figure.data[number].to_plotly_json()[name]) == str(value)


def test_frames_over_epochs_are_the_snapshots_of_one_layer(make: Make) -> None:
    record = make(snapshots="log")
    figure = plot_embedding_animation(record, over="epoch", layer=2)
    assert [frame.name for frame in figure.frames] == ["0", "1", "5"]
    stored = [record.embedding(2, "conv", epoch).values for epoch in (0, 1, 5)]
    for frame, projection in zip(figure.frames, project_layers(stored), strict=True):
        np.testing.assert_array_equal(positions(figure, frame), projection.positions.astype(np.float32))
    assert caption(figure.frames[1]).startswith("<b>epoch 1</b> · ")
    assert figure.layout.title.text == "How do the nodes of layer 2 move during the training?"
    assert "layer 2, after the convolution; PCA, each epoch rotated" in figure.layout.annotations[-1].text
    assert figure.layout.xaxis2.title.text == "epoch"


def test_over_epochs_the_last_layer_is_shown_when_none_is_given(make: Make) -> None:
    assert "layer 4" in plot_embedding_animation(make(), over="epoch").layout.title.text
    assert "layer 3" in plot_embedding_animation(make(), over="epoch", stage="slot").layout.title.text


def test_slider_and_buttons_go_through_the_frames_and_wait(make: Make) -> None:
    figure = plot_embedding_animation(make())
    (slider,) = figure.layout.sliders
    names = [frame.name for frame in figure.frames]
    assert [step.label for step in slider.steps] == [step.args[0][0] for step in slider.steps] == names
    play, pause = figure.layout.updatemenus[0].buttons
    assert (play.args[0], pause.args[0]) == (None, (None,))
    assert {step.method for step in (*slider.steps, play, pause)} == {"animate"}
    # the layout is redrawn by no frame: all that changes are traces
    assert not [frame for frame in figure.frames if frame.layout.to_plotly_json()]


def test_a_node_is_the_same_mark_in_every_frame(make: Make) -> None:
    for color in ("class", "cluster", "degree"):
        figure = plot_embedding_animation(make("cna"), color=color)
        first, *others = [[len(change.x) for _, change in marks(figure, frame)] for frame in figure.frames]
        assert all(lengths == first for lengths in others)
        assert len({frame.traces for frame in figure.frames}) == 1


def test_classes_are_traces_of_their_own_and_are_not_repeated(make: Make) -> None:
    record = make()
    figure = plot_embedding_animation(record)
    target = record.graph["target"].values
    for frame in figure.frames:
        for number, (trace, change) in enumerate(marks(figure, frame)):
            assert trace.customdata.tolist() == np.flatnonzero(target == number).tolist()
            assert (trace.marker.color, trace.marker.symbol) == class_style(number)
            assert set(change.to_plotly_json()) == {"type", "x", "y"}


def test_colours_are_the_clusters_of_every_layer(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = {1: np.arange(60) % 3, 2: np.arange(60) // 20, 3: np.arange(60) // 5}
    monkeypatch.setattr(
        Record, "layer_variable", lambda self, name, layer, epoch: xr.DataArray(labels[layer]) if layer < 4 else None
    )
    figure = plot_embedding_animation(make("cna"), color="cluster")
    for frame in figure.frames[:3]:
        label = labels[int(frame.name)]
        for trace, change in marks(figure, frame):
            shown = np.isfinite(change.x)
            assert change.marker.color.tolist() == label[trace.customdata].tolist()
            assert {class_style(number)[1] for number in label[shown]} <= {trace.marker.symbol}
            assert list(change.text) == [str(number) for number in label]
            steps = len(change.marker.colorscale) // 2
            assert (change.marker.cmin, change.marker.cmax) == (-0.5, steps - 0.5)
            scale = [color for _, color in change.marker.colorscale[::2]]
            assert scale == [class_style(number)[0] for number in range(steps)]
    assert {change.marker.color for _, change in marks(figure, figure.frames[3])} == {MUTED}
    entries = [trace.name for trace in figure.data if trace.showlegend is not False and trace.name]
    assert entries == [*map(str, range(12)), "no clusters"]


def test_a_prediction_that_is_right_in_one_epoch_and_wrong_in_another_changes_its_mark(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = make()
    target = record.graph["target"].values
    monkeypatch.setattr(Record, "prediction", lambda self, epoch: xr.DataArray(target if epoch else 0 * target))
    figure = plot_embedding_animation(record, over="epoch", color="prediction")
    for frame, wrong in zip(figure.frames, (set(np.flatnonzero(target)), set()), strict=True):
        crosses = [np.flatnonzero(np.isfinite(c.x)) for t, c in marks(figure, frame) if t.marker.symbol == "x"]
        assert set(np.concatenate(crosses).tolist()) == wrong
    assert list(marks(figure, figure.frames[0])[0][1].text[:2]) == ["0, right", "0, wrong"]


def test_all_frames_have_one_range_that_holds_every_node(make: Make) -> None:
    figure = plot_embedding_animation(make())
    low, high = figure.layout.xaxis.range
    assert figure.layout.yaxis.range[0] == low
    assert all(high < frame.data[-2].y[0] < figure.layout.yaxis.range[1] < 1.2 * high for frame in figure.frames)
    assert all(low < frame.data[-2].x[0] < 0 for frame in figure.frames)
    farthest = max(np.abs(positions(figure, frame)).max() for frame in figure.frames)
    assert -low == high > farthest > 0.9 * high


def test_a_collapsed_layer_is_said_to_be_and_drawn_as_one_labelled_point(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_embedding(monkeypatch, 3, lambda stored: np.full_like(stored, 0.25))
    figure = plot_embedding_animation(make())
    assert caption(figure.frames[2]) == "<b>layer 3</b> · <b>collapsed</b>, all nodes alike · relative spread 0"
    assert not positions(figure, figure.frames[2]).any()
    assert [point(frame) for frame in figure.frames] == [(None,), (None,), (0,), (None,)]


def test_a_spread_that_would_seem_to_be_0_has_a_logarithmic_axis(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    assert plot_embedding_animation(make()).layout.yaxis2.type is None
    replace_embedding(monkeypatch, 3, lambda stored: 1 + 1e-4 * stored)
    assert plot_embedding_animation(make()).layout.yaxis2.type == "log"


def test_a_spread_of_exactly_0_stays_on_a_logarithmic_axis_and_that_is_said(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_embedding(monkeypatch, 2, np.zeros_like)
    assert "lower edge" not in plot_embedding_animation(make()).layout.annotations[-1].text
    replace_embedding(monkeypatch, 3, lambda stored: 1 + 1e-4 * stored)
    figure = plot_embedding_animation(make())
    (line,) = [trace for trace in figure.data if trace.mode == "lines+markers"]
    assert line.customdata[1] == 0 < line.y[1] == here(figure.frames[1])[1] < min(np.delete(line.y, 1))
    assert "a spread of exactly 0 is drawn at the lower edge" in figure.layout.annotations[-1].text


@pytest.mark.filterwarnings("error")
def test_rows_that_are_not_finite_are_left_out_and_that_is_said(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoil(stored: Array) -> Array:
        stored = stored.copy()
        stored[[5, 7]] = np.nan
        return stored

    replace_embedding(monkeypatch, 2, spoil)
    replace_embedding(monkeypatch, 3, lambda stored: np.full_like(stored, np.inf))
    figure = plot_embedding_animation(make())
    lost = [np.flatnonzero(np.isnan(positions(figure, frame)).any(axis=1)).tolist() for frame in figure.frames]
    assert lost == [[], [5, 7], list(range(60)), []]
    assert caption(figure.frames[1]).endswith("<br>left out: 2 nodes without finite features")
    assert caption(figure.frames[2]) == "<b>layer 3</b> · features not finite, nothing to draw"


@pytest.mark.parametrize("layers", [1, 96])
def test_any_depth_can_be_drawn_and_at_most_32_layers_are(make: Make, layers: int) -> None:
    names = [int(frame.name) for frame in plot_embedding_animation(make(layers=layers)).frames]
    assert names == sorted(set(names))
    assert (names[0], names[-1]) == (1, layers)
    assert len(names) <= 32


def test_of_very_many_nodes_a_sample_moves(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cna_viz.figures.plots.embedding_animation.MOST_ANIMATED", 20)
    for color in ("class", "cluster"):
        record = make("cna")
        figure = plot_embedding_animation(record, color=color)
        (projection, *_) = project_layers(features(record, [1]))
        assert np.isfinite(positions(figure, figure.frames[0])).all(axis=1).sum() == 20
        for trace, change in marks(figure, figure.frames[0]):
            there = np.isfinite(change.x)
            expected = projection.positions[trace.customdata[there], 0].astype(np.float32)
            np.testing.assert_array_equal(change.x[there], expected)
        assert "a sample is drawn: 20 of 60 nodes; " in figure.layout.annotations[-1].text


def test_an_animation_of_a_large_graph_stays_small(make: Make) -> None:
    bytes_per_node_and_frame = len(plot_embedding_animation(make(nodes=1797, layers=32)).to_json()) / 1797 / 32
    assert bytes_per_node_and_frame < 14  # two float32 are 10.7 as base64


def test_umap_is_drawn_as_it_comes_with_its_parameters(
    make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = []

    def fake(layers: list[Array], cache: Path | None) -> list[Projection]:
        asked.append(cache)
        return [Projection(layer[:, :2], 0.5, np.nan, collapsed=False) for layer in layers]

    monkeypatch.setattr("cna_viz.analysis.positions.methods.umap_layers", fake)
    figure = plot_embedding_animation(make(), method="umap", cache=tmp_path)
    assert caption(figure.frames[1]) == "<b>layer 2</b> · relative spread 0.5"
    assert asked == [tmp_path]
    assert "n_neighbors 15, min_dist 0.1, " in figure.layout.annotations[-1].text


def test_missing_snapshots_are_refused_with_those_there_are(make: Make) -> None:
    with pytest.raises(UsageError, match="has no snapshot of epoch 3; snapshots kept: 0, 5"):
        plot_embedding_animation(make(), epoch=3)
    for over in ("layer", "epoch"):
        with pytest.raises(UsageError, match="snapshots kept: none"):
            plot_embedding_animation(make(snapshots="none"), over=over)


def test_what_makes_no_sense_is_refused(make: Make) -> None:
    with pytest.raises(UsageError, match="every layer, but layer=2 was given: leave it out, or take over='epoch'"):
        plot_embedding_animation(make(), layer=2)
    with pytest.raises(UsageError, match="runs over every epoch, but epoch=0 was given"):
        plot_embedding_animation(make(), over="epoch", epoch=0)
    with pytest.raises(UsageError, match="layers are 1 to 4"):
        plot_embedding_animation(make(), over="epoch", layer=9)
    with pytest.raises(UsageError, match="has no slot"):
        plot_embedding_animation(make(layers=1), stage="slot")
    with pytest.raises(UsageError, match="has no clusters"):
        plot_embedding_animation(make("relu"), color="cluster")
    for option in ({"over": "layers"}, {"stage": "conf"}, {"color": "clas"}, {"method": "PCA"}):
        with pytest.raises(UsageError, match=r"unknown (over|stage|color|method) "):
            plot_embedding_animation(make(), **option)  # type: ignore[arg-type]
