"""Cluster, normalize, activate: together what they are one by one."""

import io
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from cna_viz.errors import UsageError
from cna_viz.nn.cna import CNA
from cna_viz.nn.rational import Rational

Draw = Callable[..., Tensor]


def naive(module: CNA, x: Tensor, labels: Tensor) -> Tensor:
    """CNA of the paper's text with a loop over nodes and channels, for given labels."""
    y = torch.zeros_like(x)
    for k in labels.unique():
        members = (labels == k).nonzero().flatten().tolist()
        numerator, denominator = module.activation.numerator[k].tolist(), module.activation.denominator[k].tolist()
        for c in range(x.shape[1]):
            values = [float(x[i, c]) for i in members]
            mean = sum(values) / len(values)
            variance = sum((value - mean) ** 2 for value in values) / len(values)
            for i, value in zip(members, values, strict=True):
                z = (value - mean) / (variance + 1e-5) ** 0.5
                top = sum(a * z**power for power, a in enumerate(numerator))
                bottom = 1 + sum(abs(b * z**power) for power, b in enumerate(denominator, start=1))
                y[i, c] = top / bottom
    return y


def trained(draw: Draw, nodes: int = 30, clusters: int = 4, steps: int = 3) -> CNA:
    """Return a module with coefficients of its own that has taken some steps."""
    module = CNA(5, clusters, recluster_every=2)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.1 * draw(*parameter.shape))
    for _ in range(steps):
        module(draw(nodes, 5).float())
    return module


@pytest.mark.parametrize("clusters", [1, 3, 12])
def test_loops(draw: Draw, clusters: int) -> None:
    module = trained(draw, nodes=12, clusters=clusters).double()
    x = draw(12, 5)
    labels = module.assignment.labels
    torch.testing.assert_close(module(x), naive(module, x, labels))


def test_one_cluster_is_batch_normalization_and_one_rational(draw: Draw) -> None:
    x = 3 * draw(30, 5) + 1
    wanted = Rational().double()(F.batch_norm(x, None, None, training=True))
    torch.testing.assert_close(CNA(5, 1).double()(x), wanted)


def test_as_many_clusters_as_nodes_gives_the_same_to_all(draw: Draw) -> None:
    # Every node is alone in its cluster, so N gives zeros and A the constant R(0) = a0.
    y = CNA(5, 9)(draw(9, 5).float())
    torch.testing.assert_close(y, torch.full((9, 5), Rational().numerator[0, 0].item()))


def test_gradients(draw: Draw) -> None:
    module = trained(draw, nodes=10).double().eval()
    x = draw(10, 5).requires_grad_()

    def function(x: Tensor, numerator: Tensor, denominator: Tensor) -> Tensor:
        names = {"activation.numerator": numerator, "activation.denominator": denominator}
        return torch.func.functional_call(module, names, (x,))

    assert torch.autograd.gradcheck(function, (x, module.activation.numerator, module.activation.denominator))


@pytest.mark.parametrize("steps", [0, 1, 2, 5])
def test_evaluating_twice_is_the_same_and_changes_nothing(draw: Draw, steps: int) -> None:
    module = trained(draw, steps=steps).eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    x = draw(30, 5).float()
    assert torch.equal(module(x), module(x))
    module(draw(17, 5).float())
    after = module.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_evaluation_between_steps_does_not_change_training(draw: Draw) -> None:
    torch.manual_seed(0)
    watched = CNA(5, 4, recluster_every=2)
    torch.manual_seed(0)
    alone = CNA(5, 4, recluster_every=2)
    for _ in range(5):
        x = draw(30, 5).float()
        watched.eval()(x)
        assert torch.equal(watched.train()(x), alone.train()(x))


def test_untrained_evaluation_is_the_first_training_pass(draw: Draw) -> None:
    module, x = CNA(5, 4), draw(30, 5).float()
    assert torch.equal(module.eval()(x), module.train()(x))


@pytest.mark.parametrize("steps", [0, 1, 4])
def test_all_that_is_remembered_is_in_the_state(draw: Draw, steps: int) -> None:
    module = trained(draw, steps=steps)
    file = io.BytesIO()
    torch.save(module.state_dict(), file)
    file.seek(0)
    other = CNA(5, 4, recluster_every=2)
    other.load_state_dict(torch.load(file, weights_only=True))
    assert set(module.state_dict()) == {
        "activation.denominator",
        "activation.numerator",
        "assignment.centroids",
        "assignment.count",
        "assignment.labels",
        "assignment.seed",
    }
    for train in (False, True):
        x = draw(30, 5).float()
        assert torch.equal(module.train(train)(x), other.train(train)(x))
    for name, value in module.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name


def test_input_is_not_written_to(draw: Draw) -> None:
    module, x = CNA(5, 4, recluster_every=1), draw(30, 5).float().requires_grad_()
    before = x.detach().clone()
    for train in (True, True, False):
        module.train(train)(x).sum().backward()
    assert torch.equal(x, before)


@pytest.mark.parametrize("value", [0.0, 1.0, 1e4])
def test_equal_rows_stay_finite_and_equal(value: float) -> None:
    y = CNA(5, 4)(torch.full((30, 5), value))
    assert bool(y.isfinite().all())
    assert torch.equal(y, y[:1].expand_as(y))


def test_fewer_nodes_than_clusters_are_refused() -> None:
    with pytest.raises(UsageError, match="clusters = 8 is out of range: the input has 7 nodes"):
        CNA(5)(torch.zeros(7, 5))


def test_only_rational_coefficients_are_learned() -> None:
    assert sum(parameter.numel() for parameter in CNA(5, 7).parameters()) == 7 * 10
