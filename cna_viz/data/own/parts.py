"""What the files of a graph hold, in one form for all formats, before any rule is applied."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from cna_viz.data.archives import MOST
from cna_viz.errors import DataError


class Parts(NamedTuple):
    """A graph as its files hold it.

    Attributes:
        nodes: Number of nodes.
        edges: Edges, int64, shape ``[2, edges]``.
        y: Labels of any type, of every node or every graph.
        x: Features, or the columns that become features; None where there are none.
        weights: Weight of every edge.
        masks: Masks of any form by split.
        graph_of_node: Number of the graph of every node, in a dataset of graphs.
        directed: Whether the format says that edges have a direction; None where it does not say.
        changes: What reading changed or guessed, a sentence each.
    """

    nodes: int
    edges: Tensor
    y: "np.ndarray[Any, Any]"
    x: Tensor | pd.DataFrame | None = None
    weights: Tensor | None = None
    masks: Mapping[str, Any] = {}
    graph_of_node: Tensor | None = None
    directed: bool | None = None
    changes: tuple[str, ...] = ()


LAYOUTS: Final = (torch.strided, torch.sparse_coo, torch.sparse_csr, torch.sparse_csc)


_WIDE: Final = (torch.uint16, torch.uint32, torch.uint64)  # torch hardly computes with these


def as_tensor(value: Any, what: str) -> Tensor:
    """Return numbers as a dense tensor.

    Raises:
        DataError: They are no numbers, or too many for the memory.
    """
    found = value if isinstance(value, Tensor) else _from_numpy(_as_array(value, what), what)
    if found.is_complex() or found.is_quantized or found.layout not in LAYOUTS or found.device.type != "cpu":
        raise DataError(f"{what} is a tensor of {found.dtype}, {found.layout}, on {found.device}, not plain numbers")
    check_size(found.numel() * max(4, found.element_size()), what)
    dense = found.to_dense() if found.layout != torch.strided else found
    return dense.long() if dense.dtype in _WIDE else dense


def check_size(size: int, what: str) -> None:
    """Refuse what would take more memory than any graph of ours.

    Raises:
        DataError: ``size`` bytes are too many.
    """
    if size > MOST:
        raise DataError(f"{what} would take {size / 2**30:,.0f} GiB of memory, and at most {MOST / 2**30:g} are read")


def _as_array(value: Any, what: str) -> "np.ndarray[Any, Any]":
    try:
        return np.asarray(value)
    except (TypeError, ValueError):
        raise DataError(f"{what} is a {type(value).__name__} that is no array of numbers") from None


def _from_numpy(value: "np.ndarray[Any, Any]", what: str) -> Tensor:
    if value.dtype.kind not in "biuf":
        raise DataError(f"{what} is an array of {value.dtype}, not of numbers")
    if value.dtype == np.uint64 and value.size and int(value.max()) >= 2**63:
        raise DataError(f"{what} has {value.max()}, and whole numbers are at most 2^63 - 1")
    return torch.from_numpy(value.astype(value.dtype.newbyteorder("="), order="C"))


def plural(count: int, word: str, words: str | None = None) -> str:
    """Return a count with its noun, as in ``"1 node"`` and ``"2 nodes"``."""
    return f"{count:,} {word if count == 1 else words or word + 's'}"


def listed(names: Sequence[object], most: int = 10) -> str:
    """Return the first of many names, and how many there are."""
    more = f" ... ({len(names):,})" if len(names) > most else ""
    return (", ".join(map(str, names[:most])) or "none") + more
