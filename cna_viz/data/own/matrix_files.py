"""Files of MatrixMarket as sparse matrices."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from cna_viz.errors import DataError


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
