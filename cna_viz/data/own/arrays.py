"""Arrays by name, as ``.pt`` and ``.npz`` files hold them: which is which."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from torch import Tensor

from cna_viz.config.vocabulary import SPLITS
from cna_viz.data.own.options import ImportOptions
from cna_viz.data.own.parts import Parts, as_tensor, listed
from cna_viz.data.own.structural import is_structural
from cna_viz.errors import DataError, unknown_name

KEYS: Final[dict[str, tuple[str, ...]]] = {
    "x": ("x", "node_features", "features"),
    "y": ("y", "labels", "node_labels"),
    "edges": ("edge_index", "edges"),
    "weights": ("edge_weight", "weight"),
    **{part: (f"{part}_mask", f"{part}_masks", f"{part}_idx") for part in SPLITS},
}
"""Names that arrays have in files, by meaning."""
_NO_CONTENT: Final = ("num_nodes", "num_classes")


def parts(arrays: Mapping[str, Any], options: ImportOptions) -> Parts:
    """Return the parts of a graph among arrays by name.

    Raises:
        UsageError: The options name an array that is not there.
        DataError: Labels or edges are missing, or are of another form.
    """
    options.read_by("arrays")
    given = {"y": options.label, "weights": options.weight}
    if not is_structural(options.features):
        given["x"] = options.features
    for name in (*(name for name in given.values() if name is not None), *options.drop):
        if name not in arrays:
            raise unknown_name("array", name, list(arrays))
    names = {part: given.get(part) or _found(part, arrays, options.drop) for part in KEYS}
    found = {part: arrays[name] for part, name in names.items() if name is not None}
    if "y" not in found or "edges" not in found:
        missing = "labels (y)" if "y" not in found else "edges (edge_index)"
        raise DataError(f"there are no {missing}; the arrays are {listed(list(arrays))}; --label names one")
    unused = [name for name in arrays if name not in {*names.values(), *_NO_CONTENT}]
    x = _matrix(found["x"]) if "x" in found else None
    return Parts(
        nodes=_count(arrays, x, found["y"]),
        edges=_edges(found["edges"], names["edges"]),
        y=np.asarray(found["y"]),
        x=x,
        weights=as_tensor(found["weights"], "the weights") if "weights" in found else None,
        masks={part: found[part] for part in SPLITS if part in found},
        changes=(f"left out: {listed(unused)}",) if unused else (),
    )


def _found(part: str, arrays: Mapping[str, Any], drop: tuple[str, ...]) -> str | None:
    return next((name for name in KEYS[part] if name in arrays and name not in drop), None)


def _matrix(value: Any) -> Tensor:
    x = as_tensor(value, "x")
    if x.dim() != 2:
        raise DataError(f"x has shape {list(x.shape)}, not [nodes, features]")
    return x


def _count(arrays: Mapping[str, Any], x: Tensor | None, y: Any) -> int:
    if x is not None:
        return len(x)
    if "num_nodes" not in arrays:
        return len(np.atleast_1d(np.asarray(y)))
    count = as_tensor(arrays["num_nodes"], "num_nodes")
    if count.numel() != 1 or count.is_floating_point():
        raise DataError(f"num_nodes is {count.dtype} of shape {list(count.shape)}, not a whole number")
    return int(count)


def _edges(value: Any, name: str | None) -> Tensor:
    edges = as_tensor(value, "the list of edges")
    edges = edges.T if name == "edges" else edges  # a row per edge, where it goes by this name
    if edges.dim() != 2 or len(edges) != 2 or edges.is_floating_point():
        form = "[edges, 2]" if name == "edges" else "[2, edges]"
        raise DataError(f"{name} is {edges.dtype} of shape {list(np.shape(value))}, not integers of shape {form}")
    return edges.long()
