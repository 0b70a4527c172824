"""Datasets of graphs in the layout of the TU collection (Morris et al., arXiv 2007.08663)."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import torch
from torch_geometric.data import download_url, extract_zip
from torch_geometric.datasets import TUDataset
from torch_geometric.io import read_tu_data

from cna_viz.data.clean import RawGraph
from cna_viz.data.spec import DatasetSpec

LABELS: Final = "node_labels"


def read(spec: DatasetSpec, protocol: str, folder: Path) -> RawGraph:
    """Read graphs and their classes; a node's features are its label, one-hot, as in most publications.

    Args:
        spec: The dataset.
        protocol: Not used: there is no published split.
        folder: Folder with the files.
    """
    del protocol
    data, slices, sizes = read_tu_data(str(folder), spec.argument)
    member = torch.arange(len(slices["x"]) - 1).repeat_interleave(slices["x"].diff())
    # The reader numbers the nodes of every graph from 0.
    offset = slices["x"][:-1].repeat_interleave(slices["edge_index"].diff())
    labels = data.x[:, sizes["num_node_attributes"] :]
    return RawGraph(labels, data.y, data.edge_index + offset, graph_of_node=member)


def fetch(spec: DatasetSpec, protocol: str, folder: Path) -> None:
    """Download and unpack the archive, put its files into ``folder``, and see that they can be read."""
    with TemporaryDirectory(dir=folder) as unpacked:
        extract_zip(download_url(f"{TUDataset.url}/{spec.argument}.zip", unpacked), unpacked)
        for path in (Path(unpacked) / spec.argument).glob(f"{spec.argument}_*.txt"):
            shutil.move(path, folder / path.name)
    read(spec, protocol, folder)
