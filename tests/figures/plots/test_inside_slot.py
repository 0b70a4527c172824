"""Four panels of the same nodes: the steps of the slot, projected, coloured by class and by cluster."""

from collections.abc import Callable
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
import xarray as xr

from cna_viz.analysis.positions.projection import project_layers
from cna_viz.analysis.tables.slot_steps import slot_steps
from cna_viz.config import RunConfig, WatchedConfig
from cna_viz.errors import UsageError
from cna_viz.figures import plot_inside_slot
from cna_viz.figures.style.theme import class_style
from cna_viz.records.record import Record
from cna_viz.records.synthetic import synthetic_record

Array = np.ndarray
Make = Callable[..., Record]
MEAN = "mean of a cluster"


def panel(figure: go.Figure, number: int) -> list[go.Scattergl]:
    """Return the traces of nodes of a panel, from 1."""
    axis = "x" if number == 1 else f"x{number}"
    return [trace for trace in figure.data if trace.xaxis == axis and trace.name != MEAN]


def positions(figure: go.Figure, number: int) -> Array:
    """Return the positions of a panel's nodes in the order of the nodes."""
    nodes = np.concatenate([trace.customdata for trace in panel(figure, number)])
    flat = np.stack(
        [np.concatenate([getattr(trace, axis) for trace in panel(figure, number)]) for axis in "xy"], axis=1
    )
    assert sorted(nodes) == list(range(len(nodes)))
    return flat[np.argsort(nodes)]


def panel_titles(figure: go.Figure) -> list[str]:
    return [note.text for note in figure.layout.annotations][:4]


def store(monkeypatch: pytest.MonkeyPatch, **arrays: Array) -> None:
    """Put arrays in the place of labels, or of features by stage (``conv``, ``slot``), of every layer."""
    variable, embedding = Record.layer_variable, Record.embedding

    def layer_variable(self: Record, name: str, *where: Any) -> xr.DataArray | None:
        return xr.DataArray(arrays[name]) if name in arrays else variable(self, name, *where)

    def features(self: Record, layer: int, stage: str = "slot", epoch: int | None = None) -> xr.DataArray:
        return xr.DataArray(arrays[stage]) if stage in arrays else embedding(self, layer, stage, epoch)

    monkeypatch.setattr(Record, "layer_variable", layer_variable)
    monkeypatch.setattr(Record, "embedding", features)


@pytest.mark.parametrize("slot", ["cna", "na", "c", "cna-released"])
@pytest.mark.parametrize(("layer", "epoch"), [(1, None), (3, 0)])
def test_panels_are_the_projected_steps(make: Make, slot: str, layer: int, epoch: int | None) -> None:
    record = make(slot)
    figure, steps = plot_inside_slot(record, layer, epoch=epoch), slot_steps(record, layer, epoch)
    before, normalized, after = project_layers([steps.before, steps.normalized, steps.after])
    for number, expected in enumerate((before, before, normalized, after), start=1):
        np.testing.assert_array_equal(positions(figure, number), expected.positions.astype(np.float32))
        assert panel_titles(figure)[number - 1].endswith(f"<br>spread {expected.spread:.2g}")


def test_the_first_two_panels_show_the_same_positions_and_the_others_do_not(make: Make) -> None:
    figure = plot_inside_slot(make("cna"), 1)
    np.testing.assert_array_equal(positions(figure, 1), positions(figure, 2))
    assert not np.allclose(positions(figure, 2), positions(figure, 3))
    assert not np.allclose(positions(figure, 3), positions(figure, 4))


