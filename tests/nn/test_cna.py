"""Cluster, normalize, activate: together what they are one by one, in every combination and in degenerate cases."""

import pickle
import re
import warnings
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from cna_viz.config.vocabulary import ACTIVATIONS, ASSIGNMENTS, NORMALIZATIONS, PRESETS
from cna_viz.errors import NotFiniteError, UsageError
from cna_viz.nn import cna
from cna_viz.nn.assignment import KMeans, Partition, RandomPartition, Whole
from cna_viz.nn.cna import CNA
from cna_viz.nn.kmeans import nearest
from cna_viz.nn.normalize import ClusterNorm, NodeNorm, NoNorm
from cna_viz.nn.rational import Rational
from tests.nn.helpers import FORMATS, assert_same_state, state_of, stored
from tests.nn.naive import naive_cna

Draw = Callable[..., Tensor]

COMBINATIONS = [(c, n, a) for c in ASSIGNMENTS for n in NORMALIZATIONS for a in ACTIVATIONS]
FIXED = {"labels", "communities"}


def batch_norm(x: Tensor) -> Tensor:
    return F.batch_norm(x, None, None, training=True)


def new(combination: tuple[str, str, str], nodes: int, channels: int | None = 5, **options: Any) -> CNA:
    """Return a module of these factors with at most four clusters."""
    assignment, normalization, activation = combination
    if assignment in FIXED:
        options["labels"] = torch.arange(nodes) % 4
    elif assignment != "none":
        options["clusters"] = min(4, nodes)
    return CNA(channels, assignment=assignment, normalization=normalization, activation=activation, **options)


def trained(draw: Draw, nodes: int = 30, clusters: int = 4, steps: int = 3, **options: Any) -> CNA:
    """Return a module with coefficients of its own that has taken some steps."""
    module = CNA(5, clusters, **{"recluster_every": 2, **options})
    jitter(module, draw)
    for _ in range(steps):
        module(draw(nodes, 5).float())
    return module


def jitter(module: nn.Module, draw: Draw) -> None:
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.1 * draw(*parameter.shape))


def kmeans_of(module: CNA) -> KMeans:
    assert isinstance(module.assignment, KMeans)
    return module.assignment


def heard(module: CNA) -> list[Tensor]:
    """Return a list to which every call of the module adds its labels."""
    labels: list[Tensor] = []
    module.label_tap.register_forward_hook(lambda tap, args, output: labels.append(output.clone()))
    return labels


# The formulas


@pytest.mark.sampled("combination")
@pytest.mark.parametrize("combination", COMBINATIONS)
def test_formulas(draw: Draw, combination: tuple[str, str, str]) -> None:
    module, x = new(combination, 30).double(), draw(30, 5)
    jitter(module, draw)
    labels = heard(module)
    y = module(x)
    wanted = naive_cna(
        x,
        labels[0],
        getattr(module.activation, "numerator", None),
        getattr(module.activation, "denominator", None),
        clusters=module.clusters,
        normalization=combination[1],
        activation=combination[2],
    )
    torch.testing.assert_close(y, wanted)
    assert labels[0].unique().tolist() == list(range(1 if combination[0] == "none" else 4))


@pytest.mark.parametrize("clusters", [1, 3, 12])
def test_paper(draw: Draw, clusters: int) -> None:
    module = trained(draw, nodes=12, clusters=clusters).double()
    x = draw(12, 5)
    coefficients = module.activation.numerator, module.activation.denominator
    wanted = naive_cna(
        x,
        kmeans_of(module).labels,
        *coefficients,
        clusters=clusters,
        normalization="cluster",
        activation="rational",
    )
    torch.testing.assert_close(module.eval()(x), wanted)


def test_one_cluster_is_batch_normalization(draw: Draw) -> None:
    x = 3 * draw(30, 5) + 1
    for module in (CNA(5, 1, activation="none"), CNA(5, assignment="none", activation="none")):
        torch.testing.assert_close(module(x), batch_norm(x))
        torch.testing.assert_close(module(x.float()), batch_norm(x.float()))
    torch.testing.assert_close(CNA(5, 1).double()(x), Rational().double()(batch_norm(x)))


def test_as_many_clusters_as_nodes_gives_the_same_to_all(draw: Draw) -> None:
    # Every node is alone in its cluster, so N gives zeros and A the constant R(0) = a0.
    y = CNA(5, 9)(draw(9, 5).float())
    torch.testing.assert_close(y, torch.full((9, 5), Rational().numerator[0, 0].item()))


