"""The state of a model: its fingerprint, a copy of it, and the program that it belongs to."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from types import CodeType, FunctionType
from typing import Any, Final

import torch
from torch import Tensor, nn

_ADDRESS: Final = re.compile(r" at 0x[0-9a-f]+")
_NOT_OWN: Final = {"torch", "torch_geometric", "builtins", "typing", "abc"}


def fingerprint(model: nn.Module) -> bytes:
    """Return a digest of all parameters and buffers: equal for equal states, to the bit."""
    digest = hashlib.sha256()
    for module in model.modules():  # at every epoch: several times faster than model.parameters()
        for tensor in (*module._parameters.values(), *module._buffers.values()):
            if tensor is not None:
                digest.update(_bytes(tensor.detach()))
    return digest.digest()


def _bytes(tensor: Tensor) -> memoryview:
    dense = tensor if tensor.layout == torch.strided else tensor.to_dense()
    return dense.cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data


def is_finite(model: nn.Module) -> bool:
    """Whether all parameters are finite."""
    return all(bool(parameter.isfinite().all()) for parameter in model.parameters())


class SavedState:
    """A copy of all parameters, buffers and extra state of a model."""

    def __init__(self, model: nn.Module) -> None:
        self._model, self._state = model, deepcopy(model.state_dict())
        self._buffers = {name: buffer.clone() for name, buffer in _not_persistent(model)}

    @contextmanager
    def loaded(self) -> Iterator[None]:
        """Put the copy into the model; the state that it has now is put back on exit."""
        present = SavedState(self._model)
        self._load()
        try:
            yield
        finally:
            present._load()

    @torch.no_grad()
    def _load(self) -> None:
        self._model.load_state_dict(self._state)
        for name, buffer in _not_persistent(self._model):
            buffer.copy_(self._buffers[name])


def _not_persistent(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    for path, module in model.named_modules():
        for name in module._non_persistent_buffers_set:
            buffer = module._buffers.get(name)
            if buffer is not None:
                yield f"{path}.{name}", buffer


def program_of(model: nn.Module) -> str:
    """Return a digest of the shapes and the code of a model, 16 hexadecimal digits; weights don't count.

    The code is that of all its classes outside torch and PyG.
    """
    shapes = [(name, str(tensor.dtype), tuple(tensor.shape)) for name, tensor in model.named_parameters()]
    kinds = sorted({kind for module in model.modules() for kind in type(module).__mro__}, key=_name)
    code = [(_name(kind), _code_of(kind)) for kind in kinds if kind.__module__.partition(".")[0] not in _NOT_OWN]
    described = _ADDRESS.sub("", repr((repr(model), shapes, code)))
    return hashlib.sha256(described.encode()).hexdigest()[:16]


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _code_of(kind: type) -> list[Any]:
    return [(name, _described(value.__code__)) for name, value in vars(kind).items() if isinstance(value, FunctionType)]


def _described(code: CodeType) -> tuple[Any, ...]:
    """Return what a function does, without where it was written."""
    constants = [_described(value) if isinstance(value, CodeType) else repr(value) for value in code.co_consts]
    return code.co_code.hex(), code.co_names, constants
