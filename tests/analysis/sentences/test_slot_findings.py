"""Sentences about a slot: numbers known by hand, and words for what has none."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from sklearn.metrics import normalized_mutual_info_score

from cna_viz.analysis.sentences.slot_findings import (
    cluster_findings,
    explained,
    normalization_findings,
    rational_findings,
)
from cna_viz.analysis.tables.rational import CENTERS
from cna_viz.analysis.tables.slot_steps import normalize, slot_steps
from cna_viz.config import ModelConfig, RecordingConfig, RunConfig
from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from cna_viz.records.schema import HISTOGRAM_BINS
from cna_viz.records.synthetic import synthetic_record

Array = np.ndarray
Build = Callable[..., Record]
Store = Callable[..., None]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Return what writes a synthetic record of three classes; clusters are the nodes' numbers modulo four."""

    def build(slot: str = "cna") -> Record:
        model = ModelConfig(slot=slot, layers=3, hidden=4, **({"clusters": 4} if slot == "cna" else {}))
        return synthetic_record(tmp_path, RunConfig(model=model, recording=RecordingConfig(snapshots="ends")), nodes=30)

    return build


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    """Return what puts arrays in the place of those that records hold, by their names."""
    variable, embedding = Record.layer_variable, Record.embedding

    def store(**arrays: Array) -> None:
        def layer_variable(self: Record, name: str, *where: Any) -> xr.DataArray | None:
            return xr.DataArray(arrays[name]) if name in arrays else variable(self, name, *where)

        def features(self: Record, layer: int, stage: str = "slot", epoch: int | None = None) -> xr.DataArray:
            return xr.DataArray(arrays[stage]) if stage in arrays else embedding(self, layer, stage, epoch)

        monkeypatch.setattr(Record, "layer_variable", layer_variable)
        monkeypatch.setattr(Record, "embedding", features)

    return store


def test_explained_by_hand() -> None:
    assert explained(np.array([[0.0], [2.0], [4.0], [6.0]]), np.array([0, 0, 1, 1])) == pytest.approx(16 / 20)


def test_nothing_is_between_clusters_after_cluster_norm() -> None:
    rng = np.random.default_rng(0)
    label = rng.integers(0, 5, 80)
    features = 3 * label[:, None] + rng.standard_normal((80, 7))
    assert explained(features, label) > 0.9
    assert explained(normalize(features, label, "cluster"), label) == pytest.approx(0, abs=1e-20)


@pytest.mark.parametrize("offset", [0, 1e3])
def test_all_is_between_groups_whose_nodes_are_alike(offset: float) -> None:
    label = np.array([0, 3, 3, 1, 0, 1])
    features = np.random.default_rng(1).standard_normal((4, 5))[label] + offset
    assert explained(features, label) == pytest.approx(1)


def test_one_group_explains_nothing() -> None:
    features = np.random.default_rng(2).standard_normal((9, 3))
    assert explained(features, np.zeros(9, np.int64)) == pytest.approx(0)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [0.0, 0.1, 1e30, np.nan])
def test_without_variance_there_is_no_share(value: float) -> None:
    assert np.isnan(explained(np.full((7, 3), value), np.arange(7) % 2))


@pytest.mark.filterwarnings("error")
def test_where_not_all_is_finite_there_is_no_share() -> None:
    features = np.random.default_rng(3).standard_normal((7, 3))
    features[2, 1] = np.nan
    assert np.isnan(explained(features, np.arange(7) % 2))


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_the_scale_does_not_matter(scale: float) -> None:
    features = np.random.default_rng(4).standard_normal((12, 3))
    label = np.arange(12) % 3
    assert explained(scale * features, label) == pytest.approx(explained(features, label))


def test_sizes_and_shared_information_of_clusters(build: Build, store: Store) -> None:
    record = build()
    label = np.where(np.arange(30) < 5, 3, 0)
    store(cluster_label=label)
    shared = normalized_mutual_info_score(record.graph["target"].values, label)
    assert cluster_findings(record, 1) == [
        "2 clusters of 5 to 25 nodes",
        f"normalized mutual information of clusters and classes: {shared:.2f} (0: independent, 1: identical)",
    ]


def test_clusters_that_are_the_classes(build: Build, store: Store) -> None:
    record = build()
    store(cluster_label=record.graph["target"].values)
    assert "classes: 1.00" in cluster_findings(record, 1)[1]


def test_a_slot_without_clusters_is_said_to_have_one(build: Build) -> None:
    assert cluster_findings(build("na"), 1) == ["all 30 nodes are in one cluster"]


NO_CLASSES = "the nodes have fewer than two classes: there is nothing for clusters to share with them"


@pytest.mark.parametrize(
    ("label", "target", "sentences"),
    [
        (
            np.arange(30) % 3,
            np.arange(30) % 3,
            [
                "3 clusters of 10 nodes each",
                "normalized mutual information of clusters and classes: 1.00 (0: independent, 1: identical)",
            ],
        ),
        (np.arange(30), np.zeros(30, int), ["30 clusters of 1 node each", NO_CLASSES]),
        (np.arange(30) % 4, np.full(30, -1), ["4 clusters of 7 to 8 nodes", NO_CLASSES]),
        (np.full(30, 5), np.zeros(30, int), ["all 30 nodes are in one cluster"]),
    ],
)
def test_clusters_at_the_ends(build: Build, store: Store, label: Array, target: Array, sentences: list[str]) -> None:
    record = build()
    record.graph["target"][:] = target
    store(cluster_label=label)
    assert cluster_findings(record, 1) == sentences