@pytest.mark.sampled("combination")
@pytest.mark.parametrize("combination", COMBINATIONS)
def test_gradients(draw: Draw, combination: tuple[str, str, str]) -> None:
    module, x = new(combination, 10).double(), draw(10, 5).requires_grad_()
    module(x.detach())
    module.eval()
    names = [name for name, _ in module.named_parameters()]

    def function(x: Tensor, *coefficients: Tensor) -> Tensor:
        return torch.func.functional_call(module, dict(zip(names, coefficients, strict=True)), (x,))

    assert torch.autograd.gradcheck(function, (x, *module.parameters()))


def test_rational_starts_within_a_twentieth_of_relu() -> None:
    x = torch.linspace(-3, 3, 6001)[:, None]
    assert float((CNA.preset("a", 1)(x) - x.relu()).detach().abs().max()) < 0.05


# The presets


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_composed_as_the_vocabulary_says(name: str) -> None:
    factors = PRESETS[name]
    labels = torch.arange(30) % 3 if factors["assignment"] in FIXED else None
    module = CNA.preset(
        name, 5, None if factors["assignment"] in {"none", *FIXED} else 3, recluster_every=7, labels=labels
    )
    kinds: dict[str, dict[str, type[nn.Module]]] = {
        "assignment": {
            "kmeans": KMeans,
            "random": RandomPartition,
            "labels": Partition,
            "communities": Partition,
            "none": Whole,
        },
        "normalization": {"cluster": ClusterNorm, "batch": ClusterNorm, "node": NodeNorm, "none": NoNorm},
        "activation": {"rational": Rational, "relu": nn.ReLU, "none": nn.Identity},
    }
    for factor, choices in kinds.items():
        assert type(getattr(module, factor)) is choices[factors[factor]]
    if factors["assignment"] == "kmeans":
        kmeans = kmeans_of(module)
        assert (kmeans.distance, kmeans.schedule) == (factors["metric"], factors["schedule"])
        assert (kmeans.clusters, kmeans.recluster_every) == (3, 7)
    if factors["activation"] == "rational":
        assert len(module.activation.numerator) == (1 if factors["assignment"] == "none" else 3)


def test_presets_compute_what_their_letters_say(draw: Draw) -> None:
    x = (3 * draw(40, 5) + 1).float()
    modules = {
        name: CNA.preset(name, 5, 4) if "c" in name else CNA.preset(name, 5)
        for name in ["c", "n", "a", "cn", "ca", "na", "cna"]
    }
    for module in modules.values():
        jitter(module, draw)
        if isinstance(module.assignment, KMeans):
            module.assignment.load_state_dict(modules["c"].assignment.state_dict())  # the same start
    labels = heard(modules["c"])
    y = {name: module(x) for name, module in modules.items()}
    within = ClusterNorm(4)(x, labels[0])
    assert torch.equal(y["c"], x.relu())
    torch.testing.assert_close(y["n"], batch_norm(x).relu())
    torch.testing.assert_close(y["a"], modules["a"].activation(x))
    torch.testing.assert_close(y["cn"], within.relu())
    torch.testing.assert_close(y["ca"], modules["ca"].activation(x, labels[0]))
    torch.testing.assert_close(y["na"], modules["na"].activation(batch_norm(x)))
    torch.testing.assert_close(y["cna"], modules["cna"].activation(within, labels[0]))


def test_the_default_is_the_paper() -> None:
    module, preset = CNA(5), CNA.preset("cna", 5)
    assert repr(module) == repr(preset)
    assert module.clusters == preset.clusters == 8
    assert "clusters=8, distance=euclidean, schedule=warm, recluster_every=20" in repr(module)


def test_released_normalizes_each_node_with_unbiased_variance(draw: Draw) -> None:
    module, x = CNA.preset("cna-released", 5, 4).double(), 3 * draw(30, 5) + 7
    jitter(module, draw)
    labels = heard(module)
    y = module(x)
    z = (x - x.mean(dim=1, keepdim=True)) / (x.var(dim=1, keepdim=True) + 1e-5).sqrt()
    for i, label in enumerate(labels[0]):  # version A
        a, b = module.activation.numerator[label], module.activation.denominator[label]
        top = sum(a[k] * z[i] ** k for k in range(6))
        bottom = 1 + sum((b[k - 1] * z[i] ** k).abs() for k in range(1, 5))
        torch.testing.assert_close(y[i], top / bottom)


