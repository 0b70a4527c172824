"""Whether inputs of a model have other values than those of another call."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor
from torch_geometric.data import Data

from cna_viz.recording.taps import tensors
from cna_viz.recording.watched.model.side_effects import same_values


def different(own: Mapping[str, Any], other: Mapping[str, Any]) -> set[str]:
    """Return the names that both have and whose values differ.

    Tensors of another shape are those of a mini-batch, unless the features are the same. Flags, such as one for
    training, don't count, nor does the whole graph with its nodes in another order.
    """
    pairs = {name: (own[name], other[name]) for name in own.keys() & other.keys()}
    found = {name for name, pair in pairs.items() if _differ(*pair)}
    resized = {name for name, (one, two) in pairs.items() if _are_tensors(one, two) and one.shape != two.shape}
    features = {name for name, (one, two) in pairs.items() if _are_tensors(one, two) and _is_matrix(one)}
    if features - found - resized:
        return found | resized
    return set() if _are_reordered([pairs[name] for name in found]) else found


def _differ(own: Any, other: Any) -> bool:
    if own is other:
        return False
    if _are_tensors(own, other):
        is_like = own.shape == other.shape and own.dtype == other.dtype and own.layout == other.layout
        return is_like and not same_values(own, other)
    if isinstance(own, Data) and isinstance(other, Data):
        return bool(different(own.to_dict(), other.to_dict()))
    if isinstance(own, tuple | list) and isinstance(other, tuple | list):
        return _shapes(own) == _shapes(other) and any(map(_differ, own, other))
    return type(own) is type(other) and isinstance(own, int | float | str) and type(own) is not bool and own != other


def _shapes(values: Sequence[Any]) -> list[Any]:
    return [len(values), *(value.shape for value in tensors(values))]


def _are_tensors(own: Any, other: Any) -> bool:
    return isinstance(own, Tensor) and isinstance(other, Tensor)


def _is_matrix(value: Tensor) -> bool:
    return value.is_floating_point() and value.dim() > 1


def _are_reordered(pairs: list[tuple[Any, Any]]) -> bool:
    """Whether edges differ and the features only by the order of the nodes, as in shuffled batches of everything."""
    features = [pair for pair in pairs if _are_tensors(*pair) and _is_matrix(pair[0])]
    has_edges = any(_are_tensors(own, other) and not own.is_floating_point() for own, other in pairs)
    return has_edges and len(features) > 0 and all(_have_same_sums(*pair) for pair in features)


def _have_same_sums(own: Tensor, other: Tensor) -> bool:
    one, two = (value.detach().double().sum(dim=0).to_dense().cpu() for value in (own, other))
    return one.allclose(two, equal_nan=True)
