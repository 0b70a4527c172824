"""Clusters of a slot: which node is where, how many there are, and refusals that say what there is."""

from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Literal

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from cna_viz.analysis.tables.cluster_labels import (
    ClusterLabels,
    cluster_labels,
    cluster_table,
    count_pairs,
    effective_number,
    has_clusters,
)
from cna_viz.config import DataConfig, ModelConfig, RecordingConfig, RunConfig
from cna_viz.errors import UsageError
from cna_viz.measures import clusters as measures
from cna_viz.records.record import Record
from cna_viz.records.synthetic import synthetic_record

Held = Callable[..., None]


def build(folder: Path, slot: str = "cna", layers: int = 4, snapshots: Literal["ends", "none"] = "ends") -> Record:
    clusters: dict[str, Any] = {"clusters": 4} if slot in ("cna", "c", "cna-random") else {}
    model = ModelConfig(slot=slot, layers=layers, hidden=4, **clusters)
    return synthetic_record(
        Path(mkdtemp(dir=folder)), RunConfig(model=model, recording=RecordingConfig(snapshots=snapshots)), nodes=30
    )


def test_labels_are_those_of_the_record(tmp_path: Path) -> None:
    record = build(tmp_path)
    for layer, epoch in ((1, None), (3, 0)):
        found = cluster_labels(record, layer, epoch)
        np.testing.assert_array_equal(found.label, record.layer_variable("cluster_label", layer, epoch))
        assert (found.count, found.size.tolist(), found.empty) == (4, [8, 8, 7, 7], 0)


@pytest.mark.parametrize("slot", ["cna", "c"])
def test_clusters_without_nodes_count(tmp_path: Path, held: Held, slot: str) -> None:
    held(cluster_label=np.array([0, 2, 2] * 10))
    found = cluster_labels(build(tmp_path, slot), 1)
    assert (found.count, found.size.tolist()) == (4, [10, 0, 20, 0])
    assert (found.used.tolist(), found.empty) == ([0, 2], 2)


def test_an_untrained_slot_has_no_centroids_but_a_number_of_clusters(tmp_path: Path, held: Held) -> None:
    held(cluster_label=np.zeros(30, int), centroid=None)
    assert cluster_labels(build(tmp_path, "c"), 1).count == 4


def test_clusters_that_are_classes_are_as_many(tmp_path: Path) -> None:
    assert cluster_labels(build(tmp_path, "cna-labels"), 1).count == 3


def test_no_nodes_make_empty_clusters() -> None:
    found = ClusterLabels(np.zeros(0, np.int64), 3)
    assert (found.size.tolist(), found.used.tolist(), found.empty) == ([0, 0, 0], [], 3)
    assert np.isnan(effective_number(found.size))


@pytest.mark.parametrize(("size", "number"), [([9], 1), ([3, 0, 3, 3], 3), ([0, 5], 1), ([1, 3], 1.754765)])
def test_effective_number_of_clusters(size: list[int], number: float) -> None:
    assert effective_number(np.array(size)) == pytest.approx(number, rel=1e-6)


@pytest.mark.parametrize(
    ("slot", "has"), [("cna", True), ("c", True), ("cna-labels", True), ("na", False), ("relu", False)]
)
def test_which_slots_have_clusters(tmp_path: Path, slot: str, has: bool) -> None:
    record = build(tmp_path, slot)
    assert has_clusters(record) == has
    assert (record.layer_variable("cluster_label", 1) is not None) == has
    assert not has_clusters(build(tmp_path, "relu", layers=1))


@pytest.mark.parametrize("slot", ["relu", "na", "layernorm"])
def test_a_slot_without_clusters_is_refused(tmp_path: Path, slot: str) -> None:
    with pytest.raises(UsageError, match=rf"the slot '{slot}' of run \w+ has no clusters at layer 2; slots with C"):
        cluster_labels(build(tmp_path, slot), 2)


@pytest.mark.parametrize("layer", [0, 4, 5, -1])
def test_a_layer_without_a_slot_is_refused(tmp_path: Path, layer: int) -> None:
    with pytest.raises(
        UsageError, match=rf"no slot after layer {layer} of run \w+: layers are 1 to 4, and slots follow"
    ):
        cluster_labels(build(tmp_path), layer)


def test_a_network_of_one_layer_has_no_slot(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="layers are 1 to 1, and it has no slot"):
        cluster_labels(build(tmp_path, "relu", layers=1), 1)


