"""MatrixMarket: an adjacency matrix, with labels and features in files of their own."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from cna_viz.data.own.columns import choose, described
from cna_viz.data.own.matrix_files import read_matrix
from cna_viz.data.own.options import ImportOptions
from cna_viz.data.own.parts import Parts, as_tensor, check_size
from cna_viz.data.own.structural import is_structural
from cna_viz.data.own.table_files import column_names, read_table
from cna_viz.errors import DataError, UsageError, shown


def parts(path: Path, options: ImportOptions) -> Parts:
    """Return the parts of a graph whose adjacency matrix is in a file.

    Raises:
        UsageError: There is no file of labels.
        DataError: The matrix is not square, or the files differ in their numbers of nodes.
    """
    options.read_by("MatrixMarket", "labels", "id")
    if options.labels is None:
        raise UsageError(f"{path} has no labels: --labels names a file with one per line, or with columns id and label")
    adjacency = read_matrix(path)
    nodes, columns = adjacency.shape
    if nodes != columns:
        raise DataError(f"{path} is a matrix of {nodes} x {columns}, not square as an adjacency matrix is")
    apart = options.features is not None and not is_structural(options.features)
    table = _labels(Path(options.labels), nodes, options)
    y, x, masks, changes = described(table, replace(options, features=None) if apart else options)
    edges = torch.from_numpy(np.stack([adjacency.row, adjacency.col]).astype(np.int64))
    weights = as_tensor(adjacency.data, "the matrix")
    found = read_features(Path(str(options.features)), nodes) if apart else x
    return Parts(nodes, edges, y, found, weights, masks, changes=tuple(changes))


def read_features(path: Path, nodes: int) -> Any:
    """Return the features of a file: a matrix in ``.mtx`` or ``.npy``, or the columns of a table.

    Raises:
        DataError: It has another number of rows.
    """
    if not path.is_file():
        raise UsageError(f"--features {shown(str(path))} is no file, and none of degree, onehot, random:K, laplacian:K")
    if path.suffix == ".mtx":
        matrix = read_matrix(path)
        check_size(8 * matrix.shape[0] * matrix.shape[1], str(path))
        found: Any = torch.from_numpy(matrix.toarray())
    elif path.suffix == ".npy":
        found = as_tensor(np.load(path, mmap_mode="r", allow_pickle=False), str(path))
    else:
        found = read_table(path, column_names(path), [])
    if len(found) != nodes:
        raise DataError(f"{path} has {len(found)} rows of features, and the graph has {nodes} nodes")
    return found


def _labels(path: Path, nodes: int, options: ImportOptions) -> pd.DataFrame:
    """Return a row per node: of lines in the order of the nodes, or of a table with the numbers of nodes."""
    if not path.is_file():
        raise UsageError(f"--labels {shown(str(path))} is no file")
    columns = column_names(path)
    key = choose(columns, options.id, ("id", "node", "node_id"))
    if key is not None:
        return _ordered(read_table(path, columns, [key]), key, nodes, path)
    if len(columns) == 1:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        head = 1 if len(lines) == nodes + 1 else 0
        frame = pd.DataFrame({options.label or "label": [line.strip() or None for line in lines[head:]]})
    else:
        frame = read_table(path, columns, [])
    if len(frame) != nodes:
        raise DataError(f"{path} has {len(frame)} labels, and the graph has {nodes} nodes")
    return frame


def _ordered(frame: pd.DataFrame, key: str, nodes: int, path: Path) -> pd.DataFrame:
    """Put a table into the order of the nodes, whose numbers begin with 0 or, as in the format, with 1."""
    ids = frame.pop(key)
    if not bool(ids.str.fullmatch(r"\d{1,9}").all()) or ids.duplicated().any():
        raise DataError(f"column {key!r} of {path} is not all different row numbers of the matrix")
    numbers = ids.astype("int64")
    first = 0 if (numbers == 0).any() else 1
    if not (numbers == 0).any() and not (numbers == nodes).any():
        raise DataError(f"{path} has neither node 0 nor node {nodes}, so that its first node may be 0 or 1: add one")
    if numbers.max() >= nodes + first:
        raise DataError(
            f"{path} names node {numbers.max()} of a graph with {nodes} nodes, the first of which is {first}"
        )
    return frame.set_axis(numbers - first).reindex(range(nodes))
