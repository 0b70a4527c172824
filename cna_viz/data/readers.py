"""Readers of raw files, by family of datasets: from files as published to a :class:`~cna_viz.data.clean.RawGraph`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch_geometric.io import read_tu_data

from cna_viz.config.datasets import DatasetSpec
from cna_viz.data import pyg
from cna_viz.data.archives import check_archive, open_gzip
from cna_viz.data.clean import RawGraph
from cna_viz.data.graph import Masks

MISALIGNED: Final = "-misaligned"
"""Ends the name of a dataset that is read as published code reads it."""


def read(spec: DatasetSpec, protocol: str, folder: Path) -> RawGraph:
    """Read a dataset from the folder of its raw files; ``protocol`` decides which masks a Planetoid graph gets."""
    return pyg.read(spec, protocol, folder) if spec.loader else READERS[spec.family](spec, folder)


def read_npz(spec: DatasetSpec, folder: Path) -> RawGraph:
    """Read Chameleon or Squirrel, as published or without duplicate nodes (Platonov et al., arXiv 2302.11640).

    One ``.npz`` file has features, classes, edges in one direction, and ten masks of shape ``[repetitions, nodes]``.
    """
    assert spec.raw is not None
    path = folder / spec.raw.fixed[0]
    check_archive(path)
    # Opened here because numpy leaves the file open when it turns out not to be an archive.
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
        parts = {name: torch.from_numpy(file[name]) for name in file.files}
    masks = Masks(parts["train_masks"].T, parts["val_masks"].T, parts["test_masks"].T)
    return RawGraph(parts["node_features"], parts["node_labels"], parts["edges"].T, masks, directed=spec.directed)


def read_ogb(_: DatasetSpec, folder: Path) -> RawGraph:
    """Read ogbn-arxiv (Hu et al., arXiv 2005.00687): citations in one direction, features, classes, split by year.

    PyG has no loader for it, and the benchmark's package reads pickles and needs an old torch.
    """
    x = _table(folder / "raw" / "node-feat.csv.gz", np.float32)
    y = _table(folder / "raw" / "node-label.csv.gz", np.int64)
    edges = _table(folder / "raw" / "edge.csv.gz", np.int64)
    masks = []
    for part in ("train", "valid", "test"):
        mask = torch.zeros(len(x), dtype=torch.bool)
        mask[_table(folder / "split" / "time" / f"{part}.csv.gz", np.int64).flatten()] = True
        masks.append(mask)
    return RawGraph(x, y, edges.T, Masks(*masks))


def _table(path: Path, dtype: type[Any]) -> Tensor:
    with open_gzip(path) as table:
        return torch.from_numpy(pd.read_csv(table, header=None, dtype=dtype).to_numpy(copy=True))


def read_musae(spec: DatasetSpec, folder: Path) -> RawGraph:
    """Read Wikipedia pages, their words, links and monthly traffic as a share of the largest (arXiv 1909.13021).

    The files number the pages from 0, and here features, targets and edges mean the same page by the same number. The
    code released with CNA and that of Gradient Gating (arXiv 2210.00513) number the pages of the *edges* in the order
    in which they appear there, but not those of features and targets, so that hardly any edge joins the pages it
    should. A dataset whose name ends in ``-misaligned`` does the same, so that the published numbers can be tested.
    """
    topic = spec.argument
    traffic = pd.read_csv(folder / f"{topic}_target.csv").sort_values("id")
    if traffic["id"].tolist() != list(range(len(traffic))):
        raise ValueError(f"{topic}_target.csv does not number its pages 0, 1, 2 ...")
    edges = _numbers(folder / f"{topic}_edges.csv", header=0)
    if not bool(((edges >= 0) & (edges < len(traffic))).all()):
        raise ValueError(f"{topic}_edges.csv has a line that does not name two of the {len(traffic)} pages")
    words = json.loads((folder / f"{topic}_features.json").read_text(encoding="utf-8"))
    y = torch.from_numpy(traffic["target"].to_numpy(dtype="float64", copy=True))
    share = y / y.max()
    if not bool(share.isfinite().all()):
        # In a graph of a user's own, NaN is a page without a target; here it is a damaged file.
        raise ValueError(f"targets of shape {list(y.shape)} are not a finite number for each of {len(y)} nodes")
    if spec.name.endswith(MISALIGNED):
        edges = in_order_of_appearance(edges)
    return RawGraph(_bag_of_words(words, len(y)), share, edges.T)


def in_order_of_appearance(edges: Tensor) -> Tensor:
    """Number the nodes of a list of edges, ``[edges, 2]``, in the order in which they first appear in it."""
    numbers, _ = pd.factorize(edges.numpy().ravel())
    return torch.from_numpy(numbers).view(edges.shape)


def _bag_of_words(words: dict[str, list[int]], pages: int) -> Tensor:
    """Return which words are on which page, 0 or 1, ``[pages, words]``."""
    page = torch.tensor([int(page) for page, found in words.items() for _ in found])
    word = torch.tensor([word for found in words.values() for word in found])
    if int(page.min()) < 0 or int(word.min()) < 0:
        raise ValueError("a page or a word has a negative number")
    x = torch.zeros(pages, int(word.max()) + 1)
    x[page, word] = 1
    return x


def read_tu(spec: DatasetSpec, folder: Path) -> RawGraph:
    """Read graphs and their classes in the layout of the TU collection (Morris et al., arXiv 2007.08663).

    A node's features are its label, one-hot, as in most publications.
    """
    data, _, sizes = read_tu_data(str(folder), spec.argument)
    labels = data.x[:, sizes["num_node_attributes"] :]
    # The reader numbers the nodes of every graph from 0, and fails where the last graph has no edge.
    edges, member = (_numbers(folder / f"{spec.argument}_{part}.txt") for part in ("A", "graph_indicator"))
    return RawGraph(labels, data.y, edges.T - 1, graph_of_node=member.flatten() - 1)


def _numbers(path: Path, header: int | None = None) -> Tensor:
    return torch.from_numpy(pd.read_csv(path, header=header, dtype="int64").to_numpy(copy=True))


READERS: Final[dict[str, Callable[[DatasetSpec, Path], RawGraph]]] = {
    "npz": read_npz,
    "ogb": read_ogb,
    "musae": read_musae,
    "tu": read_tu,
}
"""Reader of every family that has no loader in PyG."""
