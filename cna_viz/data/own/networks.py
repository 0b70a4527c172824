"""GraphML, GEXF, and graphs of networkx: attributes of nodes become columns."""

from pathlib import Path
from typing import Any, Final, NoReturn
from xml.parsers import expat

import networkx as nx
import numpy as np
import pandas as pd
import torch
from torch import Tensor

from cna_viz.data.own.columns import choose, described
from cna_viz.data.own.options import ImportOptions
from cna_viz.data.own.parts import Parts, listed
from cna_viz.data.own.tables import number_notes
from cna_viz.errors import DataError

_DRAWN: Final = "viz"
"""Attribute in which GEXF keeps colours and positions."""


class _Rooted(Exception):  # noqa: N818
    """The root element begins, before which declarations end."""


def read_graphml(path: Path) -> Any:
    """Read GraphML."""
    refuse_declarations(path)
    return nx.read_graphml(path)


def read_gexf(path: Path) -> Any:
    """Read GEXF."""
    refuse_declarations(path)
    return nx.read_gexf(path)


def refuse_declarations(path: Path) -> None:
    """Refuse XML that declares a document type, in any encoding: only there can entities be defined.

    Raises:
        DataError: It does.
    """
    parser = expat.ParserCreate()

    def refuse(*_: Any) -> NoReturn:
        raise DataError(f"{path} has a <!DOCTYPE> and is not read, since it can define entities: remove that line")

    def stop(*_: Any) -> NoReturn:
        raise _Rooted

    parser.StartDoctypeDeclHandler, parser.StartElementHandler = refuse, stop
    with path.open("rb") as stream:
        try:
            parser.ParseFile(stream)
        except _Rooted:
            return


def parts(network: Any, options: ImportOptions) -> Parts:
    """Return the parts of a graph of networkx.

    Raises:
        UsageError: The labels are not recognized.
        DataError: An attribute is no column of numbers or words.
    """
    options.read_by("graphs of networkx")
    numbers = {node: number for number, node in enumerate(network)}
    frame = _frame(network)
    y, x, masks, changes = described(frame, options)
    ends = [(numbers[source], numbers[target]) for source, target in network.edges()]
    edges = torch.tensor(ends, dtype=torch.int64).reshape(-1, 2).T
    weights, said = _weights(network, options)
    ids = number_notes(pd.Index([str(node) for node in network]))
    changes = [*ids, *changes, *said]
    return Parts(len(numbers), edges, y, x, weights, masks, directed=network.is_directed(), changes=tuple(changes))


def _frame(network: Any) -> pd.DataFrame:
    """Return the attributes of nodes, a column each; an attribute that is a list of numbers becomes several."""
    if len(network) == 0:
        raise DataError("the graph has no nodes")
    rows = [attributes for _, attributes in network.nodes(data=True)]
    names = [name for name in dict.fromkeys(name for row in rows for name in row) if name != _DRAWN]
    columns: dict[str, Any] = {}
    for name in names:
        values = [row.get(name) for row in rows]
        if any(isinstance(value, list | tuple | np.ndarray) for value in values):
            columns |= _spread(str(name), values)
        else:
            columns[str(name)] = values
    return pd.DataFrame(columns, index=range(len(rows)))


def _spread(name: str, values: list[Any]) -> dict[str, Any]:
    lengths = {len(value) if isinstance(value, list | tuple | np.ndarray) else -1 for value in values}
    if len(lengths) > 1:
        raise DataError(f"attribute {name!r} is a list of another length at some nodes, or missing: --drop {name}")
    return {f"{name}_{number}": list(column) for number, column in enumerate(zip(*values, strict=True))}


def _weights(network: Any, options: ImportOptions) -> tuple[Tensor | None, list[str]]:
    rows = [attributes for _, _, attributes in network.edges(data=True)]
    names = list(dict.fromkeys(name for row in rows for name in row))
    weight = choose(names, options.weight, ("weight",))
    unused = [str(name) for name in names if name != weight]
    said = [f"left out of the edges: {listed(unused)}"] if unused else []
    if weight is None:
        return None, said
    values = pd.Series([row.get(weight) for row in rows])
    if values.dtype.kind not in "biuf":
        raise DataError(
            f"attribute {weight!r} of the edges is not a number at every edge: --weights drop leaves it out"
        )
    return torch.from_numpy(values.to_numpy(dtype="float64", copy=True)), said
