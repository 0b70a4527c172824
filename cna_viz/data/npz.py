"""Chameleon and Squirrel, as published and without duplicate nodes (Platonov et al., arXiv 2302.11640)."""

from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch_geometric.data import download_url

from cna_viz.data.archives import check_archive
from cna_viz.data.clean import RawGraph
from cna_viz.data.graph import Masks
from cna_viz.data.spec import DatasetSpec

URL: Final = "https://github.com/yandex-research/heterophilous-graphs/raw/main/data"


def read(spec: DatasetSpec, protocol: str, folder: Path) -> RawGraph:
    """Read one ``.npz`` file: features, classes, edges in one direction, ten masks of shape ``[repetitions, nodes]``.

    Args:
        spec: The dataset.
        protocol: Not used: the file has one set of masks.
        folder: Folder with the file.
    """
    del protocol
    assert spec.raw is not None
    check_archive(folder / spec.raw.fixed[0])
    # Opened by us, because numpy leaves the file open when it turns out not to be an archive.
    with (folder / spec.raw.fixed[0]).open("rb") as stream, np.load(stream, allow_pickle=False) as file:
        parts = {name: torch.from_numpy(file[name]) for name in file.files}
    masks = Masks(parts["train_masks"].T, parts["val_masks"].T, parts["test_masks"].T)
    return RawGraph(parts["node_features"], parts["node_labels"], parts["edges"].T, masks)


def fetch(spec: DatasetSpec, protocol: str, folder: Path) -> None:
    """Download the file into ``folder`` and see that it can be read."""
    assert spec.raw is not None
    download_url(f"{URL}/{spec.raw.fixed[0]}", str(folder))
    read(spec, protocol, folder)
