"""Whether inputs of a model have other values than those of another call."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor
from torch_geometric.data import Data

from cna_viz.recording.watched.model.side_effects import same_values


def different(own: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    """Return the names that both have and whose values differ.

    Tensors of another shape or type are no other values, since they may be those of a mini-batch; nor is the whole
    graph with its nodes in another order.
    """
    found = {name for name in own.keys() & other.keys() if _differ(own[name], other[name])}
    return set() if _are_reordered([(own[name], other[name]) for name in found]) else found


def _differ(own: Any, other: Any) -> bool:
    if own is other:
        return False
    if isinstance(own, Tensor) and isinstance(other, Tensor):
        return _are_comparable(own, other) and not same_values(own.detach(), other.detach())
    if isinstance(own, Data) and isinstance(other, Data):
        return bool(different(own.to_dict(), other.to_dict()))
    if isinstance(own, tuple | list) and isinstance(other, tuple | list):
        return len(own) == len(other) and any(map(_differ, own, other))
    return isinstance(own, bool | int | float | str) and isinstance(other, bool | int | float | str) and own != other


def _are_comparable(own: Tensor, other: Tensor) -> bool:
    return own.shape == other.shape and own.dtype == other.dtype and own.layout == other.layout


def _are_reordered(pairs: list[tuple[Any, Any]]) -> bool:
    """Whether edges differ and the features only by the order of the nodes, as in shuffled batches of everything."""
    both = [(own, other) for own, other in pairs if isinstance(own, Tensor) and isinstance(other, Tensor)]
    features = [(own.detach().double(), other.detach().double()) for own, other in both if own.is_floating_point()]
    ordered = all(own.sum(dim=0).allclose(other.sum(dim=0).to(own.device)) for own, other in features)
    return 0 < len(features) < len(both) == len(pairs) and ordered
