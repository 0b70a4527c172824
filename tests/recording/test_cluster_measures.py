"""Measures of clusters over time and over layers."""

import pytest
import torch

from cna_viz.config.vocabulary import CLUSTER_MEASURES
from cna_viz.measures import ari, cluster_churn, cluster_entropy, nmi
from cna_viz.recording.cluster_measures import ClusterMeasurer

CLASSES = torch.arange(12) % 3
ONE, OTHER = torch.arange(12) // 4, torch.arange(12) % 4


def test_every_measure_compares_what_its_name_says() -> None:
    measurer = ClusterMeasurer(CLUSTER_MEASURES, {"classes": CLASSES, "communities": OTHER})
    first = measurer({1: ONE, 3: OTHER, 4: ONE})
    assert set(first) == set(CLUSTER_MEASURES)
    assert first["cluster_churn"] == {}
    assert first["cluster_entropy"] == {1: cluster_entropy(ONE), 3: cluster_entropy(OTHER), 4: cluster_entropy(ONE)}
    assert first["cluster_nmi_classes"][3] == float(nmi(CLASSES, OTHER))
    assert first["cluster_ari_communities"][1] == float(ari(OTHER, ONE))
    assert first["cluster_ari_communities"][3] == 1
    assert first["cluster_nmi_previous"] == {4: float(nmi(OTHER, ONE))}  # layer 2 has no clusters
    second = measurer({1: ONE.flip(0), 3: ONE})
    assert second["cluster_churn"] == {1: 0.0, 3: float(cluster_churn(OTHER, ONE))}
    assert second["cluster_churn"][3] > 0


def test_what_cannot_be_compared_is_left_out() -> None:
    measurer = ClusterMeasurer(CLUSTER_MEASURES, {})
    measurer({1: ONE})
    table = measurer({1: ONE[:5]})  # another graph
    assert table.pop("cluster_entropy").keys() == {1}
    assert all(values == {} for values in table.values())
    assert all(values == {} for values in measurer({}).values())


def test_other_measures_are_passed_over() -> None:
    assert ClusterMeasurer(["mad", "gradient_norm"], {"classes": CLASSES})({1: ONE}) == {}
    assert set(ClusterMeasurer(["mad", "cluster_entropy"], {})({1: ONE})) == {"cluster_entropy"}


def test_after_forgetting_there_is_no_churn() -> None:
    measurer = ClusterMeasurer(["cluster_churn"], {})
    measurer({1: ONE})
    measurer.forget()
    assert measurer({1: OTHER}) == {"cluster_churn": {}}
    assert measurer({1: ONE})["cluster_churn"][1] == pytest.approx(float(cluster_churn(OTHER, ONE)))


def test_labels_that_a_slot_writes_to_later_are_remembered_as_they_were() -> None:
    measurer, labels = ClusterMeasurer(["cluster_churn"], {}), ONE.clone()
    measurer({1: labels})
    labels.copy_(OTHER)
    assert measurer({1: labels})["cluster_churn"][1] > 0


def test_classes_are_compared_on_labelled_nodes() -> None:
    classes = CLASSES.clone()
    classes[[0, 7]] = -1
    known = classes >= 0
    found = ClusterMeasurer(CLUSTER_MEASURES, {"classes": classes})({1: OTHER})
    assert found["cluster_nmi_classes"] == {1: float(nmi(CLASSES[known], OTHER[known]))}
    assert found["cluster_ari_classes"] == {1: float(ari(CLASSES[known], OTHER[known]))}
    assert found["cluster_entropy"] == {1: float(cluster_entropy(OTHER))}
