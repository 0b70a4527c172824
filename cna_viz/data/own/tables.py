"""A table of nodes and one of edges: ids become numbers."""

from typing import Any, Final

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from cna_viz.data.own.columns import choose, described, either
from cna_viz.data.own.options import ImportOptions
from cna_viz.data.own.parts import Parts, listed, plural
from cna_viz.data.own.table_files import Table, column_names, read_table
from cna_viz.errors import DataError, UsageError, shown

_IDS: Final = ("id", "node", "node_id", "name")
_SOURCES: Final = ("source", "from", "src", "u")
_TARGETS: Final = ("target", "to", "dst", "v")
WEIGHTS: Final = ("weight", "weights", "w", "edge_weight")


def parts(nodes: Table, edges: Table, options: ImportOptions) -> Parts:
    """Return the parts of a graph in a table of nodes and one of edges.

    Raises:
        UsageError: The options name a column that is not there.
        DataError: Ids are not unique, or an edge names none of them.
    """
    options.read_by("tables of nodes and edges", "id", "source", "target")
    columns = column_names(nodes)
    key = choose(columns, options.id, _IDS)
    if key is None:
        raise UsageError(f"no column of the nodes is named {either(_IDS)}: --id names it, one of {listed(columns)}")
    frame = read_table(nodes, columns, [key])
    ids, said = _ids(frame.pop(key), key, options.id is None)
    index, weights, more = _edges(edges, ids, options)
    y, x, masks, changes = described(frame, options)
    return Parts(len(ids), index, y, x, weights, masks, changes=(*said, *changes, *more))


def _ids(column: "pd.Series[str]", key: str, guessed: bool) -> tuple[pd.Index, list[str]]:
    ids = pd.Index(column)
    if ids.hasnans:
        raise DataError(
            f"{plural(int(column.isna().sum()), 'node')} without an id in column {key!r}: every node needs one"
        )
    if ids.has_duplicates or "" in ids:
        wrong = "" if "" in ids else ids[ids.duplicated()][0]
        raise DataError(
            f"id {shown(wrong)} stands for {int((ids == wrong).sum())} nodes: every node needs one of its own"
        )
    return ids, ([f"ids are column {key!r} (--id names another)"] if guessed else []) + number_notes(ids)


def number_notes(ids: pd.Index) -> list[str]:
    """Return in a sentence what the ids of nodes are, unless they are 0, 1, 2 ... in this order."""
    if not _are_numbers(ids):
        return [f"ids are text: the {plural(len(ids), 'node')} are numbered in their order"]
    numbers = ids.astype("int64")
    gaps = int(numbers.max()) - int(numbers.min()) + 1 - len(ids)
    if gaps or int(numbers.min()) or not numbers.is_monotonic_increasing:
        what = f"from {numbers.min()} to {numbers.max()} with {plural(gaps, 'gap')}"
        return [f"ids run {what}: the {plural(len(ids), 'node')} are numbered in their order"]
    return []


def _are_numbers(ids: pd.Index) -> bool:
    return bool(ids.str.fullmatch(r"0|[1-9]\d{0,17}").all())  # 007 is another id than 7


def _edges(table: Table, ids: pd.Index, options: ImportOptions) -> tuple[Tensor, Tensor | None, list[str]]:
    columns = column_names(table)
    source, target = choose(columns, options.source, _SOURCES), choose(columns, options.target, _TARGETS)
    weight = choose(columns, options.weight, WEIGHTS)
    if source is None or target is None or source == target:
        raise UsageError(f"--source and --target name the two columns of the edges, one of {listed(columns)}")
    used = [source, target, *([] if weight is None else [weight])]
    frame = read_table(table, used, [source, target])
    index = _numbers(frame[source], frame[target], ids)
    changes = [f"edges go from column {source!r} to {target!r}"] if None in (options.source, options.target) else []
    if weight is not None and options.weight is None:
        changes.append(f"weights are column {weight!r} (--weights drop leaves them out)")
    if unused := [name for name in columns if name not in used]:
        changes.append(f"left out of the edges: {listed(unused)}")
    return index, None if weight is None else _weights(frame[weight], weight), changes


def _numbers(source: "pd.Series[str]", target: "pd.Series[str]", ids: pd.Index) -> Tensor:
    """Return the numbers of the nodes that edges join, ``[2, edges]``."""
    if _are_numbers(ids):  # a column of numbers with a gap is one of floats to pandas: 1.0 is 1
        source, target = source.str.removesuffix(".0"), target.str.removesuffix(".0")
    found = np.stack([ids.get_indexer(pd.Index(ends)) for ends in (source, target)])
    if (lost := (found < 0).any(axis=0)).any():
        first = int(lost.argmax())
        name = (source if found[0, first] < 0 else target).iloc[first]
        raise DataError(
            f"{plural(int(lost.sum()), 'edge')} with a node that is not among the nodes, first {shown(name)}: add it, "
            "or leave out its edges"
        )
    return torch.from_numpy(found.astype(np.int64))


def _weights(column: "pd.Series[Any]", name: str) -> Tensor:
    if column.dtype.kind not in "biuf":
        raise DataError(f"column {name!r} of the edges is not all numbers: --weight names that of the weights")
    return torch.from_numpy(column.to_numpy(dtype="float64", copy=True))
