"""Clusters of a slot: which node is where, how many there are, and refusals that say what there is."""

from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Literal

import numpy as np
import pytest

from cna_viz.analysis.tables.cluster_labels import ClusterLabels, cluster_labels, effective_number, has_clusters
from cna_viz.config import ModelConfig, RecordingConfig, RunConfig
from cna_viz.errors import UsageError
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
        UsageError, match=rf"no slot after layer {layer} of run \w+: layers are 1 to 4, and slots stand"
    ):
        cluster_labels(build(tmp_path), layer)


def test_a_network_of_one_layer_has_no_slot(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="layers are 1 to 1, and it has no slot at all"):
        cluster_labels(build(tmp_path, "relu", layers=1), 1)


def test_what_is_missing_is_said_with_what_would_keep_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no snapshot of epoch 3; snapshots kept: 0, 5"):
        cluster_labels(build(tmp_path), 1, 3)
    with pytest.raises(UsageError, match=r"snapshots kept: none .train with snapshots 'log' or 'ends'"):
        cluster_labels(build(tmp_path, snapshots="none"), 1)
