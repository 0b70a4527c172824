"""The linear map that takes both kinds of features."""

import pytest
import torch

from cna_viz.models.inputs import SparseFeatures
from cna_viz.models.linear import FeatureLinear


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
