"""The fused pass against formulas and modules: outputs, gradients, degenerate inputs, threads, forks."""

import multiprocessing
import subprocess
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from cna_viz.config.vocabulary import ACTIVATIONS, NORMALIZATIONS
from cna_viz.errors import UsageError
from cna_viz.nn import cna, compiled, fused, kernels
from cna_viz.nn.assignment import Partition
from cna_viz.nn.cna import CNA
from cna_viz.nn.compiled import OrderMemory
from tests.nn.naive import naive_cna

Draw = Callable[..., Tensor]
Leaves = list[Tensor]
Function = Callable[..., Tensor]

# Nodes, channels, clusters.
SHAPES = [(1, 1, 1), (1, 5, 1), (1, 5, 3), (7, 1, 3), (12, 4, 1), (9, 3, 9), (30, 5, 4), (40, 70, 6), (5, 5000, 1)]
KINDS = [(normalization, activation) for normalization in NORMALIZATIONS for activation in ACTIVATIONS]


@pytest.fixture
def threads() -> Iterator[Callable[[int], None]]:
    """Return torch.set_num_threads; the number is as it was afterwards."""
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


@pytest.fixture(params=[2**18, 8], ids=["whole", "chunks"])
def chunk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Set the size of a chunk: all rows in one, or only a few in each."""
    monkeypatch.setattr(compiled, "CHUNK", request.param)
    size: int = request.param
    return size


def labels_of(nodes: int, clusters: int, seed: int = 0) -> Tensor:
    """Return random labels; with as many clusters as nodes, each is alone."""
    generator = torch.Generator().manual_seed(seed)
    if clusters == nodes:
        return torch.randperm(nodes, generator=generator)
    return torch.randint(clusters, (nodes,), generator=generator)


def module_of(draw: Draw, labels: Tensor, clusters: int, normalization: str, activation: str) -> CNA:
    """Return a module in float64 that has these labels and coefficients of its own."""
    padded = torch.cat([labels, torch.tensor([clusters - 1])])
    module = CNA(None, assignment="labels", normalization=normalization, activation=activation, labels=padded)
    module.assignment.labels = labels
    assert module.clusters == clusters
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.3 * draw(*parameter.shape))
    return module.double()


def paths(module: CNA, labels: Tensor, kind: tuple[str, str]) -> dict[str, Function]:
    """Return the three ways to compute the same, as functions of the features and the coefficients."""

    def oracle(x: Tensor, *coefficients: Tensor) -> Tensor:
        numerator, denominator = coefficients or (None, None)
        return naive_cna(
            x, labels, numerator, denominator, clusters=module.clusters, normalization=kind[0], activation=kind[1]
        )

    def called(way: Callable[[CNA, Tensor, Tensor], Tensor]) -> Function:
        def function(x: Tensor, *coefficients: Tensor) -> Tensor:
            names = dict(zip(("activation.numerator", "activation.denominator"), coefficients, strict=False))
            return torch.func.functional_call(Caller(module, way), {f"module.{k}": v for k, v in names.items()}, (x,))

        return function

    return {"oracle": oracle, "modules": called(composed), "fused": called(CNA._normalize_activate)}


def composed(module: CNA, x: Tensor, labels: Tensor) -> Tensor:
    """Return what the parts of a module compute, called one after the other."""
    return cna._compose(module.normalization, module.activation, x, labels)


class Caller(nn.Module):
    """A module whose forward is one of the ways."""

    def __init__(self, module: CNA, way: Callable[[CNA, Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.module, self.way = module, way

    def forward(self, x: Tensor) -> Tensor:
        return self.way(self.module, x, self.module.assignment(x))


def results(function: Function, x: Tensor, coefficients: Leaves, weight: Tensor) -> Leaves:
    """Return the output and the gradients at the features and the coefficients."""
    leaves = [value.detach().clone().requires_grad_() for value in (x, *coefficients)]
    y = function(*leaves)
    gradients = torch.autograd.grad((y * weight).sum(), leaves, allow_unused=False)
    return [y.detach(), *gradients]


def assert_near(actual: Leaves, wanted: Leaves, tolerance: float) -> None:
    """Check that all differ by ``tolerance`` times the largest number of the column, or of 1, at most."""
    for number, (one, other) in enumerate(zip(actual, wanted, strict=True)):
        assert one.shape == other.shape
        assert bool(one.isfinite().all()), number
        size = other.abs().amax(dim=0, keepdim=True).clamp(min=1)
        assert float(((one.double() - other.double()).abs() / size).max()) <= tolerance, number


def compare(draw: Draw, x: Tensor, clusters: int, kind: tuple[str, str], *, double: float, single: float) -> None:
    """Check fused pass and modules against the formulas, with float64 and with float32."""
    labels, weight = labels_of(len(x), clusters), draw(*x.shape)
    module = module_of(draw, labels, clusters, *kind)
    coefficients = [parameter.detach() for parameter in module.parameters()]
    ways = paths(module, labels, kind)
    wanted = results(ways["oracle"], x, coefficients, weight)
    for name in ("modules", "fused"):
        assert_near(results(ways[name], x, coefficients, weight), wanted, double)
    low = [value.float().double() for value in (x, *coefficients, weight)]
    wanted = results(ways["oracle"], low[0], low[1:-1], low[-1])
    module.float()
    for name in ("modules", "fused"):
        actual = results(ways[name], x.float(), [value.float() for value in coefficients], weight.float())
        assert all(value.dtype == torch.float32 for value in actual)
        assert_near(actual, wanted, single)


@pytest.mark.sampled("kind")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_formulas(draw: Draw, chunk: int, shape: tuple[int, int, int], kind: tuple[str, str]) -> None:
    nodes, channels, clusters = shape
    compare(draw, 2 * draw(nodes, channels) + 0.5, clusters, kind, double=1e-11, single=2e-3)


@pytest.mark.parametrize("seed", range(12))
def test_formulas_for_random_shapes_and_scales(draw: Draw, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)

    def pick(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (), generator=generator))

    monkeypatch.setattr(compiled, "CHUNK", pick(1, 200))
    nodes, channels = pick(1, 60), pick(1, 40)
    x = draw(nodes, channels) * 10.0 ** torch.randint(-4, 3, (1, channels), generator=generator)
    for kind in KINDS:
        compare(draw, x, pick(1, nodes + 3), kind, double=1e-10, single=1e-3)


@pytest.mark.sampled("kind")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [0.0, 1.0, -3.5, 0.1, 1e6, 1e18])
def test_constant_features(draw: Draw, value: float, kind: tuple[str, str], dtype: torch.dtype) -> None:
    labels = labels_of(30, 4)
    module, x = module_of(draw, labels, 4, *kind).to(dtype), torch.full((30, 5), value, dtype=dtype).requires_grad_()
    module(x).sum().backward()
    assert x.grad is not None
    assert bool(x.grad.isfinite().all())
    z = torch.zeros_like(x) if kind[0] != "none" else x  # exactly: every difference is zero
    torch.testing.assert_close(
        module(x), module.activation(z, labels) if kind[1] == "rational" else module.activation(z)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_large_offsets(draw: Draw, kind: tuple[str, str]) -> None:
    # Float32 resolves 1e6 to 1/16: rounded to that, the features are the same for all.
    x = ((64 * draw(30, 5)).round() / 16) + 1e6
    compare(draw, x, 4, kind, double=1e-8, single=1e-5)


@pytest.mark.parametrize("normalization", ["cluster", "batch"])
def test_an_outlier_costs_the_others_nothing(draw: Draw, normalization: str) -> None:
    # Differences are measured from the first node of a group. Where that one is far out, they are large and alike.
    x = torch.cat([torch.full((1, 3), 1e4, dtype=torch.float64), 0.001 * draw(50_000, 3) + 0.3]).float()
    module = module_of(draw, torch.zeros(len(x), dtype=torch.long), 1, normalization, "none")
    torch.testing.assert_close(module.float()(x).double(), module(x.double()), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_tiny_features(draw: Draw, kind: tuple[str, str]) -> None:
    compare(draw, 1e-30 * draw(30, 5), 4, kind, double=1e-11, single=1e-5)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_huge_features_without_normalization(draw: Draw, activation: str) -> None:
    compare(draw, 1e20 * draw(30, 5), 4, ("none", activation), double=1e-11, single=1e-5)


@pytest.mark.parametrize("normalization", ["cluster", "batch", "node"])
def test_huge_features_stay_finite(draw: Draw, normalization: str) -> None:
    labels = labels_of(30, 4)
    module = module_of(draw, labels, 4, normalization, "rational").float()
    x = (1e30 * draw(30, 5)).float().requires_grad_()
    y = module(x)
    y.sum().backward()
    assert x.grad is not None
    assert all(bool(value.isfinite().all()) for value in (y, x.grad))


@pytest.mark.parametrize("kind", KINDS)
def test_empty_clusters_get_no_gradient(draw: Draw, kind: tuple[str, str]) -> None:
    labels = torch.tensor([0, 0, 3, 3, 3, 0])
    module, x = module_of(draw, labels, 6, *kind), draw(6, 3).requires_grad_()
    module(x).square().sum().backward()
    for parameter in module.parameters():
        assert parameter.grad is not None
        assert bool((parameter.grad[[1, 2, 4, 5]] == 0).all())
        assert bool((parameter.grad[[0, 3]] != 0).any())


@pytest.mark.parametrize("kind", KINDS)
def test_features_and_gradients_that_are_not_contiguous(draw: Draw, kind: tuple[str, str]) -> None:
    labels = labels_of(12, 3)
    module, wide, weight = module_of(draw, labels, 3, *kind), draw(10, 24), draw(5, 12).t()
    x = wide[::2, ::2].t()
    assert not x.is_contiguous()
    ways, coefficients = paths(module, labels, kind), [parameter.detach() for parameter in module.parameters()]
    wanted = results(ways["oracle"], x.contiguous(), coefficients, weight.contiguous())
    leaves = [wide.clone().requires_grad_(), *(value.clone().requires_grad_() for value in coefficients)]
    y = ways["fused"](leaves[0][::2, ::2].t(), *leaves[1:])
    gradients = torch.autograd.grad(y, leaves, weight)
    assert_near([y.detach(), gradients[0][::2, ::2].t(), *gradients[1:]], wanted, 1e-11)
    (expanded,) = torch.autograd.grad(ways["fused"](x.requires_grad_(), *coefficients).sum(), x)
    (ones,) = torch.autograd.grad(ways["fused"](x, *coefficients), x, torch.ones(12, 5, dtype=torch.float64))
    assert torch.equal(expanded, ones)


@pytest.mark.parametrize("kind", KINDS)
def test_threads_make_no_difference(
    draw: Draw, monkeypatch: pytest.MonkeyPatch, threads: Callable[[int], None], kind: tuple[str, str]
) -> None:
    monkeypatch.setattr(compiled, "CHUNK", 64)
    labels, x, weight = labels_of(200, 4), draw(200, 7).float(), draw(200, 7).float()
    module = module_of(draw, labels, 4, *kind).float()
    function, coefficients = paths(module, labels, kind)["fused"], [p.detach() for p in module.parameters()]
    threads(1)
    wanted = results(function, x, coefficients, weight)
    for count in (2, 5, 1, 2):
        threads(count)
        for _ in range(3):
            actual = results(function, x, coefficients, weight)
            assert all(torch.equal(one, other) for one, other in zip(actual, wanted, strict=True))


@pytest.mark.parametrize(
    ("nodes", "clusters", "rows"), [(1, 1, 5), (10, 1, 10), (11, 1, 5), (40, 3, 7), (7, 2, 1), (9, 50, 4)]
)
def test_every_chunk_is_sorted_by_cluster(nodes: int, clusters: int, rows: int) -> None:
    labels = labels_of(nodes, clusters).numpy()
    order, starts = kernels.sort(labels, clusters, rows)
    for chunk, first in enumerate(range(0, nodes, rows)):
        last = min(nodes, first + rows)
        assert (starts[chunk, 0], starts[chunk, -1]) == (first, last)
        assert list(order[first:last]) == sorted(range(first, last), key=lambda i: labels[i])
        for cluster in range(clusters):
            assert all(labels[order[starts[chunk, cluster] : starts[chunk, cluster + 1]]] == cluster)


@pytest.mark.parametrize(
    ("nodes", "channels", "clusters", "rows"),
    [
        (1, 1, 1, 1),
        (127, 4, 1, 127),  # too few for two chunks of 100 entries and 64 rows
        (128, 4, 1, 32),  # two would do; four are equal shares for two and for four threads
        (1000, 1, 1, 84),  # ten of at least 100 rows become twelve
        (1000, 1, 8, 1000),  # sums of 8 clusters are worth it from 512 rows on
        (10**6, 1, 8, 512),
    ],
)
def test_chunks_are_worth_a_thread(
    monkeypatch: pytest.MonkeyPatch, nodes: int, channels: int, clusters: int, rows: int
) -> None:
    monkeypatch.setattr(compiled, "CHUNK", 100)
    assert compiled.rows_of_chunk(nodes, channels, clusters) == rows


def test_the_order_is_remembered_while_the_labels_stay() -> None:
    memory, labels = OrderMemory(), torch.tensor([1, 0, 1])
    first = compiled.sort_nodes(labels, 4, 2, memory)
    assert list(first.nodes) == [1, 0, 2]
    assert compiled.sort_nodes(labels, 4, 2, memory) is first
    assert compiled.sort_nodes(labels.clone(), 4, 2, memory) is not first
    labels.copy_(torch.tensor([0, 1, 0]))
    assert list(compiled.sort_nodes(labels, 4, 2, memory).nodes) == [0, 2, 1]
    assert len(compiled.sort_nodes(labels, 4, 5, memory).starts[0]) == 6
    assert deepcopy(memory).last is None


def test_labels_made_in_inference_mode_are_not_remembered() -> None:
    memory = OrderMemory()
    with torch.inference_mode():
        labels = torch.tensor([1, 0])
    assert list(compiled.sort_nodes(labels, 4, 2, memory).nodes) == [1, 0]
    with torch.inference_mode():
        labels.copy_(torch.tensor([0, 1]))
    assert list(compiled.sort_nodes(labels, 4, 2, memory).nodes) == [0, 1]


def test_as_many_labels_as_nodes() -> None:
    recipe = fused.Recipe("none", "relu", 1, 2, 0.0)
    with pytest.raises(UsageError, match="2 labels don't go with 3 nodes"):
        fused.normalize_activate(torch.ones(3, 4), torch.tensor([0, 1]), None, recipe)


@pytest.mark.subprocess
def test_the_number_of_threads_of_torch_stays() -> None:
    # In a new process: Numba sets the number of threads, which it can share with torch, when it starts.
    code = (
        "import torch; torch.set_num_threads(1)\n"
        "from cna_viz.nn.cna import CNA; CNA(4, 2)(torch.ones(8, 4)); print(torch.get_num_threads())"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["1"]


def test_the_pivot_is_the_median_of_three() -> None:
    x = np.array([[5.0], [1.0], [7.0], [100.0], [2.0], [3.0]])
    nodes, starts = kernels.sort(np.array([0, 0, 2, 0, 2, 4]), 5, 6)
    counts, pivot = kernels.pivots(x, nodes, starts, 5)
    assert counts.tolist() == [3, 0, 2, 0, 1]
    assert pivot[[0, 4], 0].tolist() == [5, 3]
    assert pivot[2, 0] in (7, 2)
    together = kernels.sort(np.zeros(6, np.int64), 1, 2)
    assert [value.item() for value in kernels.pivots(x, *together, 1)] == [6, 5]


@pytest.mark.parametrize("way", ["modules", "fused"])
@pytest.mark.parametrize("kind", [("cluster", "none"), ("none", "rational"), ("cluster", "rational")])
def test_second_derivatives_are_refused(draw: Draw, kind: tuple[str, str], way: str) -> None:
    labels = torch.arange(9) % 3
    module = module_of(draw, labels, 3, *kind)
    x = draw(9, 3).requires_grad_()
    y = paths(module, labels, kind)[way](x, *module.parameters())
    with pytest.raises(UsageError, match="second derivatives"):  # also where the gradient of y is a constant
        torch.autograd.grad(y.sum(), x, create_graph=True)


@pytest.mark.sampled("kind")
@pytest.mark.parametrize("way", ["modules", "fused"])
@pytest.mark.parametrize("kind", KINDS)
def test_gradcheck(draw: Draw, monkeypatch: pytest.MonkeyPatch, kind: tuple[str, str], way: str) -> None:
    monkeypatch.setattr(compiled, "CHUNK", 6)
    labels = torch.tensor([0, 0, 0, 1, 1, 3, 3, 3, 4])  # cluster 2 is empty, cluster 4 has one node
    module = module_of(draw, labels, 5, *kind)
    leaves = [draw(9, 3).requires_grad_(), *module.parameters()]
    assert torch.autograd.gradcheck(paths(module, labels, kind)[way], leaves)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_written_to_and_backward_may_run_twice(draw: Draw, kind: tuple[str, str]) -> None:
    labels, x, weight = labels_of(12, 3), draw(12, 4).requires_grad_(), draw(12, 4)
    module = module_of(draw, labels, 3, *kind)
    watched = [x, labels, weight, *module.parameters()]
    before = [value.detach().clone() for value in watched]
    y = module(x)
    kept, leaves = y.detach().clone(), [x, *module.parameters()]
    first, second = (torch.autograd.grad(y, leaves, weight, retain_graph=True) for _ in range(2))
    assert all(torch.equal(one, other) for one, other in zip(first, second, strict=True))
    assert all(torch.equal(now, then) for now, then in zip(watched, before, strict=True))
    assert torch.equal(y, kept)
    assert y.data_ptr() != x.data_ptr()


@pytest.mark.parametrize("kind", KINDS)
def test_without_gradients(draw: Draw, kind: tuple[str, str]) -> None:
    labels, x = labels_of(12, 3), draw(12, 4)
    module = module_of(draw, labels, 3, *kind)
    wanted = module(x.clone().requires_grad_()).detach()
    with torch.no_grad():
        y = module(x.clone().requires_grad_())
    assert not y.requires_grad
    assert torch.equal(y, wanted)
    with torch.inference_mode():
        assert torch.equal(module(x.clone()), wanted)
    assert torch.equal(module.requires_grad_(False)(x), wanted)


def test_gradients_only_where_they_are_asked_for(draw: Draw) -> None:
    labels, x = labels_of(12, 3), draw(12, 4)
    module = module_of(draw, labels, 3, "cluster", "rational")
    module(x).sum().backward()  # of the coefficients alone
    assert all(parameter.grad is not None for parameter in module.parameters())
    module.zero_grad(set_to_none=True)
    module.requires_grad_(False)
    x.requires_grad_()
    module(x).sum().backward()  # of the features alone
    assert x.grad is not None
    assert all(parameter.grad is None for parameter in module.parameters())


def test_features_of_higher_precision_than_the_coefficients(draw: Draw) -> None:
    labels, x = labels_of(12, 3), draw(12, 4).requires_grad_()
    module = module_of(draw, labels, 3, "cluster", "rational").float()
    y = module(x)
    y.sum().backward()
    assert y.dtype == torch.float64
    assert x.grad is not None
    assert x.grad.dtype == torch.float64
    assert {parameter.grad.dtype for parameter in module.parameters() if parameter.grad is not None} == {torch.float32}


def test_features_that_were_overwritten_are_noticed(draw: Draw) -> None:
    labels, x = labels_of(12, 3), (1 * draw(12, 4)).requires_grad_() * 1
    y = module_of(draw, labels, 3, "cluster", "rational")(x)
    x.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


@pytest.mark.sampled("kind")
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("error")
def test_what_is_not_finite_stays_where_it_belongs(draw: Draw, kind: tuple[str, str], value: float) -> None:
    labels, x = torch.arange(12) % 3, draw(12, 4)
    x[5, 2] = value  # in cluster 2
    module = module_of(draw, labels, 3, *kind)
    reached = torch.zeros(12, 4, dtype=torch.bool)
    if kind[0] == "node":
        reached[5] = True
    else:
        reached[{"cluster": labels == 2, "batch": labels >= 0, "none": labels.new_tensor([5])}[kind[0]], 2] = True
    y, plain = module(x), composed(module, x, labels)
    assert bool(y[~reached].isfinite().all())
    if kind[0] != "none":
        assert bool(y[reached].isnan().all())  # and no numbers that look as if they were some
        assert bool(plain[5, 2].isnan())
    elif kind[1] == "relu":
        assert torch.equal(y.nan_to_num(7.0), x.relu().nan_to_num(7.0))
    else:
        assert bool(y[5, 2].isnan()) == (value != value or kind[1] == "rational")
        torch.testing.assert_close(plain, y, equal_nan=True)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradient_of_nan_is_nan_there_and_nowhere_else(draw: Draw, activation: str) -> None:
    labels, x = torch.arange(12) % 3, draw(12, 4)
    x[5, 2] = float("nan")
    x.requires_grad_()
    module = module_of(draw, labels, 3, "none", activation)
    module(x).sum().backward()
    assert x.grad is not None
    x.grad[5, 2] = 0  # NaN, or where it is none what torch gives too
    assert bool(x.grad.isfinite().all())
    for parameter in module.parameters():
        assert parameter.grad is not None
        assert parameter.grad.isnan().any(dim=1).tolist() == [False, False, True]


@pytest.mark.parametrize("kind", [("cluster", "relu"), ("none", "rational"), ("cluster", "rational")])
@pytest.mark.parametrize("wrong", [-1, 3, 2**40])
def test_labels_outside_are_refused(draw: Draw, wrong: int, kind: tuple[str, str]) -> None:
    # The compiled loops would read and write wherever that is.
    labels, x = torch.arange(12) % 3, draw(12, 4)
    module = module_of(draw, labels, 3, *kind)
    module.assignment.labels[4] = wrong
    span = f"from {min(wrong, 0)} to {max(wrong, 2)}"
    with pytest.raises(UsageError, match=rf"labels {span} are out of range: they must be at least 0 and at most 2, as"):
        module(x)


def test_which_tensors_are_supported() -> None:
    assert fused.supports(torch.zeros(2, 2))
    assert fused.supports(torch.zeros(2, 2, dtype=torch.float64))
    assert not fused.supports(torch.zeros(2, 2, dtype=torch.float16))
    assert not fused.supports(torch.zeros(2, 2, dtype=torch.int64))
    assert not fused.supports(torch.zeros(0, 2))
    assert not fused.supports(torch.zeros(2, 0))
    assert not fused.supports(torch.zeros(2, 2, device="meta"))


@pytest.mark.sampled("kind")
@pytest.mark.parametrize("shape", [(0, 4), (3, 0)])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_to_do(draw: Draw, kind: tuple[str, str], shape: tuple[int, int]) -> None:
    module = module_of(draw, torch.zeros(shape[0], dtype=torch.long), 2, *kind)
    assert module(torch.zeros(shape, dtype=torch.float64)).shape == shape


def count_calls(monkeypatch: pytest.MonkeyPatch) -> list[fused.Recipe]:
    """Return a list that grows with every call of the fused pass."""
    calls, original = [], fused.normalize_activate

    def counted(x: Tensor, labels: Tensor, coefficients: Any, recipe: fused.Recipe, memory: OrderMemory) -> Tensor:
        calls.append(recipe)
        return original(x, labels, coefficients, recipe, memory)

    monkeypatch.setattr(fused, "normalize_activate", counted)
    return calls


HOOKS: dict[str, Callable[[nn.Module, list[Any]], Any]] = {
    "forward": lambda part, seen: part.register_forward_hook(lambda _, inputs, output: seen.append((inputs, output))),
    "pre": lambda part, seen: part.register_forward_pre_hook(lambda _, inputs: seen.append((inputs, None))),
    "backward": lambda part, seen: part.register_full_backward_hook(
        lambda _, below, above: seen.append((below, above))
    ),
    "backward pre": lambda part, seen: part.register_full_backward_pre_hook(
        lambda _, above: seen.append((above, None))
    ),
}


@pytest.mark.sampled
@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("part", ["normalization", "activation"])
@pytest.mark.parametrize("activation", ["rational", "relu"])
def test_hooks_are_called(draw: Draw, monkeypatch: pytest.MonkeyPatch, activation: str, part: str, hook: str) -> None:
    calls, seen = count_calls(monkeypatch), list[Any]()
    labels, x = labels_of(12, 3), draw(12, 4).requires_grad_()
    module = module_of(draw, labels, 3, "cluster", activation)
    wanted = module(x)
    assert len(calls) == 1
    handle = HOOKS[hook](getattr(module, part), seen)
    y = module(x)
    y.sum().backward()
    assert len(seen) == 1
    assert len(calls) == 1
    torch.testing.assert_close(y, wanted)
    handle.remove()
    module(x).sum().backward()
    assert len(seen) == 1
    assert len(calls) == 2


def test_hooks_see_what_there_is_to_see(draw: Draw) -> None:
    labels, x = labels_of(12, 3), draw(12, 4)
    module, seen = module_of(draw, labels, 3, "cluster", "rational"), list[Any]()
    for part in (module.normalization, module.activation):
        part.register_forward_hook(lambda _, inputs, output: seen.append((inputs[0], output)))
    y = module(x)
    (first, z), (second, last) = seen
    assert torch.equal(first, x)
    torch.testing.assert_close(
        z, naive_cna(x, labels, None, None, clusters=3, normalization="cluster", activation="none")
    )
    assert torch.equal(second, z)
    assert torch.equal(last, y)


def _in_child(pipe: Connection, module: CNA, x: Tensor, weight: Tensor) -> None:
    torch.set_num_threads(1)  # with more, torch's own products hang in a fork
    x = x.clone().requires_grad_()
    y = module(x)
    (gradient,) = torch.autograd.grad((y * weight).sum(), x)
    pipe.send((y.detach().numpy(), gradient.numpy()))


@pytest.mark.subprocess
def test_after_a_fork(draw: Draw, monkeypatch: pytest.MonkeyPatch, threads: Callable[[int], None]) -> None:
    monkeypatch.setattr(compiled, "CHUNK", 64)
    threads(2)
    labels, x, weight = labels_of(200, 4), draw(200, 7).requires_grad_(), draw(200, 7)
    module = module_of(draw, labels, 4, "cluster", "rational")
    y = module(x)  # the threads of this process are there now; the child has none
    (gradient,) = torch.autograd.grad((y * weight).sum(), x)
    ours, theirs = multiprocessing.get_context("fork").Pipe()
    child = multiprocessing.get_context("fork").Process(target=_in_child, args=(theirs, module, x.detach(), weight))
    child.start()
    answered = ours.poll(20)
    if not answered:
        child.kill()
    child.join(20)
    assert answered
    there = [torch.from_numpy(value) for value in ours.recv()]
    assert_near(there, [y.detach(), gradient], 1e-11)
    assert child.exitcode == 0


def test_copies_go_on_alike_and_share_nothing(draw: Draw) -> None:
    labels, x = labels_of(12, 3), draw(12, 4)
    module = module_of(draw, labels, 3, "cluster", "rational")
    y = module(x)
    other = deepcopy(module)
    assert torch.equal(other(x), y)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.add_(1)
    assert isinstance(other.assignment, Partition)
    other.assignment.labels.fill_(0)
    assert torch.equal(module(x), y)
    assert not torch.equal(other(x), y)


@pytest.mark.parametrize("cached", [True, False])
def test_who_waits_for_the_compiler_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture, cached: bool
) -> None:
    if cached:
        (tmp_path / "kernels.backward-1.py311.nbi").touch()
    monkeypatch.setattr(kernels, "backward", SimpleNamespace(stats=SimpleNamespace(cache_path=str(tmp_path))))
    compiled.load_kernels.cache_clear()
    try:
        for _ in range(2):
            assert compiled.load_kernels() is kernels
        assert [record.message for record in caplog.records] == [
            "compiling the loops of CNA for this processor (once, about 15 seconds)"
        ] * (not cached)
    finally:
        compiled.load_kernels.cache_clear()