def test_without_labels_there_are_no_classes_to_lie_between(build: Build) -> None:
    record = build()
    record.graph["target"][:] = -1
    assert normalization_findings(record, 1)[1] == "no node is labelled"


def test_variance_between_clusters_and_classes_at_every_step(build: Build) -> None:
    record = build()
    clusters, classes = normalization_findings(record, 2)
    steps, target = slot_steps(record, 2), record.graph["target"].values
    for sentence, label in ((clusters, steps.label), (classes, target)):
        told = [float(number) for number in re.findall(r"([\d.]+) %", sentence)]
        expected = [100 * explained(features, label) for features in (steps.before, steps.normalized, steps.after)]
        np.testing.assert_allclose(told, expected, atol=0.051)
    assert clusters.startswith("variance between clusters: ")
    assert ", 0.0 % after N, " in clusters
    assert classes.startswith("variance between classes: ")


def test_what_has_no_variance_is_undefined(build: Build, store: Store) -> None:
    record = build()
    store(conv=np.ones((30, 4)))
    assert "classes: undefined before, undefined after N, " in normalization_findings(record, 1)[1]


def constants(*values: float) -> dict[str, Array]:
    """Return coefficients of functions that are the same everywhere."""
    numerator = np.zeros((len(values), 6))
    numerator[:, 0] = values
    return {"rational_numerator": numerator, "rational_denominator": np.zeros((len(values), 4))}


def test_distances_of_constant_functions_by_hand(build: Build, store: Store) -> None:
    # All values of the first two in one bin left of zero, where ReLU is 0; the third has none.
    counts = np.zeros((3, HISTOGRAM_BINS), np.int64)
    counts[:2, np.flatnonzero(np.isclose(CENTERS, -1.1))] = [[10], [500]]
    store(**constants(1, 4, 1000), slot_input_histogram=counts)
    assert rational_findings(build(), 1) == [
        "distance from ReLU (root mean square over the values): 1.00 to 4.00",
        "distance of the clusters' functions from their mean: 1.50",
    ]


def test_relu_itself_has_no_distance_from_relu(build: Build, store: Store) -> None:
    counts = np.zeros((2, HISTOGRAM_BINS), np.int64)
    counts[:, np.flatnonzero(np.isclose(CENTERS, 2.1))] = 3
    store(
        rational_numerator=np.array([[0, 1, 0, 0, 0, 0.0]] * 2),
        rational_denominator=np.zeros((2, 4)),
        slot_input_histogram=counts,
    )
    far, apart = rational_findings(build(), 1)
    assert far.endswith(": 0.00")
    assert apart.endswith(": 0.00")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("functions", "sentences"),
    [
        ((1.0,), ["1.00", "only one function has values: it has no other to differ from"]),
        ((1.0, np.nan), ["1.00", "only one function has values: it has no other to differ from"]),
        ((2.0, 2.0), ["2.00", "distance of the clusters' functions from their mean: 0.00"]),
        ((np.nan, np.nan), ["no finite value enters the rational functions"]),
    ],
)
def test_rationals_at_the_ends(build: Build, store: Store, functions: tuple[float, ...], sentences: list[str]) -> None:
    counts = np.zeros((len(functions), HISTOGRAM_BINS), np.int64)
    counts[:, np.flatnonzero(np.isclose(CENTERS, -1.1))] = 10
    store(**constants(*functions), slot_input_histogram=counts)
    told = rational_findings(build(), 1)
    assert [text.removeprefix("distance from ReLU (root mean square over the values): ") for text in told] == sentences


def test_far_values_beyond_the_middle_do_not_count(build: Build, store: Store) -> None:
    counts = np.zeros((1, HISTOGRAM_BINS), np.int64)
    counts[0, [0, 30]] = [1, 999]
    odd = {"rational_numerator": np.array([[0, 0, 0, 0, 0, 1.0]]), "rational_denominator": np.zeros((1, 4))}
    store(**odd, slot_input_histogram=counts)
    assert rational_findings(build(), 1)[0].endswith(f": {abs(CENTERS[30]) ** 5:.2f}")


@pytest.mark.filterwarnings("error")
def test_no_values_are_said_to_be_none(build: Build, store: Store) -> None:
    store(slot_input_histogram=np.zeros((4, HISTOGRAM_BINS), np.int64))
    assert rational_findings(build(), 1) == ["no finite value enters the rational functions"]


def test_errors_are_those_of_the_steps_and_the_curves(build: Build) -> None:
    other, record = build("relu"), build()
    for find in (cluster_findings, normalization_findings, rational_findings):
        with pytest.raises(UsageError, match="'relu'"):
            find(other, 1)
        with pytest.raises(UsageError, match="layers are 1 to 3"):
            find(record, 3)
        with pytest.raises(UsageError, match="snapshots kept: 0, 5"):
            find(record, 1, epoch=2)
