"""Objects that are a graph or a dataset of graphs; others are refused by their type, with a way out."""

from collections.abc import Sequence
from typing import Any, Final

from torch import Tensor
from torch_geometric.data import Batch, Dataset

from cna_viz.data.download import reason
from cna_viz.errors import DataError, UsageError

_WAYS_OUT: Final = {
    "builtins.NoneType": "pass the graph that the model is trained on",
    "builtins.str": "load the file, and pass a torch_geometric.data.Data",
    "builtins.dict": "torch_geometric.data.Data(**data) makes a graph of it",
    "torch.Tensor": "torch_geometric.data.Data(x=..., edge_index=...) makes a graph of tensors",
    "torch.DataLoader": "pass the whole graph, or the list of graphs that it loads from; your loop keeps its batches",
    "torch_geometric.HeteroData": "it has several types of nodes or edges; data.to_homogeneous() makes one graph of it",
    "torch_geometric.TemporalData": "it is a stream of events; pass a torch_geometric.data.Data of one period",
    "networkx.Graph": "torch_geometric.utils.from_networkx(data) makes a Data of it",
    "dgl.DGLGraph": "torch_geometric.utils.from_dgl(data) makes a Data of it",
    "igraph.Graph": "torch_geometric.data.Data(x=..., edge_index=...) with its edge list makes a graph of it",
}

_ANY: Final = "pass a torch_geometric.data.Data, or an object with its attributes x and edge_index"


def as_one(data: Any) -> Any:
    """Return the object whose attributes are the graph: ``data``, or a ``Batch`` of a list of graphs.

    Raises:
        UsageError: It is no graph.
        DataError: Graphs can't be put side by side.
    """
    # A named tuple may have the attributes of a graph.
    if isinstance(data, Dataset) or (isinstance(data, list | tuple) and not hasattr(data, "edge_index")):
        return _side_by_side([_checked(one, f"graph {number}") for number, one in enumerate(data)])
    return _checked(data, "data")


def on_cpu(value: Any) -> Any:
    """Return a tensor without its gradient on the CPU, and anything else as it is."""
    return value.detach().cpu() if isinstance(value, Tensor) and not value.is_meta else value


def _checked(data: Any, what: str) -> Any:
    names = [f"{kind.__module__.partition('.')[0]}.{kind.__name__}" for kind in type(data).__mro__]
    way_out = next((_WAYS_OUT[name] for name in names if name in _WAYS_OUT), None)
    if way_out is None and any(hasattr(data, name) for name in ("x", "edge_index", "adj_t")):
        return data
    raise UsageError(f"{what} is of type {names[0].removeprefix('builtins.')}, not a PyG Data: {way_out or _ANY}")


def _side_by_side(graphs: Sequence[Any]) -> Any:
    if not graphs:
        raise UsageError("the list of graphs is empty: pass at least one torch_geometric.data.Data")
    try:
        return Batch.from_data_list(list(graphs))
    # Graphs that differ in what they have raise a dozen types.
    except Exception as error:
        raise DataError(
            f"the {len(graphs)} graphs can't be put side by side ({reason(error)}): each must be a "
            "torch_geometric.data.Data with the same attributes"
        ) from error