def test_released_layers_share_clusters_counter_and_functions(draw: Draw) -> None:
    first = CNA.preset("cna-released", 5, 4)
    layers = nn.ModuleList([first, first.sharing(), first.sharing()])
    kmeans = kmeans_of(first)
    assert len(list(layers.parameters())) == 2
    assert {id(layer.assignment) for layer in layers} == {id(kmeans)}
    assert {id(layer.activation) for layer in layers} == {id(first.activation)}
    assert len({id(layer) for layer in layers}) == len({id(layer.label_tap) for layer in layers}) == 3
    clustered, labels = [], [heard(layer) for layer in layers]
    for step in range(14):
        for number, layer in enumerate(layers):
            x, before = draw(30, 5).float(), kmeans.centroids.clone()
            layer(x)
            assert torch.equal(labels[number][-1], nearest(x, kmeans.centroids, "cosine"))
            assert [len(each) for each in labels] == [step + (other <= number) for other in range(3)]
            if not torch.equal(before, kmeans.centroids):
                clustered.append(3 * step + number)
    assert clustered == [0, 19, 39]  # calls 1, 20 and 40, whichever layer makes them
    assert int(kmeans.count) == 42
    layers.eval()
    before = state_of(layers)
    for layer in layers:
        layer(draw(30, 5).float())
    assert_same_state(before, state_of(layers))


def test_shared_layers_add_up_their_gradients(draw: Draw) -> None:
    first = CNA.preset("cna-released", 5, 4)
    second, x = first.sharing(), draw(30, 5).float()
    first(second(x)).sum().backward()
    both = first.activation.numerator.grad
    first.zero_grad()
    first(second(x).detach()).sum().backward()
    assert both is not None
    assert first.activation.numerator.grad is not None
    assert not torch.allclose(both, first.activation.numerator.grad)


def test_sharing_survives_a_copy(draw: Draw) -> None:
    first = CNA.preset("cna-released", 5, 4)
    layers = nn.ModuleList([first, first.sharing()])
    layers[0](draw(30, 5).float())
    other = deepcopy(layers)
    assert other[0].assignment is other[1].assignment
    assert other[0].assignment is not layers[0].assignment
    x = draw(30, 5).float()
    assert torch.equal(other[1](x), layers[1](x))


# Parts that are exchanged or changed


class Doubled(nn.ReLU):
    """An activation that the fused pass must not take for the one it knows."""

    def forward(self, x: Tensor) -> Tensor:
        return 2 * x.relu()


def test_a_changed_eps_counts(draw: Draw) -> None:
    x, labels = draw(30, 5), torch.arange(30) % 3
    module = CNA(5, assignment="labels", labels=labels, activation="none").double()
    for eps in (1e-5, 3.0, 0.5):
        module.normalization.eps = eps
        wanted = naive_cna(x, labels, None, None, clusters=3, normalization="cluster", activation="none", eps=eps)
        torch.testing.assert_close(module(x), wanted)


@pytest.mark.parametrize(
    ("normalization", "make_normalization"),
    [("cluster", lambda: ClusterNorm(3)), ("batch", lambda: ClusterNorm(1)), ("node", NodeNorm), ("none", NoNorm)],
)
@pytest.mark.parametrize(
    ("activation", "make_activation"),
    [("rational", lambda: Rational(3)), ("relu", nn.ReLU), ("none", nn.Identity)],
)
def test_exchanged_parts_are_what_is_computed(
    draw: Draw,
    normalization: str,
    make_normalization: Callable[[], nn.Module],
    activation: str,
    make_activation: Callable[[], nn.Module],
) -> None:
    x, labels = 3 * draw(30, 5) + 1, torch.arange(30) % 3
    for first in [("cluster", "rational"), ("node", "none")]:
        module = CNA(5, assignment="labels", labels=labels, normalization=first[0], activation=first[1])
        module(x)
        module.normalization, module.activation = make_normalization(), make_activation()
        module.double()
        jitter(module, draw)
        coefficients = (getattr(module.activation, name, None) for name in ("numerator", "denominator"))
        wanted = naive_cna(x, labels, *coefficients, clusters=3, normalization=normalization, activation=activation)
        torch.testing.assert_close(module(x), wanted)


