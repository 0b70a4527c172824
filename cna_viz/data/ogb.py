"""ogbn-arxiv (Hu et al., arXiv 2005.00687), read from the raw layout of the Open Graph Benchmark.

PyG has no loader for it, and the benchmark's own package reads pickles and needs a torch of the past.
"""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch_geometric.data import download_url, extract_zip

from cna_viz.data.archives import check_archive, open_gzip
from cna_viz.data.clean import RawGraph
from cna_viz.data.graph import Masks
from cna_viz.data.spec import DatasetSpec

URL: Final = "http://snap.stanford.edu/ogb/data/nodeproppred/arxiv.zip"


def read(spec: DatasetSpec, protocol: str, folder: Path) -> RawGraph:
    """Read the tables: citations in one direction, features, classes, and the official split by year.

    Args:
        spec: The dataset.
        protocol: Not used: there is one split.
        folder: Folder that holds ``raw`` and ``split``.
    """
    del spec, protocol
    x = _table(folder / "raw" / "node-feat.csv.gz", np.float32)
    y = _table(folder / "raw" / "node-label.csv.gz", np.int64)
    edges = _table(folder / "raw" / "edge.csv.gz", np.int64)
    years = folder / "split" / "time"
    train, val, test = (_mask(years / f"{part}.csv.gz", len(x)) for part in ("train", "valid", "test"))
    return RawGraph(x, y, edges.T, Masks(train, val, test))


def fetch(spec: DatasetSpec, protocol: str, folder: Path) -> None:
    """Download and unpack the archive (about 80 MB), put its tables into ``folder``, and see that they can be read."""
    assert spec.raw is not None
    with TemporaryDirectory(dir=folder) as unpacked:
        archive = download_url(URL, unpacked)
        check_archive(Path(archive))
        extract_zip(archive, unpacked)
        for name in spec.raw.names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(Path(unpacked) / "arxiv" / name, folder / name)
    read(spec, protocol, folder)


def _table(path: Path, dtype: type[np.float32] | type[np.int64]) -> Tensor:
    with open_gzip(path) as table:
        return torch.from_numpy(pd.read_csv(table, header=None, dtype=dtype).to_numpy(copy=True))


def _mask(path: Path, nodes: int) -> Tensor:
    mask = torch.zeros(nodes, dtype=torch.bool)
    mask[_table(path, np.int64).flatten()] = True
    return mask
