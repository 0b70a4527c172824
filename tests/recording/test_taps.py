"""Listening: what is heard and where, and that nothing stays behind."""

import random
from copy import deepcopy
from io import BytesIO

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel
from torch.utils.checkpoint import checkpoint
from torch_geometric.data import Data

from cna_viz.nn.cna import Tap
from cna_viz.recording.taps import ConvCalls, Key, TapModules, Taps, listen, nth_tensor, undisturbed
from tests.recording.helpers import hooks


class Network(nn.Module):
    """Two layers with a tap after each; the first value is used twice."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = nn.Linear(3, 4), nn.Linear(4, 2)
        self.one, self.two = Tap(), Tap()

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.one(self.first(x))
        y: Tensor = self.two(self.second(hidden.relu()) + hidden[:, :2])
        return y


class Ear:
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[Key, Tensor, bool]] = []

    def __call__(self, key: Key, value: Tensor, training: bool) -> None:
        self.heard.append((key, value, training))

    @property
    def keys(self) -> list[Key]:
        return [key for key, _, _ in self.heard]


@pytest.fixture
def x() -> Tensor:
    return torch.randn(5, 3, generator=torch.Generator().manual_seed(1))


def both(model: Network) -> list[Taps]:
    return [
        TapModules({(1, "conv"): model.one, (2, "conv"): model.two}),
        ConvCalls(model, [model.first, model.second]),
    ]


@pytest.mark.parametrize("kind", [0, 1])
def test_hooks_are_there_inside_the_context_only(x: Tensor, kind: int) -> None:
    model, ear = Network(), Ear()
    taps = both(model)[kind]
    assert hooks(model) == 0
    for times in (1, 2):
        with listen(taps, ear):
            assert hooks(model) > 0
            model(x)
        assert hooks(model) == 0
        model(x)
        assert len(ear.heard) == times * len(taps.keys)


@pytest.mark.parametrize("kind", [0, 1])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_hooks_go_after_an_exception(x: Tensor, error: type[BaseException], kind: int) -> None:
    model = Network()
    with pytest.raises(error), listen(both(model)[kind], Ear()):  # noqa: PT012
        model(x)
        raise error
    assert hooks(model) == 0


@pytest.mark.parametrize("kind", [0, 1])
def test_other_hooks_are_left_alone(x: Tensor, kind: int) -> None:
    model, heard = Network(), []
    model.one.register_forward_hook(lambda module, args, output: heard.append(output))
    with listen(both(model)[kind], Ear()):
        model(x)
    model(x)
    assert len(heard) == 2
    assert hooks(model) == 1


@pytest.mark.parametrize("kind", [0, 1])
@pytest.mark.parametrize("training", [True, False])
def test_two_listeners_hear_the_same(x: Tensor, kind: int, training: bool) -> None:
    model, one, other = Network().train(training), Ear(), Ear()
    taps = both(model)[kind]
    with listen(taps, one), listen(taps, other):
        model(x)
    assert one.keys == other.keys
    assert {mode for _, _, mode in one.heard} == {training}


def test_taps_hear_what_passes_them(x: Tensor) -> None:
    model, ear = Network(), Ear()
    with listen(both(model)[0], ear):
        y = model(x)
    assert ear.keys == [(1, "conv"), (2, "conv")]
    assert torch.equal(ear.heard[0][1], model.first(x))
    assert ear.heard[1][1] is y


def test_calls_hear_what_leaves_a_layer_and_what_the_next_one_reads(x: Tensor) -> None:
    model, ear = Network(), Ear()
    taps = both(model)[1]
    assert set(taps.keys) == {(1, "conv"), (1, "slot"), (2, "conv")}
    with listen(taps, ear):
        model(x)
    assert ear.keys == [(1, "conv"), (1, "slot"), (2, "conv")]
    hidden = model.first(x)
    for value, wanted in zip(ear.heard, (hidden, hidden.relu(), model.second(hidden.relu())), strict=True):
        assert torch.equal(value[1], wanted)


class Recurrent(nn.Module):
    """One layer that is called three times."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(3):
            x = self.layer(x).tanh()
        return x


def test_every_call_of_one_module_is_a_layer(x: Tensor) -> None:
    model, ear = Recurrent(), Ear()
    with listen(ConvCalls(model, [model.layer] * 3), ear):
        model(x)
        model(x)
    assert ear.keys == [(1, "conv"), (1, "slot"), (2, "conv"), (2, "slot"), (3, "conv")] * 2


def test_a_pass_that_was_broken_off_does_not_shift_the_next(x: Tensor) -> None:
    model, ear = Recurrent(), Ear()
    with listen(ConvCalls(model, [model.layer] * 3), ear):
        with pytest.raises(RuntimeError):
            model(x[:, :2])
        ear.heard.clear()
        model(x)
    assert ear.keys[0] == (1, "conv")


