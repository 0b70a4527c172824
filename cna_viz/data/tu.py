"""Datasets of graphs in the layout of the TU collection (Morris et al., arXiv 2007.08663)."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import torch
from torch import Tensor
from torch_geometric.data import download_url, extract_zip
from torch_geometric.datasets import TUDataset
from torch_geometric.io import read_tu_data

from cna_viz.data.clean import RawGraph
from cna_viz.data.spec import DatasetSpec


def read(spec: DatasetSpec, protocol: str, folder: Path) -> RawGraph:
    """Read graphs and their classes; a node's features are its label, one-hot, as in most publications.

    Args:
        spec: The dataset.
        protocol: Not used: there is no published split.
        folder: Folder with the files.
    """
    del protocol
    data, _, sizes = read_tu_data(str(folder), spec.argument)
    labels = data.x[:, sizes["num_node_attributes"] :]
    # The reader numbers the nodes of every graph from 0, and is at a loss where the last graph has no edge.
    edges, member = (_numbers(folder / f"{spec.argument}_{part}.txt") for part in ("A", "graph_indicator"))
    return RawGraph(labels, data.y, edges.T - 1, graph_of_node=member.flatten() - 1)


def fetch(spec: DatasetSpec, protocol: str, folder: Path) -> None:
    """Download and unpack the archive, put its files into ``folder``, and see that they can be read."""
    with TemporaryDirectory(dir=folder) as unpacked:
        extract_zip(download_url(f"{TUDataset.url}/{spec.argument}.zip", unpacked), unpacked)
        for path in (Path(unpacked) / spec.argument).glob(f"{spec.argument}_*.txt"):
            shutil.move(path, folder / path.name)
    assert spec.raw is not None
    lost = [name for name in spec.raw.names if not (folder / name).is_file()]
    if lost:
        raise FileNotFoundError(f"the archive lacks {', '.join(lost)}")
    read(spec, protocol, folder)


def _numbers(path: Path) -> Tensor:
    return torch.from_numpy(pd.read_csv(path, header=None, dtype="int64").to_numpy(copy=True))
