"""Whether the loop has changed the data since it was read."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import torch
from torch import Tensor
from torch_geometric.data import Dataset

from cna_viz.config.vocabulary import SPLITS
from cna_viz.data.own.arrays import KEYS
from cna_viz.recording.watched.model.side_effects import version

_FIXED: Final = ("edge_index", "y", *(name for part in SPLITS for name in KEYS[part]))
"""Attributes that a record is made of, and that no training writes into."""
_READ: Final = ("edge_weight", "adj_t", *_FIXED)
_NAMED: Final = 3
"""Maximum number of names in a message."""


class ReadTensors:
    """The tensors that were read from data; in-place changes of features and weights, as by training, are not noticed.

    Args:
        data: The data as the user passed it, whose attributes may be replaced: a graph, a list of graphs, or a dataset.
        inputs: Names of the attributes that are inputs of the model.
    """

    def __init__(self, data: Any, inputs: Iterable[str] = ()) -> None:
        self._data, names = data, tuple(dict.fromkeys((*inputs, *_READ)))
        self._graphs = [_Held(graph, f"data{place}", names) for place, graph in _graphs(data)]

    def problem(self) -> str | None:
        """Return a sentence if any of them was replaced, or written into."""
        graphs = list(_graphs(self._data))
        if len(graphs) != len(self._graphs):
            return _sentence([f"the {len(self._graphs)} graphs of data"], "replaced")
        both = list(zip(self._graphs, graphs, strict=True))
        if replaced := [name for held, (_, graph) in both for name in held.replaced(graph)]:
            return _sentence(replaced, "replaced")
        written = [name for held, _ in both for name in held.written()]
        return _sentence(written, "changed in place") if written else None


class _Held:
    """The attributes of one graph."""

    def __init__(self, graph: Any, name: str, names: Iterable[str]) -> None:
        self._name, found = name, {attribute: getattr(graph, attribute, None) for attribute in names}
        # Attributes that are computed at every access can't be compared.
        self._values = {one: value for one, value in found.items() if value is getattr(graph, one, None)}
        fixed = ((one, self._values.get(one)) for one in _FIXED)
        self._versions = {
            one: (value, version(value)) for one, value in fixed if value is not None and _is_fixed(value)
        }

    def replaced(self, graph: Any) -> Iterator[str]:
        return (f"{self._name}.{one}" for one, value in self._values.items() if getattr(graph, one, None) is not value)

    def written(self) -> Iterator[str]:
        return (f"{self._name}.{one}" for one, (value, number) in self._versions.items() if version(value) != number)


def _graphs(data: Any) -> Iterator[tuple[str, Any]]:
    """Yield the graphs of data, each with its place."""
    if isinstance(data, list | tuple) and not hasattr(data, "edge_index"):
        yield from ((f"[{number}]", graph) for number, graph in enumerate(data))
    else:  # every look into a dataset makes new graphs, of tensors that it holds
        yield "", getattr(data, "_data", None) if isinstance(data, Dataset) else data


def _is_fixed(value: Any) -> bool:
    # PyG raises the version of a sparse matrix that it only reads.
    return isinstance(value, Tensor) and value.layout == torch.strided and not value.requires_grad


def _sentence(names: list[str], what: str) -> str:
    more = len(names) - _NAMED
    listed = ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    are = "was" if len(names) == 1 and not names[0].startswith("the ") else "were"
    return (
        f"{listed} {are} {what} since watch began, so that the record would be of other data than the training: begin "
        "watch after your transforms"
    )
