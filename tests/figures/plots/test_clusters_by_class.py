"""Clusters by class: cells, order, sizes and agreement are those of the record."""

from collections.abc import Callable

import numpy as np
import pytest

from cna_viz.analysis.tables.cluster_labels import cluster_table
from cna_viz.errors import UsageError
from cna_viz.figures import plot_clusters_by_class
from cna_viz.records.record import Record

Make = Callable[..., Record]
Held = Callable[..., None]


@pytest.mark.parametrize("epoch", [None, 0])
def test_cells_are_shares_of_the_cluster_with_counts_written_in(make: Make, held: Held, epoch: int | None) -> None:
    held(cluster_label=lambda layer, epoch: np.random.default_rng(epoch).integers(0, 3, 60))
    record = make("cna")
    (table,) = plot_clusters_by_class(record, 2, epoch=epoch).data
    found = cluster_table(record, 2, epoch)
    np.testing.assert_allclose(table.z, 100 * found.counts / found.counts.sum(axis=1, keepdims=True))
    assert [list(row) for row in table.text] == [[str(count) if count else "" for count in row] for row in found.counts]
    assert table.texttemplate == "%{text}"


def test_rows_and_columns_have_their_sizes(make: Make, held: Held) -> None:
    record = make("cna")
    target = record.graph["target"].values
    held(cluster_label=np.where(target == 0, 2, 0))
    layout = plot_clusters_by_class(record, 1).layout
    assert list(layout.yaxis.ticktext) == ["cluster 2 · 20", "cluster 0 · 40", "cluster 1 · empty"]
    assert list(layout.xaxis.ticktext) == ["0<br>20", "1<br>20", "2<br>20"]
    assert list(layout.yaxis.range) == [2.5, -0.5], "the first row is the highest"


def test_an_empty_cluster_has_no_share(make: Make, held: Held) -> None:
    held(cluster_label=np.zeros(60, int))
    (table,) = plot_clusters_by_class(make("cna"), 1).data
    assert [list(row) for row in table.z][1:] == [[None] * 3] * 2


def test_title_axes_and_agreement_are_said(make: Make, held: Held) -> None:
    record = make("cna")
    held(cluster_label=record.graph["target"].values)
    layout = plot_clusters_by_class(record, 3, epoch=0).layout
    assert layout.title.text == "Do the clusters know the classes? (slot after layer 3, epoch 0)"
    assert layout.xaxis.title.text == "class, and its number of nodes"
    assert layout.yaxis.title.text == "cluster, and its number of nodes"
    assert layout.coloraxis.colorbar.title.text == "share of the cluster (%)"
    assert (layout.coloraxis.cmin, layout.coloraxis.cmax) == (0, 100)
    assert "normalized mutual information 1.00" in layout.annotations[-1].text
    assert "adjusted Rand index 1.00" in layout.annotations[-1].text


def test_numbers_are_shown_by_fifths(make: Make) -> None:
    record = make("cna", dataset="chameleon-traffic")
    record.graph["target"][:] = np.arange(60)
    layout = plot_clusters_by_class(record, 1).layout
    assert layout.title.text.startswith("Do the clusters know the target?")
    assert layout.xaxis.title.text == "fifth of the target, and its number of nodes"
    assert layout.xaxis.ticktext[0] == "0 to 11<br>12"


def test_forty_classes_of_many_clusters_have_room_but_no_text(make: Make, held: Held) -> None:
    few = plot_clusters_by_class(make("cna"), 1).layout.height
    held(cluster_label=np.arange(80) % 40)
    figure = plot_clusters_by_class(make("cna", nodes=80, classes=40), 1)
    assert figure.data[0].texttemplate is None
    assert figure.layout.height > few + 500


def test_one_cluster_of_one_class(make: Make, held: Held) -> None:
    held(cluster_label=np.zeros(60, int), centroid=np.zeros((1, 4)))
    (table,) = plot_clusters_by_class(make("cna", classes=1), 1).data
    assert (np.array(table.z).tolist(), table.text[0][0]) == ([[100]], "60")


def test_what_has_no_clusters_is_refused(make: Make) -> None:
    with pytest.raises(UsageError, match=r"'na' of run .* has no clusters at layer 1"):
        plot_clusters_by_class(make("na"), 1)
    with pytest.raises(UsageError, match="no slot after layer 4"):
        plot_clusters_by_class(make("cna"), 4)
    with pytest.raises(UsageError, match=r"snapshots kept: none .train with"):
        plot_clusters_by_class(make("cna", snapshots="none"), 1)
