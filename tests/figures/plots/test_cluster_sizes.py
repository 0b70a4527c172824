"""Sizes of clusters over the snapshots, and how many clusters are in use, as the record has it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cna_viz.errors import UsageError
from cna_viz.figures import plot_cluster_sizes
from cna_viz.figures.style.theme import class_style
from cna_viz.records.record import Record

Make = Callable[..., Record]
Held = Callable[..., None]


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
    assert "of the snapshots" in figure.layout.annotations[-1].text


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


def test_one_snapshot_gives_bars(make: Make, held: Held) -> None:
    held(cluster_label=lambda layer, epoch: np.arange(60) % 2 * 2)
    record = make("cna", epochs=0)  # first and last are one
    assert record.snapshots == (0,)
    figure = plot_cluster_sizes(record, 1)
    (bars,) = figure.data
    assert (bars.type, list(bars.x), list(bars.y)) == ("bar", ["0", "1", "2"], [30, 0, 30])
    assert list(bars.text) == ["30", "empty", "30"]
    assert figure.layout.title.text == "Are all clusters in use? (slot after layer 1, epoch 0)"
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("cluster", "nodes of the cluster")


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
