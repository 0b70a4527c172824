"""Inputs nobody would think of: the fused pass against the formulas, on generated shapes, scales and clusters."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cna_viz.nn.cna import CNA
from cna_viz.nn.kmeans import lloyd, plus_plus
from cna_viz.nn.rational import Rational
from tests.nn.naive import naive_cna

SETTINGS = settings(max_examples=150, deadline=None, derandomize=True)


@SETTINGS
@given(
    nodes=st.integers(1, 40),
    channels=st.integers(1, 9),
    clusters=st.integers(1, 50),
    used=st.integers(1, 50),
    scale=st.floats(1e-3, 1e3),
    offset=st.floats(-1e3, 1e3),
    normalization=st.sampled_from(["cluster", "node", "batch", "none"]),
    activation=st.sampled_from(["rational", "relu", "none"]),
    seed=st.integers(0, 2**32),
)
def test_fused_is_the_formula(
    nodes: int,
    channels: int,
    clusters: int,
    used: int,
    scale: float,
    offset: float,
    normalization: str,
    activation: str,
    seed: int,
) -> None:
    generator = torch.Generator().manual_seed(seed)
    x = (offset + scale * torch.randn(nodes, channels, generator=generator, dtype=torch.float64)).requires_grad_()
    labels = torch.randint(min(used, clusters), (nodes,), generator=generator)
    labels[0] = clusters - 1  # makes the partition have all clusters, most of them perhaps empty
    slot = CNA(None, assignment="labels", labels=labels, normalization=normalization, activation=activation).double()
    assert slot.clusters == clusters
    coefficients = [parameter.detach().clone().requires_grad_() for parameter in slot.parameters()] or [None, None]
    weight = torch.randn(nodes, channels, generator=generator, dtype=torch.float64)
    y = slot(x)
    (y * weight).sum().backward()
    fast = [y.detach(), x.grad, *(parameter.grad for parameter in slot.parameters())]
    x.grad = None
    y = naive_cna(x, labels, *coefficients, clusters=clusters, normalization=normalization, activation=activation)
    (y * weight).sum().backward()
    slow = [y.detach(), x.grad, *(c.grad for c in coefficients if c is not None)]
    for one, other in zip(fast, slow, strict=True):
        # Large sums of opposite signs round differently.
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-8 * max(1.0, float(other.abs().max())))


@SETTINGS
@given(values=st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_a_rational_is_finite_wherever_its_value_is(values: list[float]) -> None:
    x = torch.tensor([values], requires_grad=True)
    y = Rational()(x)
    y.sum().backward()
    bound = 2.0 * x.detach().abs() + 1
    assert bool((y.abs() <= bound).all())
    assert x.grad is not None
    assert bool(torch.isfinite(x.grad).all())


@SETTINGS
@given(nodes=st.integers(1, 30), clusters=st.integers(1, 30), copies=st.integers(1, 5), seed=st.integers(0, 2**31))
def test_lloyd_gives_every_node_a_cluster_and_never_gets_worse(
    nodes: int, clusters: int, copies: int, seed: int
) -> None:
    clusters = min(clusters, nodes * copies)
    x = torch.randn(nodes, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).repeat(copies, 1)
    start = plus_plus(x, clusters, seed)
    costs = []
    for steps in (0, 1, 5):
        centroids, labels = lloyd(x, start, steps)
        assert labels.shape == (len(x),)
        assert 0 <= int(labels.min()) <= int(labels.max()) < clusters
        costs.append(float((x - centroids[labels]).square().sum()))
    assert costs[1] <= costs[0] + 1e-9
    assert costs[2] <= costs[1] + 1e-9
