"""Whether a layer uses the output of the layer before: by the graph of autograd, or by changing that output."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack
from copy import copy
from typing import Any

from torch import Tensor, nn
from torch_geometric.data import Data

from cna_viz.recording.taps import floating, undisturbed
from cna_viz.recording.watched.model.call import Call


def operations_behind(values: Iterable[Tensor], since: int = -1) -> Iterator[Any]:
    """Yield the operations of autograd that values are computed by, without those behind operations before ``since``.

    Operations are numbered in the order in which they ran.
    """
    waiting, seen = [value.grad_fn for value in values], set[Any]()
    while waiting:
        operation = waiting.pop()
        if operation is not None and operation not in seen:
            seen.add(operation)
            yield operation
            if operation._sequence_nr() >= since:
                waiting += [earlier for earlier, _ in operation.next_functions]


def passes_on(call: Call, layers: Collection[nn.Module], number: int, position: int) -> tuple[bool, bool]:
    """Return whether the inputs of the next call of a layer depend on the output of this one, and its features alone.

    Both are false where that can't be known: if the inputs vary by themselves from pass to pass, or the model fails
    with changed features.

    Args:
        call: The call of the model.
        layers: Its layers.
        number: Number of the call of a layer, from 1.
        position: Position of the features among the floating-point inputs of the next call.
    """
    first, again = (_next_inputs(call, layers, number, change=False) for _ in range(2))
    try:
        changed = _next_inputs(call, layers, number, change=True)
    except Exception:  # a model may refuse what was changed: whether its layers follow each other is then asked for
        return False, False
    if not same(first, again):
        return False, False
    features = slice(position, position + 1)
    return not same(first, changed), not same(first[features], changed[features])


def same(one: Any, other: Any) -> bool:
    """Whether nested results are equal up to rounding, relative to the largest value of every tensor."""
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(same, one, other))
    if not isinstance(one, Tensor) or not one.is_floating_point():
        return True
    if one.shape != other.shape:
        return False
    one, other = one.double().nan_to_num(), other.double().nan_to_num()
    return bool(((one - other).abs() <= 1e-4 * one.abs().max()).all()) if one.numel() else True


def _next_inputs(call: Call, layers: Collection[nn.Module], number: int, *, change: bool) -> list[Tensor]:
    calls = depth = 0
    found: list[Tensor] = []

    def enter(module: nn.Module, args: Any, kwargs: Any) -> None:
        nonlocal calls, depth
        depth += 1
        calls += depth == 1
        if depth == 1 and calls == number + 1:
            found.extend(value.clone() for value in floating((args, kwargs)))

    def leave(module: nn.Module, args: Any, output: Any) -> Any:
        nonlocal depth
        depth -= 1
        return _changed(output) if change and depth == 0 and calls == number else None

    with undisturbed(call.model), ExitStack() as stack:
        for layer in layers:
            stack.callback(layer.register_forward_pre_hook(enter, with_kwargs=True).remove)
            stack.callback(layer.register_forward_hook(leave).remove)
        call()
    return found


def _changed(value: Any) -> Any:
    """Change the numbers in nested results."""
    if isinstance(value, Tensor):
        return 1 - 2 * value if value.is_floating_point() else value
    if isinstance(value, Data):
        changed = copy(value)
        changed.x = _changed(value.x)
        return changed
    if isinstance(value, dict):
        return {name: _changed(item) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return getattr(value, "_make", type(value))(map(_changed, value))  # a named tuple is made by _make
    return value
