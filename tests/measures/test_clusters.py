"""Measures of clusters where they are known."""

import itertools
import math

import numpy as np
import pytest
import torch

from cna_viz.measures import ari, cluster_churn, cluster_entropy, cluster_sizes, nmi


def test_sizes() -> None:
    assert cluster_sizes(torch.tensor([0, 2, 2])).tolist() == [1, 0, 2]
    assert cluster_sizes(np.array([0, 2, 2]), 5).tolist() == [1, 0, 2, 0, 0]
    assert cluster_sizes([], 2).tolist() == [0, 0]


@pytest.mark.parametrize("clusters", [1, 2, 7])
def test_entropy_of_equal_clusters(clusters: int) -> None:
    labels = torch.arange(clusters).repeat(3)
    assert float(cluster_entropy(labels)) == pytest.approx(math.log(clusters), abs=1e-12)
    assert float(cluster_entropy(labels * 2)) == pytest.approx(math.log(clusters), abs=1e-12)  # empty ones add nothing


def test_entropy_of_unequal_clusters() -> None:
    assert float(cluster_entropy([0, 0, 0, 1])) == pytest.approx(-0.75 * math.log(0.75) - 0.25 * math.log(0.25))


def test_churn_against_all_matchings() -> None:
    generator = torch.Generator().manual_seed(0)
    for _ in range(200):
        one, other = torch.randint(4, (2, 12), generator=generator)
        best = max(
            sum(names[i] == j for i, j in zip(one.tolist(), other.tolist(), strict=True))
            for names in itertools.permutations(range(4))
        )
        assert float(cluster_churn(one, other)) == pytest.approx(1 - best / 12)


def test_names_do_not_matter() -> None:
    one = torch.tensor([0, 0, 1, 1, 2])
    renamed = torch.tensor([9, 9, 0, 0, 4])
    assert float(cluster_churn(one, renamed)) == 0
    assert float(nmi(one, renamed)) == pytest.approx(1)
    assert float(ari(one, renamed)) == 1


def test_one_node_moves_and_one_cluster_splits() -> None:
    assert float(cluster_churn([0, 0, 0, 1, 1], [0, 0, 1, 1, 1])) == pytest.approx(0.2)
    assert float(cluster_churn([0, 0, 0, 0], [0, 0, 1, 1])) == pytest.approx(0.5)


def test_nmi_and_ari_by_hand() -> None:
    for number in range(200):
        one, other = torch.randint(3, (2, 15), generator=torch.Generator().manual_seed(number))
        table = np.zeros((3, 3))
        np.add.at(table, (one.numpy(), other.numpy()), 1)
        p = table / 15
        inside = p > 0
        product = np.outer(p.sum(1), p.sum(0))
        information = float((p[inside] * np.log(p[inside] / product[inside])).sum())
        mean = float(cluster_entropy(one) + cluster_entropy(other)) / 2
        assert float(nmi(one, other)) == pytest.approx(information / mean, rel=1e-8, abs=1e-12)

        def pairs(counts: np.ndarray) -> float:
            return float((counts * (counts - 1) / 2).sum())

        rows, columns = pairs(table.sum(1)), pairs(table.sum(0))
        expected = rows * columns / pairs(np.array([15]))
        wanted = (pairs(table) - expected) / ((rows + columns) / 2 - expected)
        assert float(ari(one, other)) == pytest.approx(wanted, rel=1e-8, abs=1e-12)


def test_single_clusters() -> None:
    one, other = torch.zeros(4), torch.tensor([0, 0, 1, 1])
    for score in (nmi, ari):
        assert float(score(one, one)) == 1
        assert float(score(one, other)) == pytest.approx(0)
    assert float(cluster_entropy(one)) == 0


def test_without_nodes_there_is_no_value() -> None:
    none = torch.empty(0, dtype=torch.long)
    assert math.isnan(float(cluster_entropy(none)))
    for compare in (cluster_churn, nmi, ari):
        assert math.isnan(float(compare(none, none)))


def test_every_kind_of_labels() -> None:
    labels = [0, 1, 1, 2]
    for kind in (labels, np.array(labels, np.int32), torch.tensor(labels, dtype=torch.int32)):
        assert float(cluster_churn(labels, kind)) == 0
        assert cluster_entropy(kind).dtype == cluster_churn(labels, kind).dtype == torch.float64