def test_unknown_parts_run_themselves(draw: Draw) -> None:
    x, labels = draw(30, 5), torch.arange(30) % 3
    module = CNA(5, assignment="labels", labels=labels, activation="none").double()
    normalized = module(x)
    for activation, wanted in [
        (nn.Tanh(), normalized.tanh()),
        (Doubled(), 2 * normalized.relu()),
        (nn.LeakyReLU(0.3), F.leaky_relu(normalized, 0.3)),
    ]:
        module.activation = activation
        torch.testing.assert_close(module(x), wanted)


def test_groups_that_are_not_the_clusters_of_the_rational(draw: Draw) -> None:
    # Labels 0 to 2 fit both: a normalization of more clusters, some of them empty, changes nothing.
    x, labels = draw(30, 5), torch.arange(30) % 3
    module = CNA(5, assignment="labels", labels=labels).double()
    wanted = module(x)
    module.normalization = ClusterNorm(7)
    torch.testing.assert_close(module(x), wanted)


def test_layers_that_share_parts_see_what_is_changed_in_them(draw: Draw) -> None:
    x, labels = draw(30, 5), torch.arange(30) % 3
    first = CNA(5, assignment="labels", labels=labels, activation="none").double()
    second = first.sharing()
    first.normalization.eps = 2.0
    assert torch.equal(second(x), first(x))
    wanted = naive_cna(x, labels, None, None, clusters=3, normalization="cluster", activation="none", eps=2.0)
    torch.testing.assert_close(second(x), wanted)


# Compiled


