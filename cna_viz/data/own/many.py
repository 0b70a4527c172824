"""Many graphs, each a ``Data`` with a label: side by side, as one dataset for graph classification."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cna_viz.data.own.arrays import parts
from cna_viz.data.own.options import ImportOptions
from cna_viz.data.own.parts import Parts, plural
from cna_viz.data.own.pt import arrays_of, read_pt
from cna_viz.errors import DataError


def read_folder(folder: Path) -> list[dict[str, Any]]:
    """Return the graphs of a folder, a ``.pt`` file each, in the order of the files' names.

    Raises:
        DataError: There is none, or a file holds something else.
    """
    paths = sorted(folder.glob("*.pt"))
    if not paths:
        raise DataError(f"{folder} holds no .pt file: it needs one per graph, a PyG Data with a label y")
    return [arrays_of(read_pt(path)) for path in paths]


def side_by_side(graphs: Sequence[dict[str, Any]], options: ImportOptions) -> Parts:
    """Return the parts of a dataset of graphs.

    Raises:
        DataError: A graph lacks something that others have, or has more than one label.
    """
    if not graphs:
        raise DataError("the list of graphs is empty")
    found = [_one(number, arrays, options) for number, arrays in enumerate(graphs)]
    sizes = torch.tensor([one.nodes for one in found])
    starts = (sizes.cumsum(0) - sizes).tolist()
    return Parts(
        nodes=int(sizes.sum()),
        edges=torch.cat([one.edges + start for one, start in zip(found, starts, strict=True)], dim=1),
        y=np.concatenate([one.y.reshape(1) for one in found]),
        x=_joined([one.x for one in found], "features"),
        weights=_joined([one.weights for one in found], "weights"),
        graph_of_node=torch.arange(len(found)).repeat_interleave(sizes),
        changes=(f"{plural(len(found), 'graph')} in their order", *dict.fromkeys(sum((o.changes for o in found), ()))),
    )


def _one(number: int, arrays: dict[str, Any], options: ImportOptions) -> Parts:
    one = parts(arrays, options)
    if one.y.size != 1:
        raise DataError(
            f"graph {number} has {one.y.size} labels, not one: a list of graphs is for graph classification"
        )
    if one.x is None and "num_nodes" not in arrays:
        raise DataError(f"graph {number} has neither features x nor num_nodes, so that its nodes can't be counted")
    if one.nodes < 1 or (one.edges.numel() and not 0 <= int(one.edges.min()) <= int(one.edges.max()) < one.nodes):
        raise DataError(f"graph {number} has no nodes, or edges to nodes that it has not")
    said = ("masks of nodes left out: the graphs are split",) if one.masks else ()
    return one._replace(masks={}, changes=(*one.changes, *said))


def _joined(values: list[Any], what: str) -> Any:
    missing = sum(value is None for value in values)
    if missing == len(values):
        return None
    shapes = {tuple(value.shape[1:]) for value in values if value is not None}
    if missing or len(shapes) > 1:
        raise DataError(f"the graphs differ in their {what}: {missing} have none, the others {sorted(shapes)} per row")
    return torch.cat(values)