def test_calls_beyond_the_last_layer_are_not_heard(x: Tensor) -> None:
    model, ear = Recurrent(), Ear()
    with listen(ConvCalls(model, [model.layer] * 2), ear):
        model(x)
    assert ear.keys == [(1, "conv"), (1, "slot"), (2, "conv")]


def test_layers_that_are_called_by_keyword_or_give_more_than_one_thing_are_heard(x: Tensor) -> None:
    class Pair(nn.Module):
        def forward(self, edges: Tensor, features: Tensor) -> tuple[None, dict[str, Tensor]]:
            return None, {"edges": edges, "features": features + 1}

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = Pair(), Pair()

        def forward(self, x: Tensor) -> Tensor:
            edges = torch.tensor([[0], [1]])
            x = self.one(edges, features=x)[1]["features"]
            return self.two(edges=edges, features=2 * x)[1]["features"]

    model, ear = Model(), Ear()
    with listen(ConvCalls(model, [model.one, model.two]), ear):
        model(x)
    for value, wanted in zip(ear.heard, (x + 1, 2 * (x + 1), 2 * (x + 1) + 1), strict=True):
        assert torch.equal(value[1], wanted)


def test_the_first_tensor_is_the_first_with_fractions() -> None:
    one, whole = torch.ones(2), torch.tensor([1])
    assert nth_tensor(one, 0) is one
    assert nth_tensor((whole, [None, {"a": whole, "b": (one, 2 * one)}]), 0) is one
    for nothing in (whole, None, "x", (), {}, [whole, (None,)]):
        assert nth_tensor(nothing, 0) is None


def test_evaluation_without_gradients_inside_and_everything_as_before_outside() -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Dropout())
    model[1].eval()
    modes, state = [module.training for module in model.modules()], torch.get_rng_state()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with undisturbed(model):
        assert not any(module.training for module in model.modules())
        assert not model(torch.randn(5, 3)).requires_grad
        torch.manual_seed(99)
    assert [module.training for module in model.modules()] == modes
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.is_grad_enabled()
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_everything_is_as_before_after_an_exception() -> None:
    model, state = nn.Dropout(), torch.get_rng_state()
    with pytest.raises(KeyboardInterrupt), undisturbed(model):  # noqa: PT012
        torch.rand(3)
        raise KeyboardInterrupt
    assert model.training
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.is_grad_enabled()


def test_gradients_that_were_off_stay_off() -> None:
    with torch.no_grad():
        with undisturbed(nn.ReLU()):
            pass
        assert not torch.is_grad_enabled()


# Copies, pickles and reruns


@pytest.mark.parametrize("kind", [0, 1])
def test_a_copy_that_is_made_meanwhile_is_not_heard(x: Tensor, kind: int) -> None:
    model, ear = Network(), Ear()
    with listen(both(model)[kind], ear):
        copies = [deepcopy(model), AveragedModel(model), deepcopy(deepcopy(model))]
        for copy in copies:
            assert torch.equal(copy(x), Network()(x))
        assert ear.heard == []
        model(x)
        assert ear.keys


@pytest.mark.parametrize("kind", [0, 1])
def test_a_model_can_be_saved_meanwhile_and_its_file_does_not_need_this_package(x: Tensor, kind: int) -> None:
    model, ear, file = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2)), Ear(), BytesIO()
    kinds: list[Taps] = [TapModules({(1, "conv"): model[0]}), ConvCalls(model, list(model))]
    with listen(kinds[kind], ear):
        torch.save(model, file)
    assert b"cna_viz" not in file.getvalue()
    file.seek(0)
    saved = torch.load(file, weights_only=False)
    assert torch.equal(saved(x), model(x))
    assert ear.heard == []


def test_a_replica_that_shares_the_hooks_is_not_heard(x: Tensor) -> None:
    model, ear = Network(), Ear()
    with listen(both(model)[1], ear):
        replica = model._replicate_for_data_parallel()  # type: ignore[no-untyped-call]
        assert replica._forward_hooks.keys() == model._forward_hooks.keys()
        replica.first, replica.second = deepcopy(model.first), deepcopy(model.second)
        replica(x)
    assert ear.heard == []


@pytest.mark.parametrize("reentrant", [True, False])
def test_a_layer_that_is_run_again_in_the_backward_pass_is_heard_once(x: Tensor, reentrant: bool) -> None:
    class Checkpointed(Recurrent):
        def forward(self, x: Tensor) -> Tensor:
            for _ in range(3):
                x = checkpoint(self.layer, x, use_reentrant=reentrant).tanh()
            return x

    model, ear = Checkpointed(), Ear()
    expected = [(1, "conv"), (1, "slot"), (2, "conv"), (2, "slot"), (3, "conv")]
    with listen(ConvCalls(model, [model.layer] * 3), ear):
        for _ in range(2):
            model(x.clone().requires_grad_()).sum().backward()
    assert ear.keys == expected * 2


