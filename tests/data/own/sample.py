"""A small graph with everything, written in every format by what is not under test."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import networkx as nx
import numpy as np
import pandas as pd
import scipy.io
import scipy.sparse as sp
import torch
from torch_geometric.data import Data

NODES: Final = 24
_RNG: Final = np.random.default_rng(3)
X: Final = _RNG.normal(size=(NODES, 4)).astype(np.float32)
Y: Final = np.where(np.arange(NODES) == 5, -1, np.arange(NODES) % 3)
PAIRS: Final = np.array(sorted({(i, j) for i, j in _RNG.integers(0, NODES - 1, (60, 2)).tolist() if i < j}))
WEIGHTS: Final = (_RNG.random(len(PAIRS)) + 0.5).astype(np.float32)
_PART: Final = _RNG.permutation(np.arange(NODES) % 4)
MASKS: Final = {f"{part}_mask": (i == _PART) & (Y >= 0) for i, part in enumerate(("train", "val", "test"))}
BOTH: Final = np.concatenate([PAIRS, PAIRS[:, ::-1]]).T.copy()


def data(**changed: Any) -> Data:
    """Return the graph as PyG has it: both directions of every edge; None leaves something out."""
    masks = {name: torch.from_numpy(mask) for name, mask in MASKS.items()}
    parts = {
        "x": torch.from_numpy(X),
        "y": torch.from_numpy(Y),
        "edge_index": torch.from_numpy(BOTH),
        "edge_weight": torch.from_numpy(np.concatenate([WEIGHTS, WEIGHTS])),
        **masks,
        **changed,
    }
    return Data(**{name: part for name, part in parts.items() if part is not None})


def plain(**changed: Any) -> Data:
    """Return the graph without weights and masks."""
    return data(**{"edge_weight": None, **dict.fromkeys(MASKS), **changed})


def network() -> "nx.Graph[int]":
    """Return the graph as networkx has it."""
    graph: nx.Graph[int] = nx.Graph()
    for node in range(NODES):
        features = {f"f{column}": float(value) for column, value in enumerate(X[node])}
        masks = {name: bool(mask[node]) for name, mask in MASKS.items()}
        graph.add_node(node, **features, label=int(Y[node]), **masks)
    for (source, target), weight in zip(PAIRS.tolist(), WEIGHTS.tolist(), strict=True):
        graph.add_edge(source, target, weight=weight)
    return graph


def node_table() -> pd.DataFrame:
    """Return a row per node, with ids that are text."""
    features = {f"f{column}": X[:, column] for column in range(4)}
    return pd.DataFrame({"id": [f"n{node}" for node in range(NODES)], **features, "label": Y, **MASKS})


def edge_table() -> pd.DataFrame:
    """Return a row per edge."""
    ends = {name: [f"n{node}" for node in PAIRS[:, end]] for end, name in enumerate(("source", "target"))}
    return pd.DataFrame({**ends, "weight": WEIGHTS})


def adjacency() -> Any:
    """Return the weights of edges in one direction as a sparse matrix."""
    return sp.csr_matrix((WEIGHTS, PAIRS.T), shape=(NODES, NODES))


def _pt(folder: Path) -> dict[str, Any]:
    torch.save(data(), folder / "g.pt")
    return {"data": folder / "g.pt"}


def _dict(folder: Path) -> dict[str, Any]:
    torch.save(data().to_dict(), folder / "g.pt")
    return {"data": folder / "g.pt"}


def _npz(folder: Path) -> dict[str, Any]:
    np.savez(folder / "g.npz", x=X, y=Y, edge_index=PAIRS.T, edge_weight=WEIGHTS, **MASKS)
    return {"data": folder / "g.npz"}


def _yandex(folder: Path) -> dict[str, Any]:
    masks = {f"{name}s": mask[None] for name, mask in MASKS.items()}
    np.savez(folder / "g.npz", node_features=X, node_labels=Y, edges=PAIRS, edge_weight=WEIGHTS, **masks)
    return {"data": folder / "g.npz"}


def _csr(folder: Path) -> dict[str, Any]:
    keys = ("data", "indices", "indptr", "shape")
    parts = {
        f"{name}_{key}": getattr(matrix, key)
        for name, matrix in (("adj", adjacency()), ("attr", sp.csr_matrix(X)))
        for key in keys
    }
    np.savez(folder / "g.npz", labels=Y, **parts, **MASKS)
    return {"data": folder / "g.npz"}


def _csv(folder: Path) -> dict[str, Any]:
    node_table().to_csv(folder / "nodes.csv", index=False)
    edge_table().to_csv(folder / "edges.csv.gz", index=False)
    return {"nodes": folder / "nodes.csv", "edges": folder / "edges.csv.gz"}


def _parquet(folder: Path) -> dict[str, Any]:
    node_table().to_parquet(folder / "nodes.parquet")
    edge_table().to_parquet(folder / "edges.parquet")
    return {"nodes": folder / "nodes.parquet", "edges": folder / "edges.parquet"}


def _graphml(folder: Path) -> dict[str, Any]:
    nx.write_graphml(network(), folder / "g.graphml")
    return {"data": folder / "g.graphml"}


def _gexf(folder: Path) -> dict[str, Any]:
    nx.write_gexf(network(), folder / "g.gexf")
    return {"data": folder / "g.gexf"}


def _mtx(folder: Path) -> dict[str, Any]:
    scipy.io.mmwrite(folder / "g.mtx", adjacency())
    np.save(folder / "x.npy", X)
    pd.DataFrame({"id": range(NODES), "label": Y, **MASKS}).to_csv(folder / "labels.csv", index=False)
    return {"data": folder / "g.mtx", "labels": folder / "labels.csv", "features": folder / "x.npy"}


WRITERS: Final[dict[str, Callable[[Path], dict[str, Any]]]] = {
    "Data": lambda _: {"data": data()},
    "pt": _pt,
    "dict": _dict,
    "npz": _npz,
    "yandex": _yandex,
    "csr": _csr,
    "csv": _csv,
    "parquet": _parquet,
    "frames": lambda _: {"nodes": node_table(), "edges": edge_table()},
    "networkx": lambda _: {"data": network()},
    "graphml": _graphml,
    "gexf": _gexf,
    "mtx": _mtx,
}
"""Writers of the graph in a folder; each returns the arguments of ``graphs.add``."""