def test_colours_are_classes_first_and_clusters_then(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    label = np.arange(60) // 10 + 2
    store(monkeypatch, cluster_label=label)
    record = make("cna")
    figure = plot_inside_slot(record, 1)
    for number, groups in enumerate((record.graph["target"].values, label, label, label), start=1):
        assert [trace.name for trace in panel(figure, number)] == [str(group) for group in np.unique(groups)]
        for trace in panel(figure, number):
            assert list(trace.customdata) == np.flatnonzero(groups == int(trace.name)).tolist()
            assert (trace.marker.color, trace.marker.symbol) == class_style(int(trace.name))


def test_more_than_ten_classes_and_clusters_look_different(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    store(monkeypatch, cluster_label=np.arange(60) // 3)
    figure = plot_inside_slot(make("cna", classes=12), 2)
    for number, groups in ((1, 12), (2, 20), (3, 20), (4, 20)):
        assert len({(trace.marker.color, trace.marker.symbol) for trace in panel(figure, number)}) == groups


def test_the_means_of_the_clusters_are_where_their_features_are_on_average(make: Make) -> None:
    record = make("cna")
    figure, steps = plot_inside_slot(record, 1), slot_steps(record, 1)
    (means,) = (trace for trace in figure.data if trace.name == MEAN)
    assert means.xaxis == "x2"
    assert {trace.type for trace in figure.data} == {"scatter"}
    flat = positions(figure, 2)
    expected = [flat[steps.label == cluster].mean(axis=0) for cluster in range(3)]
    np.testing.assert_allclose(
        np.stack([means.x, means.y], axis=1), expected, atol=1e-6
    )  # nodes are written as float32
    # The projection is an affine map: fitted to the nodes, it takes the means of their features to the same places.
    centered = steps.before - steps.before.mean(axis=0)
    axes = np.linalg.lstsq(centered, flat, rcond=None)[0]
    np.testing.assert_allclose((steps.centroid - steps.before.mean(axis=0)) @ axes, expected, atol=1e-6)


def test_of_many_nodes_a_sample_is_drawn_and_the_means_are_of_all(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    (whole,) = (trace for trace in plot_inside_slot(make("cna"), 1).data if trace.name == MEAN)
    monkeypatch.setattr("cna_viz.figures.pieces.nodes.MOST_POINTS", 20)
    figure = plot_inside_slot(make("cna"), 1)
    (means,) = (trace for trace in figure.data if trace.name == MEAN)
    np.testing.assert_array_equal([means.x, means.y], [whole.x, whole.y])
    assert {trace.type for trace in figure.data} == {"scattergl"}, "in SVG the means would be below the nodes"
    shown = [sorted(node for trace in panel(figure, number) for node in trace.customdata) for number in (1, 2, 3, 4)]
    assert len(shown[0]) == 20
    assert shown == [shown[0]] * 4
    assert "a sample is drawn: 20 of 60 nodes" in figure.layout.annotations[-1].text.replace("<br>", " ")


def test_clusters_without_nodes_have_no_mean(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    store(monkeypatch, cluster_label=np.where(np.arange(60) < 20, 0, 5))
    (means,) = (trace for trace in plot_inside_slot(make("cna"), 1).data if trace.name == MEAN)
    assert len(means.x) == len(means.y) == 2
    assert np.isfinite([means.x, means.y]).all()


def test_all_panels_have_one_axis_range_that_holds_every_node(make: Make) -> None:
    figure = plot_inside_slot(make("cna"), 1)
    assert len(list(figure.select_xaxes())) == len(list(figure.select_yaxes())) == 4
    ((low, high),) = {tuple(axis.range) for axis in (*figure.select_xaxes(), *figure.select_yaxes())}
    farthest = max(np.abs([trace.x, trace.y]).max() for trace in figure.data)
    assert -low == high > farthest > 0.5 * high


def test_classes_and_clusters_have_legends_of_their_own(make: Make) -> None:
    figure = plot_inside_slot(make("cna"), 1)
    shown = [(trace.legend, trace.name) for trace in figure.data if trace.showlegend is not False]
    classes = [("legend", name) for name in "012"]
    assert shown == [*classes, *(("legend2", name) for name in "012"), ("legend2", MEAN)]
    assert "class" in figure.layout.legend.title.text
    assert "cluster" in figure.layout.legend2.title.text
    groups = {trace.legendgroup for trace in panel(figure, 2)}
    assert groups == {trace.legendgroup for number in (3, 4) for trace in panel(figure, number)}
    assert not groups & {trace.legendgroup for trace in panel(figure, 1)}


@pytest.mark.parametrize(("classes", "clusters"), [(3, 3), (10, 8), (40, 60)])
def test_legends_and_footnote_lie_below_each_other(
    make: Make, monkeypatch: pytest.MonkeyPatch, classes: int, clusters: int
) -> None:
    store(monkeypatch, cluster_label=np.arange(60) % clusters)
    layout = plot_inside_slot(make("cna", classes=classes), 1).layout
    panels = layout.height - 96 - layout.margin.b
    assert panels > 200
    tops = [-legend.y * panels for legend in (layout.legend, layout.legend2)]
    assert tops[0] > 0
    assert tops[0] + 21 * (classes // 14) < tops[1]
    note = layout.annotations[-1]
    assert tops[1] + 21 * ((clusters + 3) // 14) < -note.yshift < layout.margin.b - 30


def test_a_collapsed_step_is_said_to_be_and_drawn_at_a_point(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    store(monkeypatch, slot=np.full((60, 4), 0.25))
    figure = plot_inside_slot(make("cna"), 2)
    assert [title.endswith("<b>collapsed</b>") for title in panel_titles(figure)] == [False, False, False, True]
    assert not positions(figure, 4).any()
    assert positions(figure, 3).any()


def test_a_slot_in_which_all_is_collapsed_can_be_drawn(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    store(monkeypatch, conv=np.ones((60, 4)), slot=np.zeros((60, 4)))
    figure = plot_inside_slot(make("cna"), 2)
    assert all(title.endswith("<b>collapsed</b>") for title in panel_titles(figure))
    low, high = figure.layout.xaxis.range
    assert low < 0 < high


@pytest.mark.filterwarnings("error")
def test_a_step_that_is_not_finite_is_said_to_be(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    store(monkeypatch, slot=np.full((60, 4), np.nan))
    figure = plot_inside_slot(make("cna"), 2)
    assert [title.endswith("<b>not finite</b>") for title in panel_titles(figure)] == [False, False, False, True]
    assert np.isnan(positions(figure, 4)).all()
    assert np.isfinite(figure.layout.xaxis.range).all()


@pytest.mark.filterwarnings("error")
def test_nothing_finite_at_all_can_be_drawn(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    store(monkeypatch, conv=np.full((60, 4), np.inf), slot=np.full((60, 4), np.nan))
    figure = plot_inside_slot(make("cna"), 2)
    assert all(title.endswith("<b>not finite</b>") for title in panel_titles(figure))
    assert not [trace for trace in figure.data if trace.name == MEAN]
    assert np.isfinite(figure.layout.xaxis.range).all()


@pytest.mark.parametrize(
    ("slot", "steps"),
    [
        ("cna", ["before, by class", "C: clusters and their means", "after N, by cluster", "after A, by cluster"]),
        ("a", ["before, by class", "no C: all are one cluster", "without N, by cluster", "after A, by cluster"]),
        ("cn", ["before, by class", "C: clusters and their means", "after N, by cluster", "after ReLU, by cluster"]),
    ],
)
def test_panels_say_what_the_slot_does_and_does_not(make: Make, slot: str, steps: list[str]) -> None:
    assert [title.split("<br>")[0] for title in panel_titles(plot_inside_slot(make(slot), 1))] == steps


@pytest.mark.parametrize(("epoch", "shown"), [(None, 5), (0, 0)])
def test_the_title_names_layer_and_epoch(make: Make, epoch: int | None, shown: int) -> None:
    title = plot_inside_slot(make("cna"), 3, epoch=epoch).layout.title.text
    assert title == f"What does each step of the slot after layer 3 do to the nodes? (epoch {shown})"


def test_all_that_has_no_steps_is_refused(make: Make) -> None:
    with pytest.raises(UsageError, match="'relu': only those of the CNA family have steps"):
        plot_inside_slot(make("relu"), 1)
    with pytest.raises(UsageError, match="layers are 1 to 4"):
        plot_inside_slot(make("cna"), 4)
    with pytest.raises(UsageError, match="snapshots kept: 0, 5"):
        plot_inside_slot(make("cna"), 1, epoch=3)
    with pytest.raises(UsageError, match="snapshots kept: none"):
        plot_inside_slot(make("cna", snapshots="none"), 1)


def test_a_watched_network_is_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    watched = WatchedConfig(name="mine", model="Net", dataset="own graph", layers=2, key="0")
    record = synthetic_record(tmp_path_factory.mktemp("runs"), RunConfig(watched=watched))
    with pytest.raises(UsageError, match="'mine'"):
        plot_inside_slot(record, 1)
