"""Instance information gain where it is known."""

import math

import pytest
import torch

from cna_viz.measures import InputSample, information_gain


def test_one_channel_that_wins_says_nothing() -> None:
    sample = InputSample.of(torch.randn(20, 3, generator=torch.Generator().manual_seed(0)))
    assert float(information_gain(torch.tensor([[2.0, 1.0]]).repeat(20, 1), sample)) == pytest.approx(0, abs=1e-12)
    assert float(information_gain(torch.ones(20, 1), sample)) == pytest.approx(0, abs=1e-12)


def test_two_kinds_of_inputs() -> None:
    inputs = torch.tensor([[1.0, 0.0]] * 5 + [[-1.0, 0.0]] * 5)
    far = math.exp(-4 / 0.8)
    told_apart = torch.tensor([[1.0, 0.0]] * 5 + [[0.0, 1.0]] * 5)
    wanted = math.log2(1 / ((1 + far) / 2))
    assert float(information_gain(told_apart, InputSample.of(inputs))) == pytest.approx(wanted, rel=1e-12)
    mixed = torch.tensor([[1.0, 0.0], [0.0, 1.0]] * 5)
    assert abs(float(information_gain(mixed, InputSample.of(inputs)))) < 0.05


def test_length_of_inputs_and_features_does_not_matter() -> None:
    generator = torch.Generator().manual_seed(0)
    inputs, x = (torch.randn(30, 4, generator=generator, dtype=torch.float64) for _ in range(2))
    lengths = 10.0 ** torch.linspace(-5, 5, 30, dtype=torch.float64)[:, None]
    right = float(information_gain(x, InputSample.of(inputs)))
    assert float(information_gain(x * lengths, InputSample.of(inputs * lengths))) == pytest.approx(right, rel=1e-9)


def test_sample() -> None:
    inputs = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    one, same, other = (InputSample.of(inputs, seed=seed, most=10) for seed in (1, 1, 2))
    assert one.kernel.shape == (10, 10)
    assert torch.equal(one.nodes, same.nodes)
    assert not torch.equal(one.nodes, other.nodes)
    assert InputSample.of(inputs).nodes.tolist() == list(range(50))


def test_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = torch.Generator().manual_seed(0)
    inputs, x = (torch.randn(30, 4, generator=generator) for _ in range(2))
    sample = InputSample.of(inputs)
    right = float(information_gain(x, sample))
    monkeypatch.setattr("cna_viz.measures.information.ENTRIES", 500)
    assert float(information_gain(x, sample)) == pytest.approx(right, rel=1e-12)
