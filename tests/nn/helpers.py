"""What several tests of this room need: comparing partitions and states, saving and loading."""

import io

import safetensors.torch
import torch
from torch import Tensor, nn

FORMATS = ("torch", "safetensors")


def same_partition(labels: Tensor, truth: Tensor) -> bool:
    """Whether two labelings are the same up to the names of the clusters."""
    return bool(((labels[:, None] == labels) == (truth[:, None] == truth)).all())


def state_of(module: nn.Module) -> dict[str, Tensor]:
    """Return a copy of the state of a module."""
    return {name: value.clone() for name, value in module.state_dict().items()}


def assert_same_state(first: dict[str, Tensor], second: dict[str, Tensor]) -> None:
    """Check that two states have the same names, types and bits."""
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert value.dtype == second[name].dtype, name
        assert torch.equal(value, second[name]), name


def stored(module: nn.Module, form: str) -> dict[str, Tensor]:
    """Return the state of a module after it was saved and read in one of :data:`FORMATS`."""
    if form == "safetensors":
        return safetensors.torch.load(safetensors.torch.save(module.state_dict()))
    file = io.BytesIO()
    torch.save(module.state_dict(), file)
    file.seek(0)
    state: dict[str, Tensor] = torch.load(file, weights_only=True)
    return state
