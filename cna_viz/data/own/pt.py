"""``.pt`` files: tensors and PyG ``Data``, and nothing that could run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import Data
from torch_geometric.data.data import DataEdgeAttr, DataTensorAttr
from torch_geometric.data.storage import GlobalStorage

from cna_viz.data.archives import check_archive
from cna_viz.errors import DataError


def read_pt(path: Path) -> Any:
    """Return what ``torch.save`` wrote: a dictionary of tensors for a ``Data``, a list of these for a list.

    Raises:
        DataError: It is neither.
    """
    check_archive(path)
    found = _tensors(path)
    return [arrays_of(one) for one in found] if isinstance(found, list | tuple) else arrays_of(found)


def _tensors(path: Path) -> Any:
    # Those that PyG has named itself stay: the context would forget them at its end, and PyG's own files not load.
    known = torch.serialization.get_safe_globals()
    safe = [one for one in (Data, DataEdgeAttr, DataTensorAttr, GlobalStorage) if one not in known]
    try:
        with (
            torch.serialization.safe_globals(safe),
            torch.sparse.check_sparse_tensor_invariants(),  # type: ignore[no-untyped-call]
        ):
            return torch.load(path, map_location="cpu", weights_only=True)
    # Damaged files raise a dozen types, and torch's own message recommends to run them.
    except Exception as error:
        raise DataError(
            f"{path} is damaged or holds more than tensors ({type(error).__name__}): save a PyG Data or a dictionary "
            "of tensors with torch.save; nothing else is unpickled, since it could run code"
        ) from error


def arrays_of(data: Any) -> dict[str, Any]:
    """Return the tensors of a ``Data`` or of a dictionary by name.

    Raises:
        DataError: It is something else.
    """
    found = data.to_dict() if isinstance(data, Data) else data
    if not isinstance(found, Mapping) or not all(isinstance(name, str) for name in found):
        raise DataError(f"a graph is a PyG Data or a dictionary of tensors, not {type(data).__name__}")
    return {name: _on_cpu(value) for name, value in found.items() if value is not None}


def _on_cpu(value: Any) -> Any:
    return value.detach().cpu() if isinstance(value, Tensor) and not value.is_meta else value
