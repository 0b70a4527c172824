"""``.npz`` files: arrays by name, sparse matrices among them in the parts that PyG's files have."""

import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import scipy.sparse as sp
import torch
from numpy.lib import format as npy

from cna_viz.data.archives import check_archive
from cna_viz.data.download import reason
from cna_viz.data.own.parts import check_size
from cna_viz.errors import DataError


def read_npz(path: Path) -> dict[str, Any]:
    """Return the arrays of a file by name; a sparse ``adj`` becomes edges and weights, a sparse ``attr`` features.

    Raises:
        DataError: It unpacks to too much.
    """
    check_archive(path)
    with zipfile.ZipFile(path) as archive:
        for part in archive.infolist():
            with archive.open(part) as stream:
                _check_header(stream, part)
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    if "adj_indices" in arrays:
        adjacency = _sparse(arrays, "adj").tocoo()
        arrays["edge_index"] = np.stack([adjacency.row, adjacency.col])
        arrays["edge_weight"] = adjacency.data
    if "attr_indices" in arrays:
        features = _sparse(arrays, "attr")
        check_size(4 * features.shape[0] * features.shape[1], "the feature matrix")
        arrays["x"] = torch.from_numpy(features.toarray())
    if "attr_matrix" in arrays:
        arrays["x"] = arrays.pop("attr_matrix")
    return arrays


def _check_header(stream: Any, part: zipfile.ZipInfo) -> None:
    """Refuse an array that declares more content than its part of the file has: it would be allocated first."""
    file: BinaryIO = stream
    version = npy.read_magic(file)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(file)
    size = dtype.itemsize
    for length in shape:
        size *= int(length)
    if size > part.file_size:
        raise DataError(f"{part.filename} declares {size:,} bytes and has {part.file_size:,}: it is damaged")


def _sparse(arrays: dict[str, Any], name: str) -> Any:
    """Take a matrix in the parts of CSR out of the arrays."""
    try:
        data, indices, indptr, shape = (arrays.pop(f"{name}_{key}") for key in ("data", "indices", "indptr", "shape"))
        if len(indptr) != int(shape[0]) + 1:
            raise ValueError(f"indptr has {len(indptr)} entries for {shape[0]} rows")
        matrix = sp.csr_matrix((data, indices, indptr), shape=tuple(map(int, shape)))
        matrix.check_format(full_check=True)
    except (KeyError, ValueError, TypeError, IndexError, OverflowError) as error:
        raise DataError(f"{name}_data, _indices, _indptr and _shape are no sparse matrix ({reason(error)})") from None
    return matrix
