"""Running a model without side effects, and refusing models that write where that can't be undone."""

import random
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy, deepcopy
from types import NoneType
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from cna_viz.errors import UsageError
from cna_viz.recording.taps import tensors

_KEPT: Final = {nn.Parameter, NoneType, bool, int, float, str, tuple, OrderedDict}
"""Types, for speed the most frequent ones, whose values nobody writes into; hooks are in ordered dictionaries."""


@contextmanager
def unchanged(model: nn.Module) -> Iterator[None]:
    """Restore on exit whatever the modules of a model held, even after an exception.

    Attributes that a forward pass sets, such as a cache or a counter, get back what they had. Tensors and buffers,
    random generators, lists, dictionaries and sets are copied for the pass, so that it may write into them. Parameters
    are not copied, nor what lies deeper, such as a tensor in a list.
    """
    held = [(vars(module), dict(vars(module))) for module in model.modules()]
    copies: dict[int, Any] = {}
    try:
        for present, _ in held:
            _copy_values(present, copies)
            _copy_values(present["_buffers"], copies)
        yield
    finally:
        for present, before in held:
            for name in present.keys() - before.keys():
                del present[name]
            present.update(before)


@contextmanager
def refusing_writes(model: nn.Module, inputs: Any, sentence: str) -> Iterator[None]:
    """Refuse a model that writes into its inputs or parameters; ``sentence`` is its call, for the message."""
    versions = [(value, version(value), _of_sparse(value)) for value in tensors(inputs)]
    # Writing into .data leaves the version as it is.
    before = [(name, kept, version(kept), kept.detach().clone()) for name, kept in model.named_parameters()]
    yield
    effect = "so that looking at it would change its training"
    if any(version(value) != number and not _still(value, copied) for value, number, copied in versions):
        raise UsageError(f"{sentence} writes into its inputs, {effect}: let the model work on a copy, x.clone()")
    for name, parameter, number, values in before:
        if version(parameter) != number or not _equal(parameter.detach(), values):
            raise UsageError(
                f"{sentence} writes into its parameter {name}, {effect}: let your loop do that, after the step of the "
                "optimizer"
            )


def _copy_values(values: dict[str, Any], copies: dict[int, Any]) -> None:
    """Replace values by copies; one that stands at two places by one copy."""
    for name, value in values.items():
        if type(value) not in _KEPT:
            if id(value) not in copies:
                copies[id(value)] = _copied(value)
            values[name] = copies[id(value)]


def _copied(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, torch.Generator):
        return value.clone_state()
    if isinstance(value, random.Random | np.random.Generator | np.random.RandomState):
        return deepcopy(value)
    return copy(value) if type(value) in (dict, list, set) else value


def version(value: Tensor) -> int:
    """Return how often a tensor has been written to."""
    return 0 if value.is_inference() else value._version


def same_values(one: Tensor, other: Tensor) -> bool:
    """Whether tensors are equal, on any device; NaN is equal to NaN."""
    if one.layout != other.layout:
        return False
    pairs = zip(_plain(one.detach()), _plain(other.detach()), strict=True)
    return all(_equal(mine, theirs.to(mine.device)) for mine, theirs in pairs)


def _of_sparse(value: Tensor) -> Tensor | None:
    """Return a copy of a sparse tensor: PyG raises the version of one that it only reads."""
    return None if value.layout == torch.strided else value.detach().clone()


def _still(value: Tensor, copied: Tensor | None) -> bool:
    return copied is not None and same_values(value, copied)


def _plain(value: Tensor) -> tuple[Tensor, ...]:
    """Return the dense tensors that a tensor consists of."""
    if value.layout == torch.strided:
        return (value,)
    if value.layout == torch.sparse_coo:
        whole = value.coalesce()
        return whole.indices(), whole.values()
    ends = ("crow_indices", "col_indices") if value.layout == torch.sparse_csr else ("ccol_indices", "row_indices")
    return *(getattr(value, name)() for name in ends), value.values()


def _equal(one: Tensor, other: Tensor) -> bool:
    """Whether tensors are equal; NaN is equal to NaN."""
    return one.shape == other.shape and bool(((one == other) | ((one != one) & (other != other))).all())
