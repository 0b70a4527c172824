"""Sparse features: the same matrix, its transpose beside it, and dropout that treats both alike."""

import pytest
import torch
from torch import Tensor

from cna_viz.models.inputs import SPARSE_FROM, FeatureLinear, SparseFeatures, keep_sparse, product


def matrix(nodes: int = 40, features: int = 17, share: float = 0.2) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(nodes, features, generator=generator)
    return x * (torch.rand(nodes, features, generator=generator) < share)


@pytest.mark.parametrize("share", [0.0, 0.1, 1.0])
def test_both_forms_are_the_matrix(share: float) -> None:
    x = matrix(share=share)
    sparse = SparseFeatures.from_dense(x)
    assert torch.equal(sparse.rows.to_dense(), x)
    assert torch.equal(sparse.columns.to_dense(), x.T)
    assert (len(sparse), sparse.shape) == (40, (40, 17))


def test_product_and_gradient() -> None:
    x, weight = matrix(), torch.randn(17, 5, requires_grad=True)
    g = torch.randn(40, 5)
    y = SparseFeatures.from_dense(x).matmul(weight)
    y.backward(g)
    torch.testing.assert_close(y, x @ weight)
    torch.testing.assert_close(weight.grad, x.T @ g)
    assert torch.equal(
        product(SparseFeatures.from_dense(x).rows, torch.full((17, 2), float("nan"))).isnan()[:, 0], (x != 0).any(1)
    )


def test_dropout_is_the_same_in_both_forms_and_keeps_the_mean() -> None:
    sparse = SparseFeatures.from_dense(matrix(200, 100, 0.5).abs())
    dropped = sparse.dropout(0.25, training=True)
    assert torch.equal(dropped.columns.to_dense(), dropped.rows.to_dense().T)
    values, before = dropped.rows.values(), sparse.rows.values()
    assert float((values == 0).float().mean()) == pytest.approx(0.25, abs=0.02)
    torch.testing.assert_close(values[values != 0], before[values != 0] / 0.75)
    assert sparse.dropout(0.25, training=False) is sparse


def test_only_large_and_mostly_empty_features_are_kept_sparse() -> None:
    rows = SPARSE_FROM // 100
    assert isinstance(keep_sparse(matrix(rows, 100, 0.05)), SparseFeatures)
    assert isinstance(keep_sparse(matrix(rows, 100, 0.3)), Tensor)
    assert isinstance(keep_sparse(matrix(10, 100, 0.05)), Tensor)


@pytest.mark.parametrize("bias", [True, False])
def test_dense_and_sparse_are_the_same_map(bias: bool) -> None:
    lin, x = FeatureLinear(7, 3, bias=bias), torch.randn(20, 7) * (torch.rand(20, 7) < 0.3)
    wanted = x @ lin.weight.T
    if bias:
        with torch.no_grad():
            wanted += lin.bias.copy_(torch.tensor([1.0, 2, 3]))
    outcomes = []
    for features in (x, SparseFeatures.from_dense(x)):
        lin.zero_grad()
        y = lin(features)
        torch.testing.assert_close(y, wanted)
        (y * torch.arange(20.0)[:, None]).sum().backward()
        outcomes.append([parameter.grad.clone() for parameter in lin.parameters()])
    assert len(outcomes[0]) == 1 + bias
    for one, other in zip(*outcomes, strict=True):
        torch.testing.assert_close(one, other)


def test_bias_starts_at_zero() -> None:
    assert torch.equal(FeatureLinear(7, 3)(torch.zeros(2, 7)), torch.zeros(2, 3))
