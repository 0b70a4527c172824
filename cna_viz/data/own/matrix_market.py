"""MatrixMarket: an adjacency matrix, with labels and features in files of their own."""

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
import torch

from cna_viz.data.own.options import ImportOptions
from cna_viz.data.own.parts import Parts, as_tensor, check_size
from cna_viz.data.own.structural import is_structural
from cna_viz.data.own.tables import choose, column_names, described, read_table
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


def read_matrix(path: Path) -> Any:
    """Return a sparse matrix. SciPy's reader is not used: damaged files make it write beyond its memory.

    Raises:
        DataError: The file is damaged, or of a kind that has no meaning here.
    """
    with path.open("rb") as stream:
        form, kind, symmetry = _banner(stream.readline())
        shape = next((line.split() for line in stream if line.strip() and not line.startswith(b"%")), [])
        sizes = [int(size) for size in shape]
        if len(sizes) != (3 if form == "coordinate" else 2) or min(sizes) < 0:
            raise ValueError(f"its sizes are {shape}, not rows, columns and, of a sparse matrix, entries")
        held = sizes[2] if form == "coordinate" else sizes[0] * sizes[1]
        if 2 * held > path.stat().st_size:
            raise DataError(f"{path} declares {held:,} entries, which {path.stat().st_size:,} bytes can't hold")
        names = (["row", "column"] if form == "coordinate" else []) + (["value"] if kind != "pattern" else [])
        table = _read_entries(stream, names)
    if len(table) != held:
        raise ValueError(f"it declares {held:,} entries and has {len(table):,}")
    if form == "array":
        return sp.coo_matrix(table["value"].to_numpy().reshape(sizes[:2], order="F"))
    return _mirrored(table, sizes[:2]) if symmetry == "symmetric" else _coordinates(table, sizes[:2])


def _banner(line: bytes) -> tuple[str, str, str]:
    words = line.decode("ascii").lower().split()
    if len(words) != 5 or words[:2] != ["%%matrixmarket", "matrix"]:
        raise ValueError("its first line is no header of MatrixMarket")
    form, kind, symmetry = words[2:]
    known = form in {"coordinate", "array"} and kind in {"real", "integer", "pattern"}
    if not known or symmetry not in ({"general", "symmetric"} if form == "coordinate" else {"general"}):
        raise ValueError(f"a matrix that is {form}, {kind} and {symmetry} is no graph: give a real, general one")
    return form, kind, symmetry


def _read_entries(stream: Any, names: list[str]) -> pd.DataFrame:
    kinds = {name: "float64" if name == "value" else "int64" for name in names}
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        found: pd.DataFrame = pd.read_csv(stream, sep=r"\s+", names=names, dtype=kinds, index_col=False)
    return found


def _coordinates(table: pd.DataFrame, shape: list[int]) -> Any:
    ends = table[["row", "column"]].to_numpy() - 1
    if len(ends) and not ((ends >= 0).all() and (ends < shape).all()):
        raise ValueError(f"an entry lies outside of {shape[0]} x {shape[1]}")
    values = table["value"].to_numpy() if "value" in table else np.ones(len(ends))
    return sp.coo_matrix((values, (ends[:, 0], ends[:, 1])), shape=shape)


def _mirrored(table: pd.DataFrame, shape: list[int]) -> Any:
    """Add to one triangle of a matrix the other."""
    other = table[table["row"] != table["column"]].rename(columns={"row": "column", "column": "row"})
    return _coordinates(pd.concat([table, other]), shape)


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
