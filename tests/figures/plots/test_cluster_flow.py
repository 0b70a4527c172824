"""Flow and sizes of clusters: bars, bands and lines are those of the record, columns say what they are."""

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from cna_viz.analysis.tables.node_groups import node_groups
from cna_viz.errors import UsageError
from cna_viz.figures import plot_cluster_flow, plot_cluster_sizes
from cna_viz.figures.pieces.nodes import style_of
from cna_viz.figures.pieces.slot_marks import most_frequent
from cna_viz.figures.style.theme import MUTED, ORDERED_COLORS, class_style
from cna_viz.records.record import Record

Make = Callable[..., Record]
Held = Callable[..., None]


def drawn_at_random(layer: int, epoch: int) -> Any:
    """Return other clusters in every layer and at every epoch."""
    return np.random.default_rng(100 * layer + epoch).integers(0, 3, 60)


def sankey(figure: go.Figure) -> go.Sankey:
    (trace,) = (trace for trace in figure.data if trace.type == "sankey")
    return trace


def bands(figure: go.Figure) -> Counter[tuple[str, str]]:
    """Return how many nodes go from which bar to which, by the labels of the bars before the number of nodes."""
    trace = sankey(figure)
    column = {x: number for number, x in enumerate(sorted(set(trace.node.x)))}
    names = [f"{column[x]}/{label.split(':')[0]}" for x, label in zip(trace.node.x, trace.node.label, strict=True)]
    ends = zip(trace.link.source, trace.link.target, trace.link.value, strict=True)
    return Counter({(names[source], names[target]): value for source, target, value in ends})


def columns(figure: go.Figure) -> list[str]:
    return [note.text for note in figure.layout.annotations[:-1]]


@pytest.mark.parametrize("epoch", [None, 0])
def test_bars_and_bands_between_layers_are_those_of_the_record(make: Make, held: Held, epoch: int | None) -> None:
    held(cluster_label=drawn_at_random)
    figure = plot_cluster_flow(make("cna"), epoch=epoch)
    labels = [drawn_at_random(layer, 5 if epoch is None else epoch) for layer in (1, 2, 3)]
    expected = Counter(
        (f"{column}/{one}", f"{column + 1}/{other}")
        for column in (0, 1)
        for one, other in zip(labels[column], labels[column + 1], strict=True)
    )
    assert bands(figure) == expected
    assert sum(sankey(figure).link.value) == 2 * 60


def test_bars_say_cluster_size_and_most_frequent_class(make: Make, held: Held) -> None:
    record = make("cna")
    target = record.graph["target"].values
    label = np.where(target == 2, 0, 1)
    label[target == 1] = np.where(np.arange(20) < 5, 0, 1)
    held(cluster_label=label)
    node, link = sankey(plot_cluster_flow(record)).node, sankey(plot_cluster_flow(record)).link
    assert sorted(node.label[:2]) == ["0: 25 (2)", "1: 35 (0)"]
    place = list(node.label).index("0: 25 (2)")
    assert node.color[place] == class_style(2)[0]
    assert node.customdata[place] == "layer 1, cluster 0: 25 nodes, 80 % of class 2"
    assert link.customdata[list(link.source).index(place)] == "cluster 0 → cluster 0: 25 nodes, 80 % of class 2"
    assert link.color[list(link.source).index(place)] == "rgba(34, 136, 51, 0.45)"


def test_columns_of_layers_say_which_and_how_many_are_empty(make: Make, held: Held) -> None:
    held(cluster_label=lambda layer, epoch: np.arange(60) % (2 if layer == 2 else 3))
    figure = plot_cluster_flow(make("cna"))
    assert columns(figure) == [
        "<b>layer 1</b><br>3 clusters", "<b>layer 2</b><br>1 of 3 empty", "<b>layer 3</b><br>3 clusters"
    ]  # fmt: skip
    assert len(sankey(figure).node.label) == 8
    assert figure.layout.title.text == "Do nodes stay together from layer to layer?"
    assert figure.layout.annotations[-1].text.endswith("<br>epoch 5")


def test_columns_of_epochs_say_which_and_which_was_selected(make: Make, held: Held) -> None:
    held(cluster_label=drawn_at_random)
    record = make("cna", snapshots="log")
    figure = plot_cluster_flow(record, over="epoch", layer=2)
    assert columns(figure) == [
        "<b>epoch 0</b><br>3 clusters", "<b>epoch 1</b><br>3 clusters", "<b>epoch 5, selected</b><br>3 clusters"
    ]  # fmt: skip
    assert figure.layout.title.text == "Do nodes stay together from epoch to epoch?"
    assert figure.layout.annotations[-1].text.endswith("<br>slot after layer 2")
    before, after = drawn_at_random(2, 0), drawn_at_random(2, 1)
    assert bands(figure)["0/1", "1/2"] == np.sum((before == 1) & (after == 2))