def test_calls_outside_a_forward_pass_are_not_heard(x: Tensor) -> None:
    model, ear = Recurrent(), Ear()
    with listen(ConvCalls(model, [model.layer] * 3), ear):
        model.layer(x)
        with pytest.raises(RuntimeError):
            model(x[:, :2])
        model.layer(x)
        assert ear.heard == []
        model(x)
        model.layer(x)
    assert len(ear.keys) == 5


def test_a_call_inside_a_call_is_a_part_of_it(x: Tensor) -> None:
    class Block(nn.Module):
        def __init__(self, inner: nn.Module) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = 2 * self.inner(x)
            return y

    inner = nn.Linear(3, 3)
    model, ear = nn.Sequential(inner, Block(inner)), Ear()
    with listen(ConvCalls(model, list(model)), ear):
        model(x)
    assert ear.keys == [(1, "conv"), (1, "slot"), (2, "conv")]
    assert torch.equal(ear.heard[2][1], model(x))


def test_stages_that_are_left_out_are_not_heard(x: Tensor) -> None:
    model, ear = Recurrent(), Ear()
    taps = ConvCalls(model, [model.layer] * 3, {1})
    with listen(taps, ear):
        model(x)
    assert ear.keys == [(1, "conv"), (2, "conv"), (2, "slot"), (3, "conv")]
    assert set(taps.keys) == set(ear.keys)


def test_the_features_of_a_graph_are_heard(x: Tensor) -> None:
    assert nth_tensor((Data(x=x, edge_index=torch.tensor([[0], [1]])),), 0) is x
    assert nth_tensor(Data(edge_index=torch.tensor([[0], [1]])), 0) is None


def test_the_random_states_of_python_and_numpy_are_restored() -> None:
    random.seed(5)
    np.random.seed(5)
    expected = random.random(), np.random.rand()
    random.seed(5)
    np.random.seed(5)
    with undisturbed(nn.ReLU()):
        random.random()
        np.random.rand()
    assert (random.random(), np.random.rand()) == expected


# Modes of the caller


def test_methods_that_change_weights_with_the_mode_are_not_called() -> None:
    class Merging(nn.Linear):
        def train(self, mode: bool = True) -> "Merging":
            raise AssertionError("called")

    model = nn.Sequential(Merging(2, 2))
    with undisturbed(model):
        assert not model[0].training
        assert not model.training
    assert model[0].training
    assert model.training


def test_no_tensors_of_inference_mode_are_made_in_a_look() -> None:
    model = nn.Linear(2, 2)
    with torch.inference_mode():
        with undisturbed(model):
            output = model(torch.ones(1, 2))
            assert not torch.is_grad_enabled()
        assert torch.is_inference_mode_enabled()
    assert not output.is_inference()
    assert not output.requires_grad


