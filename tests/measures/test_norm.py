"""The Frobenius norm."""

import torch

from cna_viz.measures import feature_norm


def test_known_values() -> None:
    assert float(feature_norm(torch.tensor([[3.0, 0.0], [0.0, -4.0]]))) == 5
    assert float(feature_norm(torch.ones(9, 16))) == 12
    assert float(feature_norm(torch.zeros(0, 4))) == 0
