"""Monthly traffic of Wikipedia pages (Rozemberczki et al., arXiv 1909.13021)."""

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pandas as pd
import torch
from torch import Tensor
from torch_geometric.data import download_url, extract_zip

from cna_viz.data.clean import RawGraph
from cna_viz.data.spec import DatasetSpec

URL: Final = "https://snap.stanford.edu/data/wikipedia.zip"

MISALIGNED: Final = "-misaligned"
"""Ends the name of a dataset that is read as published code reads it."""


def read(spec: DatasetSpec, protocol: str, folder: Path) -> RawGraph:
    """Read pages, the words in them, links, and their traffic, as a share of the largest one.

    The files number the pages from 0, and here features, targets and edges mean the same page by the same number. The
    code released with CNA and that of Gradient Gating (arXiv 2210.00513) number the pages of the *edges* in the order
    in which they appear there, but not those of features and targets, so that hardly any edge joins the pages it
    should. A dataset whose name ends in ``-misaligned`` does the same, so that what was published can be tested.

    Args:
        spec: The dataset.
        protocol: Not used: the files have no split.
        folder: Folder with the files.
    """
    del protocol
    topic = spec.argument
    traffic = pd.read_csv(folder / f"{topic}_target.csv").sort_values("id")
    if traffic["id"].tolist() != list(range(len(traffic))):
        raise ValueError(f"{topic}_target.csv does not number its pages 0, 1, 2 ...")
    edges = _edges(folder / f"{topic}_edges.csv", len(traffic))
    words = json.loads((folder / f"{topic}_features.json").read_text(encoding="utf-8"))
    y = torch.from_numpy(traffic["target"].to_numpy(dtype="float64", copy=True))
    if spec.name.endswith(MISALIGNED):
        edges = in_order_of_appearance(edges)
    return RawGraph(_bag_of_words(words, len(y)), y / y.max(), edges.T)


def in_order_of_appearance(edges: Tensor) -> Tensor:
    """Number the nodes of a list of edges, ``[edges, 2]``, in the order in which they first appear in it."""
    nodes, inverse = torch.unique(edges, return_inverse=True)
    first = torch.full((len(nodes),), edges.numel())
    first.scatter_reduce_(0, inverse.flatten(), torch.arange(edges.numel()), "amin")
    return first.argsort().argsort()[inverse]


def fetch(spec: DatasetSpec, protocol: str, folder: Path) -> None:
    """Download and unpack the archive, put the files of the topic into ``folder``, and see that they can be read."""
    assert spec.raw is not None
    with TemporaryDirectory(dir=folder) as unpacked:
        extract_zip(download_url(URL, unpacked), unpacked)
        for name in spec.raw.names:
            shutil.move(Path(unpacked) / "wikipedia" / spec.argument / f"musae_{name}", folder / name)
    read(spec, protocol, folder)


def _edges(path: Path, pages: int) -> Tensor:
    edges = torch.from_numpy(pd.read_csv(path, dtype="int64").to_numpy(copy=True))
    if not bool(((edges >= 0) & (edges < pages)).all()):
        raise ValueError(f"{path.name} has a line that does not name two of the {pages} pages")
    return edges


def _bag_of_words(words: dict[str, list[int]], pages: int) -> Tensor:
    """Return which words are on which page, 0 or 1, ``[pages, words]``."""
    page = torch.tensor([int(page) for page, found in words.items() for _ in found])
    word = torch.tensor([word for found in words.values() for word in found])
    if int(page.min()) < 0 or int(word.min()) < 0:
        raise ValueError("a page or a word has a negative number")
    x = torch.zeros(pages, int(word.max()) + 1)
    x[page, word] = 1
    return x