def test_the_autocast_of_the_caller_is_off_inside() -> None:
    model = nn.Linear(2, 2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        with undisturbed(model):
            assert model(torch.ones(1, 2)).dtype == torch.float32
        assert model(torch.ones(1, 2)).dtype == torch.bfloat16


def test_the_autocast_of_the_model_itself_stays() -> None:
    class Half(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                return super().forward(x)

    model = Half(2, 2)
    with undisturbed(model):
        assert model(torch.ones(1, 2)).dtype == torch.bfloat16


# Passes that skip layers, and passes of parts


class Chain(nn.Module):
    """Layers one after the other, of which some may be left out."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.layers, self.skipped = nn.ModuleList(layers), set[int]()

    def forward(self, x: Tensor) -> Tensor:
        for number, layer in enumerate(self.layers, start=1):
            x = x if number in self.skipped else layer(x).tanh()
        return x


def linears(count: int) -> list[nn.Module]:
    torch.manual_seed(0)
    return [nn.Linear(3, 3) for _ in range(count)]


def test_a_layer_that_is_skipped_does_not_shift_those_behind_it(x: Tensor) -> None:
    model, ear = Chain(*linears(4)), Ear()
    model.skipped = {2}
    with listen(ConvCalls(model, list(model.layers)), ear):
        model(x)
        # The input of layer 3 is no output of layer 2.
        assert ear.keys == [(1, "conv"), (3, "conv"), (3, "slot"), (4, "conv")]
        third = model.layers[2](model.layers[0](x).tanh())
        assert torch.equal(ear.heard[1][1], third)
        ear.heard.clear()
        model.skipped = set()
        model(x)
    assert len(ear.keys) == 7


def test_a_repeated_layer_that_training_calls_less_often_is_a_doubt(x: Tensor) -> None:
    shared = nn.Linear(3, 3)
    model = Chain(shared, shared, nn.Linear(3, 3))
    taps = ConvCalls(model, list(model.layers))
    with listen(taps, Ear()):
        model(x)
        with torch.no_grad():
            model.skipped = {2}
            model(x)
        assert taps.doubt() is None
        model.skipped = {1, 2, 3}
        model(x)
        assert taps.doubt() is None
        model.skipped = {2}
        model(x)
    assert taps.doubt() == (
        "training calls layers.0 another number of times than evaluation, so that which of its layers the gradient "
        "norms belong to can't be known"
    )


class Whole(nn.Module):
    """An encoder, as PyG's GAE has one, and a layer that the encoder has, too."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__()
        self.encoder = Chain(*layers)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.encoder(x)
        return y


def test_a_pass_of_a_part_is_heard_where_the_loop_calls_no_more(x: Tensor) -> None:
    model, ear = Whole(*linears(3)), Ear()
    with listen(ConvCalls(model, list(model.encoder.layers)), ear):
        model.encoder(x)
        assert ear.keys == [(1, "conv"), (1, "slot"), (2, "conv"), (2, "slot"), (3, "conv")]
        ear.heard.clear()
        model.forward(x)
        assert len(ear.keys) == 5
        model.encoder.forward(x)  # every layer is a pass of its own
        assert ear.keys[5:] == [(1, "conv"), (2, "conv"), (3, "conv")]


def test_looks_at_the_whole_do_not_end_the_listening_to_parts(x: Tensor) -> None:
    model, ear = Whole(*linears(3)), Ear()
    with listen(ConvCalls(model, list(model.encoder.layers)), ear):
        with torch.no_grad():
            model(x)
        ear.heard.clear()
        model.encoder(x)
        assert len(ear.keys) == 5
        model(x)
        ear.heard.clear()
        model.encoder(x)  # beside the whole it is something else, as an additional loss
    assert ear.keys == []


def test_in_a_pass_of_a_part_repeated_layers_are_not_heard(x: Tensor) -> None:
    shared = nn.Linear(3, 3)
    model, ear = Whole(shared, nn.Linear(3, 3), shared), Ear()
    with listen(ConvCalls(model, list(model.encoder.layers)), ear):
        model.encoder(x)
        assert ear.keys == [(2, "conv")]
        ear.heard.clear()
        model(x)
    assert len(ear.keys) == 5


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_part_that_fails_does_not_shift_the_next_pass(x: Tensor, error: type[BaseException]) -> None:
    def fail(module: nn.Module, args: object) -> None:
        raise error

    model, ear = Whole(*linears(3)), Ear()
    with listen(ConvCalls(model, list(model.encoder.layers)), ear):
        failing = model.encoder.layers[1].register_forward_pre_hook(fail)
        with pytest.raises(error):
            model.encoder(x)
        failing.remove()
        ear.heard.clear()
        model.encoder(x)
    assert len(ear.keys) == 5


@pytest.mark.parametrize("reentrant", [True, False])
def test_parts_that_run_again_in_the_backward_pass_are_heard_once(x: Tensor, reentrant: bool) -> None:
    class Again(Chain):
        def forward(self, x: Tensor) -> Tensor:
            for layer in self.layers:
                x = checkpoint(layer, x, use_reentrant=reentrant).tanh()
            return x

    model, ear = Whole(), Ear()
    model.encoder = Again(*linears(3))
    with listen(ConvCalls(model, list(model.encoder.layers)), ear):
        for _ in range(2):
            model.encoder(x.clone().requires_grad_()).sum().backward()
    assert ear.keys == [(1, "conv"), (1, "slot"), (2, "conv"), (2, "slot"), (3, "conv")] * 2


def test_a_stage_is_heard_at_its_position(x: Tensor) -> None:
    class Pair(nn.Module):
        def forward(self, one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
            return one + 1, other + 10

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = Pair(), Pair()

        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            one, other = self.a(x, 2 * x)
            y: tuple[Tensor, Tensor] = self.b(one, other=other * 3)
            return y

    model, ear = Model(), Ear()
    positions: dict[Key, int] = {(1, "conv"): 1, (1, "slot"): 1, (2, "conv"): 1}
    with listen(ConvCalls(model, [model.a, model.b], (), positions), ear):
        model(x)
    expected = (2 * x + 10, (2 * x + 10) * 3, (2 * x + 10) * 3 + 10)
    for (_, value, _), wanted in zip(ear.heard, expected, strict=True):
        assert torch.equal(value, wanted)