def test_what_is_missing_is_said_with_what_would_keep_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no snapshot of epoch 3; snapshots kept: 0, 5"):
        cluster_labels(build(tmp_path), 1, 3)
    with pytest.raises(UsageError, match=r"snapshots kept: none .train with snapshots 'log' or 'ends'"):
        cluster_labels(build(tmp_path, snapshots="none"), 1)


Held = Callable[..., None]


def classified(folder: Path, dataset: str = "digits", classes: int = 3) -> Record:
    config = RunConfig(
        data=DataConfig(dataset=dataset),
        model=ModelConfig(slot="cna", layers=3, hidden=4, clusters=4),
        recording=RecordingConfig(snapshots="ends"),
    )
    return synthetic_record(Path(mkdtemp(dir=folder)), config, nodes=30, classes=classes)


def test_pairs_by_hand() -> None:
    pairs = count_pairs(np.array([0, 2, 2, 0]), np.array([1, 0, 0, 1]), 3, 2)
    assert pairs.tolist() == [[0, 2], [0, 0], [2, 0]]
    assert count_pairs(np.zeros(0, int), np.zeros(0, int), 2, 1).tolist() == [[0], [0]]


def test_rows_are_ordered_by_their_class_and_empty_ones_come_last(tmp_path: Path, held: Held) -> None:
    record = classified(tmp_path)  # classes are 0, 1, 2, 0, 1, 2 ...
    target = record.graph["target"].values
    label = np.array([3, 0, 2])[target]
    label[:2] = 2, 2
    held(cluster_label=label)
    found = cluster_table(record, 1)
    assert found.clusters.tolist() == [3, 0, 2, 1]
    assert found.counts.tolist() == [[9, 0, 0], [0, 9, 0], [1, 1, 10], [0, 0, 0]]
    assert (found.names, found.kind) == (("0", "1", "2"), "class")


def test_of_two_clusters_of_one_class_the_purer_one_comes_first(tmp_path: Path, held: Held) -> None:
    record = classified(tmp_path)
    label = np.zeros(30, int)
    label[[0, 3, 6]] = 1  # all of class 0; cluster 0 has as many of class 1 as of class 2
    held(cluster_label=label)
    assert cluster_table(record, 1).clusters.tolist() == [1, 0, 2, 3]


def test_agreement_is_that_of_the_measures(tmp_path: Path, held: Held) -> None:
    record = classified(tmp_path)
    label, target = np.random.default_rng(0).integers(0, 4, 30), record.graph["target"].values
    held(cluster_label=label)
    found = cluster_table(record, 2, 0)
    assert found.nmi == pytest.approx(normalized_mutual_info_score(target, label))
    assert found.ari == pytest.approx(adjusted_rand_score(target, label))
    assert (found.nmi, found.ari) == pytest.approx(
        (float(measures.nmi(label, target)), float(measures.ari(label, target)))
    )


def test_numbers_are_counted_by_fifths(tmp_path: Path) -> None:
    record = classified(tmp_path, "chameleon-traffic")
    record.graph["target"][:] = np.arange(30)
    found = cluster_table(record, 1)
    assert found.kind == "target"
    assert found.names == ("0 to 5", "6 to 11", "12 to 17", "18 to 23", "24 to 29")
    assert found.counts.sum(axis=0).tolist() == [6] * 5


def test_one_class_and_one_cluster(tmp_path: Path, held: Held) -> None:
    held(cluster_label=np.zeros(30, int), centroid=np.zeros((1, 4)))
    found = cluster_table(classified(tmp_path, classes=1), 1)
    assert (found.counts.tolist(), found.nmi, found.ari) == ([[30]], 1, 1)


def test_unlabelled_nodes_are_counted_but_not_compared(tmp_path: Path) -> None:
    config = RunConfig(
        model=ModelConfig(slot="cna", layers=3, hidden=4, clusters=4), recording=RecordingConfig(snapshots="ends")
    )
    record = synthetic_record(tmp_path, config, unlabelled=5)
    found, label = cluster_table(record, 1), cluster_labels(record, 1).label
    assert found.names == ("0", "1", "2", "unlabelled")
    assert found.counts[:, 3].sum() == found.unlabelled == 5
    target = record.graph["target"].values
    assert found.nmi == pytest.approx(normalized_mutual_info_score(target[:55], label[:55]))
    assert found.ari == pytest.approx(adjusted_rand_score(target[:55], label[:55]))
    known = synthetic_record(tmp_path / "none", config, unlabelled=60)
    assert cluster_table(known, 1).counts.tolist() == [[15], [15], [15], [15]]