def test_the_columns_that_are_shown_of_a_deep_network_are_said(make: Make) -> None:
    figure = plot_cluster_flow(make("cna", 96))
    assert len(columns(figure)) == len(set(sankey(figure).node.x)) == 8
    assert figure.layout.annotations[-1].text.endswith("epoch 5; 8 of 95 slots")


def test_bars_of_a_column_do_not_overlap_and_lie_within(make: Make, held: Held) -> None:
    held(cluster_label=drawn_at_random)
    figure = plot_cluster_flow(make("cna"))
    node = sankey(figure).node
    height = figure.layout.height - figure.layout.margin.t - figure.layout.margin.b
    sizes = np.array([int(label.split(":")[1].split("(")[0]) for label in node.label])
    scale = (height - 2 * node.pad) / 60
    for x in set(node.x):
        chosen = np.flatnonzero(np.array(node.x) == x)
        middle = height * np.array(node.y)[chosen]
        low, high = middle - scale * sizes[chosen] / 2, middle + scale * sizes[chosen] / 2
        assert (low[1:] - high[:-1] > 0.9 * node.pad).all()
        assert low[0] >= -1
        assert high[-1] <= height + 1
    assert all(0 < value < 1 for value in (*node.x, *node.y))


def test_many_clusters_get_the_height_they_need(make: Make, held: Held) -> None:
    few = plot_cluster_flow(make("cna")).layout.height
    held(cluster_label=np.arange(60))
    figure = plot_cluster_flow(make("cna"))
    assert figure.layout.height - few > 800
    assert len(sankey(figure).node.label) == 3 * 60


def test_the_legend_says_which_colour_is_which_class(make: Make) -> None:
    figure = plot_cluster_flow(make("cna", classes=12))
    marks = [trace for trace in figure.data if trace.type == "scatter"]
    assert [mark.name for mark in marks] == [str(number) for number in range(12)]
    assert [mark.marker.color for mark in marks] == [class_style(number)[0] for number in range(12)]
    assert marks[0].marker.symbol != marks[10].marker.symbol, "colours come again"
    assert figure.layout.legend.title.text.strip() == "<b>class</b>"


def test_numbers_are_coloured_by_fifths(make: Make) -> None:
    record = make("cna", dataset="chameleon-traffic")
    record.graph["target"][:] = np.arange(60)
    figure = plot_cluster_flow(record)
    assert figure.layout.legend.title.text.strip() == "<b>target</b>"
    assert next(trace.name for trace in figure.data if trace.type == "scatter") == "0 to 11"
    assert set(sankey(figure).node.color) <= set(ORDERED_COLORS)


def test_one_cluster_and_one_class(make: Make, held: Held) -> None:
    held(cluster_label=np.zeros(60, int), centroid=np.zeros((1, 4)))
    figure = plot_cluster_flow(make("cna", classes=1))
    assert list(sankey(figure).node.label) == ["0: 60 (0)"] * 3
    assert list(sankey(figure).link.value) == [60, 60]


def test_what_has_no_flow_is_refused(make: Make) -> None:
    for record in (make("cna", 2), make("relu", 1)):
        with pytest.raises(UsageError, match="needs two slots or more"):
            plot_cluster_flow(record)
    with pytest.raises(UsageError, match=r"'na' of run .* has no clusters at layer 1"):
        plot_cluster_flow(make("na"))
    with pytest.raises(UsageError, match="unknown kind of columns 'layr'"):
        plot_cluster_flow(make("cna"), over="layr")  # type: ignore[arg-type]


def growing(layer: int, epoch: int) -> Any:
    """Return clusters of which more are in use the later it is: one, two, three."""
    return np.arange(60) % {0: 1, 1: 2, 5: 3}[epoch]


def test_sizes_are_those_of_the_record(make: Make, held: Held) -> None:
    held(cluster_label=growing)
    figure = plot_cluster_sizes(make("cna", snapshots="log"), 1)
    lines = {trace.name: trace for trace in figure.data if trace.xaxis == "x"}
    assert {name: list(line.y) for name, line in lines.items()} == {
        "0": [60, 30, 20],
        "1": [0, 30, 20],
        "2": [0, 0, 20],
    }
    assert all(list(line.x) == ["0", "1", "5"] for line in lines.values())
    assert figure.layout.xaxis.type == "category"


def test_empty_clusters_are_said_and_lie_above_the_edge(make: Make, held: Held) -> None:
    held(cluster_label=growing)
    figure = plot_cluster_sizes(make("cna", snapshots="log"), 1)
    assert "<br>at 0 (empty): 2 clusters at epoch 0 and 1 cluster at epoch 1<br>" in figure.layout.annotations[-1].text
    assert figure.layout.yaxis.range[0] < 0
    full = plot_cluster_sizes(make("cna"), 2)
    assert "at 0 (empty)" in full.layout.annotations[-1].text
    held(cluster_label=np.arange(60) % 3)
    full = plot_cluster_sizes(make("cna"), 2)
    assert "<br>no cluster is empty at any snapshot<br>" in full.layout.annotations[-1].text


