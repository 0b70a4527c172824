"""Clusters by class: counts known by hand, rows on a diagonal, agreement as scikit-learn and the measures have it."""

from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from cna_viz.analysis.tables.cluster_table import cluster_table, count_pairs
from cna_viz.config import DataConfig, ModelConfig, RecordingConfig, RunConfig
from cna_viz.measures import clusters as measures
from cna_viz.records.record import Record
from cna_viz.records.synthetic import synthetic_record

Held = Callable[..., None]


def build(folder: Path, dataset: str = "digits", classes: int = 3) -> Record:
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
    record = build(tmp_path)  # classes are 0, 1, 2, 0, 1, 2 ...
    target = record.graph["target"].values
    label = np.array([3, 0, 2])[target]
    label[:2] = 2, 2
    held(cluster_label=label)
    found = cluster_table(record, 1)
    assert found.clusters.tolist() == [3, 0, 2, 1]
    assert found.counts.tolist() == [[9, 0, 0], [0, 9, 0], [1, 1, 10], [0, 0, 0]]
    assert (found.names, found.kind) == (("0", "1", "2"), "class")


def test_of_two_clusters_of_one_class_the_purer_one_comes_first(tmp_path: Path, held: Held) -> None:
    record = build(tmp_path)
    label = np.zeros(30, int)
    label[[0, 3, 6]] = 1  # all of class 0; cluster 0 has as many of class 1 as of class 2
    held(cluster_label=label)
    assert cluster_table(record, 1).clusters.tolist() == [1, 0, 2, 3]


def test_agreement_is_that_of_the_measures(tmp_path: Path, held: Held) -> None:
    record = build(tmp_path)
    label, target = np.random.default_rng(0).integers(0, 4, 30), record.graph["target"].values
    held(cluster_label=label)
    found = cluster_table(record, 2, 0)
    assert found.nmi == pytest.approx(normalized_mutual_info_score(target, label))
    assert found.ari == pytest.approx(adjusted_rand_score(target, label))
    assert (found.nmi, found.ari) == pytest.approx(
        (float(measures.nmi(label, target)), float(measures.ari(label, target)))
    )


def test_numbers_are_counted_by_fifths(tmp_path: Path) -> None:
    record = build(tmp_path, "chameleon-traffic")
    record.graph["target"][:] = np.arange(30)
    found = cluster_table(record, 1)
    assert found.kind == "target"
    assert found.names == ("0 to 5", "6 to 11", "12 to 17", "18 to 23", "24 to 29")
    assert found.counts.sum(axis=0).tolist() == [6] * 5


def test_one_class_and_one_cluster(tmp_path: Path, held: Held) -> None:
    held(cluster_label=np.zeros(30, int), centroid=np.zeros((1, 4)))
    found = cluster_table(build(tmp_path, classes=1), 1)
    assert (found.counts.tolist(), found.nmi, found.ari) == ([[30]], 1, 1)
