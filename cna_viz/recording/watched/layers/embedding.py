"""Which of the tensors that a layer returns is its embedding."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import Tensor

from cna_viz.errors import UsageError, shown
from cna_viz.recording.taps import floating, nth_tensor

Position: TypeAlias = int | str | None
"""Index or key of the embedding in what a layer returns; None where there is only one."""


@dataclass(frozen=True)
class Returned:
    """What a layer returns.

    Attributes:
        position: Position of the embedding among the floating-point tensors.
        shape: Its shape; None where there is no such tensor.
        others: Shapes by index or key of all that may be the embedding, if there are several and none was chosen.
    """

    position: int = 0
    shape: torch.Size | None = None
    others: tuple[tuple[Position, torch.Size], ...] = ()


def find_returned(output: Any, nodes: int, chosen: Position = None) -> Returned:
    """Find the embedding: the only tensor with a row per node, in the chosen part if one is chosen.

    Raises:
        UsageError: When there is none in the chosen part, or several.
    """
    part = output if chosen is None else _at(output, chosen)
    rows = [value for value in _without_edges(part) if is_rows(value.shape, nodes)]
    embedding, several = rows[0] if rows else nth_tensor(part, 0), len({id(value) for value in rows}) > 1
    if chosen is not None and (embedding is None or several):
        what = (
            "several tensors with a row per node" if several else "no floating-point tensor in what the layer returns"
        )
        raise UsageError(f"layers= says {shown(chosen)}, and that is {what}")
    if embedding is None:
        return Returned()
    steps = ((step, value) for step, item in _items(output) for value in floating(item))
    others = [(step, value.shape) for step, value in steps if any(value is row for row in rows)]
    position = next(number for number, value in enumerate(floating(output)) if value is embedding)
    return Returned(position, embedding.shape, tuple(others) if several else ())


def is_rows(shape: torch.Size | None, nodes: int) -> bool:
    """Whether features of this shape have a row per node."""
    return shape is not None and len(shape) == 2 and shape[0] == nodes


def _without_edges(value: Any) -> Iterator[Tensor]:
    """Yield the floating-point tensors, except values of edges that are paired with these, such as attention."""
    if isinstance(value, tuple | list) and len(value) == 2 and _belongs_to_edges(*value):
        return
    if isinstance(value, dict | tuple | list):
        for _, item in _items(value):
            yield from _without_edges(item)
    else:
        yield from floating(value)


def _belongs_to_edges(edges: Any, value: Any) -> bool:
    if not (isinstance(edges, Tensor) and isinstance(value, Tensor)) or edges.is_floating_point():
        return False
    return edges.dim() == 2 and len(edges) == 2 and value.dim() > 0 and edges.shape[1] == len(value)


def _items(value: Any) -> Iterable[tuple[int | str, Any]]:
    return value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, tuple | list) else ())


def _at(output: Any, chosen: Position) -> Any:
    try:
        return output[chosen] if isinstance(output, dict | tuple | list) else None  # type: ignore[index]
    except (LookupError, TypeError):
        return None
