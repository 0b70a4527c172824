"""Normalization within clusters, against batch normalization, loops and autograd."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from cna_viz.errors import UsageError
from cna_viz.nn.normalize import ClusterNorm, NodeNorm, NoNorm

Draw = Callable[..., Tensor]


def naive(x: Tensor, labels: Tensor, eps: float = 1e-5) -> Tensor:
    """The same with operations that autograd differentiates."""
    rows = []
    for row, label in zip(x, labels, strict=True):
        members = x[labels == label]
        rows.append((row - members.mean(dim=0)) / (members.var(dim=0, unbiased=False) + eps).sqrt())
    return torch.stack(rows)


def batch_norm(x: Tensor) -> Tensor:
    return F.batch_norm(x, None, None, training=True)


def test_one_cluster_is_batch_normalization(draw: Draw) -> None:
    x = 3 * draw(40, 5) + 2
    torch.testing.assert_close(ClusterNorm(1)(x, torch.zeros(40, dtype=torch.long)), batch_norm(x))


def test_each_cluster_is_normalized_alone(draw: Draw) -> None:
    x, labels = 3 * draw(40, 5) + 2, torch.arange(40) % 3
    y = ClusterNorm(4)(x, labels)
    for label in range(3):
        torch.testing.assert_close(y[labels == label], batch_norm(x[labels == label]))


@pytest.mark.parametrize("seed", range(10))
def test_loops(draw: Draw, seed: int) -> None:
    x = draw(12, 3) * 10.0**seed / 1e5
    labels = torch.randint(5, (12,), generator=torch.Generator().manual_seed(seed))  # some alone, some clusters empty
    torch.testing.assert_close(ClusterNorm(5)(x, labels), naive(x, labels))


def test_gradients(draw: Draw) -> None:
    x = draw(9, 3).requires_grad_()
    labels = torch.tensor([0, 0, 0, 1, 1, 3, 3, 3, 4])  # cluster 2 is empty, cluster 4 has one node
    norm = ClusterNorm(5)
    assert torch.autograd.gradcheck(lambda x: norm(x, labels), (x,))
    weight = draw(9, 3)
    (wanted,) = torch.autograd.grad((naive(x, labels) * weight).sum(), x)
    (actual,) = torch.autograd.grad((norm(x, labels) * weight).sum(), x)
    torch.testing.assert_close(actual, wanted)
    assert torch.equal(actual[8], torch.zeros(3, dtype=torch.float64))


def test_second_derivatives_are_refused(draw: Draw) -> None:
    x, labels, weight = draw(6, 2).requires_grad_(), torch.tensor([0, 0, 0, 1, 1, 1]), draw(6, 2)

    def twice(y: Tensor) -> Tensor:
        (first,) = torch.autograd.grad((y * weight).sum(), x, create_graph=True)
        (second,) = torch.autograd.grad(first.square().sum(), x)
        return second

    assert bool(twice(naive(x, labels)).isfinite().all())
    with pytest.raises(UsageError, match="second derivatives"):  # wrong numbers would be worse
        twice(ClusterNorm(2)(x, labels))


def test_cluster_of_one_node_gives_zeros(draw: Draw) -> None:
    x = 1e3 * draw(7, 4).float()
    assert torch.equal(ClusterNorm(7)(x, torch.arange(7)), torch.zeros(7, 4))
    y = ClusterNorm(3)(x, torch.tensor([0, 0, 1, 0, 0, 2, 0]))
    assert torch.equal(y[[2, 5]], torch.zeros(2, 4))
    assert bool((y[[0, 1, 3]] != 0).all())


@pytest.mark.parametrize("value", [0.0, 1.0, -3.5, 1e6, 1e18, 1e-30])
def test_constant_features_stay_finite(value: float) -> None:
    x = torch.full((100, 3), value, requires_grad=True)
    y = ClusterNorm(4)(x, torch.arange(100) % 3)
    y.sum().backward()  # type: ignore[no-untyped-call]
    assert bool(y.isfinite().all())
    assert x.grad is not None
    assert bool(x.grad.isfinite().all())


def test_constant_powers_of_two_give_zeros() -> None:
    y = ClusterNorm(2)(torch.full((64, 3), 4.0), torch.arange(64) % 2)
    assert torch.equal(y, torch.zeros(64, 3))


def test_constant_features_give_nearly_zeros() -> None:
    x = 100 * torch.tensor([1.0, 1.1, 1.3, 1.7]).repeat(1797, 1)
    assert float(batch_norm(x).abs().max()) < 0.01
    assert float(ClusterNorm(1)(x, torch.zeros(1797, dtype=torch.long)).abs().max()) < 0.01


def test_small_differences_around_a_large_mean(draw: Draw) -> None:
    # What oversmoothing makes: rows that differ in the fifth digit. batch_norm keeps such differences to one percent.
    x = (100 + 0.001 * draw(2708, 4)).float()
    labels = torch.zeros(2708, dtype=torch.long)
    wanted = ClusterNorm(1)(x.double(), labels)
    assert float((batch_norm(x) - batch_norm(x.double())).abs().max()) < 0.05
    assert float((ClusterNorm(1)(x, labels) - wanted).abs().max()) < 0.05


def test_shift_and_scale_change_nothing(draw: Draw) -> None:
    x, labels = draw(30, 4), torch.arange(30) % 3
    shift = torch.tensor([5.0, -7.0, 100.0])[labels][:, None]
    norm = ClusterNorm(3, eps=1e-12)
    torch.testing.assert_close(norm(50 * x + shift, labels), norm(x, labels))


def test_rows_follow_their_nodes(draw: Draw) -> None:
    x, labels, order = draw(30, 4), torch.arange(30) % 4, torch.randperm(30, generator=torch.Generator().manual_seed(0))
    norm = ClusterNorm(4)
    torch.testing.assert_close(norm(x[order], labels[order]), norm(x, labels)[order])


def test_names_of_clusters_do_not_matter(draw: Draw) -> None:
    x, labels = draw(30, 4), torch.arange(30) % 3
    torch.testing.assert_close(ClusterNorm(3)(x, labels), ClusterNorm(9)(x, 8 - 2 * labels))


def test_large_numbers_do_not_become_nan() -> None:
    x = torch.tensor([[1e30], [-1e30], [0.0]])
    assert bool(ClusterNorm(1)(x, torch.zeros(3, dtype=torch.long)).isfinite().all())


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("clusters", [3, 5])
def test_what_is_not_finite_stays_in_its_cluster_and_channel(draw: Draw, value: float, clusters: int) -> None:
    x, labels, norm = draw(30, 4), torch.arange(30) % 3, ClusterNorm(clusters)
    clean = x.clone().requires_grad_()
    x[4, 2] = value  # cluster 1
    x.requires_grad_()
    weight = draw(30, 4)
    spoiled = torch.zeros(30, 4, dtype=torch.bool)
    spoiled[labels == 1, 2] = True
    y, wanted = norm(x, labels), norm(clean, labels)
    assert torch.equal(y.isnan(), spoiled)
    torch.testing.assert_close(y[~spoiled], wanted[~spoiled])
    (gradient,) = torch.autograd.grad(y, x, weight)
    (wanted_gradient,) = torch.autograd.grad(wanted, clean, weight)
    assert torch.equal(gradient.isnan(), spoiled)
    torch.testing.assert_close(gradient[~spoiled], wanted_gradient[~spoiled])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_gradient_that_is_not_finite_stays_in_its_cluster_and_channel(draw: Draw, value: float) -> None:
    x, labels, weight = draw(30, 4).requires_grad_(), torch.arange(30) % 3, draw(30, 4)
    (wanted,) = torch.autograd.grad(ClusterNorm(3)(x, labels), x, weight)
    weight[4, 2] = value
    (gradient,) = torch.autograd.grad(ClusterNorm(3)(x, labels), x, weight)
    spoiled = torch.zeros(30, 4, dtype=torch.bool)
    spoiled[labels == 1, 2] = True
    assert torch.equal(gradient.isnan(), spoiled)
    torch.testing.assert_close(gradient[~spoiled], wanted[~spoiled])


def test_squares_that_overflow_stay_in_their_cluster(draw: Draw) -> None:
    x, labels = draw(30, 4).float(), torch.arange(30) % 3
    wanted = ClusterNorm(3)(x, labels)
    x[labels == 1] *= 1e30
    y = ClusterNorm(3)(x, labels)
    assert bool(y.isfinite().all())
    torch.testing.assert_close(y[labels != 1], wanted[labels != 1])


def test_training_and_evaluation_are_the_same_and_nothing_is_kept(draw: Draw) -> None:
    x, labels, norm = draw(10, 2), torch.arange(10) % 2, ClusterNorm(2)
    assert torch.equal(norm.train()(x, labels), norm.eval()(x, labels))
    assert norm.state_dict() == {}


def test_nothing_is_written_to(draw: Draw) -> None:
    x, labels = draw(10, 2).requires_grad_(), torch.arange(10) % 2
    weight = draw(10, 2)
    before = [value.detach().clone() for value in (x, labels, weight)]
    y = ClusterNorm(2)(x, labels)
    kept = y.detach().clone()
    y.backward(weight)  # type: ignore[no-untyped-call]
    assert all(torch.equal(now, then) for now, then in zip((x, labels, weight), before, strict=True))
    assert torch.equal(y, kept)


def test_backward_may_run_twice(draw: Draw) -> None:
    x, weight = draw(10, 2).requires_grad_(), draw(10, 2)
    y = ClusterNorm(2)(x, torch.arange(10) % 2)
    first, second = (torch.autograd.grad(y, x, weight, retain_graph=True)[0] for _ in range(2))
    assert torch.equal(first, second)


def test_repr() -> None:
    assert repr(ClusterNorm(3)) == "ClusterNorm(clusters=3, eps=1e-05)"


def test_nodes_are_normalized_with_unbiased_variance(draw: Draw) -> None:
    x = 3 * draw(12, 5) + 2
    y = NodeNorm(eps=0)(x)
    torch.testing.assert_close(y.mean(dim=1), torch.zeros(12, dtype=torch.float64))
    torch.testing.assert_close(y.var(dim=1), torch.ones(12, dtype=torch.float64))
    wanted = F.layer_norm(x, (5,), eps=0) * (4 / 5) ** 0.5  # layer normalization divides by the number of channels
    torch.testing.assert_close(y, wanted)
    assert torch.equal(NodeNorm()(x, torch.arange(12)), NodeNorm()(x))


def test_eps_is_added_to_the_variance_of_nodes(draw: Draw) -> None:
    x = 0.01 * draw(12, 5)
    wanted = (x - x.mean(dim=1, keepdim=True)) / (x.var(dim=1, keepdim=True) + 1e-5).sqrt()
    torch.testing.assert_close(NodeNorm()(x), wanted)


def test_gradients_of_nodes(draw: Draw) -> None:
    assert torch.autograd.gradcheck(NodeNorm(), (draw(4, 5).requires_grad_(),))
    assert torch.autograd.gradcheck(NodeNorm(), (draw(4, 1).requires_grad_(),))


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6, 1e30, 1e-30])
def test_constant_nodes_give_zeros(value: float) -> None:
    x = torch.full((4, 5), value, requires_grad=True)
    y = NodeNorm()(x)
    y.sum().backward()  # type: ignore[no-untyped-call]
    assert torch.equal(y, torch.zeros(4, 5))
    assert x.grad is not None
    assert bool(x.grad.isfinite().all())


def test_single_channel_gives_zeros(draw: Draw) -> None:
    assert torch.equal(NodeNorm()(draw(4, 1)), torch.zeros(4, 1, dtype=torch.float64))


def test_small_differences_of_large_channels(draw: Draw) -> None:
    x = (1e6 + (64 * draw(12, 5)).round() / 16).float()
    torch.testing.assert_close(NodeNorm()(x).double(), NodeNorm()(x.double()), rtol=1e-5, atol=1e-5)


def test_no_normalization_is_the_identity(draw: Draw) -> None:
    x = draw(3, 2)
    assert NoNorm()(x, torch.zeros(3, dtype=torch.long)) is x
    assert [repr(NodeNorm()), repr(NoNorm())] == ["NodeNorm(eps=1e-05)", "NoNorm()"]