@pytest.fixture
def compiling(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Let torch.compile note what it is called for and return the function itself."""
    calls: list[str] = []

    def compile_nothing(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
        calls.append(f"compile {options}")

        def compiled(*args: Any) -> Any:
            calls.append("run")
            return function(*args)

        return compiled

    monkeypatch.setattr(torch, "compile", compile_nothing)
    cna._compiled_compose.cache_clear()
    yield calls
    cna._compiled_compose.cache_clear()


@pytest.mark.parametrize("copy", [deepcopy, lambda module: pickle.loads(pickle.dumps(module))])
def test_compiled_once_for_all_modules_and_copies(draw: Draw, compiling: list[str], copy: Callable[[CNA], CNA]) -> None:
    x, labels = draw(30, 5), torch.arange(30) % 3
    module = CNA(5, assignment="labels", labels=labels, compiled=True).double()
    state = module.state_dict().keys()
    wanted = module(x)
    other = copy(module)
    jitter(other, draw)
    y = other(x)
    assert torch.equal(module(x), wanted)
    assert compiling == ["compile {'dynamic': False}", "run", "run", "run"]
    assert module.state_dict().keys() == other.state_dict().keys() == state
    # A copy computes with its own coefficients.
    other.compiled = False
    torch.testing.assert_close(y, other(x))
    assert not torch.allclose(y, wanted)
    other.load_state_dict(module.state_dict())
    torch.testing.assert_close(other(x), wanted)
    assert len(compiling) == 4


def test_hooks_see_the_parts_of_a_compiled_module(draw: Draw, compiling: list[str]) -> None:
    module, seen = CNA(5, 4, compiled=True), []
    module.normalization.register_forward_hook(lambda part, args, output: seen.append(output.shape))
    module(draw(30, 5).float())
    assert seen == [(30, 5)]
    assert compiling == []


# State


@pytest.mark.parametrize("steps", [0, 1, 2, 5])
@pytest.mark.parametrize("schedule", ["warm", "released", "running"])
def test_evaluating_twice_is_the_same_and_changes_nothing(draw: Draw, steps: int, schedule: str) -> None:
    module = trained(draw, steps=steps, schedule=schedule).eval()
    before = state_of(module)
    x = draw(30, 5).float()
    assert torch.equal(module(x), module(x))
    module(draw(17, 5).float())
    assert_same_state(before, state_of(module))


@pytest.mark.parametrize("schedule", ["warm", "released", "running"])
def test_evaluation_between_steps_does_not_change_training(draw: Draw, schedule: str) -> None:
    torch.manual_seed(0)
    watched = CNA(5, 4, recluster_every=2, schedule=schedule)
    torch.manual_seed(0)
    alone = CNA(5, 4, recluster_every=2, schedule=schedule)
    for _ in range(5):
        x = draw(30, 5).float()
        watched.eval()(x)
        assert torch.equal(watched.train()(x), alone.train()(x))


def test_untrained_evaluation_is_the_first_training_pass(draw: Draw) -> None:
    module, x = CNA(5, 4), draw(30, 5).float()
    assert torch.equal(module.eval()(x), module.train()(x))


@pytest.mark.sampled("combination")
@pytest.mark.parametrize("combination", COMBINATIONS)
@pytest.mark.parametrize("form", FORMATS)
def test_a_reloaded_module_goes_on_as_the_original(draw: Draw, form: str, combination: tuple[str, str, str]) -> None:
    module, other = (new(combination, 30, None, recluster_every=2) for _ in range(2))
    jitter(module, draw)
    for _ in range(3):
        module(draw(30, 5).float())
    other.load_state_dict(stored(module, form))
    assert_same_state(state_of(module), state_of(other))
    for train in (False, True):
        for _ in range(3):
            x = draw(30, 5).float()
            assert torch.equal(module.train(train)(x), other.train(train)(x))
    assert_same_state(state_of(module), state_of(other))


def test_all_that_is_remembered_is_in_the_state() -> None:
    assert set(CNA(5).state_dict()) == {
        "activation.denominator",
        "activation.numerator",
        *(f"assignment.{name}" for name in ("centroids", "count", "labels", "seed", "weight")),
    }


@pytest.mark.parametrize("preset", ["cna", "cna-released"])
def test_saved_files(draw: Draw, tmp_path: Path, preset: str) -> None:
    def network() -> nn.ModuleList:
        first = CNA.preset(preset, 5, 4, recluster_every=2)
        return nn.ModuleList([first, first.sharing()])

    module, others = network(), [network(), network()]
    for _ in range(2):
        for layer in module:
            layer(draw(30, 5).float())
    torch.save(module.state_dict(), tmp_path / "model.pt")
    others[0].load_state_dict(torch.load(tmp_path / "model.pt", weights_only=True))
    safetensors.torch.save_model(module, str(tmp_path / "model.safetensors"))
    # Safetensors stores shared tensors once, and looks for what is shared in the new network, whose labels are empty.
    missing, unexpected = safetensors.torch.load_model(others[1], tmp_path / "model.safetensors", strict=False)
    assert (set(missing), unexpected) == ({"1.assignment.labels"} if preset == "cna" else set(), [])
    for other in others:
        assert_same_state(state_of(module), state_of(other))
        assert int(kmeans_of(other[1]).count) == 4
        assert other[0].assignment is other[1].assignment
    for _ in range(3):
        x = draw(30, 5).float()
        wanted = module[1](x)
        assert all(torch.equal(other[1](x), wanted) for other in others)


def test_only_rational_coefficients_are_learned() -> None:
    assert sum(parameter.numel() for parameter in CNA(5, 7).parameters()) == 7 * 10
    assert list(CNA(5, 7, activation="relu").parameters()) == []


# Inputs


@pytest.mark.sampled("combination")
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("combination", COMBINATIONS)
def test_degenerate_inputs_give_finite_outputs_of_their_type(
    draw: Draw, combination: tuple[str, str, str], dtype: torch.dtype
) -> None:
    for x in (
        draw(30, 5),
        torch.full((30, 5), 3.0),
        torch.zeros(30, 5),
        draw(1, 5),
        draw(30, 1),
        torch.eye(5)[torch.arange(30) % 2],  # two different rows: fewer than clusters
        torch.cat([torch.zeros(29, 5), torch.full((1, 5), 1000.0)]),
    ):
        module = new(combination, len(x), x.shape[1])
        x = x.to(dtype).requires_grad_()
        for train in (True, True, False):
            y = module.train(train)(x)
            assert y.dtype == dtype
            assert y.shape == x.shape
            assert bool(y.isfinite().all())
        (gradient,) = torch.autograd.grad(y.sum(), x)
        assert gradient.dtype == dtype
        assert bool(gradient.isfinite().all())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_float32(draw: Draw, dtype: torch.dtype) -> None:
    module, x = trained(draw).eval(), draw(30, 5).to(dtype)
    assert torch.equal(module(x), module(x.float()).to(dtype))


@pytest.mark.sampled("combination")
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("combination", COMBINATIONS)
def test_a_module_in_half_precision_learns(draw: Draw, combination: tuple[str, str, str], dtype: torch.dtype) -> None:
    module, x = new(combination, 30, 5).to(dtype), draw(30, 5).to(dtype).requires_grad_()
    for _ in range(2):
        y = module(x)
    y.sum().backward()
    for leaf in (x, *module.parameters()):
        assert leaf.grad is not None
        assert leaf.grad.dtype == dtype
        assert bool(leaf.grad.isfinite().all())


def test_a_single_class_is_one_cluster(draw: Draw) -> None:
    x = draw(30, 5)
    module = CNA(5, assignment="labels", labels=torch.zeros(30, dtype=torch.long), activation="none")
    assert module.clusters == 1
    torch.testing.assert_close(module(x), batch_norm(x))


def test_an_empty_cluster_changes_nothing(draw: Draw) -> None:
    x, labels = draw(30, 5), torch.arange(30) % 3
    dense, sparse = (CNA(5, assignment="labels", labels=each).double() for each in (labels, 2 * labels))
    assert (dense.clusters, sparse.clusters) == (3, 5)
    torch.testing.assert_close(sparse(x), dense(x))


@pytest.mark.sampled("combination")
@pytest.mark.parametrize("combination", COMBINATIONS)
def test_rows_follow_their_nodes(draw: Draw, combination: tuple[str, str, str]) -> None:
    order = torch.randperm(30, generator=torch.Generator().manual_seed(0))
    options = {"schedule": "released"} if combination[0] == "kmeans" else {}
    module = new(combination, 30, **options).double()
    jitter(module, draw)
    module(draw(30, 5))
    x = draw(30, 5)
    y = module.eval()(x)
    if combination[0] in {"random", *FIXED}:  # the clusters belong to the nodes: they are permuted too
        labels = module.assignment(x)
        module.assignment = Partition(labels[order])
    torch.testing.assert_close(module(x[order]), y[order])


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_rows_follow_their_nodes_where_warm_clusters_again(draw: Draw, metric: str) -> None:
    order = torch.randperm(30, generator=torch.Generator().manual_seed(0))
    module = trained(draw, steps=2, metric=metric).double()
    other = deepcopy(module)
    kmeans_of(other).labels = kmeans_of(module).labels[order]
    x = draw(30, 5)
    torch.testing.assert_close(other(x[order]), module(x)[order])
    assert torch.equal(kmeans_of(other).labels, kmeans_of(module).labels[order])
    torch.testing.assert_close(kmeans_of(other).centroids, kmeans_of(module).centroids)


def test_samples_of_the_nodes_have_the_clusters_of_their_nodes(draw: Draw) -> None:
    labels, nodes, x = torch.arange(30) % 3, torch.tensor([4, 7, 29, 0, 9]), draw(5, 5)
    module = CNA(5, assignment="communities", labels=labels).double()
    sample = CNA(5, assignment="communities", labels=labels[nodes]).double()
    torch.testing.assert_close(module(x, nodes), sample(x))


@pytest.mark.sampled("combination")
@pytest.mark.parametrize("combination", COMBINATIONS)
def test_input_is_not_written_to(draw: Draw, combination: tuple[str, str, str]) -> None:
    module, x = new(combination, 30, recluster_every=1), draw(30, 5).float().requires_grad_()
    before = x.detach().clone()
    for train in (True, True, False):
        y = module.train(train)(x)
        y.sum().backward()
        with torch.no_grad():
            y.add_(1)  # nor is it handed out
    assert torch.equal(x, before)


@pytest.mark.parametrize("value", [0.0, 1.0, 1e4])
def test_equal_rows_stay_finite_and_equal(value: float) -> None:
    y = CNA(5, 4)(torch.full((30, 5), value))
    assert bool(y.isfinite().all())
    assert torch.equal(y, y[:1].expand_as(y))


def test_labels_can_be_heard(draw: Draw) -> None:
    module = CNA(5, 4)
    labels = heard(module)
    module(draw(30, 5).float())
    module.eval()(draw(30, 5).float())
    assert all(torch.equal(each, kmeans_of(module).labels) for each in labels)
    assert len(labels) == 2


# What is refused


@pytest.mark.parametrize("factor", ["assignment", "normalization", "activation", "metric", "schedule"])
def test_unknown_names(factor: str) -> None:
    with pytest.raises(UsageError, match=f"^unknown {factor} 'kmean'; choices, nearest first: "):
        CNA(5, **{factor: "kmean"})  # type: ignore[arg-type]


def test_unknown_preset() -> None:
    with pytest.raises(UsageError, match=r"^unknown preset 'can'; choices, nearest first: .*cna.*, cna-released"):
        CNA.preset("can", 5)


@pytest.mark.parametrize("clusters", [0, -3])
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_clusters_out_of_range(assignment: str, clusters: int) -> None:
    with pytest.raises(UsageError, match=f"^CNA clusters = {clusters} is out of range: it must be at least 1$"):
        CNA(5, clusters, assignment=assignment)


@pytest.mark.parametrize("value", [2.0, "2", True, torch.tensor(2)], ids=str)
@pytest.mark.parametrize("name", ["clusters", "channels"])
def test_numbers_that_are_not_integers(name: str, value: Any) -> None:
    message = f"CNA {name} = {value!r} is not accepted: it must be an integer of at least 1"
    with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
        CNA(**{"channels": 5, name: value})
    with pytest.raises(UsageError, match=r"^KMeans recluster_every = 2\.5 is not accepted: it must be an integer"):
        CNA(5, recluster_every=2.5)  # type: ignore[arg-type]


def test_integers_of_numpy_are_integers(draw: Draw) -> None:
    module = CNA(np.int64(5), np.int32(3))  # type: ignore[arg-type]
    assert module(draw(30, 5).float()).shape == (30, 5)
    assert type(module.clusters) is int


@pytest.mark.parametrize("shape", [(), (5,), (2, 30, 5), (30, 6), (30, 4)], ids=str)
@pytest.mark.parametrize("assignment", ["kmeans", "none", "random", "labels"])
def test_inputs_of_another_shape(assignment: str, shape: tuple[int, ...]) -> None:
    module = new((assignment, "cluster", "rational"), 30)
    message = f"CNA input of shape {[*shape]} is not accepted: it must be [nodes, 5]"
    with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
        module(torch.zeros(shape))


def test_channels_of_the_first_step_are_those_of_all_later_ones(draw: Draw) -> None:
    module = CNA(None, 3)
    module(draw(30, 5).float())
    for train in (True, False):
        with pytest.raises(UsageError, match=r"^KMeans input has 6 channels, but its centroids have 5$"):
            module.train(train)(draw(30, 6).float())


def test_layers_with_other_channels_share_what_does_not_depend_on_them(draw: Draw) -> None:
    first = CNA(5, 3, assignment="random")
    assert first.sharing()(draw(30, 6).float()).shape == (30, 6)
    with pytest.raises(UsageError, match=r"^KMeans input has 6 channels, but its centroids have 5$"):
        CNA(5, 3).sharing()(draw(30, 6).float())


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (torch.ones(30, 5, dtype=torch.long), "torch.int64"),
        (torch.ones(30, 5, dtype=torch.bool), "torch.bool"),
        (torch.ones(30, 5, dtype=torch.complex64), "torch.complex64"),
        (np.ones((30, 5)), "ndarray"),
        (None, "NoneType"),
    ],
    ids=["integers", "bool", "complex", "numpy", "none"],
)
def test_inputs_of_another_type(value: Any, kind: str) -> None:
    message = f"^CNA input of type {kind} is not accepted: it must be a floating-point tensor$"
    with pytest.raises(UsageError, match=message):
        CNA(5)(value)


def test_no_nodes_give_no_rows(draw: Draw) -> None:
    trained_before = trained(draw).eval()
    whole, drawn = CNA(5, assignment="none"), CNA(5, assignment="random")
    assert [module(torch.zeros(0, 5)).shape for module in (trained_before, whole, drawn)] == [(0, 5)] * 3
    with pytest.raises(UsageError, match="clusters = 8 is out of range: the input has 0 nodes"):
        CNA(5)(torch.zeros(0, 5))


def test_another_number_of_nodes_than_labels(draw: Draw) -> None:
    module = CNA(5, assignment="labels", labels=torch.arange(30) % 3)
    with pytest.raises(UsageError, match="the input has 7 nodes, but the partition has a cluster for each of 30 nodes"):
        module(draw(7, 5).float())
    with pytest.raises(UsageError, match="the input has 7 nodes, but nodes has 5: pass one for every row"):
        module(draw(7, 5).float(), torch.arange(5))


def test_labels_that_are_no_tensor() -> None:
    with pytest.raises(UsageError, match=r"labels of type ndarray are not accepted: pass torch.as_tensor\(labels\)"):
        CNA(5, assignment="labels", labels=np.arange(30))  # type: ignore[arg-type]


def test_nan_never_moves_the_clusters_of_other_nodes(draw: Draw) -> None:
    module, x = trained(draw, steps=1, recluster_every=9), draw(30, 5).float()
    labels = kmeans_of(module).labels.clone()
    wanted = module(x)
    x[4, 2] = float("nan")
    y = module(x)  # between two clusterings the labels are the stored ones
    spoiled = torch.zeros(30, 5, dtype=torch.bool)
    spoiled[labels == labels[4], 2] = True
    assert torch.equal(y.isnan(), spoiled)
    torch.testing.assert_close(y[~spoiled], wanted[~spoiled])
    with pytest.raises(NotFiniteError, match="in 1 of 20 rows"):  # another graph gets the nearest centroids
        module.eval()(x[:20])


@pytest.mark.parametrize("wrap", [lambda module: module, nn.Sequential], ids=["alone", "within"])
def test_torch_jit_is_refused(draw: Draw, wrap: Callable[[nn.Module], nn.Module]) -> None:
    x = draw(30, 5).float()
    for refused in (lambda: torch.jit.script(wrap(CNA(5))), lambda: torch.jit.trace(wrap(CNA(5)), x)):
        with (
            warnings.catch_warnings(action="ignore", category=DeprecationWarning),
            pytest.raises(UsageError, match=r"^torch\.jit can't script or trace CNA"),
        ):
            refused()


def test_fewer_nodes_than_clusters_are_refused() -> None:
    with pytest.raises(
        UsageError, match="clusters = 8 is out of range: the input has 7 nodes, so it must be at most 7"
    ):
        CNA(5)(torch.zeros(7, 5))


def test_features_that_are_not_finite_are_refused_by_kmeans_only(draw: Draw) -> None:
    x = draw(30, 5).float()
    x[3, 2] = float("nan")
    with pytest.raises(NotFiniteError, match="in 1 of 30 rows"):
        CNA(5, 4)(x)
    assert CNA(5, 4, assignment="random", normalization="none")(x).isnan().sum() == 1


@pytest.mark.parametrize("watch", [False, True])
def test_a_nan_stays_in_its_cluster_on_both_paths(draw: Draw, watch: bool) -> None:
    x, labels = draw(30, 5).float(), torch.arange(30) % 3
    module = CNA(5, assignment="labels", labels=labels)
    if watch:  # then the modules themselves run
        module.activation.register_forward_hook(lambda part, args, output: None)
    wanted = module(x)
    x[4, 2] = float("nan")
    y = module(x)
    spoiled = torch.zeros(30, 5, dtype=torch.bool)
    spoiled[labels == 1, 2] = True
    assert torch.equal(y.isnan(), spoiled)
    torch.testing.assert_close(y[~spoiled], wanted[~spoiled])


def test_clusters_that_have_no_effect_are_a_warning() -> None:
    with pytest.warns(UserWarning, match="clusters = 8 has no effect with assignment 'none'") as caught:
        module = CNA(5, 8, assignment="none")
    assert caught[0].filename == __file__
    assert module.clusters == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        CNA(5, 1, assignment="none")
        CNA(5, assignment="none")
        CNA(5, 8)


@pytest.mark.parametrize("assignment", ["labels", "communities", "random"])
def test_labels_bring_their_own_number_of_clusters(assignment: str) -> None:
    labels = torch.arange(30) % 3
    message = f"clusters = 8 has no effect with assignment '{assignment}': the labels have 3 clusters, which are used"
    with pytest.warns(UserWarning, match=message) as caught:
        module = CNA(5, clusters=8, assignment=assignment, labels=labels)
    assert caught[0].filename == __file__
    assert module.clusters == module.normalization.clusters == 3
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        CNA(5, 3, assignment=assignment, labels=labels)
        CNA(5, assignment=assignment, labels=labels)


@pytest.mark.parametrize("assignment", ["labels", "communities"])
def test_labels_are_needed(assignment: str) -> None:
    with pytest.raises(UsageError, match=f"^assignment '{assignment}' needs labels: pass the cluster of every node"):
        CNA(5, assignment=assignment)


@pytest.mark.parametrize("assignment", ["kmeans", "none"])
def test_labels_are_superfluous(assignment: str) -> None:
    message = f"labels don't go with assignment '{assignment}': only random, labels and communities use them"
    with pytest.raises(UsageError, match=re.escape(message)):
        CNA(5, assignment=assignment, labels=torch.arange(3))


def test_repr() -> None:
    assert repr(CNA(5, 3)) == (
        "CNA(\n"
        "  (assignment): KMeans(5, clusters=3, distance=euclidean, schedule=warm, recluster_every=20)\n"
        "  (label_tap): Tap()\n"
        "  (normalization): ClusterNorm(clusters=3, eps=1e-05)\n"
        "  (activation): Rational(clusters=3)\n"
        ")"
    )
