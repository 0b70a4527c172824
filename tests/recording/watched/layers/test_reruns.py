"""Layers that are run again in the backward pass: their gradients are those of the same layers run once."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from torch_geometric.nn import DeepGCNLayer, GCNConv, GroupAddRev
from torch_geometric.nn.models import GAE

from cna_viz.recording.gradient_norms import Norms, StepGradients
from cna_viz.recording.watched.layers.find import find_layers
from cna_viz.recording.watched.model.call import make_call
from tests.recording.helpers import NODES, hooks, karate_data

WIDTH, LAYERS = 8, 4
Step = Callable[[nn.Module, Tensor, Tensor], Tensor]


class Stack(nn.Module):
    """Blocks, each called by ``step``, and the backward pass of the sum of their output."""

    def __init__(self, blocks: list[nn.Module], step: Step) -> None:
        super().__init__()
        self.first, self.blocks, self.step = nn.Linear(NODES, WIDTH), nn.ModuleList(blocks), step

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        x = self.first(x)
        for block in self.blocks:
            x = self.step(block, x, edge_index)
        return x


def plainly(block: nn.Module, x: Tensor, edge_index: Tensor) -> Tensor:
    y: Tensor = block(x, edge_index)
    return y


def again(reentrant: bool) -> Step:
    def step(block: nn.Module, x: Tensor, edge_index: Tensor) -> Tensor:
        y: Tensor = checkpoint(block, x, edge_index, use_reentrant=reentrant)
        return y

    return step


def norms(make: Callable[[], nn.Module], step: Step) -> Norms:
    """Return the gradient norms of the second of two training steps."""
    torch.manual_seed(0)
    model, data = Stack([make() for _ in range(LAYERS)], step), karate_data()
    found = find_layers(make_call(model, data), None, NODES)
    assert list(found.convs.values()) == list(model.blocks)
    gradients = StepGradients(found.taps)
    with gradients:
        for _ in range(2):
            model(data.x, data.edge_index).square().sum().backward()
        gradients.close(1)
    assert hooks(model) == 0
    return gradients.norms(1)


def reversible(disable: bool) -> Callable[[], nn.Module]:
    return lambda: GroupAddRev(GCNConv(WIDTH // 2, WIDTH // 2), num_groups=2, disable=disable)


def residual(again: bool) -> Callable[[], nn.Module]:
    return lambda: DeepGCNLayer(GCNConv(WIDTH, WIDTH), nn.LayerNorm(WIDTH), nn.ReLU(), ckpt_grad=again)


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad:UserWarning")  # of checkpoint, in evaluation
@pytest.mark.parametrize(
    ("kinds", "steps"),
    [
        ((reversible(True), reversible(False)), (plainly, plainly)),
        ((residual(False), residual(True)), (plainly, plainly)),
        ((lambda: GCNConv(WIDTH, WIDTH),) * 2, (plainly, again(False))),
    ],
)
def test_gradients_of_layers_that_are_run_again_are_those_of_layers_run_once(kinds: Any, steps: Any) -> None:
    once, rerun = (norms(kind, step) for kind, step in zip(kinds, steps, strict=True))
    assert (
        once.keys()
        == rerun.keys()
        == {(1, "conv"), (1, "slot"), *((n, s) for n in (2, 3) for s in ("conv", "slot")), (4, "conv")}
    )
    for key, norm in once.items():
        assert norm > 0
        torch.testing.assert_close(rerun[key], norm, rtol=1e-4, atol=1e-6)


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad:UserWarning")
def test_what_a_reentrant_checkpoint_hides_has_no_gradient_and_none_is_made_up() -> None:
    once, rerun = (norms(lambda: GCNConv(WIDTH, WIDTH), step) for step in (plainly, again(True)))
    assert not [key for key, norm in rerun.items() if not torch.isclose(norm, once[key], rtol=1e-4)]


def test_gradients_of_a_training_that_skips_a_layer_are_those_by_hand() -> None:
    torch.manual_seed(0)
    model, data = Stack([GCNConv(WIDTH, WIDTH) for _ in range(LAYERS)], plainly), karate_data()
    left_out = model.blocks[1]

    def step(block: nn.Module, x: Tensor, edge_index: Tensor) -> Tensor:
        return x if block is left_out and block.training else plainly(block, x, edge_index).relu()

    model.step = step  # type: ignore[assignment]
    gradients = StepGradients(find_layers(make_call(model, data), None, NODES).taps)
    with gradients:
        model(data.x, data.edge_index).square().sum().backward()
        gradients.close(1)
    x, values = model.first(data.x), {}
    for number in (1, 3, 4):
        entering = x
        x = model.blocks[number - 1](entering, data.edge_index)
        values[number, "conv"] = x
        if number == 4:
            values[3, "slot"] = entering
        x = x.relu()
    expected = torch.autograd.grad(x.square().sum(), list(values.values()))
    assert gradients.norms(1).keys() == values.keys()
    for key, gradient in zip(values, expected, strict=True):
        assert float(gradients.norms(1)[key]) == pytest.approx(float(gradient.norm()), rel=1e-5)


def test_gradients_of_a_loop_that_calls_the_encoder_only_are_those_of_the_whole() -> None:
    data = karate_data()

    def norms_of(name: str) -> Norms:
        torch.manual_seed(0)
        model = GAE(Stack([GCNConv(WIDTH, WIDTH) for _ in range(LAYERS)], plainly))
        taps = find_layers(make_call(model, data, (data.x, data.edge_index)), None, NODES).taps
        gradients = StepGradients(taps)
        with gradients:
            for _ in range(2):
                getattr(model, name)(data.x, data.edge_index).square().sum().backward()
            gradients.close(1)
        assert hooks(model) == 0
        return gradients.norms(1)

    whole = norms_of("__call__")
    assert len(whole) == 2 * LAYERS - 1
    assert norms_of("encode") == norms_of("forward") == whole
