"""The state of a model: its fingerprint, a copy of it, and the program that it belongs to."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any, Final

import torch
from torch import Tensor, nn

from cna_viz.errors import RecordError
from cna_viz.recording.taps import tensors

_ADDRESS: Final = re.compile(r" at 0x[0-9a-f]+")
_NOT_OWN: Final = {"torch", "torch_geometric", "builtins", "typing", "abc"}
_PLAIN: Final = {bool, int, float, str}
"""Types of attributes that are part of a state, such as a temperature."""


def fingerprint(model: nn.Module, learned: Iterable[Tensor] = ()) -> bytes:
    """Return a digest of a state, equal for equal states, to the bit.

    It is made of all parameters and buffers, public numbers and text among the attributes, extra state, and inputs that
    are ``learned``.
    """
    digest = hashlib.sha256()
    for module in model.modules():  # at every epoch: several times faster than model.parameters()
        for tensor in (*module._parameters.values(), *module._buffers.values()):
            if tensor is not None:
                digest.update(_bytes(tensor.detach()))
        digest.update(repr(_public(module)).encode())
        if _has_extra(module):
            extra = module.get_extra_state()
            digest.update(_ADDRESS.sub("", repr(extra)).encode())
            for tensor in tensors(extra):  # which are not written out in full
                digest.update(_bytes(tensor.detach()))
    for tensor in learned:
        digest.update(_bytes(tensor.detach()))
    return digest.digest()


def _bytes(tensor: Tensor) -> memoryview:
    dense = tensor if tensor.layout == torch.strided else tensor.to_dense()
    return dense.cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data


def _plain(module: nn.Module) -> dict[str, Any]:
    return {name: value for name, value in vars(module).items() if type(value) in _PLAIN and name != "training"}


def _public(module: nn.Module) -> dict[str, Any]:
    return {name: value for name, value in _plain(module).items() if not name.startswith("_")}


def _has_extra(module: nn.Module) -> bool:
    return type(module).get_extra_state is not nn.Module.get_extra_state


def is_finite(model: nn.Module) -> bool:
    """Whether all parameters are finite."""
    return all(bool(parameter.isfinite().all()) for parameter in model.parameters())


@dataclass(frozen=True)
class _Held:
    """What a module holds."""

    module: nn.Module
    parameters: dict[str, Any]
    buffers: dict[str, Any]
    plain: dict[str, Any]
    extra: Any

    @classmethod
    def of(cls, module: nn.Module) -> "_Held":
        extra = module.get_extra_state() if _has_extra(module) else None
        return cls(module, dict(module._parameters), dict(module._buffers), _plain(module), extra)

    @property
    def names(self) -> tuple[set[str], set[str]]:
        return set(self.parameters), set(self.buffers)

    def copied(self) -> "_Held":
        buffers = {name: None if buffer is None else buffer.clone() for name, buffer in self.buffers.items()}
        return _Held(self.module, self.parameters, buffers, self.plain, deepcopy(self.extra))

    def put(self) -> None:
        for present, held in ((self.module._parameters, self.parameters), (self.module._buffers, self.buffers)):
            present.clear()
            present.update(held)
        vars(self.module).update(self.plain)
        if _has_extra(self.module):
            self.module.set_extra_state(self.extra)


class SavedState:
    """A copy of a state; see :func:`fingerprint`."""

    def __init__(self, model: nn.Module, learned: Sequence[Tensor] = ()) -> None:
        self._tensors = [*model.parameters(), *learned]
        self._held = [_Held.of(module).copied() for module in model.modules()]
        self._values = [tensor.detach().clone() for tensor in self._tensors]

    @contextmanager
    def loaded(self) -> Iterator[None]:
        """Put the copy into the model; the very tensors that it has now are put back on exit.

        Raises:
            RecordError: The model no longer has the same parameters and buffers.
        """
        held = [_Held.of(one.module) for one in self._held]
        if [one.names for one in held] != [one.names for one in self._held]:
            raise RecordError(
                "parameters or buffers were added or removed after select(), as by pruning, so that its model can't be "
                "put back: call select() afterwards"
            )
        values = [tensor.data for tensor in self._tensors]
        try:
            _put(self._held, self._tensors, self._values)
            yield
        finally:
            _put(held, self._tensors, values)


def _put(held: Iterable[_Held], tensors: Iterable[Tensor], values: Iterable[Tensor]) -> None:
    for one in held:
        one.put()
    for tensor, value in zip(tensors, values, strict=True):
        tensor.data = value  # not written into: a backward pass may still need what is there


def program_of(model: nn.Module, *settings: object) -> str:
    """Return a digest of what is trained, 16 hexadecimal digits; weights don't count.

    It is made of the code of all classes of the model outside torch and PyG, the shapes of its parameters, public
    numbers and text among its attributes, except seeds, and ``settings``. Functions that it calls are not seen.
    """
    shapes = [(name, str(tensor.dtype), tuple(tensor.shape)) for name, tensor in model.named_parameters()]
    plain = [
        {name: value for name, value in _public(module).items() if "seed" not in name} for module in model.modules()
    ]
    kinds = sorted({kind for module in model.modules() for kind in type(module).__mro__}, key=_name)
    code = [(_name(kind), _code_of(kind)) for kind in kinds if kind.__module__.partition(".")[0] not in _NOT_OWN]
    described = _ADDRESS.sub("", repr((repr(model), shapes, plain, code, settings)))
    return hashlib.sha256(described.encode()).hexdigest()[:16]


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _code_of(kind: type) -> list[Any]:
    return [(name, _described(value.__code__)) for name, value in vars(kind).items() if isinstance(value, FunctionType)]


def _described(value: Any) -> Any:
    """Return what code or a constant says, without where it was written; sets have no order of their own."""
    if isinstance(value, CodeType):
        return value.co_code.hex(), value.co_names, [_described(one) for one in value.co_consts]
    return sorted(map(repr, value)) if isinstance(value, frozenset) else repr(value)