def test_the_number_in_use_is_that_of_every_epoch_that_was_measured(make: Make) -> None:
    record = make("cna")
    (number,) = (trace for trace in plot_cluster_sizes(record, 2).data if trace.name == "in use")
    entropy = record.metrics["cluster_entropy"].sel(layer=2, stage="slot")
    assert list(number.x) == entropy.epoch.values.tolist() == list(range(6))
    np.testing.assert_allclose(number.y, np.exp(entropy.values))


def test_where_it_was_not_measured_it_is_that_of_the_snapshots(make: Make, held: Held) -> None:
    held(cluster_label=growing)
    figure = plot_cluster_sizes(make("cna", snapshots="log", measures="mad"), 2)
    (number,) = (trace for trace in figure.data if trace.name == "in use")
    assert list(number.x) == [0, 1, 5]
    np.testing.assert_allclose(number.y, [1, 2, 3])
    assert "at the snapshots" in figure.layout.annotations[-1].text


def test_all_in_use_is_a_line(make: Make) -> None:
    figure = plot_cluster_sizes(make("cna"), 1)
    (line,) = figure.layout.shapes
    assert (line.y0, line.y1, line.line.dash) == (3, 3, "dot")
    assert figure.layout.yaxis2.range[1] > 3
    assert "dotted: all 3 equally large" in figure.layout.annotations[-1].text


def test_axes_and_legend_say_what_they_show(make: Make) -> None:
    layout = plot_cluster_sizes(make("cna"), 3).layout
    titles = [axis.title.text for axis in (layout.xaxis, layout.yaxis, layout.xaxis2, layout.yaxis2)]
    assert titles == [
        "epoch (snapshots, not to scale)", "nodes of the cluster", "epoch", "clusters in use, e<sup>entropy</sup>"
    ]  # fmt: skip
    assert layout.legend.title.text.strip() == "<b>cluster</b>"
    assert layout.title.text == "Are all clusters in use? (slot after layer 3)"


def test_many_clusters_are_told_apart(make: Make, held: Held) -> None:
    held(cluster_label=np.arange(60) % 30)
    figure = plot_cluster_sizes(make("cna"), 1)
    lines = [trace for trace in figure.data if trace.xaxis == "x"]
    assert [line.line.color for line in lines] == [class_style(cluster)[0] for cluster in range(30)]
    assert len({(line.line.color, line.line.dash, line.marker.symbol) for line in lines}) == 30
    assert figure.layout.margin.t > plot_cluster_sizes(make("cna", epochs=4), 1).layout.margin.t - 1


def test_one_snapshot_gives_a_mark_per_cluster(make: Make, held: Held) -> None:
    held(cluster_label=lambda layer, epoch: np.arange(60) % 2 * 2)
    record = make("cna", epochs=0)  # first and last are one
    assert record.snapshots == (0,)
    marks = [trace for trace in plot_cluster_sizes(record, 1).data if trace.xaxis == "x"]
    assert [(list(mark.x), list(mark.y)) for mark in marks] == [(["0"], [30]), (["0"], [0]), (["0"], [30])]


def test_one_cluster_has_all_nodes(make: Make, held: Held) -> None:
    held(cluster_label=np.zeros(60, int), centroid=np.zeros((1, 4)), rational_numerator=np.zeros((1, 6)))
    lines = [trace for trace in plot_cluster_sizes(make("cna"), 1).data if trace.xaxis == "x"]
    assert [list(line.y) for line in lines] == [[60, 60]]


def test_what_has_no_clusters_is_refused(make: Make) -> None:
    with pytest.raises(UsageError, match=r"'na' of run .* has no clusters at layer 1"):
        plot_cluster_sizes(make("na"), 1)
    with pytest.raises(UsageError, match="no slot after layer 4"):
        plot_cluster_sizes(make("cna"), 4)
    with pytest.raises(UsageError, match=r"snapshots kept: none .train with"):
        plot_cluster_sizes(make("cna", snapshots="none"), 1)


def test_bars_have_the_colour_of_their_labelled_nodes(make: Make) -> None:
    found = node_groups(make("cna", unlabelled=30))
    assert found.rest == 3
    assert style_of(found, most_frequent(found, np.array([0, 2, 1, 9]))) == class_style(1)
    assert style_of(found, most_frequent(found, np.array([0, 0, 0, 9])))[0] == MUTED
    figure = plot_cluster_flow(make("cna", unlabelled=30))
    assert "most frequent among labelled nodes; grey: only unlabelled nodes" in figure.layout.annotations[-1].text
    hovers = " ".join(sankey(figure).node.customdata)
    assert re.search(r"\d+ % of class \d among the \d+ labelled", hovers)
