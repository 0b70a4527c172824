"""A fingerprint tells states apart, a copy brings one back, and a program is what a model does."""

import torch
from torch import Tensor, nn
from torch_geometric.nn.models import GCN

from cna_viz.nn.replace import replace_activations
from cna_viz.recording.watched.model.state import SavedState, fingerprint, is_finite, program_of
from tests.recording.helpers import NODES, karate_data, loop, states_equal


class WithBuffers(nn.Module):
    """Has a buffer that is saved, and one that is not."""

    def __init__(self) -> None:
        super().__init__()
        self.lin = nn.Linear(2, 2)
        self.register_buffer("kept", torch.tensor(1.0))
        self.register_buffer("passing", torch.tensor([1, 2]), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.lin(x)
        return y


def test_any_change_of_a_parameter_or_buffer_is_another_fingerprint() -> None:
    model = WithBuffers()
    found = [fingerprint(model), fingerprint(model)]
    assert found[0] == found[1]
    for tensor in (model.lin.weight, model.lin.bias, model.kept, model.passing):
        with torch.no_grad():
            tensor.view(-1)[:1].add_(1)  # type: ignore[operator, union-attr]
        found.append(fingerprint(model))
    assert len(set(found)) == 5


def test_types_without_numpy_have_a_fingerprint() -> None:
    model = WithBuffers().bfloat16()
    before = fingerprint(model)
    with torch.no_grad():
        model.lin.weight[0, 0] += 1
    assert fingerprint(model) != before


def test_a_copy_is_loaded_and_the_present_state_comes_back() -> None:
    model = WithBuffers()
    first, saved = fingerprint(model), SavedState(model)
    with torch.no_grad():
        for tensor in (*model.parameters(), *model.buffers()):
            tensor.add_(1)
    second = fingerprint(model)
    with saved.loaded():
        assert fingerprint(model) == first
    assert fingerprint(model) == second != first


def test_clusters_are_part_of_the_state() -> None:
    model = replace_activations(GCN(NODES, 8, 3, 4), "cna", clusters=4, recluster_every=1)
    data = karate_data()
    loop(model, data, 2)
    saved, state = SavedState(model), {name: value.clone() for name, value in model.state_dict().items()}
    output = model.eval()(data.x, data.edge_index)
    loop(model, data, 2)
    with saved.loaded():
        assert states_equal(model.state_dict(), state)
        assert torch.equal(model.eval()(data.x, data.edge_index), output)


def test_weights_that_are_not_finite_are_seen() -> None:
    model = WithBuffers()
    assert is_finite(model)
    with torch.no_grad():
        model.lin.bias[0] = torch.nan
    assert not is_finite(model)


def test_a_program_is_code_and_shape_and_not_weights() -> None:
    def make(hidden: int = 8, extra: int = 0) -> nn.Module:
        class Own(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.lin = nn.Linear(2, hidden)

            if extra:

                def forward(self, x: Tensor) -> Tensor:
                    return self.lin(x).relu()  # type: ignore[no-any-return]

            else:

                def forward(self, x: Tensor) -> Tensor:
                    return self.lin(x).tanh()  # type: ignore[no-any-return]

        return Own()

    assert program_of(make()) == program_of(make())
    assert len({program_of(make()), program_of(make(9)), program_of(make(8, 1))}) == 3


def test_numbers_among_the_attributes_and_trained_inputs_are_part_of_the_state() -> None:
    model, learned = WithBuffers(), torch.ones(2, requires_grad=True)
    model.tau = 1.0  # type: ignore[assignment]
    first, saved = fingerprint(model, [learned]), SavedState(model, [learned])
    model.tau = 2.0  # type: ignore[assignment]
    second = fingerprint(model, [learned])
    with torch.no_grad():
        learned += 1
    assert len({first, second, fingerprint(model, [learned])}) == 3
    with saved.loaded():
        assert (model.tau, learned.tolist()) == (1.0, [1, 1])
        assert fingerprint(model, [learned]) == first
    assert (model.tau, learned.tolist()) == (2.0, [2, 2])
