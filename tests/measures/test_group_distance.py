"""Group distance ratio against PyG's, and its sample."""

import math
from typing import Any

import pytest
import torch
from torch_geometric.nn import DiffGroupNorm

from cna_viz.measures import ClassSample, group_distance, group_distance_ratio, group_distance_ratio_error


def features(nodes: int, classes: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(nodes)
    y = torch.randint(classes, (nodes,), generator=generator)
    x = torch.randn(nodes, 6, generator=generator, dtype=torch.float64)
    return x * (1 + y[:, None]) + y[:, None], y


@pytest.mark.parametrize(("nodes", "classes"), [(20, 2), (60, 3), (200, 7)])
def test_as_pyg(nodes: int, classes: int) -> None:
    x, y = features(nodes, classes)
    wanted = DiffGroupNorm.group_distance_ratio(x, y, eps=0)
    assert float(group_distance_ratio(x, ClassSample.of(y))) == pytest.approx(wanted, rel=1e-6)


def test_torch_and_compiled_agree(samples: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = [float(group_distance_ratio(sample.x, ClassSample.of(sample.y))) for sample in samples[:40]]
    monkeypatch.setattr(group_distance, "runs_compiled", lambda x: False)
    monkeypatch.setattr("cna_viz.measures.rows.ENTRIES", 50)
    got = [float(group_distance_ratio(sample.x, ClassSample.of(sample.y))) for sample in samples[:40]]
    assert got == pytest.approx(wanted, rel=1e-12)


def test_known_values() -> None:
    y = torch.tensor([0, 0, 1, 1])
    x = torch.tensor([[0.0], [2.0], [10.0], [12.0]])
    assert float(group_distance_ratio(x, ClassSample.of(y))) == pytest.approx(20)  # (10 + 10) / 1
    points = torch.tensor([[0.0], [0.0], [1.0], [1.0]])
    assert float(group_distance_ratio(points, ClassSample.of(y))) == math.inf
    assert math.isnan(float(group_distance_ratio(torch.ones(4, 1), ClassSample.of(y))))
    assert math.isnan(float(group_distance_ratio(x, ClassSample.of(torch.zeros(4)))))


def test_names_of_classes_and_empty_ones_do_not_matter() -> None:
    x, y = features(30, 3)
    right = float(group_distance_ratio(x, ClassSample.of(y)))
    assert float(group_distance_ratio(x, ClassSample.of(10 - 3 * y))) == pytest.approx(right, rel=1e-12)


def test_sample_is_stratified_and_reproducible() -> None:
    y = torch.cat([torch.zeros(900), torch.ones(90), torch.full((10,), 2.0)]).long()
    one = ClassSample.of(y, seed=1, most=100)
    assert one.sizes.tolist() == [90, 9, 8]
    assert one.population.tolist() == [900, 90, 10]
    assert torch.equal(y[one.nodes], one.label)
    assert not one.exact
    assert torch.equal(one.nodes, ClassSample.of(y, seed=1, most=100).nodes)
    assert not torch.equal(one.nodes, ClassSample.of(y, seed=2, most=100).nodes)
    assert ClassSample.of(y).exact


def test_standard_error() -> None:
    x, y = features(600, 3)
    exact = float(group_distance_ratio(x, ClassSample.of(y)))
    drawn = [ClassSample.of(y, seed=seed, most=90) for seed in range(60)]
    values = torch.stack([group_distance_ratio(x, sample) for sample in drawn])
    errors = torch.stack([group_distance_ratio_error(x, sample) for sample in drawn])
    assert abs(float(values.mean()) - exact) < 4 * float(values.std()) / 60**0.5
    assert 0.8 < float(errors.mean() / values.std()) < 1.3
    assert float(group_distance_ratio_error(x, ClassSample.of(y))) == 0


def test_a_class_of_one_node_has_no_width() -> None:
    x, y = torch.tensor([[0.0], [3.0], [4.0]]), torch.tensor([0, 1, 1])
    # Across: 3.5 from both sides; within: 0 and 1/2.
    assert float(group_distance_ratio(x, ClassSample.of(y))) == pytest.approx(7 / 0.25)


@pytest.mark.parametrize("unlabelled", [1, 25])
def test_unlabelled_nodes_are_left_out(unlabelled: int) -> None:
    x, y = features(60, 3)
    away = torch.randperm(60, generator=torch.Generator().manual_seed(0))[:unlabelled]
    y[away] = -1
    wanted = DiffGroupNorm.group_distance_ratio(x[y >= 0], y[y >= 0], eps=0)
    sample = ClassSample.of(y)
    assert float(group_distance_ratio(x, sample)) == pytest.approx(wanted, rel=1e-6)
    assert sample.exact
    few = ClassSample.of(y, most=20)
    assert (y[few.nodes] >= 0).all()
    assert few.population.sum() == 60 - unlabelled
    assert math.isnan(float(group_distance_ratio(x, ClassSample.of(torch.full((60,), -1)))))
